"""Where findings go, and how: `--output-format FORMAT[=FILE]`, `-o FILE`, and the setting `output-format`."""

from __future__ import annotations

import os

from bnlint.cli.output import Misuse, Problem
from bnlint.report import FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Target = tuple[str, str | None]
"""A format and a file; None is the standard output."""

FOR_PEOPLE = ("text", "concise", "grouped")


def parse(values: Sequence[str]) -> list[Target]:
    """The targets that the option names. Raises ValueError."""
    targets: list[Target] = []
    for value in values:
        name, equals, file = value.partition("=")
        if name not in FORMATS:
            raise ValueError(unknown(name))
        if equals and not file:
            raise ValueError(f"{name}= names no file")
        targets.append((name, file or None))
    return targets


def unknown(name: str) -> str:
    """What is said of a format that does not exist."""
    from bnlint.selection import did_you_mean

    return f"{name!r} is none of {', '.join(FORMATS)}{did_you_mean(name, FORMATS)}"


def choose(asked: Sequence[Target], setting: str | None, output_file: str | None) -> list[Target]:
    """The targets of a run, found fit before it begins."""
    if not asked and setting is not None and setting not in FORMATS:
        raise Problem(f"`output-format` {unknown(setting)}")
    targets = [(name, file or output_file) for name, file in asked or ((setting or "text", None),)]
    if output_file and all(file for _, file in asked or ((None, None),)):
        raise Misuse("`-o` goes with an output format that has no file of its own")
    files = [file for _, file in targets]
    for name, file in targets:
        if files.count(file) > 1:
            raise Misuse(f"several output formats for {file or 'the standard output'}: write `{name}=FILE` to give each its own")
    check(file for file in files if file is not None)
    return targets


def check(files: Iterable[str]) -> None:
    """Give up before the work is done if a file cannot be written."""
    for file in files:
        folder = os.path.dirname(file) or os.curdir
        if not os.path.isdir(folder):
            raise Problem(f"{file}: cannot be written: {folder} is no folder")
        if os.path.isdir(file):
            raise Problem(f"{file}: cannot be written: it is a folder")
        if not os.access(file if os.path.exists(file) else folder, os.W_OK):
            raise Problem(f"{file}: cannot be written: permission denied")
