"""Annotations of GitHub Actions, worst first. A step shows ten of each kind and drops the rest in silence; the last one counts them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bnlint.findings import Finding, Severity
from bnlint.report import Report, count, printable
from bnlint.report.machine import relative, span_in_file, where

COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}

SHOWN = {Severity.ERROR: 10, Severity.WARNING: 10, Severity.INFO: 9}
"""How many of each kind; one notice is kept for the count of the others."""


def render(report: Report) -> str:
    shown = list(_worst(report.findings))
    text = "".join(_annotation(finding, report) for finding in shown)
    rest = len(report.findings) - len(shown)
    return text + (f"::notice title=bnlint::{count(rest, 'more finding')} not shown here: see the summary of the job\n" if rest else "")


def _worst(findings: Iterable[Finding]) -> Iterator[Finding]:
    found = list(findings)
    for severity, most in SHOWN.items():
        yield from [finding for finding in found if finding.severity is severity][:most]


def _annotation(finding: Finding, report: Report) -> str:
    span = span_in_file(finding, report)
    properties = {"title": f"bnlint ({finding.code} {finding.name})", "file": printable(relative(finding.path, report.base))}
    if span is None:
        properties |= {"line": "1"}
    elif span.line == span.end_line:
        properties |= {"line": str(span.line), "col": str(span.column), "endLine": str(span.end_line), "endColumn": str(span.end_column)}
    else:  # columns are for one line only
        properties |= {"line": str(span.line), "endLine": str(span.end_line)}
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return (
        f"::{COMMANDS[finding.severity]} {listed}::{_data(f'{where(finding, report.base)}: {finding.code} {printable(finding.message)}')}\n"
    )


def _data(text: str) -> str:
    return text.replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
