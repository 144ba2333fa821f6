"""What came of a run is told: findings, summary, diff, complaints, and the exit code."""

from __future__ import annotations

import os
import sys

from bnlint.cli.output import Problem, is_coloured, say, write
from bnlint.cli.targets import FOR_PEOPLE, Target
from bnlint.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from bnlint.api import Result
    from bnlint.report import Report


def tell(result: Result, base: str, targets: Sequence[Target], given: Mapping[str, Any], to_stderr: bool = False) -> int:
    """Print what came of a run. The exit code."""
    complain(result, given["quiet"])
    drawn = _drawn(result, base, given)
    failing = result.fails
    if given["diff"]:
        from bnlint.report import diff

        texts = [text for change in result.changes for text in change.texts()]
        write(diff.render(texts, escape=sys.stdout.isatty()), given["output_file"])
        _say_diff(drawn)
        failing = bool(result.changes)
    else:
        _write(drawn, targets, given, to_stderr)
        failing = failing and not given["fix_only"]
    if drawn.incomplete:
        return 2
    failing = failing or (given["exit_non_zero_on_fix"] and bool(result.fixed))
    return 1 if failing and not given["exit_zero"] else 0


def _write(drawn: Report, targets: Sequence[Target], given: Mapping[str, Any], to_stderr: bool) -> None:
    """Write all that was asked for; what cannot be written is said when the rest is."""
    problems = []
    for name, file in targets:
        coloured = file is None and is_coloured(given["color"], sys.stderr if to_stderr else sys.stdout)
        try:
            write(_rendered(replace(drawn, colour=coloured), name, given), file, to_stderr)
        except Problem as problem:
            problems.append(problem)
    if any(name == "github" for name, _ in targets):
        _summarise(drawn)
    if problems:
        raise problems[0]


def _drawn(result: Result, base: str, given: Mapping[str, Any]) -> Report:
    from bnlint.report import Report

    return Report(
        findings=result.findings,
        lines=result.lines,
        edits=result.edits,
        raw=result.raw,
        raw_edits=result.raw_edits,
        base=base,
        fixed=result.fixed,
        unsafe=given["unsafe_fixes"],
        quiet=given["quiet"],
        show_fixes=given["show_fixes"],
        incomplete=bool(result.missing or result.failures),
        files=result.analysed + result.dismissed,
        dismissed=result.dismissed,
        coverage=result.coverage,
        artifacts=result.artifacts,
        skipped=result.skipped,
        hidden=result.hidden,
    )


def _rendered(drawn: Report, name: str, given: Mapping[str, Any]) -> str:
    from bnlint import report

    if given["fix_only"]:
        return report.only_fixed(drawn) if name in FOR_PEOPLE else report.render(replace(drawn, findings=()), name)
    if given["statistics"] and name in (*FOR_PEOPLE, "json"):
        from bnlint.report import statistics

        return statistics.as_json(drawn) if name == "json" else statistics.as_text(drawn)
    return report.render(drawn, name)


def _summarise(drawn: Report) -> None:
    """Append a table to the summary of a job of GitHub Actions: it holds the findings that annotations have no room for."""
    from bnlint import report

    file = os.environ.get("GITHUB_STEP_SUMMARY")
    if not file:
        return
    try:
        with open(file, "ab") as summary:
            summary.write(report.render(drawn, "markdown").encode("utf-8", "backslashreplace") + b"\n")
    except OSError as error:
        raise Problem(f"{file}: cannot be written: {error.strerror}") from None


def _say_diff(drawn: Report) -> None:
    """What a diff does not show goes to the standard error."""
    from bnlint import report

    if drawn.quiet:
        return
    for line in report.only_fixed(drawn, would=True).split("\n"):
        if line:
            say(line)
    unfixable = sum(not report.applies(finding, True) for finding in drawn.findings)
    if unfixable:
        say(f"{report.count(unfixable, 'finding')} without a fix; run without `--diff` to see what was found.")


def complain(result: Result, quiet: bool) -> None:
    """Say what went wrong, and what may not be as it was meant."""
    for path in result.missing:
        from difflib import get_close_matches

        from bnlint.cli.plain import names

        close = get_close_matches(path, names(), 1)
        say(f"path does not exist: {path}" + (f" (did you mean `bnlint {close[0]}`?)" if close else ""))
    for failure in result.failures:
        say(failure)
    for line in (*(f"warning: {warning}" for warning in result.warnings), *result.notes) if not quiet else ():
        say(line)
