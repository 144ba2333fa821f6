"""Text edits become bytes, which are checked against what was planned."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import AnyStr

from bnlint.findings import Fix, TextEdit
from bnlint.fixer import Refused, edits, excerpt, locate, notebook
from bnlint.graph.model import Span
from bnlint.text import Chunk, Document, Unreadable, load


def apply(document: Document, changes: Iterable[TextEdit], fixes: Iterable[Fix], parse: bool = True) -> bytes:
    """The bytes of the changed file, checked. Raises Refused. Unless `parse`, whoever asks will parse the result."""
    changes, fixes = tuple(changes), tuple(fixes)
    data = splice(document, changes)
    try:
        changed = load(document.path, data)
    except Unreadable as error:
        raise Refused(f"the result could not be read: it {error.message}") from None
    if not _shown(document, changed, changes, fixes):
        check(document, changed, fixes)
    elif parse:
        locate.read(changed)
    return data


# Splicing


def splice(document: Document, changes: Iterable[TextEdit]) -> bytes:
    """The bytes of the document with the edits made; all others are as they were. Edits that overlap are refused."""
    cells: dict[int | None, list[tuple[int, int, str]]] = {}
    for change in dict.fromkeys(changes):
        chunk = document.by_cell[change.span.cell]
        start, end = _offsets(chunk, change.span)
        newline = "\r\n" if document.kind == "notebook" and "\r\n" in chunk.original else document.newline
        cells.setdefault(chunk.cell, []).append((start, end, change.text.replace("\n", newline)))
    ordered = {cell: _ordered(found) for cell, found in cells.items()}
    if document.kind == "python":
        original = document.chunks[0].original
        try:
            if document.encode(original) != document.data:
                raise Refused(f"in its encoding, {document.encoding}, some characters can be written in two ways")
            return document.encode(_replace(original, ordered.get(None, [])))
        except UnicodeEncodeError:
            raise Refused(f"the encoding of the file, {document.encoding}, lacks a character of the new text") from None
    strings = {chunk.cell: found for chunk, found in zip(document.chunks, document.sources, strict=True)}
    parts = [part for cell, found in ordered.items() for part in notebook.splice(document.data, strings[cell], found)]
    return _replace(document.data, sorted(parts, key=lambda part: part[:2]))


def _offsets(chunk: Chunk, span: Span) -> tuple[int, int]:
    return chunk.offset(span.line, span.column), chunk.offset(span.end_line, span.end_column)


def _ordered(found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """By position; insertions at one point in the order given."""
    found = sorted(found, key=lambda edit: edit[:2])
    for (_, end, _), (start, _, _) in pairwise(found):
        if start < end:
            raise Refused("two of its changes concern the same code")
    return found


def _replace(text: AnyStr, found: Iterable[tuple[int, int, AnyStr]]) -> AnyStr:
    pieces, position = [], 0
    for start, end, new in found:
        pieces += [text[position:start], new]
        position = end
    pieces.append(text[position:])
    return text[:0].join(pieces)


# Checking


def _shown(before: Document, after: Document, changes: Sequence[TextEdit], fixes: Sequence[Fix]) -> bool:
    """Whether the calls that the fixes change show that all is right. If not, the whole document tells."""
    source = excerpt.read(before, fixes)
    if source is None:
        return False
    planned = edits.plan(source, fixes)
    try:
        planned.carry_out()
        return excerpt.shows(source, after, changes)
    except (Refused, RecursionError):
        return False


def check(before: Document, after: Document, fixes: Iterable[Fix]) -> None:
    """Refuse unless the new text parses to exactly the tree that the fixes, made on the old tree, give."""
    source = locate.read(before)
    planned = edits.plan(source, fixes)
    try:
        planned.carry_out()
        changed = locate.read(after)
        same = _same(source, changed) and _unparsed(source) == _unparsed(changed)
    except Refused as refused:
        raise Refused(f"the result would be wrong: {refused.reason}") from None
    except RecursionError:
        raise Refused("the code is nested too deeply") from None
    if not same:
        raise Refused("the result would differ from what was planned")


def _same(one: locate.Source, other: locate.Source) -> bool:
    return one.parts.keys() == other.parts.keys() and all(
        ast.dump(part.tree) == ast.dump(other.parts[cell].tree) for cell, part in one.parts.items()
    )


def _unparsed(source: locate.Source) -> dict[int | None, str]:
    """The cells that do not parse: their text must stay."""
    return {chunk.cell: chunk.original for chunk in source.document.chunks if chunk.cell not in source.parts}
