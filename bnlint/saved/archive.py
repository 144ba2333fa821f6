"""The `.keras` archive: a zip file, of which single members are read where they lie. Nothing is extracted."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from contextlib import ExitStack
from typing import BinaryIO, Final

from bnlint.graph.model import ModelGraph
from bnlint.records import dataclass, replace
from bnlint.saved import MissingExtra, Unreadable, fields
from bnlint.saved.files import open_file

FORMAT: Final = "Keras archive"
NO_STORE: Final = "it holds no weights in a form that is read"
NO_WEIGHTS: Final = "weights were not read: pip install 'bnlint[models]'"
STORED, DEFLATED = 0, 8
ENCRYPTED: Final = 0x1
UTF8: Final = 0x800
MEMBERS: Final = 50_000
DIRECTORY: Final = 64 << 20

_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR: Final = struct.Struct("<4sLQL")
_ENTRY: Final = struct.Struct("<4s4B4HL2L5H2L")
_LOCAL: Final = struct.Struct("<4s2B4HL2L2H")
_LARGE: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Member:
    """A member: the stretch of the file that holds it, how it is compressed, its size and its checksum when it is not."""

    name: str
    offset: int
    stored: int
    size: int
    method: int
    crc: int


def read(path: str, weights: bool = True) -> ModelGraph:
    """The graph of a `.keras` file. Its weights are left out, and that is said, where the extra for them is missing.

    Raises MissingExtra where nothing else is told: of a subclassed model the file records no layers.
    """
    with open_file(path) as file, ExitStack() as stack:
        members = directory(file)
        if "config.json" not in members:
            raise Unreadable("is an archive without a `config.json`: no Keras model")
        pending, missing, notes = None, None, (NO_WEIGHTS,) if weights else ()
        if weights:
            from bnlint.saved.weights import finish, of_archive

            try:
                pending = of_archive(path, members, lambda name: content(file, members[name]))
                notes = (NO_STORE,)
            except MissingExtra as extra:
                missing = extra
            if pending is not None:
                stack.enter_context(pending)  # read by another process while this one reads the config
        from bnlint.saved.config import read_config  # while the other process starts

        config = fields.parse(content(file, members["config.json"]), "`config.json`")
        metadata: object = {}
        if "metadata.json" in members:
            metadata = fields.parse(content(file, members["metadata.json"]), "`metadata.json`")
        version = metadata.get("keras_version") if isinstance(metadata, dict) else None
        reading = read_config(config, path, FORMAT, fields.optional_text(version))
        if pending is not None:
            try:
                return finish(reading, pending.result())
            except MissingExtra as extra:
                missing, notes = extra, (NO_WEIGHTS,)
        graph = reading.finish(notes=notes)
        if missing is not None and not graph.calls:
            raise missing
        return graph


def content(file: BinaryIO, member: Member) -> bytes:
    """The bytes of a member, no more than it claims to have."""
    if member.size > fields.SIZE or member.stored > fields.SIZE:
        raise Unreadable(f"holds a `{member.name}` of {max(member.size, member.stored) >> 20} MB; that is no model")
    file.seek(member.offset)
    data = file.read(member.stored)
    if member.method == DEFLATED:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = inflater.decompress(data, member.size + 1)
        except zlib.error:
            raise Unreadable(f"is damaged: `{member.name}` cannot be decompressed") from None
    if len(data) != member.size:
        raise Unreadable(f"is damaged: `{member.name}` has not the size that the archive says")
    if zlib.crc32(data) != member.crc:
        raise Unreadable(f"is damaged: `{member.name}` is not what was saved (its checksum differs)")
    return data


def directory(file: BinaryIO) -> Mapping[str, Member]:
    """The members by name. Raises Unreadable for what is no archive, and for one that different programs may read differently."""
    size = file.seek(0, 2)
    count, length, start, base = _end(file, size)
    if length > DIRECTORY or count > MEMBERS:
        raise Unreadable("is an archive of too many files to be a Keras model")
    file.seek(base + start)
    data = file.read(length)
    found: dict[str, Member] = {}
    position = 0
    for _ in range(count):
        if len(data) < position + _ENTRY.size or data[position : position + 4] != b"PK\x01\x02":
            raise _damaged("its directory is cut short")
        entry = _ENTRY.unpack_from(data, position)
        flags, method, crc, stored, whole, offset = entry[5], entry[6], entry[9], entry[10], entry[11], entry[18]
        name_end = position + _ENTRY.size + entry[12]
        raw = data[position + _ENTRY.size : name_end]
        extra = data[name_end : name_end + entry[13]]
        position = name_end + entry[13] + entry[14]
        name = raw.decode("utf-8" if flags & UTF8 else "cp437", "replace")
        if name in found:
            raise Unreadable(f"is an archive that holds {name!r} twice")
        if _LARGE in (stored, whole, offset):
            whole, stored, offset = _large(extra, whole, stored, offset)
        if flags & ENCRYPTED or method not in (STORED, DEFLATED):
            how = "encrypted" if flags & ENCRYPTED else "compressed in a way that Keras does not use"
            raise Unreadable(f"is an archive whose {name!r} is {how}")
        found[name] = _located(file, Member(name, base + offset, stored, whole, method, crc), raw, size)
    return found


def _end(file: BinaryIO, size: int) -> tuple[int, int, int, int]:
    """From the end of an archive: how many members, the length of the directory, where it starts, and where the archive does."""
    tail_start = max(0, size - _END.size - 0xFFFF)
    file.seek(tail_start)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + _END.size:
        raise Unreadable("is no Keras archive, or is cut short: it does not end like a zip file")
    _, _, _, _, count, length, start, _ = _END.unpack_from(tail, at)
    end = tail_start + at
    if _LARGE in (length, start) or count == 0xFFFF:
        file.seek(max(0, end - _LOCATOR.size))
        locator = file.read(_LOCATOR.size)
        if locator[:4] != b"PK\x06\x07" or len(locator) < _LOCATOR.size:
            raise _damaged("its directory is not where it should be")
        end = _LOCATOR.unpack(locator)[2]
        file.seek(min(end, size))
        record = file.read(_END64.size)
        if record[:4] != b"PK\x06\x06" or len(record) < _END64.size:
            raise _damaged("its directory is not where it should be")
        *_, count, length, start = _END64.unpack(record)
    base = end - length - start
    if base < 0:
        raise _damaged("its directory is not where it should be")
    return count, length, start, base


def _large(extra: bytes, whole: int, stored: int, offset: int) -> tuple[int, int, int]:
    """Sizes and place of a member that are too large for 32 bits."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, position)
        if kind == 1:
            wanted = [number == _LARGE for number in (whole, stored, offset)]
            if length < 8 * sum(wanted) or len(extra) < position + 4 + length:
                break
            numbers = iter(struct.unpack_from(f"<{sum(wanted)}Q", extra, position + 4))
            given = (whole, stored, offset)
            sizes = [next(numbers) if large else number for large, number in zip(wanted, given, strict=True)]
            return sizes[0], sizes[1], sizes[2]
        position += 4 + length
    raise _damaged("the size of a member is missing")


def _located(file: BinaryIO, member: Member, raw: bytes, size: int) -> Member:
    """The member with the place of its bytes, behind a header that must name it, too."""
    file.seek(min(member.offset, size))
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise _damaged(f"{member.name!r} is not where it should be")
    *_, name_length, extra_length = _LOCAL.unpack(header)
    if file.read(name_length) != raw:
        raise _damaged(f"{member.name!r} has two names")
    start = member.offset + _LOCAL.size + name_length + extra_length
    if start + member.stored > size or (member.method == STORED and member.stored != member.size):
        raise _damaged(f"{member.name!r} is longer than the file")
    return replace(member, offset=start)


def _damaged(why: str) -> Unreadable:
    return Unreadable(f"is a damaged archive: {why}")
