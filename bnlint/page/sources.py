"""The source around the places that a page speaks of: windows of lines, and what is marked in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bnlint.graph.model import Span
from bnlint.page import Lines, words

AROUND = 6
"""Lines shown before and after a place."""

MARKED = 40
"""Lines of a place that are shown; of a longer one the first."""

WIDTH = 300
"""Characters of a line that are shown."""


class Sources:
    """Collects the places; then knows the lines that they need, and no others."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._files: dict[tuple[str, int | None], int] = {}
        self._wanted: list[set[int]] = []

    def place(self, span: Span | None) -> dict[str, Any] | None:
        """A place as the page's script reads it: `file` is its position in `files()`, `from` and `to` count UTF-16 units of shown lines."""
        if span is None:
            return None
        lines = self._lines(span.path, span.cell)
        found: dict[str, Any] = {"text": words.place(span), "line": span.line}
        if not 0 < span.line <= len(lines):
            return found
        key = span.path, span.cell
        file = self._files.setdefault(key, len(self._files))
        if file == len(self._wanted):
            self._wanted.append(set())
        end = max(span.line, min(span.end_line, len(lines), span.line + MARKED))
        self._wanted[file].update(range(max(1, span.line - AROUND), min(len(lines), end + AROUND) + 1))
        start = _units(lines[span.line - 1][: span.column - 1])
        stop = _units(lines[end - 1][: span.end_column - 1]) if end == span.end_line else _units(lines[end - 1])
        return {**found, "file": file, "end": end, "from": start, "to": stop}

    def files(self) -> list[dict[str, Any]]:
        """The windows: for each file its name, and stretches of lines by the number of the first."""
        return [
            {
                "name": words.path(path) + (f":cell {cell}" if cell is not None else ""),
                "windows": _windows(sorted(self._wanted[file]), self._lines(path, cell)),
            }
            for (path, cell), file in self._files.items()
        ]


def _windows(numbers: Sequence[int], lines: Sequence[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number in numbers:
        if not found or found[-1]["start"] + len(found[-1]["lines"]) != number:
            found.append({"start": number, "lines": []})
        found[-1]["lines"].append(_line(lines[number - 1]))
    return found


def _line(text: str) -> str:
    return words.shown(text.rstrip("\r\n").replace("\t", "    "), WIDTH)


def _units(text: str) -> int:
    """How many UTF-16 units, in which JavaScript counts, the start of a line takes where it is shown."""
    return min(WIDTH, len(words.shown(text.replace("\t", "    "), WIDTH).encode("utf-16-le")) // 2)
