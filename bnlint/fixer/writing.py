"""Bytes replace those of a file: whole or not at all, and nobody else's work is lost."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

from bnlint.fixer import Refused
from bnlint.regular import open_regular


def write(path: str, old: bytes, new: bytes, root: str | None = None) -> None:
    """Replace the content of a file, whole or not at all; mode, owner and attributes stay. Raises Refused.

    A symbolic link is followed to its target inside `root`.
    """
    try:
        target = _target(path, root)
        with _locked(target) as alone:
            state = os.stat(target)
            _refuse(target, state)
            with _beside(target, alone) as (file, temporary):
                file.write(new)
                file.flush()
                _keep(file.fileno(), target, state)
                os.fsync(file.fileno())
                with open_regular(target) as now:
                    if now.read() != old or not os.path.samestat(os.fstat(now.fileno()), state):
                        raise Refused("it was changed by someone else meanwhile")
                file.close()
                os.replace(temporary, target)
        _sync_folder(os.path.dirname(target))
    except OSError as error:
        raise Refused(f"it could not be written: {error.strerror or error}") from None


def _target(path: str, root: str | None) -> str:
    target = os.path.realpath(path)
    if root is None:
        if os.path.islink(path):
            raise Refused("it is a symbolic link")
    elif (os.path.islink(path) or _inside(os.path.abspath(path), os.path.abspath(root))) and not _inside(target, os.path.realpath(root)):
        raise Refused("a symbolic link leads to it from the project, and it lies outside")
    return target


def _inside(path: str, folder: str) -> bool:
    try:
        return os.path.commonpath((path, folder)) == folder
    except ValueError:  # another drive
        return False


def _refuse(target: str, state: os.stat_result) -> None:
    """Refuse what would not be the same file when it is replaced, and what its owner has protected."""
    if state.st_nlink > 1:
        raise Refused("it is a hard link: another name of it would keep the old content")
    if not os.access(target, os.W_OK) or not state.st_mode & 0o222:
        raise Refused("it is read-only")


@contextlib.contextmanager
def _locked(target: str) -> Iterator[bool]:
    """Whether no other process of ours writes the file meanwhile. (Windows and some network drives have no such locks.)"""
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    with open_regular(target) as file:
        alone = True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("it is being written by another process") from None
        except OSError:
            alone = False
        if not os.path.samestat(os.fstat(file.fileno()), os.stat(target)):
            raise Refused("it was changed by someone else meanwhile")
        yield alone


@contextlib.contextmanager
def _beside(target: str, alone: bool) -> Iterator[tuple[BinaryIO, str]]:
    """A new file beside another, and its path, at which nothing is left in the end.

    Whoever is alone gives it the name that belongs to the other file, and clears away what is left there by a process that was killed.
    """
    folder, name = os.path.split(target)
    if alone:
        from hashlib import sha256

        temporary = os.path.join(folder, f".bnlint-{sha256(os.fsencode(name)).hexdigest()[:16]}.tmp")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    else:
        descriptor, temporary = tempfile.mkstemp(prefix=".bnlint-", suffix=".tmp", dir=folder)
    made = os.fstat(descriptor)
    try:
        with open(descriptor, "wb") as file:
            yield file, temporary
    finally:
        with contextlib.suppress(OSError):
            if os.path.samestat(os.lstat(temporary), made):
                os.unlink(temporary)


def _keep(descriptor: int, target: str, state: os.stat_result) -> None:
    """Give a new file the owner, the extended attributes (access lists among them) and the mode of another."""
    if sys.platform == "win32":
        return
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) != (state.st_uid, state.st_gid):
        try:
            os.fchown(descriptor, state.st_uid, state.st_gid)
        except OSError:
            raise Refused("it belongs to another user or group, which could not be kept") from None
    for name, value in _attributes(target).items():
        try:
            os.setxattr(descriptor, name, value)
        except OSError:
            if _attributes(descriptor).get(name) != value:
                raise Refused(f"its attribute {name} could not be kept") from None
    os.fchmod(descriptor, stat.S_IMODE(state.st_mode))


def _attributes(file: str | int) -> dict[str, bytes]:
    """The extended attributes of a file; none where the system has none."""
    if not hasattr(os, "listxattr"):
        return {}
    try:
        return {name: os.getxattr(file, name) for name in os.listxattr(file)}
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        return {}


def _sync_folder(folder: str) -> None:
    """Make the new name last; the file is whole already, so that a system that cannot do this is no failure."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
