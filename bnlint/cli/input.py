"""What the arguments stand for: lists in files, lists with commas."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from bnlint.cli.options import Option, listing
from bnlint.cli.output import Problem

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def expanded(argument: str) -> list[str]:
    """`@args.txt` stands for the lines of that file."""
    if len(argument) < 2 or not argument.startswith("@"):
        return [argument]
    return read_list(argument[1:], b"\n")


def read_list(path: str, separator: bytes | None = None) -> list[str]:
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


def complete_paths(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Paths, and for the first word the commands too: a shell that is given words looks for no files, so that those are given with them."""
    from click.shell_completion import CompletionItem

    from bnlint.cli.plain import names
    from bnlint.cli.program import DEFAULTED

    commands = [name for name in names() if name.startswith(incomplete)]
    if not (commands and ctx.meta.get(DEFAULTED)) or ctx.params.get(parameter.name or ""):
        return [CompletionItem(incomplete, type="file")]
    with os.scandir() as entries:
        paths = sorted(entry.name + ("/" if entry.is_dir() else "") for entry in entries)
    hidden = incomplete.startswith(".")
    shown = [path for path in paths if path.startswith(incomplete) and path.startswith(".") is hidden]
    return [CompletionItem(word) for word in (*commands, *shown)]


def declare(option: Option) -> Callable[[Any], Any]:
    """An option as click knows it."""
    told: dict[str, Any] = {"help": option.help, "default": option.default, "envvar": option.variable}
    if option.is_flag:
        return click.option(*option.names.split(), **told, is_flag=True)
    if option.choices:
        return click.option(*option.names.split(), **told, type=click.Choice(option.choices))
    if option.least is not None:
        told["type"] = click.IntRange(min=option.least)
    if option.several:
        told |= {"multiple": True, "callback": _together(option.several)}
    if option.words:
        told["shell_complete"] = _complete(option.words)
    return click.option(*option.names.split(), **told, metavar=option.metavar)


def list_option(name: str, text: str) -> Callable[[Any], Any]:
    """An option that takes a list: with commas, by repeating the option, or both."""
    return declare(listing(name, text))


def _together(several: Callable[[Sequence[str]], object]) -> Callable[[click.Context, click.Parameter, Sequence[str]], object]:
    def value(ctx: click.Context, parameter: click.Parameter, values: Sequence[str]) -> object:
        try:
            return several(values)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return value


def _complete(words: Sequence[str]) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    return lambda ctx, parameter, incomplete: [word for word in words if word.startswith(incomplete)]
