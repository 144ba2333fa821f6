"""Messages between the processes of a survey: a length, and so many bytes. An empty one is a sign of life."""

from __future__ import annotations

from typing import IO, Any, Final, TypeVar

import msgspec

ALIVE: Final = b""

T = TypeVar("T")


def write(stream: IO[bytes], data: bytes) -> None:
    stream.write(len(data).to_bytes(8, "big") + data)
    stream.flush()


def read(stream: IO[bytes]) -> bytes | None:
    """The next message; None where the stream ends, in the midst of one or not."""
    head = stream.read(8)
    size = int.from_bytes(head, "big")
    data = stream.read(size) if len(head) == 8 else b""
    return data if len(head) == 8 and len(data) == size else None


def encode(value: Any) -> bytes:
    return msgspec.msgpack.encode(value)


def decode(data: bytes, type: type[T]) -> T:
    return msgspec.msgpack.decode(data, type=type)
