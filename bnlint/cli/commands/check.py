"""`bnlint check`, the default command."""

from __future__ import annotations

from typing import Any

import click

from bnlint.cli import lint
from bnlint.cli.input import complete_paths, declare
from bnlint.cli.options import OPTIONS
from bnlint.cli.output import Misuse


class CheckCommand(click.Command):
    """`--add-ignore` takes its value after `=` only: `--add-ignore src/` must not take the path for a reason."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        end = args.index("--") if "--" in args else len(args)
        return super().parse_args(ctx, [f"{arg}=" if arg == "--add-ignore" else arg for arg in args[:end]] + args[end:])


@click.command("check", cls=CheckCommand)
@click.argument("paths", nargs=-1, metavar="[PATHS]...", shell_complete=complete_paths)
@click.pass_context
def command(ctx: click.Context, /, paths: tuple[str, ...], **given: Any) -> None:
    """Find misuse in files and folders (the default command)."""
    try:
        ctx.exit(lint.run(paths, given))
    except Misuse as misuse:
        raise click.UsageError(str(misuse)) from None


for option in OPTIONS:
    declare(option)(command)
