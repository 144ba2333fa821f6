"""Findings as a Markdown table: for the summary of a job, or a comment."""

from __future__ import annotations

import re

from bnlint import catalogue
from bnlint.findings import Finding
from bnlint.report import Report, count, tally
from bnlint.report.machine import pieces, where

ROWS = 1000
"""Findings in the table; the summary of a job holds one megabyte."""

_MARKUP = re.compile(r"[*_\[\]~#\\`|<>&$@]|:(?=//|\w+:)")
"""What could start markup; a colon does in an address, and where GitHub takes `:100:` for a picture."""

_ESCAPED = "*_[]~#"
"""What a backslash makes plain for every parser; the rest is written as an entity."""


def render(report: Report) -> str:
    found = sorted(report.findings, key=lambda finding: -finding.severity)
    if not found:
        return "**bnlint**: " + ("the run was not complete\n" if report.incomplete else f"no findings in {count(report.files, 'file')}\n")
    rest = len(found) - ROWS
    return (
        f"**bnlint**: {tally(found)} in {count(len({finding.path for finding in found}), 'file')}\n\n"
        "| | rule | place | what |\n|---|---|---|---|\n"
        + "".join(_row(finding, report) for finding in found[:ROWS])
        + (f"\n… and {count(rest, 'more finding')}\n" if rest > 0 else "")
    )


def _row(finding: Finding, report: Report) -> str:
    rule = f"[{finding.code}]({catalogue.rules()[finding.code].url}) {escape(finding.name)}"
    return f"| {finding.severity} | {rule} | <code>{_plain(where(finding, report.base))}</code> | {escape(finding.message)} |\n"


def escape(text: str) -> str:
    """Text that Markdown shows as it is, but for what stands between backticks: that is code."""
    return "".join(f"<code>{_plain(piece)}</code>" if code else _plain(piece) for piece, code in pieces(text))


def _plain(text: str) -> str:
    return _MARKUP.sub(lambda found: f"\\{found[0]}" if found[0] in _ESCAPED else f"&#{ord(found[0])};", text)
