"""What fixing changes, as a unified diff that `patch` understands; for a notebook, one for each cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bnlint.report import place, printable

Sources = tuple[str, int | None, str, str]
"""A path, a cell, and its text before and after."""


def render(changes: Iterable[Sources], escape: bool = False) -> str:
    """The diffs of all texts that differ. `escape`: for a terminal, which must not obey what the files hold."""
    return "".join(
        printable(line[:-1]) + "\n" if escape else line
        for path, cell, before, after in changes
        for line in _unified(place(path, cell=cell), _lines(before), _lines(after))
    )


def _unified(name: str, before: list[str], after: list[str]) -> Iterator[str]:
    from difflib import unified_diff

    for line in unified_diff(before, after, name, name):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    """Lines with their ends; only newlines end one (`splitlines` also splits at form feeds)."""
    return [line for line in text.replace("\n", "\n\0").split("\0") if line]
