"""JUnit XML: a test suite for each file, a failed test case for each finding; what XML cannot hold is escaped as for a terminal."""

from __future__ import annotations

from itertools import groupby

from bnlint.findings import Finding
from bnlint.report import Report, printable
from bnlint.report.machine import relative, where, words


def render(report: Report) -> str:
    number = len(report.findings)
    suites = [_suite(path, list(found), report) for path, found in groupby(report.findings, key=lambda finding: finding.path)]
    totals = {"name": "bnlint", "tests": str(max(number, 1)), "failures": str(number), "errors": "0"}
    passed = _element("testsuite", totals, _element("testcase", {"name": "no findings", "classname": "bnlint"}, "", 2), 1)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _element("testsuites", totals, "".join(suites) or passed, 0)


def _suite(path: str, findings: list[Finding], report: Report) -> str:
    name, number = printable(relative(path, report.base)), str(len(findings))
    cases = (_case(finding, name, report) for finding in findings)
    return _element("testsuite", {"name": name, "tests": number, "failures": number, "errors": "0"}, "".join(cases), 1)


def _case(finding: Finding, path: str, report: Report) -> str:
    text = _escape(f"{where(finding, report.base)}: {finding.code} {printable(finding.message)}")
    failure = f"{'  ' * 3}<failure{_attributes({'type': str(finding.severity), 'message': words(finding)})}>{text}</failure>\n"
    return _element("testcase", {"name": f"{finding.code} {finding.name}", "classname": path}, failure, 2)


def _element(name: str, attributes: dict[str, str], content: str, depth: int) -> str:
    indent = "  " * depth
    opening = f"{indent}<{name}{_attributes(attributes)}"
    return f"{opening}>\n{content}{indent}</{name}>\n" if content else f"{opening} />\n"


def _attributes(values: dict[str, str]) -> str:
    return "".join(f' {name}="{_escape(value)}"' for name, value in values.items())


def _escape(text: str) -> str:
    from html import escape

    return escape(text)
