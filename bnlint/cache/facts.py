"""Facts about the disk on which a result rests, and whether they still hold."""

from __future__ import annotations

import os
import time

from bnlint import pin_files
from bnlint.checked import digest
from bnlint.footprint import Footprint, listing
from bnlint.regular import read_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Final

Fact = tuple[str, str]
"""An absolute path, and what was seen there: of a file the digest of its text, of a folder which of some names stand in it."""

FRESH: Final = 2 * 10**9
"""Nanoseconds for which the times of a file say nothing: the clocks of some file systems tick as slowly."""

_TEXT, _NAMES = "text ", "names "


def of(seen: Footprint) -> Iterator[Fact]:
    """The facts of a footprint."""
    for folder, names in sorted(seen.names.items()):
        yield folder, _NAMES + "\0".join(f"{name}/{kind}" for name, kind in sorted(names.items()))
    for path, data in sorted(seen.texts.items()):
        yield path, _TEXT + digest(data)


class Disk:
    """The disk as one run sees it: what is asked for is looked at once."""

    def __init__(self) -> None:
        self._settled = time.time_ns() - FRESH
        self._stamps: dict[str, int] = {}
        self._listings: dict[str, Mapping[str, str]] = {}

    def stamp(self, path: str) -> int:
        """What is another number when a file or folder was changed; 0 if it is not there, or so fresh that this cannot be known."""
        found = self._stamps.get(path)
        if found is None:
            try:
                found = stamp(os.stat(path), self._settled)
            except (OSError, ValueError):
                found = 0
            self._stamps[path] = found
        return found

    def confirms(self, fact: Fact) -> bool:
        """Whether a fact still holds, looked at closely."""
        path, seen = fact
        if seen.startswith(_TEXT):
            return seen == _TEXT + digest(_read(path))
        if not seen.startswith(_NAMES):
            return False
        if path not in self._listings:
            self._listings[path] = listing(path)
        there = self._listings[path]
        pairs = (entry.partition("/") for entry in seen.removeprefix(_NAMES).split("\0"))
        return all(there.get(name, "") == kind for name, _, kind in pairs)


def pins(disk: Disk, root: str) -> list[str]:
    """The state of the files in which a project says which Keras it needs."""
    found = []
    for name in pin_files.names(root):
        path = os.path.join(root, name)
        if os.path.exists(path):
            found.append(f"{name} {disk.stamp(path) or digest(_read(path))}")
    return found


def stamp(found: os.stat_result, settled: int) -> int:
    """What is another number when a file was changed; 0 if it was since `settled`."""
    if found.st_mtime_ns > settled or found.st_ctime_ns > settled:
        return 0
    return hash((found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino)) or 1


def _read(path: str) -> bytes:
    """The text of a regular file; nothing if there is none."""
    from bnlint.text import SIZE_LIMIT

    try:
        return read_bytes(path, SIZE_LIMIT + 1)
    except (OSError, ValueError):
        return b""
