"""Arrays of a file: their names and shapes at once, their numbers when somebody asks."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Sequence
from math import prod
from typing import Final

from bnlint.graph.model import WeightStats
from bnlint.records import dataclass, field
from bnlint.saved import Unreadable

LONGEST: Final = 1 << 20
"""No vector of a BatchNormalization is longer: one number for each channel."""

FEW: Final = 64

_CODES: Final = {
    "bool": "B",
    "uint8": "B",
    "int8": "b",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "float16": "e",
    "float32": "f",
    "float64": "d",
}
"""Type -> how `struct` names it. bfloat16 is the upper half of a float32."""


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """An array of a file. `load` gives its numbers, or their bytes (little-endian unless `big`); `key` is where it stands in the file."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    load: Callable[[], bytes | memoryview | Sequence[float]] = field(repr=False)
    key: str = ""
    big: bool = False

    @property
    def length(self) -> int:
        return prod(self.shape)

    def values(self) -> array[float]:
        """The numbers. Raises Unreadable."""
        if not 0 <= self.length <= LONGEST:
            raise Unreadable(f"holds {self.length:,} numbers in {self.name!r}, where a vector belongs")
        found = self.load()
        values = decode(found, self.dtype, self.big) if isinstance(found, (bytes, memoryview)) else array("d", found)
        if len(values) != self.length:
            raise Unreadable(f"holds {len(values):,} numbers in {self.name!r}, and says that they are {self.length:,}")
        return values

    def stats(self) -> WeightStats:
        """The numbers and their summary. Raises Unreadable."""
        return WeightStats.of(self.values(), self.dtype)


def decode(raw: bytes | memoryview, dtype: str, big: bool = False) -> array[float]:
    """Bytes as numbers. Raises Unreadable where the type is not one of numbers, or the bytes are no whole number of them."""
    if dtype == "bfloat16":
        halves = array("H", bytes(raw[: len(raw) & ~1]))
        if big is (sys.byteorder == "little"):
            halves.byteswap()
        return array("d", array("f", array("I", [half << 16 for half in halves]).tobytes()))
    code = _CODES.get(dtype)
    if code is None:
        raise Unreadable(f"holds numbers of the type {dtype}, which bnlint does not read")
    count, rest = divmod(len(raw), struct.calcsize(f"<{code}"))
    if rest:
        raise Unreadable(f"holds {len(raw):,} bytes, which are no whole number of {dtype}")
    return array("d", struct.unpack(f"{'>' if big else '<'}{count}{code}", raw))


def small(array: Array | None) -> tuple[float, ...]:
    """The numbers of an array that holds a few only; none where it cannot be read."""
    if array is None or not 0 <= array.length <= FEW:
        return ()
    try:
        return tuple(array.values())
    except Unreadable:
        return ()
