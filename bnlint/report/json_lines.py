"""Findings as JSON, one in each line."""

from __future__ import annotations

from bnlint.report import Report
from bnlint.report.json import dumps, entry


def render(report: Report) -> str:
    return "".join(dumps(entry(finding, report), sort_keys=True) for finding in report.findings)
