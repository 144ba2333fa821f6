"""Opening what is named: regular files only, without waiting for a pipe to be filled."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from bnlint.saved import Unreadable


def open_file(path: str) -> BinaryIO:
    """A regular file, to be read. Raises OSError, and Unreadable for a pipe, a device, a folder."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("is no regular file")
    return open(descriptor, "rb")
