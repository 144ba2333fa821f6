"""Functions of sequences, and those that make some of them: len, range, zip, enumerate, map, reduce and those of itertools."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from bnlint.graph.model import Argument, Arguments, Choice, Unknown
from bnlint.keras_api.training import VARIABLES
from bnlint.records import replace
from bnlint.source import counts, invoke, operators, protocols, runs, subscripts
from bnlint.source.joins import join, weight
from bnlint.source.machine import Handler, Machine
from bnlint.source.unknowns import truth
from bnlint.source.values import (
    LONGEST,
    MISSING,
    Array,
    Bound,
    Column,
    Dataset,
    Instance,
    LayerList,
    List,
    Splice,
    Variables,
    first_argument,
    sequence,
)


def known(m: Machine, value: object) -> tuple[object, ...] | None:
    """The elements of an iterable, where each of them is certain to be there."""
    items = sequence(m.settle(value))
    return None if items is None or any(isinstance(item, Splice) for item in items) else items


def on(m: Machine, function: object, node: ast.Call, *values: object) -> object:
    """What a function makes of values."""
    return invoke.invoke(m, function, Arguments(tuple(Argument(None, value, None) for value in values)), node)


def _len(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    def apply(value: object) -> object:
        if isinstance(value, Array) and value.shape:
            return value.shape[0]
        if isinstance(value, Instance) and (found := protocols.special(m, value, "__len__", node)) is not MISSING:
            return found
        items = sequence(value)
        if items is not None:
            return counts.length(m, items) if any(isinstance(item, Splice) for item in items) else len(items)
        value = m.opaque(value)
        return m.derive(value, "len") if isinstance(value, Unknown) else Unknown("a length that is not known")

    return m.each(first_argument(arguments), apply)


def _range(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    def apply(values: list[object]) -> object:
        given = [m.opaque(value) for value in values]
        bounds = [value for value in given if isinstance(value, int)]
        if len(bounds) == len(given) and 1 <= len(given) <= 3:
            try:
                return range(*bounds)
            except ValueError:
                return Unknown("a range of step zero")
        start, stop, step = [0, *given, 1] if len(given) == 1 else [*given, 1, None, None][:3]
        return Bound((start, stop, step), "range")

    return m.combined((argument.value for argument in arguments.positional), apply)


def _enumerate(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    value = m.plain(first_argument(arguments))
    start = arguments.keyword("start")
    offset = m.settle(start.value if start else first_argument(arguments, 1))
    items = sequence(value)
    if items is None:
        return Bound(value, "enumerate")
    if isinstance(value, LayerList) and any(isinstance(item, Unknown) for item in items):
        return List({"items": tuple((subscripts.place(m, value, number), item) for number, item in enumerate(items))})
    return List({"items": _numbered(m, items, offset if isinstance(offset, int) else 0)[0]})


def _numbered(m: Machine, items: tuple[object, ...], number: object) -> tuple[tuple[object, ...], object]:
    """The elements with their numbers, and the number of the next; behind a Splice a number depends on its test."""
    found: list[object] = []
    m.spend(len(items))
    for item in items:
        if isinstance(item, Splice):
            one, first = _numbered(m, item.if_true, number)
            two, second = _numbered(m, item.if_false, number)
            found.append(Splice(item.condition, one, two))
            number = join(item.condition, first, second)
            number = number if weight(number) <= NUMBERS else Unknown("the number of an element")
        else:
            found.append((number, item))
            number = _next_number(number)
    return tuple(found), number


NUMBERS: Final = 8
"""Numbers that an element may have, beyond which its number is unknown."""


def _next_number(number: object) -> object:
    if isinstance(number, Choice):
        return Choice(number.condition, _next_number(number.if_true), _next_number(number.if_false))
    return number + 1 if isinstance(number, int) else number


def _zip(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    values = [m.plain(argument.value) for argument in arguments.positional]
    variables = [value for value in values if isinstance(value, Variables)]
    side_by_side = _columns(m, values, node)
    if side_by_side:
        return Variables(tuple(target for each in variables for target in each.targets), True, side_by_side)
    if variables:
        return variables[-1]
    columns = [_column(m, value) for value in values]
    lengths = [len(column) for column in columns if isinstance(column, Sequence)]
    if arguments.complete and any(sequence(value) is not None and known(m, value) is None for value in values):
        perhaps = runs.rows(m, values)
        return Bound(tuple(values), "zip") if perhaps is None else List({"items": perhaps})
    if not lengths or not arguments.complete:
        return Bound(tuple(values), "zip")
    # What is not known is taken to be as long as what is.
    rows = [
        [m.derive(value, "element", row) for row in range(min(lengths))] if column is None and isinstance(value, Unknown) else column
        for value, column in zip(values, columns, strict=True)
    ]
    if any(row is None for row in rows):
        return Bound(tuple(values), "zip")
    return List({"items": tuple(zip(*(row for row in rows if row is not None), strict=False))})


def _columns(m: Machine, values: list[object], node: ast.Call) -> tuple[Column, ...]:
    """Variables of models side by side: `zip(a.trainable_variables, b.trainable_variables)`; empty for anything else."""
    found: list[Column] = []
    for value, written in zip(values, node.args, strict=False):
        if not isinstance(written, ast.Attribute) or written.attr not in VARIABLES:
            return ()
        model = value.targets[0] if isinstance(value, Variables) and value.targets else value.owner if isinstance(value, Bound) else value
        found.append(Column(model, written.attr, m.span(written)))
    return tuple(found) if len(found) == len(values) > 1 else ()


ENDLESS: Final[Mapping[str, Callable[..., Iterator[object]]]] = {
    "count": itertools.count,
    "cycle": itertools.cycle,
    "repeat": itertools.repeat,
}
"""Functions whose result has no end; it is known by its arguments."""


def _column(m: Machine, value: object) -> Iterable[object] | None:
    """The elements of an iterable, also of an endless one."""
    if isinstance(value, Bound) and value.name in ENDLESS and isinstance(value.owner, tuple):
        try:
            return ENDLESS[value.name](*value.owner)
        except TypeError:
            return None
    return known(m, value)


def _endless(name: str) -> Handler:
    def apply(m: Machine, arguments: Arguments, node: ast.Call) -> object:
        values = tuple(m.settle(argument.value) for argument in arguments.items)
        if name == "repeat" and len(values) == 2 and isinstance(values[1], int) and values[1] <= LONGEST:
            return List({"items": (values[0],) * values[1]})
        whole = known(m, values[0]) if name == "cycle" and values else None
        return Bound((whole,) if whole is not None else values, name)

    return apply


def _itertools(function: Callable[..., Iterable[object]]) -> Handler:
    """A function of itertools that puts elements together and looks at none of them."""

    def apply(m: Machine, arguments: Arguments, node: ast.Call) -> object:
        given = [m.settle(argument.value) for argument in arguments.positional]
        values = [value if value is None or isinstance(value, int) else _column(m, value) for value in given]
        named = {argument.name: argument.value for argument in arguments.items if argument.name is not None}
        lost = any(value is None and written is not None for value, written in zip(values, given, strict=True))
        if lost or not arguments.complete:
            return Unknown("a combination of values that are not known")
        try:
            items = tuple(itertools.islice(function(*values, **named), LONGEST + 1))
        except Exception:  # what the user gives may not fit, then nothing is known
            return Unknown("a combination that fails")
        return List({"items": items}) if len(items) <= LONGEST else Unknown("a combination of too many values")

    return apply


def _accumulate(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    items = known(m, first_argument(arguments))
    function = first_argument(arguments, 1)
    start = arguments.keyword("initial")
    if items is None:
        return Unknown("a combination of values that are not known")
    found = [start.value, *items] if start is not None else list(items)
    for position in range(1, len(found)):
        pair = found[position - 1], found[position]
        found[position] = operators.binary(m, node, ast.Add(), *pair) if function is MISSING else on(m, function, node, *pair)
    return List({"items": tuple(found)})


def _flattened(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`chain.from_iterable(lists)`."""
    items = known(m, first_argument(arguments))
    parts = [known(m, item) for item in items] if items is not None else [None]
    whole = [part for part in parts if part is not None]
    if len(whole) < len(parts):
        return Unknown("a combination of values that are not known")
    return List({"items": m.chain(*whole)})


