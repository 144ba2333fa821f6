"""The stretch of a file that is an HDF5 file, as a file of its own."""

from __future__ import annotations

import io
import os
import zlib
from typing import Any

from reading import Refused


class Stretch(io.RawIOBase):
    """A part of a file as a file of its own."""

    def __init__(self, descriptor: int, offset: int, size: int) -> None:
        self._descriptor, self._offset, self._size, self._at = descriptor, offset, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(0, offset + (0, self._at, self._size)[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        wanted = max(0, min(len(view), self._size - self._at))
        done = 0
        try:
            os.lseek(self._descriptor, self._offset + self._at, os.SEEK_SET)
            while done < wanted and (data := os.read(self._descriptor, wanted - done)):
                view[done : done + len(data)] = data
                done += len(data)
        except OSError as error:
            raise Refused(f"cannot be read: {error.strerror}") from None
        self._at += done
        return done


def stretch_of(descriptor: int, request: dict[str, Any]) -> Any:
    """The stretch that a request names."""
    length = os.fstat(descriptor).st_size
    offset = request["offset"]
    size = length - offset if request["size"] is None else request["size"]
    if size < 0 or offset + size > length:
        raise Refused("is cut off")
    found: Any = Stretch(descriptor, offset, size)
    if request["method"]:
        data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(found.readall(), request["plain"] + 1)
        if len(data) != request["plain"]:
            raise Refused("does not hold as many bytes of weights as it says")
        found = io.BytesIO(data)
    if found.read(8) != b"\x89HDF\r\n\x1a\n":
        raise Refused("does not begin as an HDF5 file does")
    found.seek(0)
    return found
