"""How often loops run of which that is not known: as often as others over the same; what a round of one made is in the same of another."""

from __future__ import annotations

from bnlint.graph.model import Unknown
from bnlint.source.machine import Machine
from bnlint.source.values import Bound, Splice


def rounds(m: Machine, iterable: object) -> Unknown | None:
    """How often a loop over a value runs; None if it is not the same as for other loops over it, or over as many."""
    match iterable:
        case Unknown():
            return m.derive(iterable, "len")
        case Bound(name="range", owner=(0, Unknown() as stop, 1)):
            return m.lengths.get(stop, stop)
        case Bound(name="range", owner=tuple() as bounds) if all(isinstance(bound, (int, Unknown)) for bound in bounds):
            return m.standing(("range", *bounds), Unknown("the length of a range"))
        case Bound(name="enumerate"):
            return rounds(m, iterable.owner)
        case Bound(name="zip", owner=tuple() as parts):
            found = dict.fromkeys(rounds(m, part) for part in parts)
            return next(iter(found)) if len(found) == 1 else None
    return None


def further(m: Machine, count: Unknown | None, done: int) -> Unknown:
    """Whether a loop that runs so often has another round after so many. Each loop has a test of its own, in which `same_round` sees that
    of another that runs as often: if all shared one, what a function makes would depend on the loops that ran before."""
    made = Unknown("how often the loop runs")
    if count is not None:
        m.turns[made] = count, done
    return made


def same_round(m: Machine, one: Unknown, other: Unknown) -> bool:
    """Whether two tests come out the same: they are one, or tell of the same round of loops that run as often."""
    return one is other or (one in m.turns and m.turns[one] == m.turns.get(other))


def number(m: Machine, count: Unknown | None, done: int, start: object = 0, step: object = 1) -> Unknown:
    """The number of a round after so many. As it stands for all later ones it is unknown, but that it is the same in another such loop."""
    made = Unknown("the number of a later round")
    told = count is not None and isinstance(start, int) and isinstance(step, int)
    return m.standing(("number", count, done, start, step), made) if told else made


def position(m: Machine, items: tuple[object, ...], number: Unknown) -> tuple[tuple[object, ...], object]:
    """Where the element stands that has the number of a round, and the list in that round; the number itself if it is no such one."""
    match m.derivations.get(number):
        case "number", count, int() as done, int() as start, int() as step:
            return _in_round(m, items, count, done), start + done * step
    return items, number


def _in_round(m: Machine, items: tuple[object, ...], count: object, done: int) -> tuple[object, ...]:
    """The elements that a list has in a round after so many, where each round of a loop that runs as often has added to it."""
    found: list[object] = []
    for item in items:
        told = m.turns.get(item.condition) if isinstance(item, Splice) else None
        if isinstance(item, Splice) and told is not None and told[0] is count and told[1] <= done:
            found += _in_round(m, item.if_true, count, done)
        else:
            found.append(item)
    return tuple(found)


def stretched(m: Machine, items: tuple[object, ...], length: int) -> tuple[object, ...]:
    """A list that rounds of a loop have made, where it is certain to have so many elements: those of later rounds are unknown."""
    first = items[0] if len(items) == 1 else None
    if not isinstance(first, Splice) or first.condition not in m.turns:
        return items
    count, _ = m.turns[first.condition]
    found = _in_round(m, items, count, length)
    return (*found, *[Unknown("what a later round made") for _ in range(length - len(found))])


def length(m: Machine, items: tuple[object, ...]) -> Unknown:
    """The length of a list to whose elements tests lead. It is known to be as often as a loop ran, where each round made one of them."""
    made = Unknown("a length that is not known")
    first = items[0] if len(items) == 1 else None
    told = m.turns.get(first.condition) if isinstance(first, Splice) else None
    if told is not None and _one_each(m, items, told[0], 0):
        m.lengths[made] = told[0]
    return made


def _one_each(m: Machine, items: tuple[object, ...], count: Unknown, done: int) -> bool:
    """Whether there is one element for each round that there is after so many."""
    if not items:
        return done > 0
    first = items[0]
    if len(items) > 1 or not isinstance(first, Splice) or first.if_false or m.turns.get(first.condition) != (count, done):
        return False
    one, *more = first.if_true
    return not isinstance(one, Splice) and _one_each(m, tuple(more), count, done + 1)
