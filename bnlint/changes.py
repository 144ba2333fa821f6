"""What a change brought: the files as they were where it branched off, read from the objects of git."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Final

from bnlint.records import dataclass
from bnlint.settings import SettingsError

SAFE: Final = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "protocol.allow=never"),
    "--no-pager",
)
"""A repository may be hostile: its settings must not name a program that git starts."""

POINTER: Final = 1024
"""Bytes of the longest pointer that Git LFS leaves in the place of a file."""

ENVIRONMENT: Final = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_REPLACE_OBJECTS": "1"}


@dataclass(frozen=True, eq=False)
class Base:
    """Where a change begins: the objects of the files, by their path from `top`, the folder of the repository.

    Git reads objects only, never the working tree, so that no filter of the repository runs.
    """

    top: str
    objects: Mapping[str, str]

    def data(self, path: str) -> bytes | None:
        """The bytes that a file had, here or where it was moved from; None if there was none."""
        found = self._object(path) or self._moved(path)
        return _git(self.top, "cat-file", "blob", found) if found is not None else None

    @cached_property
    def _gone(self) -> Mapping[str, str]:
        """The files that are there no more."""
        return {name: found for name, found in self.objects.items() if not os.path.lexists(os.path.join(self.top, name))}

    def _moved(self, path: str) -> str | None:
        """What the file was, if one of the same content or, once, of the same name is gone from elsewhere."""
        if not self._gone or not os.path.isfile(path):
            return None
        now = _blob(path, len(next(iter(self._gone.values()))))
        named = [found for name, found in self._gone.items() if os.path.basename(name) == os.path.basename(path)]
        return now if now in self._gone.values() else named[0] if len(named) == 1 else None

    def _object(self, path: str) -> str | None:
        return self.objects.get(os.path.relpath(os.path.realpath(path), self.top).replace(os.sep, "/"))

    def holds(self, path: str) -> bool:
        """Whether a model file, or all files of a model folder, are as they were. A file may be kept by Git LFS."""
        if os.path.isdir(path):
            files = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
            return bool(files) and all(map(self.holds, files))
        found = self._object(path)
        if found is None:
            return False
        if found == _blob(path, len(found)):
            return True
        if int(_git(self.top, "cat-file", "-s", found)) > POINTER:
            return False
        pointer = re.search(rb"^oid sha256:([0-9a-f]{64})$", _git(self.top, "cat-file", "blob", found), re.MULTILINE)
        return pointer is not None and pointer[1].decode() == _digest(path, "sha256")


def _blob(path: str, length: int) -> str:
    """What git calls the content of a file, in so many digits."""
    return _digest(path, "sha1" if length == 40 else "sha256", f"blob {os.path.getsize(path)}\0".encode())


def _digest(path: str, algorithm: str, head: bytes = b"") -> str:
    import hashlib

    digest = hashlib.new(algorithm, head, usedforsecurity=False)
    with open(path, "rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def base(folder: str, ref: str) -> Base:
    """Where the work in a folder branched off from `ref`. Raises SettingsError."""
    top = os.path.realpath(os.fsdecode(_git(folder, "rev-parse", "--show-toplevel").removesuffix(b"\n")))
    try:
        commit = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").decode().strip()
    except SettingsError:
        raise SettingsError(f"--diff-base: git knows no commit {ref!r}") from None
    try:
        commit = _git(top, "merge-base", commit, "HEAD").decode().split("\n")[0]
    except SettingsError:
        raise SettingsError(
            f"--diff-base: the work here has no commit in common with {ref!r} (is the clone shallow? fetch more of it)"
        ) from None
    objects = {}
    for entry in _git(top, "ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
        facts, _, name = entry.partition(b"\t")
        if b" blob " in facts:
            objects[os.fsdecode(name)] = facts.split(b" ")[2].decode()
    return Base(top, objects)


def _git(folder: str, *arguments: str) -> bytes:
    """What git answers. Raises SettingsError."""
    import shutil
    import subprocess

    program = shutil.which("git")
    if program is None:
        raise SettingsError("--diff-base: git is not installed")
    environment = {**os.environ, **ENVIRONMENT, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            [program, *SAFE, "-C", folder, *arguments], capture_output=True, check=False, env=environment, stdin=subprocess.DEVNULL
        )
    except (OSError, ValueError) as error:
        raise SettingsError(f"--diff-base: git cannot be run: {error}") from None
    if done.returncode:
        words = " ".join(done.stderr.decode("utf-8", "replace").split())
        raise SettingsError(f"--diff-base: {words.removeprefix('fatal: ') or f'git {arguments[0]} failed'}")
    return done.stdout
