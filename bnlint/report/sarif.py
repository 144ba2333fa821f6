"""SARIF 2.1.0, as GitHub code scanning and its fellows take it: https://docs.oasis-open.org/sarif/sarif/v2.1.0/."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bnlint import __version__, catalogue
from bnlint.findings import Finding, Safety, TextEdit
from bnlint.report import Report, changes
from bnlint.report.json import dumps
from bnlint.report.machine import has_no_file, relative, span_in_file, words

if TYPE_CHECKING:
    from bnlint.graph.model import Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://github.com/bnlint/bnlint"
ROOT = "PROJECTROOT"
"""What relative addresses are relative to."""

LEVELS = {"error": "error", "warning": "warning", "info": "note", "off": "none"}
PROBLEMS = {"error": "error", "warning": "warning", "info": "recommendation", "off": "recommendation"}


def render(report: Report) -> str:
    codes = sorted({finding.code for finding in report.findings})
    run = {
        "tool": {
            "driver": {
                "name": "bnlint",
                "fullName": f"bnlint {__version__}",
                "version": __version__,
                "semanticVersion": __version__,
                "informationUri": HOME,
                "rules": [_rule(code) for code in codes],
            }
        },
        "automationDetails": {"id": "bnlint/"},
        "invocations": [{"executionSuccessful": not report.incomplete}],
        "originalUriBaseIds": {
            ROOT: {"uri": f"file://{_quoted(_absolute(report.base))}/", "description": {"text": "the root of the project"}}
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes.index(finding.code), report) for finding in report.findings],
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rule(code: str) -> dict[str, Any]:
    rule, page = catalogue.rules()[code], catalogue.page(code)
    return {
        "id": code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": _sentence(rule.title)},
        "fullDescription": {"text": _sentence(rule.summary)},
        "help": {"text": page.body, "markdown": page.body},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": LEVELS[rule.severity], "enabled": rule.default and not rule.preview},
        "properties": {
            "precision": "very-high" if rule.severity in ("error", "warning") else "high",
            "problem.severity": PROBLEMS[rule.severity],
            "tags": ["batch-normalization", "keras", rule.family],
        },
    }


def _result(finding: Finding, index: int, report: Report) -> dict[str, Any]:
    location = _location(finding.path, span_in_file(finding, report), report)
    if finding.layer and finding.span is None:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.layer, "kind": "member"}]
    related = [
        {"id": number, "message": {"text": message or "related"}} | (_location(at.path, report.raw(at), report) if at else {})
        for number, (message, at) in enumerate(finding.related, 1)
    ]
    result = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": LEVELS[str(finding.severity)],
        "message": {"text": _sentence(words(finding))},
        "locations": [location],
        "partialFingerprints": {"primaryLocationLineHash": finding.fingerprint},
    }
    fix = _fix(finding, report)
    return result | ({"relatedLocations": related} if related else {}) | ({"fixes": [fix]} if fix else {})


def _location(path: str, span: Span | None, report: Report) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(path, report), "region": _region(span)}}


def _artifact(path: str, report: Report) -> dict[str, str]:
    """Relative to the root of the project; absolute elsewhere."""
    inside = relative(path, report.base)
    if os.path.isabs(inside):
        return {"uri": f"file://{_quoted(_absolute(path) or '/')}"}
    return {"uri": _quoted(inside)} | ({} if has_no_file(path) else {"uriBaseId": ROOT})


def _absolute(path: str) -> str:
    path = os.path.abspath(path).replace(os.sep, "/").rstrip("/")
    return path if path.startswith("/") or not path else f"/{path}"


def _quoted(path: str) -> str:
    """Percent-encoded, byte by byte: a file name need not be text."""
    return quote(os.fsencode(path) if _is_text(path) else path.encode("utf-8", "backslashreplace"))


def _is_text(path: str) -> bool:
    try:
        os.fsencode(path)
    except UnicodeEncodeError:  # a lone surrogate that stands for no byte
        return False
    return True


def _region(span: Span | None) -> dict[str, int]:
    """A model has no lines: its region is what viewers take for the start of a file."""
    if span is None:
        return {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2}
    return {"startLine": span.line, "startColumn": span.column, "endLine": span.end_line, "endColumn": span.end_column}


def _fix(finding: Finding, report: Report) -> dict[str, Any] | None:
    edits = report.raw_edits(finding) if finding.fix is not None else ()
    if finding.fix is None or not edits:
        return None
    note = {
        Safety.SAFE: "",
        Safety.UNSAFE: f" (unsafe: changes {changes(finding.code)})",
        Safety.DISPLAY: " (a suggestion, never applied)",
    }[finding.fix.safety]
    change = {"artifactLocation": _artifact(finding.path, report), "replacements": [_replacement(edit) for edit in edits]}
    return {"description": {"text": f"{finding.help or 'Fix'}{note}"}, "artifactChanges": [change]}


def _replacement(edit: TextEdit) -> dict[str, Any]:
    return {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
