"""Globs as in .gitignore, from whoever wrote them: those that could take for ever to match are not taken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

DEGREE: Final = 3
"""The power of a path's length with which the time may grow that a glob takes to match it."""


def read(globs: Iterable[str]) -> GitIgnoreSpec:
    """What the globs match together. Raises ValueError for one that is none, or that could take for ever."""
    import pathspec

    globs = tuple(globs)
    for glob in globs:
        if glob.count("*") > DEGREE and _degree(glob) > DEGREE:
            raise ValueError(f"too many `*` in {glob[:80]!r}")
    return pathspec.GitIgnoreSpec.from_lines(globs)


def _degree(glob: str) -> int:
    """Each `**`, and each `*` but the first in a part of the path, is tried at every place for every place of the others."""
    return sum(1 if part == "**" else max(part.count("*") - 1, 0) for part in glob.strip().strip("/").split("/"))
