"""Findings become text: one module for each format, and what the formats share."""

from __future__ import annotations

import os

from bnlint import catalogue
from bnlint.records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bnlint.findings import Finding, TextEdit
    from bnlint.graph.model import Artifact, Span

    Lines = Callable[[str, int | None], Sequence[str]]
    """The lines of a file, or of one cell of a notebook; empty where there is no source."""

FORMATS = (
    "text",
    "concise",
    "grouped",
    "json",
    "json-lines",
    "github",
    "gitlab",
    "sarif",
    "junit",
    "rdjson",
    "azure",
    "markdown",
    "html",
)
"""The formats; each is the function `render` of the module of its name (with `_` for `-`)."""


@dataclass(frozen=True, slots=True)
class Report:
    """What the formats draw from.

    `unsafe` tells whether unsafe fixes are asked for, `edits` what the fix of a finding would change. `raw` and `raw_edits` give positions
    in the file, which for a notebook is its JSON; `base` is the folder from which machines name files. `files` counts the files that were
    met, `dismissed` those of them that hold no word of a rule, `skipped` by reason what was left out, `hidden` the findings that are not
    shown; `coverage` says how much of the BatchNormalization in the files is understood, if not all is; `artifacts` are the model files
    that were read. `quiet` leaves the summary out, `show_fixes` lists in it what was fixed; a run that is `incomplete` does not pass.
    """

    findings: Sequence[Finding]
    lines: Lines = lambda path, cell: ()
    edits: Callable[[Finding], Sequence[TextEdit]] = lambda finding: ()
    raw: Callable[[Span], Span] = lambda span: span
    raw_edits: Callable[[Finding], Sequence[TextEdit]] = lambda finding: ()
    base: str = ""
    fixed: Sequence[Finding] = ()
    unsafe: bool = False
    colour: bool = False
    quiet: bool = False
    show_fixes: bool = False
    incomplete: bool = False
    files: int = 0
    dismissed: int = 0
    coverage: str = ""
    artifacts: Sequence[Artifact] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)
    hidden: Mapping[str, int] = field(default_factory=dict)


def render(report: Report, output_format: str) -> str:
    """The whole output in one of FORMATS."""
    from importlib import import_module

    text: str = import_module(f"bnlint.report.{output_format.replace('-', '_')}").render(report)
    return text


def applies(finding: Finding, unsafe: bool) -> bool:
    """Whether `--fix` (with `--unsafe-fixes`, if `unsafe`) would mend the finding."""
    return finding.fix is not None and finding.fix.safety.value in (("safe", "unsafe") if unsafe else ("safe",))


