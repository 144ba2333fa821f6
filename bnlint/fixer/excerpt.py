"""Calls read for themselves: a fix that changes nothing but their arguments needs no tree of the whole file to be made."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from bnlint import syntax
from bnlint.findings import Fix, TextEdit
from bnlint.fixer import tree
from bnlint.fixer.locate import Part, Source
from bnlint.graph.model import Span
from bnlint.text import Chunk, Document


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


def shows(source: Source, after: Document, changes: Iterable[TextEdit]) -> bool:
    """Whether text edits make the document what an excerpt of it has become, and nothing else.

    Each call is one still, whole, where it must be now, and all around them is as it was: so all around them parses as it did.
    """
    same = {cell: chunk.original for cell, chunk in source.document.by_cell.items() if cell not in source.parts}
    others = {cell: chunk.original for cell, chunk in after.by_cell.items() if cell not in source.parts}
    texts: dict[int | None, dict[Span, str]] = {cell: {} for cell in source.parts}
    for change in changes:
        texts.setdefault(change.span.cell, {})[change.span] = change.text
    return (
        same == others
        and texts.keys() == source.parts.keys()
        and all(_shows(part, Part(after.by_cell[cell], ast.Module([], [])), texts[cell]) for cell, part in source.parts.items())
    )


def _shows(part: Part, now: Part, changes: Mapping[Span, str]) -> bool:
    edits = [(part.offset(at.line, at.column), part.offset(at.end_line, at.end_column), len(text)) for at, text in changes.items()]
    position = shift = 0
    for statement in part.tree.body:
        start, end = part.range(statement)
        inside = [edit for edit in edits if start < edit[0] and edit[1] < end]
        edits = [edit for edit in edits if edit not in inside]
        if part.text[position:start] != now.text[position + shift : start + shift]:
            return False
        position, before = end, start + shift
        shift += sum(length - (last - first) for first, last, length in inside)
        if not _stands(part.text[start:end], now, before, end + shift, statement):
            return False
    return not edits and part.text[position:] == now.text[position + shift :]


def _stands(old: str, now: Part, start: int, end: int, planned: ast.stmt) -> bool:
    """Whether a call that was `old` is now what was planned.

    It may stand in brackets, so that lines may end anywhere in it, only if the old one did; and not in a string, where it is text, too.
    """
    assert isinstance(planned, ast.Expr)
    call = _call(now.chunk, now.span(start, end))
    if call is None or now.text.count("{", 0, start) > now.text.count("}", 0, start):
        return False
    alone = tree.stands_alone(now.text[start:end]) or not tree.stands_alone(old)
    return alone and ast.dump(call) == ast.dump(planned.value)
