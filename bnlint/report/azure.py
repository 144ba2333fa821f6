"""Logging commands of Azure Pipelines, which knows errors and warnings."""

from __future__ import annotations

from bnlint.findings import Finding, Severity
from bnlint.report import Report, printable
from bnlint.report.machine import relative, span_in_file, where


def render(report: Report) -> str:
    return "".join(_issue(finding, report) for finding in report.findings)


def _issue(finding: Finding, report: Report) -> str:
    span = span_in_file(finding, report)
    properties = {
        "type": "error" if finding.severity is Severity.ERROR else "warning",
        "sourcepath": printable(relative(finding.path, report.base)),
        "linenumber": str(span.line if span else 1),
        "columnnumber": str(span.column if span else 1),
        "code": finding.code,
    }
    listed = "".join(f"{name}={_property(value)};" for name, value in properties.items())
    return f"##vso[task.logissue {listed}]{_data(f'{where(finding, report.base)}: {printable(finding.message)} ({finding.name})')}\n"


def _data(text: str) -> str:
    """As the task library of Azure writes it."""
    return text.replace("%", "%AZP25")


def _property(text: str) -> str:
    return _data(text).replace(";", "%3B").replace("]", "%5D")
