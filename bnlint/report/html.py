"""Findings as a page: one file that needs nothing else and runs no script."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from bnlint import catalogue
from bnlint.findings import Finding, Safety, Severity
from bnlint.page import assets
from bnlint.page.policy import policy
from bnlint.report import Report, applies, changes, count, printable, summary, tally
from bnlint.report.machine import pieces, relative, where

if TYPE_CHECKING:
    from bnlint.graph.model import Span

CONTEXT = 2
"""Lines shown before and after the marked ones."""

LONGEST = 12
"""Marked lines shown; the rest of what is longer is left out."""

WIDTH = 400
"""Characters of a line that are shown, from some way before what is marked."""


def render(report: Report) -> str:
    style = _style()
    title = escape(f"bnlint: {tally(report.findings)}")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy((), style)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f'<meta name="referrer" content="no-referrer">\n<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n'
        f"<header><h1>bnlint</h1><p>{_counts(report.findings)}</p></header>\n<main>\n{_rules(report.findings)}"
        f"{''.join(_files(report))}</main>\n<footer><pre>{_words(summary(report), lines=True)}</pre></footer>\n</body>\n</html>\n"
    )


def _style() -> str:
    with open(os.path.join(os.path.dirname(__file__), "findings.css"), encoding="utf-8") as file:
        return f"{assets.read('colours.css')}\n{file.read()}"


def _words(text: str, lines: bool = False) -> str:
    """Text that no browser takes for markup."""
    if lines:
        return "\n".join(map(_words, text.split("\n")))
    return escape(printable(text))


def _prose(text: str) -> str:
    """The same, with what stands between backticks as code."""
    return "".join(f"<code>{escape(piece)}</code>" if code else escape(piece) for piece, code in pieces(text))


def _counts(findings: Sequence[Finding]) -> str:
    number = {severity: sum(finding.severity is severity for finding in findings) for severity in Severity}
    return " ".join(
        f'<span class="{severity if number[severity] else "zero"}">{count(number[severity], str(severity))}</span>'
        for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)
    )


def _rules(findings: Sequence[Finding]) -> str:
    """How often each rule finds something, the worst and most frequent first."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.code, []).append(finding)
    if not groups:
        return ""
    ranked = sorted(groups.items(), key=lambda group: (-max(finding.severity for finding in group[1]), -len(group[1]), group[0]))
    rows = "".join(f"<tr><td>{len(found)}</td><td>{_rule(found[0])}</td><td>{_title(code)}</td></tr>\n" for code, found in ranked)
    return f"<details><summary>{count(len(groups), 'rule')}</summary>\n<table>\n{rows}</table></details>\n"


def _title(code: str) -> str:
    return _prose(catalogue.rules()[code].title)


def _rule(finding: Finding) -> str:
    link = f'<a href="{escape(catalogue.rules()[finding.code].url)}" rel="noreferrer">{escape(finding.code)}</a>'
    return f"{link} {_words(finding.name)}"


def _files(report: Report) -> Iterator[str]:
    for path, findings in groupby(report.findings, key=lambda finding: finding.path):
        cards = "".join(_card(finding, report) for finding in findings)
        yield f"<section><h2>{_words(relative(path, report.base))}</h2>\n{cards}</section>\n"


def _card(finding: Finding, report: Report) -> str:
    place = _words(where(finding, report.base)) + (f" ({_words(finding.about)})" if finding.about else "")
    notes = "".join(f"<dt>{label}</dt><dd>{text}</dd>" for label, text in _notes(finding, report))
    return (
        f'<article class="{finding.severity}"><p class="rule"><b>{finding.severity}</b> {_rule(finding)}</p>'
        f'<h3>{_prose(finding.message)}</h3><p class="place">{place}</p>{_frame(finding, report)}'
        f"{f'<dl>{notes}</dl>' if notes else ''}</article>\n"
    )


def _notes(finding: Finding, report: Report) -> Iterator[tuple[str, str]]:
    if finding.help:
        yield "help", _prose(finding.help)
    if applies(finding, report.unsafe):
        yield "fix", "<code>bnlint --fix</code> does it"
    elif finding.fix is not None and finding.fix.safety is Safety.UNSAFE:
        yield "fix", f"<code>bnlint --fix --unsafe-fixes</code> does it, and changes {changes(finding.code)}"
    if finding.reason:
        yield "no fix", _prose(finding.reason)
    for each in finding.histograms:
        bad = f", {each.nonfinite} not finite" if each.nonfinite else ""
        yield _words(each.name), f"{each.low:.3g} to {each.high:.3g}{bad}"
    for message, at in finding.related:
        place = f"{relative(at.path, report.base)}:{at.line}:{at.column}: " if at else ""
        yield "note", _words(place) + _prose(message)


def _frame(finding: Finding, report: Report) -> str:
    """The marked lines with their context."""
    span = finding.span
    lines = report.lines(finding.path, span.cell) if span is not None else ()
    if span is None or not 0 < span.line <= len(lines):
        return ""
    end = max(span.line, min(span.end_line, len(lines), span.line + LONGEST - 1))
    shown = range(max(1, span.line - CONTEXT), min(len(lines), end + CONTEXT) + 1)
    rows = "\n".join(f"<i>{number:>{len(str(shown[-1]))}}</i> {_row(lines[number - 1], number, span)}" for number in shown)
    return f'<pre tabindex="0">{rows}</pre>'


def _row(line: str, number: int, span: Span) -> str:
    """A line, with what of it is marked."""
    line = line.rstrip("\r\n")
    start, end = 0, 0
    if span.line <= number <= span.end_line:
        start = span.column - 1 if number == span.line else len(line) - len(line.lstrip())
        end = span.end_column - 1 if number == span.end_line else len(line)
    first = max(0, start - WIDTH // 4) if start > WIDTH // 2 else 0
    last = first + WIDTH
    before, marked, after = line[first:start], line[start : min(end, last)], line[max(start, min(end, last)) : last]
    cut = "…" if len(line) > last else ""
    mark = f"<mark>{_code(marked)}</mark>" if marked else ""
    return f"{'…' if first else ''}{_code(before)}{mark}{_code(after)}{cut}"


def _code(text: str) -> str:
    return _words(text.replace("\t", "    "))
