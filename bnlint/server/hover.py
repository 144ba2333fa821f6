"""Hover: the page of the rule that a finding, or a comment that ignores it, is of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lsprotocol import types

from bnlint import catalogue, editing
from bnlint.report import rules
from bnlint.server import diagnostics

if TYPE_CHECKING:
    from bnlint.catalogue import Rule
    from bnlint.server.documents import Document
    from bnlint.server.linting import Linted
    from bnlint.server.positions import Lines


def on_finding(linted: Linted, uri: str, position: types.Position) -> types.Hover | None:
    """The pages of what is found at a place, and where the innermost of these findings stands."""
    found = []
    for finding in linted.findings:
        where = diagnostics.range_of(linted, finding)
        if diagnostics.uri_of(linted, finding) == uri and where.start <= position <= where.end:
            found.append((where, catalogue.rules()[finding.code]))
    if not found:
        return None
    innermost = max((where for where, _ in found), key=lambda where: (where.start.line, where.start.character))
    return _hover((rule for _, rule in found), innermost)


def on_comment(document: Document, uri: str, lines: Lines, position: types.Position) -> types.Hover | None:
    """The pages of the rules that a comment at a place names."""
    line, column = lines.place(position)
    return _hover(editing.named_at(document.path, document.data(), line, column, document.cell(uri)))


def _hover(found: Iterable[Rule], where: types.Range | None = None) -> types.Hover | None:
    pages = [rules.as_markdown(rule) for rule in {rule.code: rule for rule in found}.values()]
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(pages)), where) if pages else None
