"""`bnlint check`, the default command."""

from __future__ import annotations

import os
from typing import Any

import click

from bnlint.cli import lint
from bnlint.cli.input import complete_paths, list_option, read_list
from bnlint.cli.output import Problem, write
from bnlint.cli.targets import output_format


class CheckCommand(click.Command):
    """`--add-ignore` takes its value after `=` only: `--add-ignore src/` must not take the path for a reason."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        return super().parse_args(ctx, [f"{arg}=" if arg == "--add-ignore" else arg for arg in args[:end]] + args[end:])


@click.command("check", cls=CheckCommand)
@click.argument("paths", nargs=-1, metavar="[PATHS]...", shell_complete=complete_paths)
@click.option("--fix", is_flag=True, help="Apply the safe fixes.")
@click.option("--unsafe-fixes/--no-unsafe-fixes", default=False, help="Count the unsafe fixes among those that may be applied.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and write nothing.")
@click.option("--fix-only", is_flag=True, help="Apply the fixes and do not report what remains.")
@click.option("--show-fixes", is_flag=True, help="List what was fixed.")
@list_option("--select", "Rules to turn on: codes, names, prefixes of codes, or ALL.")
@list_option("--extend-select", "Rules to turn on besides those that are on.")
@list_option("--ignore", "Rules to turn off.")
@list_option("--extend-ignore", "Rules to turn off besides those that are off.")
@click.option("--preview/--no-preview", default=None, help="Let rules be on that are in preview.")
@list_option("--fixable", "Rules whose fixes may be applied.")
@list_option("--unfixable", "Rules whose fixes may not be applied.")
@click.option("--placement", type=click.Choice(["before", "after", "consistent", "off"]), help="Where BN101 wants the layer.")
@click.option("--min-batch", type=click.IntRange(min=1), metavar="N", help="Batches smaller than this are reported.")
@click.option("--target-keras", metavar="VERSION", help="The Keras that the code runs on: 1, 2, 3 or 3.N.")
@click.option("--config", metavar="FILE|TOML", help="A settings file, or `key = value` laid over the one that is found.")
@click.option("--isolated", is_flag=True, help="Read no settings file.")
@click.option("--no-cache", is_flag=True, help="Neither read nor write a cache.")
@click.option("--cache-dir", envvar="BNLINT_CACHE_DIR", metavar="FOLDER", help="Where results are kept for the next run.")
@click.option("-j", "--jobs", type=click.IntRange(min=0), default=0, metavar="N", help="Processes that work; 0: as many as pay off.")
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
    "--model",
    multiple=True,
    metavar="MODULE:FACTORY",
    help="Import a module, call a function in it, and lint the Keras model that it returns. This runs your code.",
)
@click.option(
    "--files-from", metavar="FILE", help="A file (`-`: the standard input) that names files, by lines or separated by null bytes."
)
@click.option("--write-baseline", is_flag=True, help="Write all findings into the baseline: from then on only others are told.")
@click.option("--no-baseline", is_flag=True, help="Tell the findings in the baseline, too.")
@click.option("--add-ignore", metavar="[=REASON]", help="Write a comment that ignores it, with the reason, behind each finding.")
@click.option("--statistics", is_flag=True, help="Print how often each rule finds something, instead of what.")
@click.option("--diff-base", metavar="REF", help="Tell only what was not found yet where the work branched off from this commit of git.")
@click.option("--watch", is_flag=True, help="Look again whenever a file changes (needs the extra `watch`).")
@click.option("-q", "--quiet", is_flag=True, help="Print findings and nothing else.")
@click.option("--show-files", is_flag=True, help="Print which files would be looked at.")
@click.option("--show-settings", is_flag=True, help="Print the settings.")
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[str, ...], **given: Any) -> None:
    """Find misuse in files and folders (the default command)."""
    from bnlint import api

    named = [*paths, *(read_list(given["files_from"]) if given["files_from"] else ())]
    from_stdin = named == ["-"] or (not named and given["stdin_filename"] is not None)
    if "-" in named and not from_stdin:
        raise click.UsageError("the standard input (`-`) stands for one file, and goes with no other path")
    lint.refuse_contradictions(given, from_stdin)
    if not named and not given["files_from"] and not given["model"]:
        named = ["."]
    try:
        if given["show_settings"]:
            write(api.show_settings(named[0] if named else ".", lint.plans(given)))
        elif given["show_files"]:
            write("".join(f"{os.path.abspath(file)}\n" for file in api.find_files(named, lint.plans(given))[0]))
        elif from_stdin:
            ctx.exit(lint.standard_input(given))
        elif given["watch"]:
            from bnlint.cli.watch import watch

            watch(named, lambda: lint.files(named, given))
        else:
            ctx.exit(lint.files(named, given))
    except api.SettingsError as error:
        raise Problem(str(error)) from None
