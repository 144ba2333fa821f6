"""`bnlint check`, the default command."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, cast

import click

from bnlint.cli.input import list_option, read_list
from bnlint.cli.outcome import tell
from bnlint.cli.output import Problem, write
from bnlint.cli.targets import choose, output_format

if TYPE_CHECKING:
    from bnlint.api import Mend, Overrides, Plans, Use

STDIN = "<stdin>"


class CheckCommand(click.Command):
    """`--add-ignore` takes its value after `=` only: `--add-ignore src/` must not take the path for a reason."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        return super().parse_args(ctx, [f"{arg}=" if arg == "--add-ignore" else arg for arg in args[:end]] + args[end:])


@click.command("check", cls=CheckCommand)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--fix", is_flag=True, help="Apply the safe fixes.")
@click.option("--unsafe-fixes/--no-unsafe-fixes", default=False, help="Count the unsafe fixes among those that may be applied.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and write nothing.")
@click.option("--fix-only", is_flag=True, help="Apply the fixes and do not report what remains.")
@click.option("--show-fixes", is_flag=True, help="List what was fixed.")
@list_option("--select", "Rules to turn on: codes, names, prefixes of codes, or ALL.")
@list_option("--extend-select", "Rules to turn on besides those that are on.")
@list_option("--ignore", "Rules to turn off.")
@list_option("--extend-ignore", "Rules to turn off besides those that are off.")
@list_option("--fixable", "Rules whose fixes may be applied.")
@list_option("--unfixable", "Rules whose fixes may not be applied.")
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
@output_format
@click.option("-o", "--output-file", metavar="FILE", help="Print findings into a file.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours: NO_COLOR and FORCE_COLOR count too."
)
@click.option("--stdin-filename", metavar="PATH", help="What the standard input (`-`) is called.")
@list_option("--exclude", "Globs of what to leave out instead of the default.")
@list_option("--extend-exclude", "Globs of what to leave out besides.")
@click.option("--force-exclude/--no-force-exclude", default=None, help="Leave excluded files out though they are named.")
@click.option("--respect-gitignore/--no-respect-gitignore", default=None, help="Leave out what .gitignore names.")
@click.option("--include-models/--no-include-models", default=None, help="Take saved models from folders, too.")
@click.option(
    "--files-from", metavar="FILE", help="A file (`-`: the standard input) that names files, by lines or separated by null bytes."
)
@click.option("--write-baseline", is_flag=True, help="Write all findings into the baseline: from then on only others are told.")
@click.option("--no-baseline", is_flag=True, help="Tell the findings in the baseline, too.")
@click.option("--add-ignore", metavar="[=REASON]", help="Write a comment that ignores it, with the reason, behind each finding.")
@click.option("--statistics", is_flag=True, help="Print how often each rule finds something, instead of what.")
@click.option("--diff-base", metavar="REF", help="Tell only what was not found yet where the work branched off from this commit of git.")
@click.option("-q", "--quiet", is_flag=True, help="Print findings and nothing else.")
@click.option("--show-files", is_flag=True, help="Print which files would be looked at.")
@click.option("--show-settings", is_flag=True, help="Print the settings.")
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[str, ...], **given: Any) -> None:
    """Find misuse in files and folders (the default command)."""
    from bnlint import api

    overrides = cast("Overrides", {key: given[key] for key in api.Overrides.__annotations__})
    plans = api.Plans(given["config"], given["isolated"], overrides, _baselines(given))
    named = [*paths, *(read_list(given["files_from"]) if given["files_from"] else ())]
    from_stdin = named == ["-"] or (not named and given["stdin_filename"] is not None)
    if "-" in named and not from_stdin:
        raise click.UsageError("the standard input (`-`) stands for one file, and goes with no other path")
    _check_together(given, from_stdin)
    if not named and not given["files_from"]:
        named = ["."]
    try:
        if given["show_settings"]:
            write(_settings(plans, named[0]))
        elif given["show_files"]:
            write("".join(f"{os.path.abspath(file)}\n" for file in api.find_files(named, plans)[0]))
        elif from_stdin:
            ctx.exit(_check_stdin(plans, given))
        else:
            path = named[0] if named else "."
            targets = choose(given["output_format"], plans.settings(path).output_format, given["output_file"])
            if given["add_ignore"] is not None:
                result = api.add_ignores(named, plans, _reason(given["add_ignore"]), given["diff_base"])
            else:
                result = api.lint_files(named, plans, _mend(given), write=not given["diff"], since=given["diff_base"])
            ctx.exit(tell(result, api.find_base(path, plans), targets, given))
    except api.SettingsError as error:
        raise Problem(str(error)) from None


def _check_together(given: dict[str, Any], from_stdin: bool) -> None:
    """Refuse options that contradict each other."""
    exclusive = {
        "write_baseline": ("no_baseline", "diff", "diff_base"),
        "diff_base": ("fix", "fix_only", "diff"),
        "add_ignore": ("fix", "fix_only", "diff", "write_baseline"),
    }
    for option, others in exclusive.items():
        if given[option] in (None, False):
            continue
        for other in others:
            if given[other]:
                raise click.UsageError(f"`{_spelled(option)}` does not go with `{_spelled(other)}`")
        if from_stdin:
            raise click.UsageError(f"`{_spelled(option)}` does not go with the standard input")


def _reason(text: str) -> str:
    if not text.isprintable():
        raise click.UsageError("the reason of `--add-ignore` is one line of text")
    return text.strip().lstrip("#").strip()


def _spelled(option: str) -> str:
    return f"--{option.replace('_', '-')}"


def _baselines(given: dict[str, Any]) -> Use:
    if given["write_baseline"]:
        return "write"
    if given["no_baseline"]:
        return "ignore"
    return "use" if given["diff_base"] else "shrink"


def _mend(given: dict[str, Any]) -> Mend:
    if not (given["fix"] or given["fix_only"] or given["diff"]):
        return "none"
    return "unsafe" if given["unsafe_fixes"] else "safe"


def _check_stdin(plans: Plans, given: dict[str, Any]) -> int:
    """With --fix the fixed source goes to the standard output, and the findings to the other one."""
    from bnlint import api

    path = given["stdin_filename"] or STDIN
    targets = choose(given["output_format"], plans.settings(path).output_format, given["output_file"])
    data = sys.stdin.buffer.read()
    result = api.lint_data(data, path, plans, _mend(given))
    filters = _mend(given) != "none" and not given["diff"]
    if filters:
        sys.stdout.buffer.write(result.changes[0].after if result.changes else data)
    return tell(result, api.find_base(path, plans), targets, given, to_stderr=filters)


def _settings(plans: Plans, path: str) -> str:
    from dataclasses import fields

    settings = plans.settings(path)
    return "".join(f"{field.name} = {getattr(settings, field.name)!r}\n" for field in fields(settings))
