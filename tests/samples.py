"""A report to print: findings of every kind on sources that are made here, and one on a model."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bnlint import catalogue, raw
from bnlint.api import Result
from bnlint.catalogue import Page, Rule
from bnlint.checked import Checked
from bnlint.findings import DropArgument, Finding, Fix, Safety, Severity, TextEdit
from bnlint.graph.model import Span
from bnlint.pins import Pins
from bnlint.plans import Plan
from bnlint.report import Report
from bnlint.settings import Settings
from bnlint.text import load

MODEL = """\
from keras import layers


def block(x, filters):
    x = layers.Conv2D(filters, 3)(x)
    x = layers.BatchNormalization()(x, training=True)
    return layers.ReLU()(x)
"""

CELL = [
    'title = "Größe 😀"; bn = layers.BatchNormalization(eps=1e-3)\n',
    "model.add(bn)",
]

NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["# Title"]},
            {"cell_type": "code", "metadata": {}, "source": CELL, "outputs": []},
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    },
    indent=1,
    ensure_ascii=False,
)

SEVERITIES = {"default": {"2": "error", "3": "error"}}
RULES = {
    rule.code: rule
    for rule in (
        Rule("BN305", "hardcoded-training-true", "A title", "A summary.", "unsafe", "0.1.0", ("x",), SEVERITIES),
        Rule("BN408", "unknown-argument", "Another title", "Another summary.", "safe", "0.1.0", ("x",), SEVERITIES),
        Rule("BN601", "untouched-statistics", "A third title", "A third summary.", "none", "0.1.0", ("x",), SEVERITIES),
    )
}


class ShortPage(Page):
    """A page that is in no file."""

    body = "# Title\n\n## What it does\nIt `finds`.\n"


def page(code: str) -> Page:
    return ShortPage(RULES[code], {}, {}, ("function", "statistics"), (), "")


def stub(monkeypatch: object) -> None:
    """Rules of our own: what a format prints does not depend on the words of the pages."""
    monkeypatch.setattr(catalogue, "rules", lambda: RULES)  # type: ignore[attr-defined]
    monkeypatch.setattr(catalogue, "page", page)  # type: ignore[attr-defined]


def finding(code: str, message: str, path: str, span: tuple[int, ...] | None, severity: Severity, **values: object) -> Finding:
    at = Span(path, *span) if span else None
    return Finding(code, RULES[code].name, severity, message, path, at, **values)  # type: ignore[arg-type]


def findings(root: Path) -> dict[Finding, tuple[TextEdit, ...]]:
    """The findings in files below a folder, with what their fixes change."""
    model, notebook, saved = (str(root / name) for name in ("src/model.py", "notebooks/train it.ipynb", "models/net.keras"))
    inner = Span(model, 6, 38, 6, 53)
    fix = Fix(Safety.UNSAFE, (DropArgument(inner, "training"),))
    eps = Span(notebook, 1, 51, 1, 54, 2)
    return {
        finding(
            "BN305",
            "`training=True` is hard-coded",
            model,
            (6, 9, 6, 54),
            Severity.ERROR,
            help="Remove `training=True`",
            fix=fix,
            related=(("built here", Span(model, 5, 9, 5, 12)), ("and 2 more such places", None)),
            fingerprint="aaaa",
        ): (TextEdit(inner, ""),),
        finding("BN305", "a block, 50% of it", model, (4, 1, 7, 28), Severity.INFO, reason="it is used twice", fingerprint="bbbb"): (),
        finding(
            "BN408",
            "there is no `eps`",
            notebook,
            (1, 25, 1, 60, 2),
            Severity.WARNING,
            help="Write `epsilon`",
            fix=Fix(Safety.SAFE, (DropArgument(eps, "eps"),)),
            fingerprint="cccc",
        ): (TextEdit(eps, "epsilon"),),
        finding("BN601", "the statistics are untouched", saved, None, Severity.WARNING, layer="stage2/bn", fingerprint="dddd"): (),
    }


def report(root: Path, edits: Mapping[Finding, Sequence[TextEdit]], **values: object) -> Report:
    """A report of these findings, in which positions are looked up in the sources above."""
    plan = Plan(Settings(), (), frozenset(), frozenset(), (), str(root), Pins)
    sources = {"model.py": MODEL, "train it.ipynb": NOTEBOOK}
    files = []
    for path in dict.fromkeys(each.path for each in edits):
        source = sources.get(os.path.basename(path))
        document = load(path, source.encode()) if source is not None else None
        files.append(Checked(path, plan, tuple(each for each in edits if each.path == path), document))
    result = Result(files=tuple(files))
    documents = {file.path: file.document for file in files}

    def raw_edits(each: Finding) -> tuple[TextEdit, ...]:
        document = documents[each.path]
        return raw.edits(document, edits[each]) if document is not None else ()

    return Report(
        findings=tuple(edits),
        lines=result.lines,
        edits=lambda each: edits[each],
        raw=result.raw,
        raw_edits=raw_edits,
        base=str(root),
        files=len(files),
        **values,  # type: ignore[arg-type]
    )
