"""Notebooks as the files that they are: positions and edits in cells as positions and edits in the JSON."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from bnlint.findings import TextEdit
    from bnlint.graph.model import Span
    from bnlint.text import Document


def lines(document: Document) -> list[str]:
    """The lines of the file, without their ends."""
    return [line.removesuffix("\r") for line in document.data.decode(document.encoding, "replace").split("\n")]


def place(document: Document, span: Span) -> Span:
    """Where a span of a cell stands in the file."""
    found = _strings(document, span.cell)
    if not found:
        return _span(document, span, 0, 0)
    from bnlint.fixer import notebook

    starts = notebook.offsets(document.data, found)
    chunk = document.by_cell[span.cell]
    first, last = (
        starts[min(chunk.offset(line, column), len(starts) - 1)]
        for line, column in ((span.line, span.column), (span.end_line, span.end_column))
    )
    return _span(document, span, first, last)


def edits(document: Document, changes: Sequence[TextEdit]) -> tuple[TextEdit, ...]:
    """What edits change in the file: themselves, or for a notebook the edits of its JSON."""
    if document.kind == "python" or not changes:
        return tuple(changes)
    from bnlint.findings import TextEdit
    from bnlint.fixer import notebook

    found = []
    for change in changes:
        chunk, at = document.by_cell[change.span.cell], change.span
        where = chunk.offset(at.line, at.column), chunk.offset(at.end_line, at.end_column)
        for first, last, text in notebook.splice(document.data, _strings(document, at.cell), [(*where, change.text)]):
            found.append(TextEdit(_span(document, at, first, last), text.decode()))
    return tuple(found)


def _strings(document: Document, cell: int | None) -> Sequence[tuple[int, int]]:
    return next((found for chunk, found in zip(document.chunks, document.sources, strict=True) if chunk.cell == cell), ())


def _span(document: Document, span: Span, first: int, last: int) -> Span:
    from bnlint.graph.model import Span

    return Span(span.path, *_position(document, first), *_position(document, last))


def _position(document: Document, offset: int) -> tuple[int, int]:
    """Line and column of a byte."""
    starts = _line_starts(document.data)
    line = bisect_right(starts, offset)
    return line, len(document.data[starts[line - 1] : offset].decode("utf-8", "replace")) + 1


@lru_cache(maxsize=1)
def _line_starts(data: bytes) -> list[int]:
    starts, position = [0], data.find(b"\n")
    while position >= 0:
        starts.append(position + 1)
        position = data.find(b"\n", position + 1)
    return starts
