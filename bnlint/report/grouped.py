"""Findings below the file in which they are, one in each line."""

from __future__ import annotations

from itertools import groupby

from bnlint.findings import Finding
from bnlint.report import Report, applies, place, printable, summary


def render(report: Report) -> str:
    text = ""
    for path, findings in groupby(report.findings, key=lambda finding: finding.path):
        text += f"{place(path)}:\n{_rows(list(findings), report)}\n"
    return text + summary(report)


def _rows(findings: list[Finding], report: Report) -> str:
    places = [_place(finding) for finding in findings]
    width = max(map(len, places))
    return "".join(
        f"  {at:<{width}}  {finding.code} {'[*] ' if applies(finding, report.unsafe) else ''}{printable(finding.message)}\n"
        for at, finding in zip(places, findings, strict=True)
    )


def _place(finding: Finding) -> str:
    """Where it is in its file: a cell, line and column, or the layer of a model."""
    span = finding.span
    if span is None:
        return printable(finding.layer or "")
    return (f"cell {span.cell}:" if span.cell is not None else "") + f"{span.line}:{span.column}"
