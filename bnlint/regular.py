"""Opening what a path names: regular files only, and without waiting for a pipe that nobody fills."""

from __future__ import annotations

import errno
import io
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO


class NotRegular(OSError):
    """A pipe, a device, a socket, a folder."""

    def __init__(self) -> None:
        super().__init__(errno.EINVAL, "it is no regular file")


def open_regular(path: str) -> BinaryIO:
    """A regular file, to be read. Raises OSError."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotRegular
    return open(descriptor, "rb")


def read_text(path: str, errors: str) -> str:
    """The text of a regular file in UTF-8, with newlines for line ends. Raises OSError."""
    with io.TextIOWrapper(open_regular(path), encoding="utf-8-sig", errors=errors) as stream:
        return stream.read()
