"""What the arguments stand for: lists in files, lists with commas."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

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

    from bnlint.cli.program import DEFAULTED, names

    commands = [name for name in names() if name.startswith(incomplete)]
    if not (commands and ctx.meta.get(DEFAULTED)) or ctx.params.get(parameter.name or ""):
        return [CompletionItem(incomplete, type="file")]
    with os.scandir() as entries:
        paths = sorted(entry.name + ("/" if entry.is_dir() else "") for entry in entries)
    hidden = incomplete.startswith(".")
    shown = [path for path in paths if path.startswith(incomplete) and path.startswith(".") is hidden]
    return [CompletionItem(word) for word in (*commands, *shown)]


def list_option(name: str, text: str) -> Callable[[Any], Any]:
    """An option that takes a list: with commas, by repeating the option, or both."""
    return click.option(name, multiple=True, callback=_words, metavar="LIST", help=text)


def _words(ctx: click.Context, parameter: click.Parameter, values: Sequence[str]) -> list[str] | None:
    words = [word.strip() for value in values for word in value.split(",") if word.strip()]
    return words or None
