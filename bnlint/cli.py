"""The command line: parses and prints, decides nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING, Any, NoReturn, cast

import click

from bnlint import __version__

if TYPE_CHECKING:
    from bnlint.api import Mend, Overrides, Plans, Result
    from bnlint.report import Report

STDIN = "<stdin>"


class Problem(click.ClickException):
    """What makes bnlint give up, in one line."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        _say(self.message)


class DefaultGroup(click.Group):
    """`bnlint PATH` is `bnlint check PATH`."""

    default = "check"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        args = [word for arg in args for word in _expanded(arg)]
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        if not args or (args[0] not in self.commands and args[0] not in own):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[check] [OPTIONS] [PATHS]...")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGUMENTS]...", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help of `bnlint` shows the options of `check`, then the commands."""
        click.Command.format_options(self.commands[self.default], ctx, formatter)
        self.format_commands(ctx, formatter)


def _expanded(argument: str) -> list[str]:
    """`@args.txt` stands for the lines of that file."""
    if len(argument) < 2 or not argument.startswith("@"):
        return [argument]
    return _read_list(argument[1:], b"\n")


def _read_list(path: str, separator: bytes | None = None) -> list[str]:
    """The lines of a file, `-` for the standard input; or what null bytes separate, if it holds any."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read()
        else:
            with open(path, "rb") as file:
                data = file.read()
    except OSError as error:
        raise Problem(f"{path}: cannot be read: {error.strerror}") from None
    parts = data.split(b"\0") if b"\0" in data and separator is None else data.splitlines()
    return [os.fsdecode(part) for part in parts if part]


def _words(ctx: click.Context, parameter: click.Parameter, values: Sequence[str]) -> list[str] | None:
    """Lists are given with commas, by repeating the option, or both."""
    words = [word.strip() for value in values for word in value.split(",") if word.strip()]
    return words or None


def _list(name: str, text: str) -> Callable[[Any], Any]:
    return click.option(name, multiple=True, callback=_words, metavar="LIST", help=text)


@click.group(cls=DefaultGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="bnlint", message="%(prog)s %(version)s")
def group() -> None:
    """Find, and mend, misuse of Batch Normalization in Keras code."""


