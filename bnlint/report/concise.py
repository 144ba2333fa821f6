"""One line for each finding, worded as ruff words it: what editors and problem matchers read."""

from __future__ import annotations

from bnlint.report import Report, applies, place_of, printable, summary


def render(report: Report) -> str:
    lines = [
        f"{place_of(finding)}: {finding.code} {'[*] ' if applies(finding, report.unsafe) else ''}{printable(finding.message)}\n"
        for finding in report.findings
    ]
    return "".join(lines) + summary(report)
