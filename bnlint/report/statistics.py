"""How often each rule finds something, the most frequent first."""

from __future__ import annotations

from collections import Counter

from bnlint.report import Report, applies, summary
from bnlint.report.json import dumps


def as_text(report: Report) -> str:
    """A line for each rule: how often, how many of them `--fix` would mend, code and name."""
    rows = _rows(report)
    width = max((len(str(number)) for _, _, number, _ in rows), default=0)
    return "".join(
        f"{number:>{width}}  {code}  {name}" + (f"  [*] {fixable} fixable" if fixable else "") + "\n"
        for code, name, number, fixable in rows
    ) + summary(report)


def as_json(report: Report) -> str:
    """The same for programs."""
    return dumps(
        [{"code": code, "name": name, "count": number, "fixable": fixable} for code, name, number, fixable in _rows(report)], indent=2
    )


def _rows(report: Report) -> list[tuple[str, str, int, int]]:
    numbers = Counter((finding.code, finding.name) for finding in report.findings)
    fixable = Counter(finding.code for finding in report.findings if applies(finding, report.unsafe))
    return [(code, name, number, fixable[code]) for (code, name), number in sorted(numbers.items(), key=lambda item: (-item[1], item[0]))]
