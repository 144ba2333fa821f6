"""Positions of the protocol: lines from 0, columns in the units that client and server have agreed on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

from lsprotocol import types

if TYPE_CHECKING:
    from bnlint.graph.model import Span

_line_end: Final = re.compile(r"\r\n|\r|\n")
"""The only line ends of the protocol, and Python's (`splitlines` knows others: a form feed ends no line)."""

_WIDTHS: Final[Mapping[str, Callable[[str], int]]] = {
    "utf-8": lambda text: len(text.encode("utf-8", "surrogatepass")),
    "utf-16": lambda text: len(text.encode("utf-16-le", "surrogatepass")) // 2,
    "utf-32": len,
}


class Lines:
    """The lines of a text, and positions in it."""

    def __init__(self, text: str, encoding: str) -> None:
        self.text = text
        self._width = _WIDTHS[encoding]

    @cached_property
    def _bounds(self) -> list[tuple[int, int]]:
        """Where each line starts and where its content ends."""
        bounds, start = [], 0
        for end in _line_end.finditer(self.text):
            bounds.append((start, end.start()))
            start = end.end()
        return [*bounds, (start, len(self.text))]

    def position(self, line: int, column: int) -> types.Position:
        """The place of a line and a column that count from 1, in code points. What lies outside becomes the nearest place inside."""
        row = min(max(line, 1), len(self._bounds)) - 1
        start, end = self._bounds[row]
        prefix = self.text[start : min(start + max(column, 1) - 1, end)]
        return types.Position(row, len(prefix) if prefix.isascii() else self._width(prefix))

    def range(self, span: Span) -> types.Range:
        return types.Range(self.position(span.line, span.column), self.position(span.end_line, span.end_column))

    def at(self, offset: int) -> types.Position:
        """The place of an index into the text."""
        from bisect import bisect_right

        row = bisect_right(self._bounds, offset, key=lambda bounds: bounds[0]) - 1
        return self.position(row + 1, offset - self._bounds[row][0] + 1)

    def offset(self, position: types.Position) -> int:
        """The index into the text. As the protocol has it, a column behind the end of its line is that end."""
        if position.line >= len(self._bounds):
            return len(self.text)
        start, end = self._bounds[position.line]
        line = self.text[start:end]
        if line.isascii():
            return start + min(position.character, len(line))
        passed = 0
        for index, char in enumerate(line):
            if passed >= position.character:
                return start + index
            passed += self._width(char)
        return end

    def place(self, position: types.Position) -> tuple[int, int]:
        """The line and the column, from 1 in code points."""
        row = min(position.line, len(self._bounds) - 1)
        return row + 1, self.offset(position) - self._bounds[row][0] + 1 if row == position.line else 1
