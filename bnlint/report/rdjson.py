"""The diagnostic format of reviewdog, whose suggestions become one click in a review. Columns count bytes of UTF-8."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from bnlint import catalogue
from bnlint.findings import Finding, Severity
from bnlint.report import Report
from bnlint.report.json import dumps
from bnlint.report.machine import relative, span_in_file, words

if TYPE_CHECKING:
    from bnlint.graph.model import Span

SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.INFO: "INFO"}


def render(report: Report) -> str:
    diagnostics = [_diagnostic(finding, report) for finding in report.findings]
    source = {"name": "bnlint", "url": "https://github.com/bnlint/bnlint"}
    return dumps({"source": source, "diagnostics": diagnostics}, indent=2)


def _diagnostic(finding: Finding, report: Report) -> dict[str, Any]:
    span = span_in_file(finding, report)
    location: dict[str, Any] = {"path": relative(finding.path, os.getcwd())}  # reviewdog reads paths from where it runs
    if span is not None:
        location["range"] = _range(span, report)
    diagnostic: dict[str, Any] = {
        "message": words(finding),
        "location": location,
        "severity": SEVERITIES[finding.severity],
        "code": {"value": finding.code, "url": catalogue.rules()[finding.code].url},
    }
    suggestions = [{"range": _range(edit.span, report), "text": edit.text} for edit in report.raw_edits(finding)]
    return {**diagnostic, "suggestions": suggestions} if suggestions else diagnostic


def _range(span: Span, report: Report) -> dict[str, Any]:
    lines = report.lines(span.path, None)
    return {"start": _position(span.line, span.column, lines), "end": _position(span.end_line, span.end_column, lines)}


def _position(line: int, column: int, lines: Any) -> dict[str, int]:
    before = lines[line - 1][: column - 1] if line <= len(lines) else ""
    return {"line": line, "column": column - len(before) + len(before.encode("utf-8", "surrogatepass"))}