def _reversed(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    value = m.settle(first_argument(arguments))
    if isinstance(value, LayerList):
        return subscripts.backwards(value)
    items = sequence(value)
    return Unknown("the reverse of a value that is not known") if items is None else List({"items": runs.backwards(items)})


def _sum(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    items, start = known(m, first_argument(arguments)), arguments.keyword("start")
    total = start.value if start is not None else first_argument(arguments, 1)
    total = 0 if total is MISSING else total
    if items is None or not arguments.complete:
        return Unknown("a value that is not known")
    for item in items:
        total = operators.binary(m, node, ast.Add(), total, item)
    return total


def _iter(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    value = m.settle(first_argument(arguments))
    items = sequence(value)
    return value if items is None else List({"items": items})


def _next(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    value = m.settle(first_argument(arguments))
    if isinstance(value, Dataset):
        return subscripts.batch(m, value)
    if isinstance(value, Bound) and value.name in ENDLESS and (column := _column(m, value)) is not None:
        m.effects += 1
        place = m.derived.setdefault(("next", value), {"next": 0})
        assert isinstance(place, dict)
        position = m.settle(place["next"])
        if not isinstance(position, int) or position >= LONGEST:
            m.write(place, "next", LONGEST)
            return Unknown("an element of which it is not known how many came before")
        m.write(place, "next", position + 1)
        return next(itertools.islice(column, position, None))
    if isinstance(value, List):
        items = value.items
        if items and not isinstance(items[0], Splice):
            m.write(value.fields, "items", items[1:])
            return items[0]
        if not items and (default := first_argument(arguments, 1)) is not MISSING:
            return default
        return Unknown("the next of elements that are not known")
    return invoke.unknown_call(m, Unknown("the next of a value that is not known"), arguments, node)


def _map(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    columns = [known(m, argument.value) for argument in arguments.positional[1:]]
    whole = [column for column in columns if column is not None]
    function, layers = first_argument(arguments), m.settle(first_argument(arguments, 1))
    if isinstance(layers, LayerList) and not whole and len(columns) == 1:
        on(m, function, node, subscripts.some_layer(m, layers, "each"))
    if not whole or len(whole) < len(columns) or not arguments.complete:
        return Unknown("a map over values that are not known")
    return List({"items": tuple([on(m, function, node, *row) for row in zip(*whole, strict=False)])})


def _starmap(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    rows = known(m, first_argument(arguments, 1))
    values = [known(m, row) for row in rows] if rows is not None else [None]
    whole = [row for row in values if row is not None]
    if len(whole) < len(values):
        return Unknown("a map over values that are not known")
    function = first_argument(arguments)
    return List({"items": tuple([on(m, function, node, *row) for row in whole])})


def _filter(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    items = known(m, first_argument(arguments, 1))
    test = m.settle(first_argument(arguments))
    if items is None:
        return Unknown("a choice among values that are not known")
    kept: list[object] = []
    for item in items:
        outcome = truth(m.opaque(item if test is None else m.settle(on(m, test, node, item))))
        if outcome is None:
            return Unknown("a choice among values by a test that is not known")
        kept += [item] if outcome else []
    return List({"items": tuple(kept)})


def _reduce(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    items = sequence(m.settle(first_argument(arguments, 1)))
    start = first_argument(arguments, 2)
    if items is None or (start is MISSING and (not items or isinstance(items[0], Splice))):
        return Unknown("a reduction of values that are not known")
    if start is MISSING:
        start, items = items[0], items[1:]
    return _reduced(m, first_argument(arguments), start, items, node)


def _reduced(m: Machine, function: object, result: object, items: tuple[object, ...], node: ast.Call) -> object:
    for item in items:
        if isinstance(item, Splice):
            result = m.fork(
                item.condition,
                lambda item=item, result=result: _reduced(m, function, result, item.if_true, node),  # type: ignore[misc]
                lambda item=item, result=result: _reduced(m, function, result, item.if_false, node),  # type: ignore[misc]
            )
        else:
            result = on(m, function, node, result, item)
    return result


def iterating(handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """Handlers that get, where objects of the user's classes are given, what these iterate over."""

    def given(handler: Handler) -> Handler:
        def apply(m: Machine, arguments: Arguments, node: ast.Call) -> object:
            items = tuple([replace(argument, value=protocols.iterated(m, argument.value, node)) for argument in arguments.items])
            return handler(m, replace(arguments, items=items), node)

        return apply

    return {name: given(handler) for name, handler in handlers.items()}


FUNCTIONS: Final[dict[str, Handler]] = {
    "builtins.len": _len,
    "builtins.range": _range,
    "numpy.arange": _range,
    "builtins.enumerate": _enumerate,
    "builtins.zip": _zip,
    "builtins.reversed": _reversed,
    "builtins.sum": _sum,
    "builtins.iter": _iter,
    "builtins.next": _next,
    "builtins.map": _map,
    "builtins.filter": _filter,
    "functools.reduce": _reduce,
    "itertools.accumulate": _accumulate,
    "itertools.chain.from_iterable": _flattened,
    "itertools.starmap": _starmap,
    **{f"itertools.{name}": _endless(name) for name in ENDLESS},
    **{
        f"itertools.{function.__name__}": _itertools(function)
        for function in (
            itertools.chain,
            itertools.combinations,
            itertools.islice,
            itertools.pairwise,
            itertools.permutations,
            itertools.product,
            itertools.zip_longest,
        )
    },
}

HANDLERS: Final = iterating(FUNCTIONS)