@group.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--fix", is_flag=True, help="Apply the safe fixes.")
@click.option("--unsafe-fixes/--no-unsafe-fixes", default=False, help="Count the unsafe fixes among those that may be applied.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and write nothing.")
@click.option("--fix-only", is_flag=True, help="Apply the fixes and do not report what remains.")
@click.option("--show-fixes", is_flag=True, help="List what was fixed.")
@_list("--select", "Rules to turn on: codes, names, prefixes of codes, or ALL.")
@_list("--extend-select", "Rules to turn on besides those that are on.")
@_list("--ignore", "Rules to turn off.")
@_list("--extend-ignore", "Rules to turn off besides those that are off.")
@_list("--fixable", "Rules whose fixes may be applied.")
@_list("--unfixable", "Rules whose fixes may not be applied.")
@click.option("--placement", type=click.Choice(["before", "after", "consistent", "off"]), help="Where BN101 wants the layer.")
@click.option("--min-batch", type=click.IntRange(min=1), metavar="N", help="Batches smaller than this are reported.")
@click.option("--target-keras", metavar="VERSION", help="The Keras that the code runs on: 1, 2, 3 or 3.N.")
@click.option("--config", metavar="FILE|TOML", help="A settings file, or `key = value` laid over the one that is found.")
@click.option("--isolated", is_flag=True, help="Read no settings file.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write a cache.")
@click.option("-e", "--exit-zero", is_flag=True, help="Exit with 0 although something is found.")
@click.option("--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 if something was fixed.")
@click.option(
    "--fail-on", type=click.Choice(["error", "warning", "info", "never"]), help="The severity from which findings make the exit code 1."
)
@click.option(
    "--output-format", type=click.Choice(["text", "concise", "json"]), envvar="BNLINT_OUTPUT_FORMAT", help="How findings are printed."
)
@click.option("-o", "--output-file", metavar="FILE", help="Print findings into a file.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours: NO_COLOR and FORCE_COLOR count too."
)
@click.option("--stdin-filename", metavar="PATH", help="What the standard input (`-`) is called.")
@_list("--exclude", "Globs of what to leave out instead of the default.")
@_list("--extend-exclude", "Globs of what to leave out besides.")
@click.option("--force-exclude/--no-force-exclude", default=None, help="Leave excluded files out though they are named.")
@click.option("--respect-gitignore/--no-respect-gitignore", default=None, help="Leave out what .gitignore names.")
@click.option("--include-models/--no-include-models", default=None, help="Take saved models from folders, too.")
@click.option(
    "--files-from", metavar="FILE", help="A file (`-`: the standard input) that names files, by lines or separated by null bytes."
)
@click.option("-q", "--quiet", is_flag=True, help="Print findings and nothing else.")
@click.option("--show-files", is_flag=True, help="Print which files would be looked at.")
@click.option("--show-settings", is_flag=True, help="Print the settings.")
@click.pass_context
def check(ctx: click.Context, /, paths: tuple[str, ...], **given: Any) -> None:
    """Find misuse in files and folders (the default command)."""
    from bnlint import api

    overrides = cast("Overrides", {key: given[key] for key in api.Overrides.__annotations__})
    plans = api.Plans(given["config"], given["isolated"], overrides)
    named = [*paths, *(_read_list(given["files_from"]) if given["files_from"] else ())]
    from_stdin = named == ["-"] or (not named and given["stdin_filename"] is not None)
    if "-" in named and not from_stdin:
        raise click.UsageError("the standard input (`-`) stands for one file, and goes with no other path")
    if not named and not given["files_from"]:
        named = ["."]
    try:
        if given["show_settings"]:
            _print(_settings(plans, named[0]))
        elif given["show_files"]:
            _print("".join(f"{os.path.abspath(file)}\n" for file in api.find_files(named, plans)[0]))
        elif from_stdin:
            _check_stdin(ctx, plans, given)
        else:
            result = api.lint_files(named, plans, _mend(given), write=not given["diff"])
            _report(ctx, plans, named[0] if named else ".", result, given)
    except api.SettingsError as error:
        raise Problem(str(error)) from None


def _mend(given: dict[str, Any]) -> Mend:
    if not (given["fix"] or given["fix_only"] or given["diff"]):
        return "none"
    return "unsafe" if given["unsafe_fixes"] else "safe"


def _check_stdin(ctx: click.Context, plans: Plans, given: dict[str, Any]) -> None:
    """With --fix the fixed source goes to the standard output, and the findings to the other one."""
    from bnlint import api

    path = given["stdin_filename"] or STDIN
    data = sys.stdin.buffer.read()
    result = api.lint_data(data, path, plans, _mend(given))
    filters = _mend(given) != "none" and not given["diff"]
    if filters:
        sys.stdout.buffer.write(result.changes[0].after if result.changes else data)
    _report(ctx, plans, path, result, given, to_stderr=filters)


def _report(ctx: click.Context, plans: Plans, path: str, result: Result, given: dict[str, Any], to_stderr: bool = False) -> NoReturn:
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
        colour=_is_coloured(given["color"], sys.stderr if to_stderr else sys.stdout) and not given["output_file"],
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
        _print(diff.render(texts, escape=sys.stdout.isatty()), given["output_file"])
        _say_diff(drawn)
        failing = bool(result.changes)
    elif given["fix_only"]:
        _print("[]\n" if output_format == "json" else report.only_fixed(drawn), given["output_file"], to_stderr)
        failing = False
    else:
        _print(report.render(drawn, output_format), given["output_file"], to_stderr)
    if drawn.incomplete:
        ctx.exit(2)
    failing = failing or (given["exit_non_zero_on_fix"] and bool(result.fixed))
    ctx.exit(1 if failing and not given["exit_zero"] else 0)


