"""Checkpoints of TensorFlow: `NAME.index`, a sorted table of names (LevelDB's format), and `NAME.data-00000-of-00001`, the numbers.

The index ends in a footer of 48 bytes: two handles (offset and size, as varints), then eight bytes of magic. The second handle is that
of the block which lists the other blocks. A block is a run of entries, each a key (how many bytes it shares with the one before, then
the rest) and a value; behind it stand restart points, which only a search needs, one byte that names the compression, and a checksum.
The value under the empty key describes the whole, all others an array each: type, shape, shard, offset, size.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from bnlint.records import dataclass
from bnlint.saved import Unreadable, wire
from bnlint.saved.arrays import Array
from bnlint.saved.files import open_file
from bnlint.saved.wire import Message, WireError

MAGIC: Final = bytes.fromhex("57fb808b247547db")
FOOTER: Final = 48
LARGEST: Final = 1 << 28
LARGEST_ENTRY: Final = 1 << 26
ENTRIES: Final = 1_000_000
KEY: Final = 4096
OBJECTS: Final = "_CHECKPOINTABLE_OBJECT_GRAPH"
SUFFIX: Final = ".index"

DTYPES: Final = {
    1: "float32",
    2: "float64",
    3: "int32",
    4: "uint8",
    5: "int16",
    6: "int8",
    7: "string",
    9: "int64",
    10: "bool",
    14: "bfloat16",
    17: "uint16",
    19: "float16",
    22: "uint32",
    23: "uint64",
}
"""TensorFlow's numbers of types."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an array stands. `whole` is False for one that was saved in slices."""

    dtype: str
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    whole: bool = True


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The index of a checkpoint: by their names the arrays that it holds."""

    prefix: str
    shards: int
    big: bool
    entries: Mapping[str, memoryview]
    """As they are written: most are never asked for."""

    def entry(self, key: str) -> Entry | None:
        """Where the array under a key stands. Raises WireError."""
        value = self.entries.get(key)
        return None if value is None else _entry(value)

    def array(self, key: str, name: str = "") -> Array | None:
        """The array under a key; None where there is none that can be read."""
        entry = self.entry(key)
        if entry is None or not entry.whole or entry.dtype == "string":
            return None
        return Array(name or key, entry.shape, entry.dtype, lambda: self.bytes_of(entry), key, self.big)

    def bytes_of(self, entry: Entry) -> bytes:
        """The bytes of an entry. The name of its shard follows from that of the index: nothing in the file names a path."""
        if not 0 <= entry.shard < self.shards or entry.size > LARGEST_ENTRY:
            raise Unreadable(f"places an array in shard {entry.shard} of {self.shards}, {entry.size:,} bytes long")
        path = f"{self.prefix}.data-{entry.shard:05d}-of-{self.shards:05d}"
        try:
            with open_file(path) as file:
                file.seek(entry.offset)
                found = file.read(entry.size)
        except (OSError, OverflowError, ValueError) as error:
            raise Unreadable(f"needs {os.path.basename(path)}, which cannot be read: {getattr(error, 'strerror', None) or error}") from None
        except Unreadable as problem:
            raise Unreadable(f"needs {os.path.basename(path)}, which {problem.message}") from None
        if len(found) != entry.size:
            raise Unreadable(f"needs {os.path.basename(path)}, which ends within {entry.size:,} bytes that start at byte {entry.offset:,}")
        return found

    @cached_property
    def objects(self) -> Message:
        """The graph of the objects that were saved, an empty message where the checkpoint holds names only."""
        entry = self.entry(OBJECTS)
        if entry is None:
            return Message({})
        raw = self.bytes_of(entry)
        size, start = wire.varint(memoryview(raw), 0)
        if start + 4 + size > len(raw):  # a string: its length, the checksum of the lengths, its bytes
            raise WireError("ends within the graph of its objects")
        return wire.read(raw[start + 4 : start + 4 + size])


def read(path: str) -> Checkpoint:
    """The checkpoint whose index stands at a path. Raises Unreadable."""
    data = wire.load(path, LARGEST)
    try:
        return _checkpoint(path.removesuffix(SUFFIX), data)
    except WireError as problem:
        raise Unreadable(f"is no index of a checkpoint: it {problem}") from None


def _checkpoint(prefix: str, data: bytes) -> Checkpoint:
    if len(data) < FOOTER or not data.endswith(MAGIC):
        raise WireError("does not end as a table of names does")
    view = memoryview(data)
    footer = view[len(view) - FOOTER :]
    position = 0
    for _ in range(2):
        position = wire.varint(footer, position)[1]
    entries: dict[str, memoryview] = {}
    shards, big, count = 1, False, 0
    for _, handle in _block(view, footer, position):
        for key, value in _block(view, handle, 0):
            count += 1
            if count > ENTRIES:
                raise WireError(f"holds more than {ENTRIES:,} names")
            if key:
                entries[str(key, "utf-8", "backslashreplace")] = value
            else:
                header = wire.read(value)
                shards, big = header.integer(1), header.integer(2) == 1
    return Checkpoint(prefix, shards, big, entries)


def _entry(value: memoryview) -> Entry:
    entry = wire.read(value)
    shape = tuple(dimension.integer(1) for dimension in entry.message(2).messages(2))
    place = (entry.integer(3), entry.integer(4), entry.integer(5))
    if min(*shape, *place) < 0:
        raise WireError("gives an array a size or a place below zero")
    return Entry(DTYPES.get(entry.integer(1), f"number {entry.integer(1)}"), shape, *place, whole=not entry.has(7))


def _block(view: memoryview, handle: memoryview, position: int) -> Iterator[tuple[bytes, memoryview]]:
    """The keys and values of the block to which a handle points."""
    offset, position = wire.varint(handle, position)
    size, _ = wire.varint(handle, position)
    if offset + size + 5 > len(view):
        raise WireError("points to a block beyond its end")
    if view[offset + size] != 0:
        raise WireError("holds a compressed block, which TensorFlow does not write")
    block = view[offset : offset + size]
    restarts = int.from_bytes(block[-4:], "little") if size >= 4 else size
    end = size - 4 * (restarts + 1)
    if end < 0:
        raise WireError("holds a block that is shorter than its restart points")
    key, position = b"", 0
    while position < end:
        shared, position = wire.varint(block, position)
        rest, position = wire.varint(block, position)
        length, position = wire.varint(block, position)
        if shared > len(key) or shared + rest > KEY or position + rest + length > end:
            raise WireError("holds an entry that does not fit into its block")
        key = key[:shared] + bytes(block[position : position + rest])
        position += rest
        yield key, block[position : position + length]
        position += length
