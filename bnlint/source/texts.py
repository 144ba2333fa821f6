"""Texts: formatting and methods of constants, as far as the result stays short."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bnlint.graph.model import Arguments, Unknown
from bnlint.source.machine import Machine
from bnlint.source.spelling import Text, length, spelled, unmarked
from bnlint.source.values import List, is_constant, sequence

TEXT_METHODS: Final = frozenset(
    [
        "lower",
        "upper",
        "strip",
        "lstrip",
        "rstrip",
        "format",
        "replace",
        "startswith",
        "endswith",
        "split",
        "rsplit",
        "join",
        "title",
        "capitalize",
        "find",
        "count",
        "index",
        "isalpha",
        "isdecimal",
        "isdigit",
        "islower",
        "isnumeric",
        "isupper",
        "casefold",
        "splitlines",
        "zfill",
        "removeprefix",
        "removesuffix",
        "partition",
        "rpartition",
    ]
)
"""Methods of texts that are computed."""

SIZE_LIMIT: Final = 100_000
"""Longest text or sequence that an operation may build."""

GROWING: Final = re.compile(r"\d{5,}|\*|\{[^{}]*\{")
"""In a template: a width that is wide, or computed."""


PLAIN: Final = (-1, ord("s"))
"""Those that leave a text as it is."""

CONVERSIONS: Final[dict[int, Callable[[object], str]]] = {ord("r"): repr, ord("s"): str, ord("a"): ascii}
"""The conversions of f-strings, as `ast` numbers them."""


def formatted(given: list[object]) -> object:
    """`{value!conversion:spec}` of an f-string, given the value, the spec and the conversion; where it is not known, the unknown value, or
    None."""
    value, spec, conversion = given
    if isinstance(value, Unknown) and spec == "" and conversion in PLAIN:
        return value
    if not isinstance(value, (str, int, float)) or not isinstance(spec, str) or GROWING.search(spec):
        return None
    if isinstance(value, Text):
        if spec == "" and conversion in PLAIN:
            return value
        value = unmarked(value)
    try:
        return format(CONVERSIONS[conversion](value) if isinstance(conversion, int) and conversion in CONVERSIONS else value, spec)
    except Exception:  # formatting of user constants may raise anything
        return None


def together(m: Machine, parts: list[object]) -> object:
    """The parts of an f-string as one text."""
    known = [part for part in parts if isinstance(part, str)]
    if len(known) < len(parts) or sum(map(length, known)) > SIZE_LIMIT:
        return _unknown(m, *parts)
    return spelled("".join, known)


def _unknown(m: Machine, *parts: object) -> Unknown:
    """A text with unknown parts: the same each time where these are. (What names that a function was given say does not matter to it.)"""
    made = Unknown("a text with unknown parts")
    return m.standing(("text", *parts), made) if all(type(part) in (str, int, Unknown) for part in parts) else made


def percent(m: Machine, template: str, parts: tuple[object, ...]) -> object:
    """`template % parts`."""
    if GROWING.search(template) or not all(is_constant(part) for part in parts) or not _short(template, *parts):
        return _unknown(m, "%", template, *parts)
    try:
        return spelled(lambda given: template % tuple(given), parts)
    except Exception:  # as above
        return Unknown("a text operation that fails")


def method(m: Machine, owner: str, name: str, arguments: Arguments) -> object:
    """A method of a text."""
    names = [argument.name for argument in arguments.items]

    def apply(given: list[object]) -> object:
        pairs = [*zip(names, given, strict=True)]
        return _method(m, owner, name, [each for key, each in pairs if key is None], {key: each for key, each in pairs if key is not None})

    return m.combined((argument.value for argument in arguments.items), apply)


def _method(m: Machine, owner: str, name: str, values: list[object], keywords: dict[str, object]) -> object:
    if name == "join" and values:
        items = [item for item in sequence(values[0]) or (None,) if isinstance(item, str)]
        whole = len(items) == len(sequence(values[0]) or (None,))
        return spelled(owner.join, items) if whole and _short(owner, *items) else Unknown("a text with unknown parts")
    count, every = len(values), [*values, *keywords.values()]
    if name not in TEXT_METHODS or not all(map(is_constant, every)):
        return _unknown(m, name, owner, *values, *keywords, *keywords.values())
    if (name == "format" and GROWING.search(owner)) or not _short(owner, *values) or any(type(v) is int and v > SIZE_LIMIT for v in values):
        return Unknown("a text too long to compute")
    try:
        if name == "format":
            found = spelled(lambda given: owner.format(*given[:count], **dict(zip(keywords, given[count:], strict=True))), every)
        else:
            found = getattr(owner, name)(*map(unmarked, values), **keywords)
    except Exception:  # a method on user constants may raise anything
        return Unknown("a text operation that fails")
    return List({"items": tuple(found)}) if isinstance(found, list) else found


def _short(*parts: object) -> bool:
    """Whether even all combinations of the parts (`join`, `replace`) stay within bounds."""
    lengths = [length(part) for part in parts if isinstance(part, str)]
    return sum(lengths) <= SIZE_LIMIT and (len(lengths) < 2 or lengths[0] * max(len(lengths), *lengths[1:]) <= 10 * SIZE_LIMIT)
