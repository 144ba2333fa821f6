"""`bnlint` itself: finds its commands in the modules of `commands/`, and takes what is no command for a path to check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from bnlint import __version__
from bnlint.cli.input import expanded
from bnlint.cli.output import Problem, say
from bnlint.cli.plain import ALIASES, names

DEFAULTED = "bnlint.defaulted"
"""The key in the context that tells that no command was named."""


class GivenUp(click.ClickException):
    """A problem, for click to end with."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        say(self.message)


@contextmanager
def giving_up() -> Iterator[None]:
    """A problem that comes up here ends the program."""
    try:
        yield
    except Problem as problem:
        raise GivenUp(str(problem)) from None


class DefaultGroup(click.Group):
    """`bnlint PATH` is `bnlint check PATH`. A command is imported when it is asked for."""

    default = "check"

    def list_commands(self, ctx: click.Context) -> list[str]:
        return names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in names():
            return None
        from importlib import import_module

        command: click.Command = import_module(f"bnlint.cli.commands.{name.replace('-', '_')}").command
        return command

    @giving_up()
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        args = [word for arg in args for word in expanded(arg)]
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        if not args or (args[0] not in names() and args[0] not in ALIASES and args[0] not in own):
            args = [self.default, *args]
            ctx.meta[DEFAULTED] = True
        return super().parse_args(ctx, args)

    @giving_up()
    def invoke(self, ctx: click.Context) -> Any:
        return super().invoke(ctx)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[check] [OPTIONS] [PATHS]...")
        formatter.write_usage(ctx.command_path, "COMMAND [ARGUMENTS]...", prefix="       ")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help of `bnlint` shows the options of `check`, then the commands."""
        default = self.get_command(ctx, self.default)
        assert default is not None
        click.Command.format_options(default, ctx, formatter)
        self.format_commands(ctx, formatter)


@click.group(cls=DefaultGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="bnlint", message="%(prog)s %(version)s")
def group() -> None:
    """Find, and mend, misuse of Batch Normalization in Keras code."""


def end(error: BaseException) -> None:
    """End as click ends a program that was interrupted, or whose reader is gone."""

    def fail() -> None:
        raise error

    click.Command("bnlint", callback=fail).main([], "bnlint")
