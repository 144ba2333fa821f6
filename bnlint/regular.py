"""Opening what a path names: regular files only, and without waiting for a pipe that nobody fills."""

from __future__ import annotations

import errno
import io
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO, Final

INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
"""Folders in which packages lie that have nothing to do with each other."""

LARGEST: Final = 128 * 2**20
"""Bytes of a file under lint that are read at most: of a notebook most are pictures."""


class NotRegular(OSError):
    """A pipe, a device, a socket, a folder."""

    def __init__(self) -> None:
        super().__init__(errno.EINVAL, "it is no regular file")


_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def open_regular(path: str) -> BinaryIO:
    """A regular file, to be read. Raises OSError."""
    return open(_opened(path)[0], "rb")


def _opened(path: str) -> tuple[int, int]:
    """The descriptor of a regular file, and its size."""
    descriptor = os.open(path, _FLAGS)
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            raise NotRegular
    except OSError:
        os.close(descriptor)
        raise
    return descriptor, state.st_size


def read_bytes(path: str, limit: int) -> bytes:
    """What a regular file holds, up to so many bytes; in one request to the system, where it keeps its size. Raises OSError."""
    descriptor, size = _opened(path)
    data, wanted = b"", min(size + 1, limit)
    try:
        while len(data) < limit:
            part = os.read(descriptor, min(wanted, limit - len(data)))
            data = data + part if data else part
            if len(part) < wanted:
                break
            wanted = 2**20
    finally:
        os.close(descriptor)
    return data


def read(path: str) -> bytes:
    """The bytes of a file under lint; no more of them than are enough to see that it is too large. Raises OSError."""
    return read_bytes(path, LARGEST + 1)


def read_text(path: str, errors: str) -> str:
    """The text of a regular file in UTF-8, with newlines for line ends. Raises OSError."""
    with io.TextIOWrapper(open_regular(path), encoding="utf-8-sig", errors=errors) as stream:
        return stream.read()
