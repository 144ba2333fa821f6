"""Loops that train: what is built anew in each of their rounds, while what they train was there before; what they do again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bnlint.graph.model import Call, Event, Layer, Unknown
from bnlint.graph.query import upstream
from bnlint.records import dataclass, field
from bnlint.source import classes
from bnlint.source.holdings import CONSTANT
from bnlint.source.machine import OF_LAYERS, Machine
from bnlint.source.recordings import Exposed
from bnlint.source.values import Instance, Model

ALIKE = 3
"""Rounds one after the other that do the same of which it is noted what they do."""


@dataclass(slots=True, eq=False)
class Rounds:
    """A loop that is running: where it began, the tests that its present round stands under, what it built in which round, and trained.

    `begun` are the numbers of calls and of events before the present round; `deeds` is what the last one did that was noted, and `alike`
    how many did just that.
    """

    calls: int
    constructions: int
    decided: int
    under: Mapping[Unknown, bool] = field(default_factory=dict)
    number: int = 0
    built: list[tuple[int, Layer]] = field(default_factory=list)
    trained: list[object] = field(default_factory=list)
    begun: tuple[int, int, int] = (0, 0, 0)
    deeds: list[object] = field(default_factory=list)
    alike: int = 0


@contextmanager
def counted(m: Machine) -> Iterator[None]:
    """Around a loop."""
    rounds = Rounds(len(m.calls), len(m.constructions), m.decided)
    m.rounds.append(rounds)
    try:
        yield
    finally:
        _ends(m, rounds)
        m.rounds.pop()
        _judge(m, rounds)


def begins(m: Machine) -> None:
    """One more round of the innermost loop."""
    rounds = m.rounds[-1]
    _ends(m, rounds)
    rounds.number += 1
    rounds.under = m.under
    rounds.begun = len(m.calls), len(m.events), len(m.home.events)


def _ends(m: Machine, rounds: Rounds) -> None:
    """Take out what a round did if the ones before it did the same: a loop over epochs and batches comes to tens of thousands of events,
    and checks look for pairs of them."""
    calls, events, own = rounds.begun
    if not rounds.number or len(m.events) == events or len(m.calls) > calls:
        return
    deeds = [_deed(event) for event in m.events[events:]]
    rounds.alike = rounds.alike + 1 if deeds == rounds.deeds else 1
    rounds.deeds = deeds
    if rounds.alike > ALIKE:
        m.home.done -= sum(event.kind not in OF_LAYERS for event in m.events[events:])
        del m.events[events:], m.home.events[own:]


def _deed(event: Event) -> object:
    """What tells what was done from other things."""
    under = [outcome for _, outcome in event.under]
    return event.kind, event.origin, _told(event.target), [(name, _told(value)) for name, value in event.args.items()], under


def _told(value: object) -> object:
    """What tells a value from others: of constants what they are, of what is made which one it is, of anything else the kind."""
    if isinstance(value, tuple):
        return tuple(map(_told, value))
    if isinstance(value, slice):
        return tuple(map(_told, (value.start, value.stop, value.step)))
    if isinstance(value, (Layer, Model, Instance)):
        return id(value)
    return (type(value), value) if type(value) in CONSTANT else type(value)


def builds(m: Machine, layer: Layer, decided: int, under: Mapping[Unknown, bool]) -> None:
    """Note a layer that every round of the innermost loop builds: it stands under no test inside it."""
    m.exposed.append(Exposed(layer, decided, under))
    if m.rounds and decided == m.rounds[-1].decided and under == m.rounds[-1].under:
        m.rounds[-1].built.append((m.rounds[-1].number, layer))


def trains(m: Machine, *targets: object) -> None:
    """Note what a step of the innermost loop trains."""
    if m.rounds:
        m.rounds[-1].trained.extend(targets)


def _judge(m: Machine, rounds: Rounds) -> None:
    if not rounds.built or not rounds.trained:
        return
    fresh = {id(layer) for layer in m.constructions[rounds.constructions :]}
    older = any(parts and fresh.isdisjoint(map(id, parts)) for parts in map(classes.owned, rounds.trained))
    often = Counter(span for span, _ in {(layer.origin.span, number) for number, layer in rounds.built})
    again = {id(layer): layer for _, layer in rounds.built if older and often[layer.origin.span] > 1}
    calls = [call for call in m.calls[rounds.calls :] if id(call.layer) in again]
    for layer in dict.fromkeys(call.layer for call in calls if _on_data(m, call)):
        m.event("built", layer, {"where": "loop", "name": "loop"}, layer.origin)


def _on_data(m: Machine, call: Call) -> bool:
    """Whether a layer is called on values: nothing symbolic that the code declares leads there."""
    begun = {id(tensor) for tensor in m.open.values()}
    return all(each.inputs or id(each) in begun or each.layer.role != "input" for each in upstream(call.inputs))
