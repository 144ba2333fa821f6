"""Hover: the pages of the rules that a comment names, or that find something here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from bnlint import catalogue, editing
from bnlint.report import rules
from bnlint.server import diagnostics

if TYPE_CHECKING:
    from bnlint.server.linting import Linted


def pages(linted: Linted, uri: str, position: types.Position) -> types.Hover | None:
    """What there is to read at a place; and where the innermost of the findings there stands."""
    document = linted.document
    cell = document.cell(uri)
    found = {rule.code: rule for rule in editing.named_at(document.path, document.data(), *linted.lines(cell).place(position), cell)}
    places = []
    for finding in linted.findings:
        where = diagnostics.range_of(linted, finding)
        if diagnostics.uri_of(linted, finding) == uri and where.start <= position <= where.end:
            found.setdefault(finding.code, catalogue.rules()[finding.code])
            places.append(where)
    if not found:
        return None
    innermost = max(places, key=lambda where: (where.start.line, where.start.character), default=None)
    text = "\n\n---\n\n".join(map(rules.as_markdown, found.values()))
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), innermost)
