"""A Code Quality report of GitLab, https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from bnlint.findings import Finding, Severity
from bnlint.report import Report
from bnlint.report.json import dumps
from bnlint.report.machine import relative, span_in_file, words

SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: Report) -> str:
    return dumps([_issue(finding, report) for finding in report.findings], indent=2)


def _issue(finding: Finding, report: Report) -> dict[str, Any]:
    path = relative(finding.path, report.base)
    span = span_in_file(finding, report)
    line, column, end_line, end_column = (span.line, span.column, span.end_line, span.end_column) if span else (1, 1, 1, 1)
    return {
        "description": f"{finding.code} {words(finding)}",
        "check_name": finding.name,
        "fingerprint": sha256(f"{path}\0{finding.fingerprint}".encode("utf-8", "surrogatepass")).hexdigest()[:32],
        "severity": SEVERITIES[finding.severity],
        "location": {
            "path": path,
            "positions": {"begin": {"line": line, "column": column}, "end": {"line": end_line, "column": end_column}},
        },
    }
