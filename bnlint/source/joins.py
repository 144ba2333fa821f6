"""What two paths left differently, as one value."""

from __future__ import annotations

from typing import Final

from bnlint.graph.model import Choice, Join, Shape, Unknown
from bnlint.records import dataclass
from bnlint.source.values import MISSING, TENSORS, Dotted, Placed, Splice, is_constant

WEIGHT: Final = 64
"""Alternatives of a value beyond which it is unknown."""

LENGTH: Final = 2000
"""Elements of a list, in branches that differ, beyond which it is unknown. They count once for each path: alternatives share parts."""


def same(first: object, second: object) -> bool:
    """Whether two values are certainly the same."""
    if first is second:
        return True
    if isinstance(first, tuple) and isinstance(second, tuple):
        return len(first) == len(second) and all(same(a, b) for a, b in zip(first, second, strict=True))
    if isinstance(first, Dotted) and isinstance(second, Dotted):
        if first.file is not None or second.file is not None:
            return first.file is second.file
        return first.name == second.name or (first.canonical is not None and first.canonical == second.canonical)
    return type(first) is type(second) and is_constant(first) and first == second


@dataclass(frozen=True, slots=True, eq=False)
class _Weighed(Choice):
    """A Choice that knows how many leaves it has."""

    leaves: int


def weight(value: object) -> int:
    """How many leaves a Choice has."""
    if isinstance(value, _Weighed):
        return value.leaves
    return weight(value.if_true) + weight(value.if_false) if isinstance(value, Choice) else 1


def join(condition: Unknown, first: object, second: object) -> object:
    """The value that is `first` where the condition holds, else `second`."""
    if first is MISSING or same(first, second):
        return second
    if second is MISSING:
        return first
    if isinstance(first, TENSORS) and isinstance(second, TENSORS):
        shape: Shape = first.shape if first.shape == second.shape else _common(first.shape, second.shape)
        return Join((first, second), condition, shape, first.channels if first.channels == second.channels else None)
    if isinstance(first, tuple) and isinstance(second, tuple) and len(first) == len(second):
        return tuple(join(condition, a, b) for a, b in zip(first, second, strict=True))
    leaves = weight(first) + weight(second)
    return Unknown("too many alternatives") if leaves > WEIGHT else _Weighed(condition, first, second, leaves)


def _common(first: Shape, second: Shape) -> Shape:
    if first is None or second is None or len(first) != len(second):
        return None
    return tuple(a if a == b else Unknown("differs between branches") for a, b in zip(first, second, strict=True))


def _join_item(condition: Unknown, first: object, second: object) -> object:
    spliced = first is not second and (isinstance(first, Splice) or isinstance(second, Splice))
    return _splice(condition, (first,), (second,)) if spliced else join(condition, first, second)


def _splice(condition: Unknown, first: tuple[object, ...], second: tuple[object, ...]) -> Splice:
    made = Splice(condition, first, second)
    return made if made.size <= LENGTH else _endless()


def _endless() -> Splice:
    return Splice(Unknown("a list too long to follow"), (Unknown("an element"),), ())


def join_items(condition: Unknown, first: tuple[object, ...], second: tuple[object, ...]) -> tuple[object, ...]:
    """The elements of a list that two branches left differently: the common ends stay, the middle becomes a Splice.

    In a list of values each place holds the one or the other; the elements of a model are a chain, and stay together.
    """
    if len(first) == len(second) and not any(isinstance(item, Placed) for item in (*first, *second)):
        return tuple(_join_item(condition, a, b) for a, b in zip(first, second, strict=True))
    if len(first) + len(second) > LENGTH:
        return (_endless(),)
    short = min(len(first), len(second))
    head = next((i for i in range(short) if not same(first[i], second[i])), short)
    tail = next((i for i in range(short - head) if not same(first[-1 - i], second[-1 - i])), short - head)
    middle = _splice(condition, first[head : len(first) - tail], second[head : len(second) - tail])
    return (*first[:head], middle, *first[len(first) - tail :])
