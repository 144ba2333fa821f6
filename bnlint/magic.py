"""`%bnlint` and `%%bnlint`: findings in a notebook, on a model in memory, in a cell before it runs, or in all that has run."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final, cast

from IPython.core.error import UsageError
from IPython.display import display

from bnlint import api, report
from bnlint.live.describe import NotAModel
from bnlint.records import replace

if TYPE_CHECKING:
    from bnlint.findings import Finding

NOTEBOOK: Final = "notebook.ipynb"
"""What the cells that have run are called."""

OPTION: Final = re.compile(r"\s*--(select|ignore)[ =]+(\S+)").match


def load(shell: Any) -> None:
    """What `%load_ext bnlint` does."""

    def bnlint(line: str, cell: str | None = None) -> None:
        """Look for misuse of Batch Normalization.

        %bnlint model    on a model: any expression that gives one
        %bnlint          in the cells that have run
        %%bnlint         in this cell, before it runs

        --select RULES and --ignore RULES take codes or names, with commas.
        """
        run(shell, line, cell)

    shell.register_magic_function(bnlint, magic_kind="line_cell", magic_name="bnlint")


def run(shell: Any, line: str, cell: str | None) -> None:
    """One use of the magic."""
    overrides, expression = _options(line)
    if expression and cell is not None:
        raise UsageError("%%bnlint lints the cell that it stands on, and takes no model; `%bnlint model` lints one")
    cells = [str(text) for text in shell.history_manager.input_hist_raw[1:]]
    on_model = bool(expression) and cell is None
    model = shell.ev(expression) if on_model else None
    try:
        plans = api.Plans(overrides=overrides)
        result = api.check_model(model, plans) if on_model else api.lint_data(_notebook(cells), NOTEBOOK, plans)
    except (api.SettingsError, NotAModel) as problem:
        raise UsageError(str(problem)) from None
    if cell is not None:
        result = _only(result, len(cells))
    display(Shown(result))  # type: ignore[no-untyped-call,unused-ignore]
    if cell is not None and not shell.run_cell(cell).success:
        raise CellFailed


class CellFailed(Exception):
    """The cell has failed, and has shown how: what runs the notebook must know, and has nothing more to show."""

    def _render_traceback_(self) -> list[str]:
        return []


def _options(line: str) -> tuple[api.Overrides, str]:
    """The options at the head of a line, and what follows them."""
    overrides: dict[str, list[str]] = {}
    while found := OPTION(line):
        overrides[found[1]] = found[2].split(",")
        line = line[found.end() :]
    if line.lstrip().startswith("-"):
        raise UsageError(f"bnlint knows the options --select and --ignore, not {line.split()[0]}")
    return cast("api.Overrides", overrides), line.strip()


def _notebook(cells: Sequence[str]) -> bytes:
    """The cells that have run as a notebook, in which they have the numbers of the session."""
    return json.dumps({"cells": [{"cell_type": "code", "source": text} for text in cells]}).encode("utf-8", "surrogatepass")


def _only(result: api.Result, number: int) -> api.Result:
    """What was found in one cell."""
    files = (
        replace(file, findings=tuple(each for each in file.findings if each.span is not None and each.span.cell == number))
        for file in result.files
    )
    return replace(result, files=tuple(file for file in files if file.findings))


class Shown:
    """Findings as a notebook shows them; as text in a terminal."""

    def __init__(self, result: api.Result) -> None:
        self.findings = result.findings
        self.head = report.read_of(result.artifacts) or ""
        self.tail = f"Found {report.tally(self.findings)}." if self.findings else "All checks passed!"
        self.text = report.render(report.Report(self.findings, result.lines, quiet=True), "text")
        self.problems = "".join(f"{problem}\n" for problem in result.failures)

    def __repr__(self) -> str:
        return f"{self.text}{self.problems}{self.head}{self.tail}"

    def _repr_html_(self) -> str:
        rows = "".join(_row(finding) for finding in self.findings)
        table = f"<table><tr><th>Rule</th><th>Where</th><th>Finding</th></tr>{rows}</table>" if rows else ""
        return f"<div>{table}<pre>{escape(report.printable(self.problems) + self.head + self.tail)}</pre></div>"


def _row(finding: Finding) -> str:
    span = finding.span
    where = f"In [{span.cell}], line {span.line}" if span is not None and span.cell is not None else finding.layer or finding.path
    words = (f"{finding.code} {finding.severity}", where, finding.message, finding.help)
    rule, where, message, help = (escape(report.printable(text)) for text in words)
    cells = (f'<span title="{escape(finding.name)}">{rule}</span>', f"<code>{where}</code>", f"{message}<br><small>{help}</small>")
    return "<tr>" + "".join(f'<td style="text-align:left">{cell}</td>' for cell in cells) + "</tr>"
