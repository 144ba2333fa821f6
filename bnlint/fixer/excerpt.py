"""Calls read for themselves: a fix that changes nothing but their arguments needs no tree of the whole file to be made."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from itertools import pairwise

from bnlint import syntax
from bnlint.findings import Fix, TextEdit
from bnlint.fixer import Refused, locate, tree
from bnlint.fixer.locate import Part, Source
from bnlint.graph.model import Span
from bnlint.text import Chunk, Document

_STRINGS = ("JoinedStr", "TemplateStr")
"""In them, positions and what may be written are matters of the version of Python."""


def read(document: Document, fixes: Iterable[Fix]) -> Source | None:
    """The document as if it held nothing but the calls that the fixes change; None where they change more, or it cannot be done."""
    edits = [edit for fix in fixes for edit in fix.edits]
    spans = [edit.at for edit in edits if isinstance(edit, tree.ArgumentChange)]
    if len(spans) < len(edits):
        return None
    parts: dict[int | None, Part] = {}
    for span in _outermost(spans):
        chunk = document.by_cell.get(span.cell)
        call = _call(chunk, span) if chunk is not None else None
        if chunk is None or call is None:
            return None
        part = parts.setdefault(span.cell, Part(chunk, ast.Module([], [])))
        part.tree.body.append(ast.copy_location(ast.Expr(call), call))
    return Source(document, parts)


def _outermost(spans: Iterable[Span]) -> Iterable[Span]:
    def order(span: Span) -> tuple[int, int, int, int, int]:
        return span.cell or 0, span.line, span.column, -span.end_line, -span.end_column

    last: Span | None = None
    for span in sorted(set(spans), key=order):
        if last is None or last.cell != span.cell or (span.end_line, span.end_column) > (last.end_line, last.end_column):
            yield (last := span)


def _call(chunk: Chunk, span: Span) -> ast.Call | None:
    """The call at a span, with the positions that it has in the file: what stands before it is blanks, in a bracket."""
    if span.end_line > len(chunk.lines):
        return None
    lines = chunk.lines[span.line - 1 : span.end_line]
    before = len(lines[0][: span.column - 1].encode("utf-8", "surrogatepass"))
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    end = span.end_line, len(lines[-1].encode("utf-8", "surrogatepass")) + (before if len(lines) == 1 else 0)
    opening = "\n" * (span.line - 2) + "(\n" + " " * before if span.line > 1 else "(".ljust(before) if before else ""
    try:
        node = syntax.parse_expression(opening + "\n".join(lines) + ("\n)" if opening else ""))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    whole = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) == (span.line, before, *end)
    return node if isinstance(node, ast.Call) and whole else None


def shows(source: Source, after: Document, changes: Sequence[TextEdit]) -> bool:
    """Whether the text edits make the document what an excerpt of it has become, and nothing else.

    The new text parses; each call is there, whole, where it must be now; all around them is as it was. So all else parses as it did.
    """
    changed = locate.read(after)
    same = {cell: chunk.original for cell, chunk in source.document.by_cell.items() if cell not in source.parts}
    others = {cell: chunk.original for cell, chunk in after.by_cell.items() if cell not in source.parts}
    return same == others and all(
        cell in changed.parts and _shows(part, changed.parts[cell], [change for change in changes if change.span.cell == cell])
        for cell, part in source.parts.items()
    )


def _shows(part: Part, now: Part, changes: Sequence[TextEdit]) -> bool:
    spans = {change.span: len(change.text) for change in changes}
    edits = [(part.offset(at.line, at.column), part.offset(at.end_line, at.end_column), length) for at, length in spans.items()]
    shift, calls, moved = 0, [(0, 0)], [(0, 0)]
    for statement in part.tree.body:
        start, end = part.range(statement)
        inside = [edit for edit in edits if start < edit[0] and edit[1] < end]
        grown = sum(length - (last - first) for first, last, length in inside)
        calls.append((start, end))
        moved.append((start + shift, end + shift + grown))
        edits = [edit for edit in edits if edit not in inside]
        shift += grown
    calls.append((len(part.text), 0))
    moved.append((len(now.text), 0))
    around = zip(pairwise(calls), pairwise(moved), strict=True)
    if edits or any(part.text[one[1] : two[0]] != now.text[here[1] : there[0]] for (one, two), (here, there) in around):
        return False
    return all(_stands(now, *at, statement) for at, statement in zip(moved[1:-1], part.tree.body, strict=True))


def _stands(now: Part, start: int, end: int, planned: ast.stmt) -> bool:
    assert isinstance(planned, ast.Expr)
    try:
        place = now.find(now.span(start, end))
    except Refused:
        return False
    plain = all(type(node).__name__ not in _STRINGS for node in place.path)
    return plain and ast.dump(place.node) == ast.dump(planned.value)
