"""Functions that put elements in order: sorted, min and max, and the `sort` of a list."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from typing import Any, Final

from bnlint.graph.model import Arguments, Unknown
from bnlint.source.iteration import iterating, known, on
from bnlint.source.machine import Handler, Machine
from bnlint.source.values import List, first_argument, is_constant


def _sorted(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    items = known(m, first_argument(arguments))
    if items is None:
        return Unknown("a sorted list of values that are not known")
    found = ordered(m, items, arguments, node)
    return Unknown("a sorted list") if found is None else List({"items": found})


def ordered(m: Machine, items: tuple[object, ...], arguments: Arguments, node: ast.Call) -> tuple[object, ...] | None:
    """The elements in the order that `key=` and `reverse=` ask for; None where it is not known."""
    key, backwards = arguments.keyword("key"), arguments.keyword("reverse")
    function, reverse = (None if given is None else m.settle(given.value) for given in (key, backwards))
    keys = _comparable([item if function is None else m.settle(on(m, function, node, item)) for item in items])
    if keys is None or not (reverse is None or isinstance(reverse, bool)):
        return None
    try:
        positions = sorted(range(len(items)), key=lambda position: keys[position], reverse=bool(reverse))
    except TypeError:
        return None
    return tuple(items[position] for position in positions)


def _comparable(keys: list[object]) -> list[Any] | None:
    """The keys as far as they decide an order: of tuples the constants that they begin with, where these differ."""
    if all(map(is_constant, keys)):
        return keys
    rows = [key for key in keys if isinstance(key, tuple)]
    if len(rows) < len(keys):
        return None
    heads = [tuple(itertools.takewhile(is_constant, row)) for row in rows]
    shortest = min(map(len, heads))
    heads = [head[:shortest] for head in heads]
    return list(heads) if len(set(heads)) == len(heads) else None


def _extreme(function: Callable[..., int]) -> Handler:
    """`min` or `max`, of several values or of those of an iterable."""

    def apply(m: Machine, arguments: Arguments, node: ast.Call) -> object:
        given = arguments.positional
        items = known(m, given[0].value) if len(given) == 1 else tuple(m.settle(argument.value) for argument in given)
        if items is None or not arguments.complete:
            return Unknown("a value that is not known")
        if not items:
            default = arguments.keyword("default")
            return default.value if default is not None else Unknown("the least of nothing")
        key = arguments.keyword("key")
        keys = _comparable([item if key is None else m.settle(on(m, key.value, node, item)) for item in items])
        if keys is None:
            return Unknown("a value that is not known")
        try:
            return items[function(range(len(items)), key=lambda position: keys[position])]
        except TypeError:
            return Unknown("values that cannot be compared")

    return apply


HANDLERS: Final = iterating({"builtins.sorted": _sorted, "builtins.min": _extreme(min), "builtins.max": _extreme(max)})
