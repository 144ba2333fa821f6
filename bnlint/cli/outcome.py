"""What came of a run is told: findings, summary, diff, complaints, and the exit code."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from bnlint.cli.output import Problem, is_coloured, say, write

if TYPE_CHECKING:
    from bnlint.api import Plans, Result
    from bnlint.report import Report


def tell(ctx: click.Context, plans: Plans, path: str, result: Result, given: dict[str, Any], to_stderr: bool = False) -> NoReturn:
    """Print what came of a run, and leave with its exit code."""
    from bnlint import report

    output_format = given["output_format"] or plans.settings(path).output_format or "text"
    if output_format not in report.FORMATS:
        raise Problem(f"`output-format` must be one of {', '.join(report.FORMATS)}, not {output_format!r}")
    _complain(result, given["quiet"])
    drawn = report.Report(
        findings=result.findings,
        lines=result.lines,
        edits=result.edits,
        fixed=result.fixed,
        unsafe=given["unsafe_fixes"],
        colour=is_coloured(given["color"], sys.stderr if to_stderr else sys.stdout) and not given["output_file"],
        quiet=given["quiet"],
        show_fixes=given["show_fixes"],
        incomplete=bool(result.missing or result.failures),
        files=result.analysed + result.dismissed,
        dismissed=result.dismissed,
        coverage=result.coverage,
        artifacts=result.artifacts,
        skipped=result.skipped,
    )
    failing = result.fails
    if given["diff"]:
        from bnlint.report import diff

        texts = [text for change in result.changes for text in change.texts()]
        write(diff.render(texts, escape=sys.stdout.isatty()), given["output_file"])
        _say_diff(drawn)
        failing = bool(result.changes)
    elif given["fix_only"]:
        write("[]\n" if output_format == "json" else report.only_fixed(drawn), given["output_file"], to_stderr)
        failing = False
    else:
        write(report.render(drawn, output_format), given["output_file"], to_stderr)
    if drawn.incomplete:
        ctx.exit(2)
    failing = failing or (given["exit_non_zero_on_fix"] and bool(result.fixed))
    ctx.exit(1 if failing and not given["exit_zero"] else 0)


def _say_diff(drawn: Report) -> None:
    """What a diff does not show goes to the standard error."""
    from bnlint import report

    if drawn.quiet:
        return
    say(report.only_fixed(drawn, would=True).rstrip("\n"))
    unfixable = sum(not report.applies(finding, True) for finding in drawn.findings)
    if unfixable:
        say(f"{report.count(unfixable, 'finding')} without a fix; run without `--diff` to see what was found.")


def _complain(result: Result, quiet: bool) -> None:
    """Say what went wrong, and what may not be as it was meant."""
    for path in result.missing:
        from difflib import get_close_matches

        from bnlint.cli.program import names

        close = get_close_matches(path, names(), 1)
        say(f"path does not exist: {path}" + (f" (did you mean `bnlint {close[0]}`?)" if close else ""))
    for failure in result.failures:
        say(failure)
    for warning in result.warnings if not quiet else ():
        say(f"warning: {warning}")
