"""Protocol buffers as they stand on the wire, read by the numbers of their fields: bounds-checked, no schema, no recursion.

A message is a run of fields, each a tag (number · 8 + wire type) and a value. What a field means only its schema tells; so a reader
asks for "the texts of field 1". Nested messages stay bytes until they are asked for: what nobody asks for costs nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Final

from bnlint.records import dataclass, field
from bnlint.saved import Unreadable
from bnlint.saved.files import open_file

FIELDS: Final = 4_000_000
"""As many fields are read of one file. The largest SavedModel of keras.applications needs a tenth."""

LARGEST: Final = 2**31 - 1
"""No message is longer, says the format."""

VARINT, FIXED64, LENGTH, GROUP_START, GROUP_END, FIXED32 = range(6)


class WireError(ValueError):
    """The bytes are no message, or not the one that was expected."""


@dataclass(slots=True)
class Budget:
    """How many fields may still be read of a file. A hostile one could else be small and take minutes."""

    left: int = FIELDS

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise WireError(f"holds more than {FIELDS:,} fields")


Value = int | memoryview
"""A varint, or the bytes of anything else."""


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A message: by the number of a field its values, in order. A field that is asked for as what it is not is a WireError."""

    fields: Mapping[int, list[Value]]
    budget: Budget = field(default_factory=Budget)

    def messages(self, number: int) -> Iterator[Message]:
        """The nested messages of a repeated field."""
        return (read(view, self.budget) for view in self.views(number))

    def message(self, number: int) -> Message:
        """The nested message of a field; an empty one where it is absent."""
        views = self.views(number)
        return read(views[-1], self.budget) if views else Message({}, self.budget)

    def views(self, number: int) -> list[memoryview]:
        """The bytes of a repeated field."""
        values = self.fields.get(number)
        if values is None:
            return []
        found = [value for value in values if isinstance(value, memoryview)]
        if len(found) != len(values):
            raise WireError(f"holds a number in field {number}, where text or a message belongs")
        return found

    def texts(self, number: int) -> list[str]:
        """The strings of a repeated field. What is no UTF-8 keeps its bytes as escapes: a name is data."""
        return [str(view, "utf-8", "backslashreplace") for view in self.views(number)]

    def text(self, number: int) -> str:
        """A string; empty where it is absent."""
        views = self.views(number)
        return str(views[-1], "utf-8", "backslashreplace") if views else ""

    def has(self, number: int) -> bool:
        """Whether the field is there."""
        return number in self.fields

    def integer(self, number: int, default: int = 0) -> int:
        """A signed integer (int32, int64, enum, bool)."""
        values = self.integers(number)
        return values[-1] if values else default

    def integers(self, number: int) -> list[int]:
        """The signed integers of a repeated field, packed or not."""
        found: list[int] = []
        for value in self.fields.get(number, ()):
            if isinstance(value, int):
                found.append(value)
                continue
            position = 0
            while position < len(value):
                self.budget.spend(1)
                one, position = varint(value, position)
                found.append(one)
        return [value - 2**64 if value >= 2**63 else value for value in found]

    def real(self, number: int) -> float | None:
        """A float or double; None where it is absent."""
        values = self.fields.get(number)
        if not values:
            return None
        value = values[-1]
        if isinstance(value, int) or len(value) not in (4, 8):
            raise WireError(f"holds no float in field {number}")
        unpacked: float = struct.unpack("<f" if len(value) == 4 else "<d", value)[0]
        return unpacked

    def mapping(self, number: int) -> dict[str, Message]:
        """A `map<string, message>`: entries of a key (1) and a value (2)."""
        return {entry.text(1): entry.message(2) for entry in self.messages(number)}


def load(path: str, limit: int = LARGEST) -> bytes:
    """All bytes of a file. Raises OSError, and Unreadable."""
    with open_file(path) as file:
        try:
            data = file.read(limit + 1)
        except MemoryError:
            raise Unreadable("is too large for the memory of this machine") from None
    if len(data) > limit:
        raise Unreadable(f"is larger than {limit:,} bytes")
    return data


def read(data: bytes | memoryview, budget: Budget | None = None) -> Message:
    """The fields of a message. Raises WireError."""
    budget = budget or Budget()
    view = memoryview(data)
    fields: dict[int, list[Value]] = {}
    position, end, count = 0, len(view), 0
    while position < end:
        tag = view[position]
        if tag < 0x80:
            position += 1
        else:
            tag, position = varint(view, position)
        number, kind = tag >> 3, tag & 7
        value: Value
        if kind == VARINT:
            value, position = varint(view, position)
        else:
            if kind == LENGTH:
                size, position = varint(view, position)
            elif kind in (FIXED32, FIXED64):
                size = 4 if kind == FIXED32 else 8
            else:
                raise WireError(f"holds a field of wire type {kind} at byte {position}")
            if size > end - position:
                raise WireError(f"ends within a field of {size:,} bytes")
            value = view[position : position + size]
            position += size
        if number == 0:
            raise WireError(f"holds a field with the number 0 at byte {position}")
        fields.setdefault(number, []).append(value)
        count += 1
        if not count & 0xFFF:
            budget.spend(0x1000)
    budget.spend(count & 0xFFF)
    return Message(fields, budget)


def varint(view: memoryview, position: int) -> tuple[int, int]:
    """The number that starts at a position (7 bits a byte, the lowest first, at most 64), and where the next thing starts."""
    try:
        byte = view[position]
        if byte < 0x80:
            return byte, position + 1
        value = byte & 0x7F
        for shift in range(7, 70, 7):
            position += 1
            byte = view[position]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFFFFFFFFFFFFFF, position + 1
    except IndexError:
        raise WireError("ends within a number") from None
    raise WireError(f"holds a number of more than 64 bits at byte {position}")
