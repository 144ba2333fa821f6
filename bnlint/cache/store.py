"""The file that a cache is: read if it is ours, written whole or not at all, in a folder that says what it is."""

from __future__ import annotations

import json
import os
import stat
import time
from contextlib import contextmanager, suppress
from zlib import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Final

    Data = dict[str, Any]

LIMIT: Final = 256 * 2**20
"""Bytes of a cache that are read at most."""

AGE: Final = 30 * 24 * 3600
"""Seconds after which a file that was not written again is removed, and how many files are kept at most."""

KEPT: Final = 64

PATIENCE: Final = 20
"""How often the lock is tried, at intervals of 50 ms, before the work of this run is given up."""

TAG: Final = """\
Signature: 8a477f597d28d172789f06886806bc55
# This folder is a cache of bnlint. `bnlint clean` removes it.
# For information about cache directory tags, see https://bford.info/cachedir/
"""

FILES: Final = {"CACHEDIR.TAG": TAG, ".gitignore": "*\n"}
"""What stands beside the caches in a folder that holds nothing else."""

_NOT_LINKED: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)

_FOLLOWS: Final = not {os.utime, os.stat} <= os.supports_follow_symlinks


def read(folder: str, name: str) -> Data | None:
    """What a cache holds; None if there is none, or it is not this user's own, or not as it was written."""
    try:
        with _opened(folder) as held:
            return _read(held, name)
    except (OSError, ValueError):
        return None


def name(key: str) -> str:
    """The name of the file of a cache. (That two keys share one is seen when it is read.)"""
    return f"bnlint-{crc32(key.encode('utf-8', 'surrogatepass')):08x}.json"


def _is_ours(name: str) -> bool:
    """Whether a file is a cache, or what is left of one that was not written to its end. The folder may be one with other things in it."""
    return name.startswith("bnlint-") and (name.endswith(".json") or (".json." in name and name.endswith(".tmp")))


def write(folder: str, name: str, merged: Callable[[Data | None], Data]) -> bool:
    """Write what is made of what is there. Nobody else writes at the same time. False if it cannot be written: then nothing has changed."""
    try:
        os.makedirs(folder, exist_ok=True)
        with _opened(folder) as held, _locked(held) as mine:
            if mine:
                if not held.names():
                    for other, text in FILES.items():
                        _create(held, other, text)
                _replace(held, name, merged(_read(held, name)))
                _prune(held)
            return mine
    except (OSError, ValueError):
        return False


class _Folder:
    """A folder that is open: what is done in it is done there, whatever its path leads to by then. (Windows has paths only.)"""

    def __init__(self, path: str) -> None:
        self.path = path
        self.descriptor: int | None = None
        if os.open in os.supports_dir_fd:
            self.descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _NOT_LINKED)

    def open(self, name: str, flags: int) -> int:
        return os.open(self.at(name), flags | _NOT_LINKED, 0o666, dir_fd=self.descriptor)

    def names(self) -> list[str]:
        return os.listdir(self.path if self.descriptor is None else self.descriptor)

    def at(self, name: str) -> str:
        return name if self.descriptor is not None else os.path.join(self.path, name)


@contextmanager
def _opened(path: str) -> Iterator[_Folder]:
    """A folder of this user's own. Raises OSError."""
    held = _Folder(path)
    try:
        found = os.lstat(path) if held.descriptor is None else os.fstat(held.descriptor)
        if not stat.S_ISDIR(found.st_mode) or not _is_own(found):
            raise PermissionError(path)
        yield held
    finally:
        if held.descriptor is not None:
            os.close(held.descriptor)


def _is_own(found: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or found.st_uid == os.geteuid()


def _read(held: _Folder, name: str) -> Data | None:
    """A file that came with the sources (checked out, unpacked, sent) has not the time that was set when it was written."""
    try:
        with open(held.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or not _is_own(found) or found.st_size > LIMIT:
                return None
            data = json.loads(file.read())
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) and data.get("written") == found.st_mtime_ns else None


@contextmanager
def _locked(held: _Folder) -> Iterator[bool]:
    """Whether nobody else has the folder's lock; it is not waited for long."""
    if held.descriptor is None:
        yield True
        return
    import fcntl

    for attempt in range(PATIENCE):
        try:
            fcntl.flock(held.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.05 if attempt + 1 < PATIENCE else 0)
        else:
            yield True  # closing the folder unlocks it
            return
    yield False


def _create(held: _Folder, name: str, text: str) -> None:
    """Write a file unless it is there."""
    with suppress(FileExistsError), open(held.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "w", encoding="ascii") as file:
        file.write(text)


def _replace(held: _Folder, name: str, data: Data) -> None:
    temporary = f"{name}.{os.getpid()}.tmp"
    written = time.time_ns() // (2 * 10**9) * (2 * 10**9)  # a time that every file system can tell
    text = json.dumps({**data, "written": written}, separators=(",", ":"), check_circular=False).encode()
    try:
        with open(held.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            file.write(text)
        os.utime(held.at(temporary), ns=(written, written), dir_fd=held.descriptor, follow_symlinks=_FOLLOWS)
        os.replace(held.at(temporary), held.at(name), src_dir_fd=held.descriptor, dst_dir_fd=held.descriptor)
    except BaseException:
        with suppress(OSError):
            os.unlink(held.at(temporary), dir_fd=held.descriptor)
        raise


def _prune(held: _Folder) -> None:
    """Remove what was not written for long, what is left of runs that were killed, and the oldest of what is too many."""
    times = {}
    for name in filter(_is_ours, held.names()):
        with suppress(OSError):
            times[name] = os.stat(held.at(name), dir_fd=held.descriptor, follow_symlinks=_FOLLOWS).st_mtime
    newest = sorted(times, key=lambda name: times[name], reverse=True)
    now = time.time()
    for index, name in enumerate(newest):
        if index >= KEPT or now - times[name] > (AGE if name.endswith(".json") else 3600):
            with suppress(OSError):
                os.unlink(held.at(name), dir_fd=held.descriptor)


def remove(folder: str) -> bool:
    """Remove all caches in a folder, and the folder if nothing else is in it. Whether there was any. Raises OSError."""
    if not os.path.isdir(folder):
        return False
    with _opened(folder) as held:
        ours = list(filter(_is_ours, held.names()))
        for name in ours:
            os.unlink(held.at(name), dir_fd=held.descriptor)
        empty = bool(ours) and set(held.names()) <= FILES.keys()
        for name in held.names() if empty else ():
            os.unlink(held.at(name), dir_fd=held.descriptor)
    if empty:
        os.rmdir(folder)
    return bool(ours)
