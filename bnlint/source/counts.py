"""How often loops run of which that is not known: as often as others over the same, and in the same round at the same place."""

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
            return stop
        case Bound(name="range", owner=tuple() as bounds) if all(isinstance(bound, (int, Unknown)) for bound in bounds):
            return m.standing(("range", *bounds), Unknown("the length of a range"))
        case Bound(name="enumerate"):
            return rounds(m, iterable.owner)
        case Bound(name="zip", owner=tuple() as parts):
            found = dict.fromkeys(rounds(m, part) for part in parts)
            return next(iter(found)) if len(found) == 1 else None
    return None


def further(m: Machine, count: Unknown | None, done: int) -> Unknown:
    """Whether a loop that runs so often has another round after so many."""
    made = Unknown("how often the loop runs")
    return made if count is None else m.standing(("round", count, done), made)


def number(m: Machine, count: Unknown | None, done: int, start: object = 0, step: object = 1) -> Unknown:
    """The number of a round after so many. As it stands for all later ones it is unknown, but that it is the same in another such loop."""
    made = Unknown("the number of a later round")
    told = count is not None and isinstance(start, int) and isinstance(step, int)
    return m.standing(("number", count, done, start, step), made) if told else made


def position(m: Machine, number: Unknown) -> object:
    """Where the element stands that has such a number; the number itself if it is not that of a round."""
    match m.derivations.get(number):
        case "number", _, int() as done, int() as start, int() as step:
            return start + done * step
    return number


def length(m: Machine, items: tuple[object, ...]) -> Unknown:
    """The length of a list to whose elements tests lead: how often the loop ran, where each round made one of them."""
    first = items[0] if len(items) == 1 else None
    how = m.derivations.get(first.condition, ()) if isinstance(first, Splice) else ()
    if how[:1] == ("round",) and isinstance(count := how[1], Unknown) and _one_each(m, items, count, 0):
        return count
    return Unknown("a length that is not known")


def _one_each(m: Machine, items: tuple[object, ...], count: Unknown, done: int) -> bool:
    """Whether there is one element for each round that there is after so many."""
    if not items:
        return done > 0
    first = items[0]
    if len(items) > 1 or not isinstance(first, Splice) or first.if_false or m.derivations.get(first.condition) != ("round", count, done):
        return False
    one, *more = first.if_true
    return not isinstance(one, Splice) and _one_each(m, tuple(more), count, done + 1)