def _say_diff(drawn: Report) -> None:
    """What a diff does not show goes to the standard error."""
    from bnlint import report

    if drawn.quiet:
        return
    _say(report.only_fixed(drawn, would=True).rstrip("\n"))
    unfixable = sum(not report.applies(finding, True) for finding in drawn.findings)
    if unfixable:
        _say(f"{report.count(unfixable, 'finding')} without a fix; run without `--diff` to see what was found.")


def _complain(result: Result, quiet: bool) -> None:
    """Say what went wrong, and what may not be as it was meant."""
    for path in result.missing:
        from difflib import get_close_matches

        close = get_close_matches(path, list(group.commands), 1)
        _say(f"path does not exist: {path}" + (f" (did you mean `bnlint {close[0]}`?)" if close else ""))
    for failure in result.failures:
        _say(failure)
    for warning in result.warnings if not quiet else ():
        _say(f"warning: {warning}")


def _settings(plans: Plans, path: str) -> str:
    from dataclasses import fields

    settings = plans.settings(path)
    return "".join(f"{field.name} = {getattr(settings, field.name)!r}\n" for field in fields(settings))


# The other commands


@group.command()
@click.argument("rule", metavar="CODE|NAME")
def explain(rule: str) -> None:
    """Print the page of a rule."""
    from bnlint import api
    from bnlint.report import rules

    try:
        _print(rules.explain(api.find_rule(rule)))
    except api.UnknownRule as error:
        raise Problem(str(error)) from None


group.add_command(click.Command("rule", params=explain.params, callback=explain.callback, hidden=True))


@group.command("rules")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", help="How the rules are printed.")
def list_rules(output_format: str) -> None:
    """List all rules."""
    from bnlint import api
    from bnlint.report import rules

    _print(rules.as_json(api.all_rules()) if output_format == "json" else rules.as_text(api.all_rules()))


@group.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATHS...")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", help="How the graphs are printed.")
@click.option("--gaps", is_flag=True, help="Print how much of the BatchNormalization is understood, and what is missing.")
@click.pass_context
def graph(ctx: click.Context, paths: tuple[str, ...], output_format: str, gaps: bool) -> None:
    """Print the models in files and folders as bnlint sees them."""
    from bnlint import api

    models, coverage, problems = api.graphs(paths)
    _print(api.dump(models, output_format, coverage if gaps else None))
    for problem in problems:
        _say(problem)
    ctx.exit(2 if problems else 0)


# Printing


def _is_coloured(choice: str, stream: IO[Any]) -> bool:
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return "FORCE_COLOR" in os.environ or stream.isatty()


def _print(text: str, file: str | None = None, to_stderr: bool = False) -> None:
    """Print as UTF-8, whatever the locale: the same input gives the same bytes."""
    data = text.encode("utf-8", "backslashreplace")
    if file is None:
        stream = (sys.stderr if to_stderr else sys.stdout).buffer
        stream.write(data)
        stream.flush()
        return
    try:
        with open(file, "wb") as output:
            output.write(data)
    except OSError as error:
        raise Problem(f"{file}: cannot be written: {error.strerror}") from None


def _say(message: str) -> None:
    """A line on the standard error, in which no name can forge another."""
    from bnlint.report import printable

    print(f"bnlint: {printable(message)}", file=sys.stderr)


def main() -> None:
    """The entry point of `bnlint`."""
    import gc

    gc.set_threshold(100_000, 20, 50)  # trees and graphs are large and live short: the usual thresholds cost up to a third of the time
    try:
        group(prog_name="bnlint")
    except Exception as error:  # whatever happens, a user gets a line and no traceback
        from bnlint.api import failure

        _say(failure("running", "bnlint", error))
        sys.exit(2)
