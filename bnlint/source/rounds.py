"""Loops that train: what is built anew in each of their rounds, while what they train was there before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bnlint.graph.model import Call, Layer, Unknown
from bnlint.graph.query import upstream
from bnlint.records import dataclass, field
from bnlint.source import classes
from bnlint.source.machine import Machine
from bnlint.source.recordings import Exposed


@dataclass(slots=True, eq=False)
class Rounds:
    """A loop that is running: where it began, the tests that its present round stands under, what it built in which round, and trained."""

    calls: int
    constructions: int
    decided: int
    under: Mapping[Unknown, bool] = field(default_factory=dict)
    number: int = 0
    built: list[tuple[int, Layer]] = field(default_factory=list)
    trained: list[object] = field(default_factory=list)


@contextmanager
def counted(m: Machine) -> Iterator[None]:
    """Around a loop."""
    rounds = Rounds(len(m.calls), len(m.constructions), m.decided)
    m.rounds.append(rounds)
    try:
        yield
    finally:
        m.rounds.pop()
        _judge(m, rounds)


def begins(m: Machine) -> None:
    """One more round of the innermost loop."""
    m.rounds[-1].number += 1
    m.rounds[-1].under = m.under


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
