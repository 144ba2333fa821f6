"""Findings as diagnostics."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from lsprotocol import types
from pygls import uris

from bnlint import catalogue
from bnlint.findings import Finding, Severity
from bnlint.regular import open_regular
from bnlint.report import printable
from bnlint.server.positions import Lines

if TYPE_CHECKING:
    from bnlint.graph.model import Span
    from bnlint.server.linting import Linted

SOURCE: Final = "bnlint"

SEVERITIES: Final[Mapping[Severity, types.DiagnosticSeverity]] = {
    Severity.INFO: types.DiagnosticSeverity.Information,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.ERROR: types.DiagnosticSeverity.Error,
}

TAGS: Final[Mapping[str, types.DiagnosticTag]] = {
    "unnecessary": types.DiagnosticTag.Unnecessary,
    "deprecated": types.DiagnosticTag.Deprecated,
}
"""What a page's `tag` is to an editor: faded, struck through."""


def by_text(linted: Linted, accepts: types.PublishDiagnosticsClientCapabilities) -> dict[str, list[types.Diagnostic]]:
    """The diagnostics of each text: the file, or the cells of the notebook. Each says what the client accepts, and no more."""
    found: dict[str, list[types.Diagnostic]] = {text.uri: [] for text in linted.document.texts}
    for finding in linted.findings:
        found[uri_of(linted, finding)].append(diagnostic(linted, finding, accepts))
    return found


def uri_of(linted: Linted, finding: Finding) -> str:
    """The text that a finding stands in."""
    return linted.document.part(finding.span.cell if finding.span is not None else None).uri


def range_of(linted: Linted, finding: Finding) -> types.Range:
    span = finding.span
    return types.Range(types.Position(0, 0), types.Position(0, 0)) if span is None else linted.lines(span.cell).range(span)


def diagnostic(linted: Linted, finding: Finding, accepts: types.PublishDiagnosticsClientCapabilities) -> types.Diagnostic:
    """One finding."""
    rule, tag = catalogue.rules()[finding.code], TAGS.get(catalogue.page(finding.code).tag)
    known = accepts.tag_support.value_set if accepts.tag_support is not None else ()
    return types.Diagnostic(
        range=range_of(linted, finding),
        message=printable(finding.message) + (f"\n{printable(finding.help)}" if finding.help else ""),
        severity=SEVERITIES[finding.severity],
        code=finding.code,
        code_description=types.CodeDescription(rule.url) if accepts.code_description_support else None,
        source=SOURCE,
        tags=[tag] if tag in known and tag is not None else None,
        related_information=[*_related(linted, finding)] or None if accepts.related_information else None,
    )


def _related(linted: Linted, finding: Finding) -> Iterator[types.DiagnosticRelatedInformation]:
    for message, span in finding.related:
        if span is not None:
            yield types.DiagnosticRelatedInformation(_location(linted, span), printable(message))


def _location(linted: Linted, span: Span) -> types.Location:
    """A place in what was linted, or in another file of the project."""
    if span.path == linted.document.path:
        return types.Location(linted.document.part(span.cell).uri, linted.lines(span.cell).range(span))
    path = os.path.abspath(span.path)
    return types.Location(uris.from_fs_path(path) or path, Lines(_content(path), linted.encoding).range(span))


def _content(path: str) -> str:
    """The text of a file on the disk; none if it cannot be read any more."""
    from bnlint.text import Unreadable, load

    try:
        with open_regular(path) as file:
            return load(path, file.read()).chunks[0].original
    except (OSError, Unreadable, IndexError):
        return ""
