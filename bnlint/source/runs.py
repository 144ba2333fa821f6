"""Runs of elements, some of which are there under a test only: turned round, cut at their ends, looked into."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from bnlint.graph.model import Layer, Unknown
from bnlint.graph.query import alternatives
from bnlint.source import counts
from bnlint.source.joins import join, join_items
from bnlint.source.machine import Machine
from bnlint.source.unknowns import SPLICES
from bnlint.source.values import TENSORS, Splice, sequence, unspliced

Items = tuple[object, ...]

DEEPEST: Final = 4
"""Positions that are looked for, or cut off, in a list whose length depends on tests: each may double the ways to it."""

SEVERAL: Final = 8
"""Elements beyond which it is not told which of them may stand at a place that is not known."""


def backwards(items: Items) -> Items:
    """The elements from the last to the first."""
    return tuple(
        [
            Splice(item.condition, backwards(item.if_true), backwards(item.if_false)) if isinstance(item, Splice) else item
            for item in reversed(items)
        ]
    )


def decided(m: Machine, items: Items) -> Items:
    """The elements with the runs in place of the tests that the present path decides."""
    if not any(isinstance(item, Splice) for item in items):
        return items
    found: list[object] = []
    for item in items:
        outcome = m.decide(item.condition) if isinstance(item, Splice) else None
        if isinstance(item, Splice) and outcome is not None:
            found += decided(m, item.if_true if outcome else item.if_false)
        else:
            found.append(item)
    return tuple(found)


def rows(m: Machine, columns: Sequence[object]) -> Items | None:
    """The elements of several sequences side by side, as many as the shortest has; None if it depends on too many tests how many those are.

    What is not known is taken to be as long as what is.
    """
    items = [each if isinstance(each, Unknown) else sequence(each) for each in columns]
    found = [each for each in items if each is not None]
    lengths = [len(each) for each in found if isinstance(each, tuple) and not _tests(each)]
    if lengths:
        found = [counts.stretched(m, each, min(lengths)) if isinstance(each, tuple) else each for each in found]
    few = sum(_tests(each) for each in found if isinstance(each, tuple)) <= SPLICES
    return _rows(m, found, 0) if few and len(found) == len(columns) else None


def _tests(items: Items) -> int:
    return sum(1 + _tests(item.if_true) + _tests(item.if_false) for item in items if isinstance(item, Splice))


def _rows(m: Machine, columns: list[Items | Unknown], number: int) -> Items:
    found: list[object] = []
    while all(column != () for column in columns if isinstance(column, tuple)):
        firsts = [m.derive(each, "element", number + len(found)) if isinstance(each, Unknown) else each[0] for each in columns]
        test = next((first.condition for first in firsts if isinstance(first, Splice)), None)
        if test is not None:
            rest = [_rows(m, _under(m, columns, test, outcome), number + len(found)) for outcome in (True, False)]
            return (*found, *join_items(test, *rest))
        found.append(tuple(firsts))
        columns = [each if isinstance(each, Unknown) else each[1:] for each in columns]
    m.spend(len(found))
    return tuple(found)


def _under(m: Machine, columns: list[Items | Unknown], condition: Unknown, outcome: bool) -> list[Items | Unknown]:
    """The columns where a test that decides of the first elements has come out so."""
    found = []
    for column in columns:
        first = column[0] if isinstance(column, tuple) and column else None
        if isinstance(column, tuple) and isinstance(first, Splice) and counts.same_round(m, first.condition, condition):
            column = (first.if_true if outcome else first.if_false) + column[1:]
        found.append(column)
    return found


def cut(items: Items, key: slice) -> Items | None:
    """`items[key]` where tests decide how many there are: all of them turned round, or less some at the ends; else None."""
    if key.step not in (None, 1):
        return backwards(items) if key == slice(None, None, -1) else None
    start, stop = (0 if bound is None else bound for bound in (key.start, key.stop))
    few = isinstance(start, int) and isinstance(stop, int) and 0 <= start <= DEEPEST and -DEEPEST <= stop <= 0
    if not few or key.stop == 0 or sum(isinstance(item, Splice) for item in items) > SPLICES:
        return None
    for _ in range(start):
        items = _without_first(items)
    items = backwards(items) if stop else items
    for _ in range(-stop):
        items = _without_first(items)
    return backwards(items) if stop else items


def _without_first(items: Items) -> Items:
    if not items or not isinstance(items[0], Splice):
        return items[1:]
    first, rest = items[0], items[1:]
    return join_items(first.condition, _without_first(first.if_true + rest), _without_first(first.if_false + rest))


def some(items: Items) -> object:
    """One of some tensors, by tests of which nothing is known; None if there is anything else, or too much."""
    tensors = _few(items)
    if not tensors or not all(isinstance(tensor, TENSORS) for tensor in tensors):
        return None
    *others, found = dict.fromkeys(tensors)
    for tensor in reversed(others):
        found = join(Unknown("which element of a list"), tensor, found)
    return found


def put(items: Items, key: object, value: object) -> Items:
    """The elements with one replaced: where it is not known which, each of a few is by a test of its own if it is a tensor or a layer."""
    if isinstance(key, int):
        position = key if key >= 0 else len(items) + key
        beyond = items[: position + 1] if key >= 0 else items[position:]
        if 0 <= position < len(items) and not any(isinstance(item, Splice) for item in beyond):
            return (*items[:position], value, *items[position + 1 :])
    followed = any(isinstance(leaf, (Layer, *TENSORS)) for leaf in alternatives(value)) and _few(items)
    return _perhaps(items, value) if followed else items


def _few(items: Items) -> list[object]:
    """The elements of all alternatives; none if they are too many."""
    found = list(islice(unspliced(items), SEVERAL + 1))
    return found if len(found) <= SEVERAL else []


def _perhaps(items: Items, value: object) -> Items:
    return tuple(
        [
            Splice(item.condition, _perhaps(item.if_true, value), _perhaps(item.if_false, value))
            if isinstance(item, Splice)
            else join(Unknown("which element of a list"), value, item)
            for item in items
        ]
    )