def printable(text: str) -> str:
    """The text with everything escaped that could move a cursor, break a line or turn the direction of writing."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def place(path: str, line: int | None = None, column: int | None = None, cell: int | None = None) -> str:
    """A position as ruff writes it, the path relative to the working directory where that is shorter."""
    relative = os.path.relpath(path) if os.path.isabs(path) else path
    parts = [printable(min(relative, path, key=len).replace(os.sep, "/"))]
    parts += [f"cell {cell}"] if cell is not None else []
    parts += [str(number) for number in (line, column) if number is not None]
    return ":".join(parts)


def place_of(finding: Finding) -> str:
    span = finding.span
    if span is not None:
        return place(finding.path, span.line, span.column, span.cell)
    return place(finding.path) + (f"::{printable(finding.layer)}" if finding.layer else "")


def count(number: int, noun: str) -> str:
    """`1 error`, `2 errors`; `info` has no plural."""
    return f"{number} {noun}" if number == 1 or noun == "info" else f"{number} {noun}{'es' if noun.endswith('x') else 's'}"


def tally(findings: Iterable[Finding]) -> str:
    """`2 errors, 1 warning, 0 info`."""
    severities = [str(finding.severity) for finding in findings]
    return ", ".join(count(severities.count(severity), severity) for severity in ("error", "warning", "info"))


def summary(report: Report) -> str:
    """The closing lines: what was found, in how many files, and what can be fixed."""
    if report.quiet:
        return ""
    reasons = {"no BatchNormalization": report.dismissed, **report.skipped}
    skipped = "; ".join(f"{number} skipped: {printable(reason)}" for reason, number in reasons.items() if number)
    files = count(report.files, "file") + (f" ({skipped})" if skipped else "")
    untold = ", ".join(f"{count(number, 'finding')} {reason}" for reason, number in report.hidden.items() if number)
    gaps = f"Not shown: {printable(untold)}.\n" if untold else ""
    gaps += f"{printable(report.coverage)}; see `bnlint graph --gaps`.\n" if report.coverage else ""
    everything = [*report.fixed, *report.findings]
    models = read_of(report.artifacts)
    if not everything:
        passed = "" if report.incomplete else "All checks passed!\n"
        return models + passed + (f"{files}.\n" if report.files > 1 or skipped else "") + gaps
    fixed = f" ({len(report.fixed)} fixed, {len(report.findings)} remaining)" if report.fixed else ""
    places = len({finding.path for finding in everything})
    listed = _fixes(report.fixed) if report.show_fixes else ""
    listed += _unsafe(report.fixed)
    return f"{listed}{models}Found {tally(everything)}{fixed} in {places} of {files}.\n" + _fixable(report) + gaps


def read_of(artifacts: Sequence[Artifact]) -> str:
    """What was read of model files, and what was not."""
    if not artifacts:
        return ""
    norms, layers = sum(each.batchnorms for each in artifacts), sum(each.layers for each in artifacts)
    versions = dict.fromkeys(f"Keras {each.keras}" for each in artifacts if each.keras)
    untouched = () if any(each.live for each in artifacts) else ("no code executed",)
    facts = ", ".join([*(printable(version) for version in versions), *untouched])
    models = "" if len(artifacts) == 1 else f" in {len(artifacts)} models"
    notes = dict.fromkeys(note for each in artifacts for note in each.notes)
    said = f"Read {count(norms, 'BatchNormalization layer')} of {count(layers, 'layer')}{models}{f' ({facts})' if facts else ''}.\n"
    return said + "".join(f"note: {printable(note)}\n" for note in notes)


def _fixable(report: Report) -> str:
    now = sum(applies(finding, report.unsafe) for finding in report.findings)
    more = sum(applies(finding, True) for finding in report.findings) - now
    hint = f"{count(more, 'unsafe fix')} available with `--fix --unsafe-fixes`" if more else ""
    if now:
        return f"[*] {now} fixable with `--fix`" + (f" ({hint})" if hint else "") + ".\n"
    return f"{hint}.\n" if hint else ""


def _fixes(findings: Sequence[Finding]) -> str:
    """What was fixed: files, and how often which rule."""
    counts: dict[str, dict[tuple[str, str], int]] = {}
    for finding in findings:
        in_file = counts.setdefault(finding.path, {})
        in_file[finding.code, finding.name] = in_file.get((finding.code, finding.name), 0) + 1
    text = ""
    for path in sorted(counts):
        text += f"- {place(path)}:\n"
        text += "".join(f"    {number} × {code} ({name})\n" for (code, name), number in sorted(counts[path].items()))
    return f"Fixed {tally(findings)}:\n{text}\n" if findings else ""


CHANGES = {
    "function": "what the model computes",
    "statistics": "the moving statistics",
    "checkpoint": "which saved weights fit",
    "layer index": "the positions of the layers",
}
"""What an unsafe fix may change: the words of a page's `changes` in a sentence."""


def changes(code: str) -> str:
    """What the unsafe fix of a rule changes, as the object of a sentence."""
    *others, last = [CHANGES[change] for change in catalogue.page(code).changes] or ["what the code does"]
    return f"{', '.join(others)} and {last}" if others else last


def _unsafe(findings: Sequence[Finding], would: bool = False) -> str:
    """What the unsafe fixes that were applied change, rule by rule, and what is left to do; nothing where there were none."""
    applied: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        if finding.fix is not None and finding.fix.safety.value == "unsafe":
            applied.setdefault((finding.code, finding.name), []).append(finding.path)
    lines = []
    for (code, name), paths in sorted(applied.items()):
        lines.append(f"    {len(paths)} × {code} ({name}): {changes(code)}\n")
        left = catalogue.page(code).afterwards
        lines += [f"        {left.format(path=place(path))}\n" for path in sorted(set(paths)) if left]
    return f"Unsafe fixes {'would change' if would else 'have changed'}:\n{''.join(lines)}\n" if lines else ""


def only_fixed(report: Report, would: bool = False) -> str:
    """The closing lines of `--fix-only`, and (`would`) of `--diff`."""
    more = sum(applies(finding, True) for finding in report.findings) if not report.unsafe else 0
    hint = f" ({count(more, 'more fix')} available with `--unsafe-fixes`)" if more else ""
    if not report.fixed:
        return f"{'Nothing would be' if would else 'Nothing was'} fixed{hint}.\n"
    listed = (_fixes(report.fixed) if report.show_fixes else "") + _unsafe(report.fixed, would)
    return f"{listed}{'Would fix' if would else 'Fixed'} {tally(report.fixed)}{hint}.\n"
