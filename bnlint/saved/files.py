"""Opening what a model file names."""

from __future__ import annotations

from typing import BinaryIO

from bnlint.regular import NotRegular, open_regular
from bnlint.saved import Unreadable


def open_file(path: str) -> BinaryIO:
    """A regular file, to be read. Raises OSError, and Unreadable for a pipe, a device, a folder."""
    try:
        return open_regular(path)
    except NotRegular:
        raise Unreadable("is no regular file") from None
