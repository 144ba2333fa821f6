"""Findings as JSON, with the keys of ruff and three more: layer, related, fingerprint. `findings.schema.json` is its schema."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from bnlint import catalogue
from bnlint.findings import Finding, Safety, TextEdit
from bnlint.report import Report

if TYPE_CHECKING:
    from bnlint.graph.model import Span


def render(report: Report) -> str:
    return dumps([entry(finding, report) for finding in report.findings], indent=2, sort_keys=True)


def dumps(value: Any, indent: int | None = None, sort_keys: bool = False) -> str:
    """Printable ASCII and line ends, whatever the value holds."""
    return json.dumps(value, indent=indent, sort_keys=sort_keys).replace("\x7f", "\\u007f") + "\n"


def schema() -> str:
    """The JSON Schema of what `render` makes."""
    with open(os.path.join(os.path.dirname(__file__), "findings.schema.json"), encoding="utf-8") as file:
        return file.read()


def entry(finding: Finding, report: Report) -> dict[str, Any]:
    """One finding."""
    span = finding.span
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": str(finding.severity),
        "message": finding.message,
        "filename": _absolute(finding.path),
        "cell": span.cell if span else None,
        **_extent(span),
        "fix": _fix(finding, report),
        "url": catalogue.rules()[finding.code].url,
        "layer": finding.layer,
        "related": [
            {"message": message, "filename": _absolute(at.path) if at else None, "cell": at.cell if at else None, **_extent(at)}
            for message, at in finding.related
        ],
        "fingerprint": finding.fingerprint,
    }


def _fix(finding: Finding, report: Report) -> dict[str, Any] | None:
    if finding.fix is None:
        return None
    edits = [_edit(edit) for edit in report.edits(finding)]
    if not edits:
        return None
    changed = catalogue.page(finding.code).changes if finding.fix.safety is Safety.UNSAFE else ()
    return {"applicability": finding.fix.safety.value, "changes": list(changed), "message": finding.help, "edits": edits}


def _edit(edit: TextEdit) -> dict[str, Any]:
    cell = {} if edit.span.cell is None else {"cell": edit.span.cell}
    return {"content": edit.text, **_extent(edit.span), **cell}


def _extent(span: Span | None) -> dict[str, Any]:
    if span is None:
        return {"location": None, "end_location": None}
    return {
        "location": {"row": span.line, "column": span.column},
        "end_location": {"row": span.end_line, "column": span.end_column},
    }


def _absolute(path: str) -> str:
    """As ruff: absolute, but for what has no file."""
    return path if path.startswith("<") or path == "-" else os.path.abspath(path)
