"""Plain arguments of `bnlint check` are read without click, whose import takes longer than the check of a file. What is not plain is None:
click reads it, and says what is wrong with it."""

from __future__ import annotations

import os

from bnlint.cli.options import OPTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bnlint.cli.options import Option

ALIASES = {"rule": "explain"}
"""Hidden names of commands."""

COMPLETION = "_BNLINT_COMPLETE"
"""The variable by which a shell asks for words."""


class NotPlain(Exception):
    """The arguments are for click."""


def names() -> list[str]:
    """The commands: the names of the modules, with `-` for `_`."""
    files = os.listdir(os.path.join(os.path.dirname(__file__), "commands"))
    return sorted(file.removesuffix(".py").replace("_", "-") for file in files if file.endswith(".py") and not file.startswith("_"))


def read(arguments: Sequence[str]) -> tuple[tuple[str, ...], dict[str, Any]] | None:
    """The paths, and the value of each option by its key, as click gives them to `bnlint check`."""
    if any(name in os.environ for name in (COMPLETION, *(option.variable for option in OPTIONS if option.variable))):
        return None
    if arguments and arguments[0] != "check" and arguments[0] in (*names(), *ALIASES):
        return None
    words = iter(arguments[1:] if arguments[:1] == ["check"] else arguments)
    paths: list[str] = []
    values: dict[str, list[Any]] = {option.key: [] for option in OPTIONS}
    try:
        for word in words:
            if word.startswith("-") and word != "-":
                key, value = _option(word, words)
                values[key].append(value)
            elif word and not word.startswith("@"):
                paths.append(word)
            else:
                return None
        return tuple(paths), {option.key: _value(option, values[option.key]) for option in OPTIONS}
    except (NotPlain, ValueError):
        return None


def _option(word: str, following: Iterator[str]) -> tuple[str, Any]:
    """The key of an option and what it is given."""
    name, equals, value = word.partition("=")
    for option in OPTIONS:
        yes, _, no = option.names.partition("/")
        if name not in (*yes.split(), no):
            continue
        if option.is_flag and not equals:
            return option.key, name != no
        value = value if equals else next(following, "-")
        if option.is_plain and name.startswith("--") and not value.startswith(("-", "@")) and value in (option.choices or (value,)):
            return option.key, value
    raise NotPlain


def _value(option: Option, given: Sequence[Any]) -> Any:
    if option.several:
        return option.several(given)
    return given[-1] if given else option.default
