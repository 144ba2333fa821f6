"""What Python calls by itself on objects of the user's classes: iteration, subscripts, lengths, context managers, operators."""

from __future__ import annotations

import ast
from typing import Final

from bnlint.graph.model import Argument, Arguments, Choice, Unknown
from bnlint.source import data, invoke
from bnlint.source.machine import Machine
from bnlint.source.values import MISSING, Array, Dataset, Function, Instance, List, Splice


def special(m: Machine, owner: Instance, name: str, node: ast.AST, *values: object) -> object:
    """What the special method of that name makes of the values; MISSING if the class has none."""
    function = owner.cls.find(name)
    if not isinstance(function, Function):
        return MISSING
    arguments = Arguments(tuple(Argument(None, value, None) for value in values))
    return m.settle(invoke.run(m, function, arguments, invoke.Site(m.span(node)), owner))


def iterated(m: Machine, value: object, node: ast.AST) -> object:
    """The value to be gone through: of an object with `__iter__` what that gives, or its items by number."""
    value = m.settle(value)
    if not isinstance(value, Instance):
        return value
    batches = data.iterated(m, value)
    if batches is not None:
        return batches
    found = special(m, value, "__iter__", node)
    if found is not MISSING:
        return found
    length = special(m, value, "__len__", node)
    if isinstance(length, int) and isinstance(value.cls.find("__getitem__"), Function):
        return List({"items": tuple([special(m, value, "__getitem__", node, position) for position in range(min(length, COUNTED))])})
    return value


COUNTED = 256
"""Items that an object is asked for by number."""


def compared(m: Machine, op: ast.cmpop, left: object, right: object, node: ast.AST) -> object:
    """What a comparison with an object of the user's classes comes to; MISSING if its class says nothing of it."""
    if isinstance(op, (ast.In, ast.NotIn)):
        found = special(m, right, "__contains__", node, left) if isinstance(right, Instance) else MISSING
        return m.branch(found, lambda: False, lambda: True) if isinstance(op, ast.NotIn) and found is not MISSING else found
    if not isinstance(left, Instance):
        return MISSING
    found = special(m, left, COMPARISONS.get(type(op), ""), node, right)
    if found is MISSING and isinstance(op, ast.NotEq) and (found := special(m, left, "__eq__", node, right)) is not MISSING:
        return m.branch(found, lambda: False, lambda: True)
    return found


COMPARISONS: Final[dict[type[ast.cmpop], str]] = {
    ast.Eq: "__eq__",
    ast.NotEq: "__ne__",
    ast.Lt: "__lt__",
    ast.LtE: "__le__",
    ast.Gt: "__gt__",
    ast.GtE: "__ge__",
}

UNARY: Final[dict[type[ast.unaryop], str]] = {ast.USub: "__neg__", ast.UAdd: "__pos__", ast.Invert: "__invert__"}


def entered(m: Machine, value: object, node: ast.AST) -> object:
    """What `with value as …` binds: what `__enter__` gives, what a context manager written as a generator yields first."""
    if isinstance(value, Instance):
        found = special(m, value, "__enter__", node)
        return value if found is MISSING else found
    if isinstance(value, List):
        return value.items[0] if value.items and not isinstance(value.items[0], Splice) else Unknown("what a context manager yields")
    return value


def left(m: Machine, value: object, node: ast.AST) -> None:
    """What the end of `with value` does."""
    if isinstance(value, Instance):
        special(m, value, "__exit__", node, None, None, None)


def known(items: tuple[object, ...]) -> bool:
    """Whether all that a generator yields is known, so that it is a list of it; else it yields data."""
    stack: list[object] = list(items)
    while stack:
        current = stack.pop()
        if isinstance(current, (Unknown, Array, Dataset)):
            return False
        if isinstance(current, (tuple, List)):
            stack += current if isinstance(current, tuple) else current.items
        elif isinstance(current, (Splice, Choice)):
            stack += [current.if_true, current.if_false]
    return bool(items)
