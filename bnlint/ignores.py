"""Writes the comments that suppress findings: `# bnlint: ignore[BN101]  # why`."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from bnlint.findings import TextEdit
from bnlint.graph.model import Span
from bnlint.suppress import Lines, Pragma, scan, statements_of, tokens_of

if TYPE_CHECKING:
    from tokenize import TokenInfo

    from bnlint.findings import Finding
    from bnlint.text import Chunk, Document

NEVER: Final = frozenset({"BN001", "BN002"})
"""What no comment in the file suppresses."""


def add(document: Document, findings: Iterable[Finding], reason: str = "") -> bytes:
    """The bytes of the file with a comment for each finding that one can suppress. Raises Refused."""
    from bnlint.fixer import Refused, apply
    from bnlint.text import Unreadable, load

    wanted: dict[int | None, dict[int, set[str]]] = {}
    for finding in findings:
        if finding.span is not None and finding.code not in NEVER:
            wanted.setdefault(finding.span.cell, {}).setdefault(finding.span.line, set()).add(finding.code)
    pragmas = scan(document.chunks).pragmas
    edits: list[TextEdit] = []
    for index, chunk in enumerate(document.chunks):
        own = [pragma for pragma in pragmas if pragma.chunk == index and pragma.kind == "ignore"]
        edits += _edits(chunk, wanted.get(chunk.cell, {}), own, reason)
    data = apply.splice(document, edits)
    try:
        after = load(document.path, data)
        same = [_tree(chunk) for chunk in document.chunks] == [_tree(chunk) for chunk in after.chunks]
    except Unreadable as problem:
        raise Refused(f"the result could not be read: it {problem.message}") from None
    if not same:
        raise Refused("a comment would change what the code says")
    return data


def _tree(chunk: Chunk) -> str:
    from bnlint.text import Unreadable

    try:
        return ast.dump(chunk.parse())
    except Unreadable:
        return chunk.text


def _edits(chunk: Chunk, wanted: dict[int, set[str]], pragmas: Sequence[Pragma], reason: str) -> Iterator[TextEdit]:
    if not wanted:
        return
    tokens = tuple(tokens_of(chunk.text))
    statements = tuple(statements_of(tokens))
    closed = _closed(chunk, tokens)
    codes: dict[int, set[str]] = {}
    for line, found in wanted.items():
        codes.setdefault(line if line not in closed else _end(statements, line), set()).update(found)
    for row, found in sorted(codes.items()):
        listed = ", ".join(sorted(found))
        there = next((pragma for pragma in pragmas if pragma.span.line == row and pragma.words_span is not None), None)
        if there is not None and there.words_span is not None:
            at = there.words_span
            yield TextEdit(Span(at.path, at.line, at.end_column, at.line, at.end_column, at.cell), f", {listed}" if there.words else listed)
            continue
        text = chunk.lines[row - 1]
        at = Span(chunk.path, row, len(text.rstrip()) + 1, row, len(text) + 1, chunk.cell)
        yield TextEdit(at, f"  # bnlint: ignore[{listed}]" + (f"  # {reason}" if reason else ""))


def _closed(chunk: Chunk, tokens: Sequence[TokenInfo]) -> set[int]:
    """The lines at whose end no comment can stand: inside of a string, or continued by a backslash."""
    import token as kinds

    opening, ending = getattr(kinds, "FSTRING_START", None), getattr(kinds, "FSTRING_END", None)
    found = {row for row, line in enumerate(chunk.lines, 1) if line.rstrip("\f ").endswith("\\")}
    opened: list[int] = []
    for each in tokens:
        first, last = each.start[0], each.end[0]
        if each.type == opening:
            opened.append(first)
        elif each.type == ending:
            found.update(range(opened.pop(), last))
        elif each.type == kinds.STRING:
            found.update(range(first, last))
    return found


def _end(statements: Sequence[Lines], line: int) -> int:
    """The last line of the statement that a line belongs to."""
    return next((last for first, last in statements if first <= line <= last), line)
