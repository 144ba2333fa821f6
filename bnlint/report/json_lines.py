"""Findings as JSON, one in each line."""

from __future__ import annotations

import json

from bnlint.report import Report
from bnlint.report.json import entry


def render(report: Report) -> str:
    return "".join(json.dumps(entry(finding, report), sort_keys=True) + "\n" for finding in report.findings)
