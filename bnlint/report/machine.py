"""What the formats for machines share: paths from the root of the project, places in files, one line of words."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bnlint.findings import Finding
from bnlint.report import Report, printable

if TYPE_CHECKING:
    from bnlint.graph.model import Span


def relative(path: str, base: str) -> str:
    """The path from `base`, with `/`; absolute if it is not inside, and what has no file as it is."""
    if has_no_file(path):
        return path
    path = os.path.abspath(path)
    try:
        inside = os.path.relpath(path, base or os.curdir)
    except ValueError:  # another drive
        inside = os.pardir
    return (path if inside.split(os.sep)[0] == os.pardir else inside).replace(os.sep, "/")


def has_no_file(path: str) -> bool:
    """Whether it stands for the standard input."""
    return path == "-" or (path.startswith("<") and path.endswith(">"))


def span_in_file(finding: Finding, report: Report) -> Span | None:
    """Where a finding stands in its file; None for one on a model."""
    return report.raw(finding.span) if finding.span is not None else None


def where(finding: Finding, base: str) -> str:
    """Its place for people: the cell of a notebook, the layer of a model."""
    path, span = relative(finding.path, base), finding.span
    if span is None:
        return printable(f"{path}::{finding.layer}" if finding.layer else path)
    cell = f":cell {span.cell}" if span.cell is not None else ""
    return f"{printable(path)}{cell}:{span.line}:{span.column}"


def words(finding: Finding) -> str:
    """What is wrong; for a model, with the layer in front."""
    layer = f"{finding.layer}: " if finding.span is None and finding.layer else ""
    return printable(layer + finding.message)


def pieces(text: str) -> list[tuple[str, bool]]:
    """The text in pieces, and of each whether it is code, which stands between backticks."""
    parts = printable(text).split("`")
    if len(parts) % 2 == 0:  # the last backtick has no partner
        parts[-2:] = ["`".join(parts[-2:])]
    return [(part, number % 2 == 1) for number, part in enumerate(parts)]
