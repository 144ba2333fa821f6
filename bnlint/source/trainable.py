"""Assignments to `trainable`: which layers of a model they reach, one by one or all of them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from typing import Final

from bnlint.graph import query
from bnlint.graph.model import Choice, Unknown
from bnlint.source.machine import Machine
from bnlint.source.values import Instance, Part

NORMS: Final = frozenset({"BatchNormalization", "BatchNormalizationV1", "BatchNormalizationV2", "SyncBatchNormalization"})
ANY_LAYER: Final = frozenset({"Functional", "Layer", "Model", "Module", "Sequential", "object"})
"""Names of classes of which a BatchNormalization, or a model that holds one, is an instance."""


def put(m: Machine, owner: object, value: object, node: ast.AST) -> None:
    """`owner.trainable = value`."""
    settled = m.settle(value)
    if isinstance(owner, Instance) and owner.cls.keras is None:
        return
    part = m.parts.get(owner) if isinstance(owner, Unknown) else None
    if part is None:
        foreign = {"foreign": True} if isinstance(owner, Unknown) and owner in m.foreign else {}
        m.event("set_trainable", owner, {"value": settled, **foreign}, node)
        return
    tests = dict.fromkeys((*m.under, *_tests(settled)))
    earlier = {test for test in tests if test in m.places or _asks_another(m, owner, part, test)}
    named = {test.test[::2] for test in earlier if test.test is not None}
    here = {test for test in tests if test.test is not None and test.test[::2] in named and _asked(m, test) is owner}
    values = _values(settled, earlier, here)
    which = "slice" if part.which == "each" and (values or not earlier.isdisjoint(m.under)) else part.which
    names = tuple(dict.fromkeys(name for _, constant in named for name in (constant if isinstance(constant, tuple) else (constant,))))
    for each in values or (settled,):
        args = {"value": each, "of": which, "cut": part.cut, "names": names, "only": _only(m, part, earlier | here)}
        m.event("set_trainable", part.model, args, node)


def _tests(value: object) -> Iterator[Unknown]:
    """The tests that decide a value, itself where it is the outcome of one."""
    if isinstance(value, Choice):
        yield value.condition
        yield from _tests(value.if_true)
        yield from _tests(value.if_false)
    elif isinstance(value, Unknown):
        yield value


def _asked(m: Machine, test: Unknown) -> object:
    """The unknown value whose attribute a test asks for."""
    return m.derivations.get(test.test[1], (None,))[0] if test.test is not None else None


def _asks_another(m: Machine, owner: object, part: Part, test: Unknown) -> bool:
    """Whether a test asks for another layer that a loop goes through: then it tells on which side of that one a layer stands."""
    asked = _asked(m, test)
    other = m.parts.get(asked) if isinstance(asked, Unknown) and asked is not owner else None
    return other is not None and other.model is part.model and other.which != "one"


def _values(value: object, earlier: Collection[Unknown], here: Collection[Unknown]) -> tuple[object, ...]:
    """The values that layers get by where they stand: on one side of some place, and on the other; none where that does not decide it.

    The layer that is asked for itself is the place: all others are not it.
    """
    tests = set(_tests(value))
    if tests.isdisjoint(earlier) or not tests <= {*earlier, *here}:
        return ()
    sides = [{**dict.fromkeys(here, False), **dict.fromkeys(earlier, side)} for side in (False, True)]
    found = [query.resolve(value, side) for side in sides]
    found = [side.get(each, each) if isinstance(each, Unknown) else each for side, each in zip(sides, found, strict=True)]
    return (False, True) if sorted(each for each in found if isinstance(each, bool)) == [False, True] else ()


def _only(m: Machine, part: Part, places: Collection[Unknown]) -> str:
    """Which layers the tests let through that stand between the choice of a layer and what is done to it; where they stand is no kind."""
    only = ""
    for condition, outcome in m.under.items():
        if condition in part.under or condition in places:
            continue
        operator, _, names = condition.test or ("", None, None)
        if operator != "isinstance" or not isinstance(names, tuple):
            return "unclear"
        kinds = {name.rpartition(".")[2] for name in names}
        if bool(kinds & NORMS) is not outcome and not (outcome and kinds & ANY_LAYER):
            only = "others"
        elif only != "others":
            only = "batchnorms" if outcome and kinds & NORMS and not only else "unclear"
    return only
