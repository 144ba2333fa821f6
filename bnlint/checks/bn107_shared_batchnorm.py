"""One BN for several places of a network: one set of statistics for inputs that are distributed differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

from bnlint.checks.modes import normalises
from bnlint.findings import CopyLayer, Edit, Fix, Hit, Related, Repeat, Safety
from bnlint.graph import query
from bnlint.graph.model import Call, Layer, ModelGraph, Project

PASSED = ("activation", "batchnorm", "dropout", "merge", "norm", "pool", "reshape", "resample")
"""Roles of layers that hold no weights that could tell two places apart."""


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "repeated"):
        layer, at = event.target, event.origin.span
        if isinstance(layer, Layer) and normalises(layer) and at is not None:
            yield Hit("list", layer.origin, layer, fix=Fix(Safety.UNSAFE, (Repeat(at),), touches=(layer,)))
    repeated = {id(event.target) for event in query.events(project, "repeated")}
    for graph in project.models:
        applied: dict[Layer, list[Call]] = {}
        for call in query.calls_of(graph, "batchnorm"):
            if normalises(call.layer) and id(call.layer) not in repeated:
                applied.setdefault(call.layer, []).append(call)
        for layer, calls in applied.items():
            pair = next((pair for pair in combinations(calls, 2) if _deeper(graph, *pair)), None)
            recurs = any(_recurs(*each) for each in combinations(calls, 2))
            if pair is not None and not recurs and _is_one(project, layer, pair) and query.frozen(project, layer) is not True:
                related = tuple(Related(call.origin, note) for call, note in zip(pair, ("first", "second"), strict=True))
                yield Hit("default", layer.origin, layer, related=related, fix=_fix(project, graph, layer, calls))


def _is_one(project: Project, layer: Layer, pair: Sequence[Call]) -> bool:
    """Whether both calls are of one layer for certain: elements of a list whose length is not known may be two layers."""
    return layer.origin.span is None or len(query.born_at(project, layer.origin.span)) == 1 or not any(call.under for call in pair)


def _deeper(graph: ModelGraph, first: Call, second: Call) -> bool:
    """Whether `second` depends on `first` through weights of its own: not through those around both (what is reused whole)."""
    if query.merge(dict(first.under), second.under) is None or id(first) not in query.ancestors(second.inputs):
        return False
    feeding = [_weighted(query.producers(call, _is_passed)) for call in (first, second)]
    if None in feeding:
        return False
    one, other = (found or {} for found in feeding)
    between = [call for layer, call in other.items() if layer not in one and id(first) in query.ancestors(call.inputs)]
    followed = [_weighted(query.consumers(graph, call, _is_passed)) or {} for call in (first, second)]
    return bool(between) and not followed[0].keys() & followed[1].keys()


def _recurs(first: Call, second: Call) -> bool:
    """Whether the same weights feed both, one after the other: steps of a recurrence."""
    one, other = (_weighted(query.producers(call, _is_passed)) or {} for call in (first, second))
    return bool(one) and one.keys() == other.keys() and id(first) in query.ancestors(second.inputs)


def _is_passed(call: Call) -> bool:
    return call.layer.role in PASSED or (call.layer.is_function and call.layer.role not in ("unknown", "input"))


def _weighted(steps: Sequence[query.Step]) -> dict[Layer, Call] | None:
    """The layers of the steps; None where one is not known."""
    found = {step.call.layer: step.call for step in steps if step.call is not None}
    return None if any(layer.role == "unknown" for layer in found) else found


def _fix(project: Project, graph: ModelGraph, layer: Layer, calls: Sequence[Call]) -> Fix:
    """A layer of its own for each application but the first, where each stands in the code for itself."""
    places = [call.origin.span for call in calls]
    refused = ""
    if len(list(query.applications(project, layer))) > len(calls) or not all(_deeper(graph, *pair) for pair in pairwise(calls)):
        refused = "elsewhere"
    elif len({(call.origin.scope, call.origin.stack) for call in calls}) > 1 or len(set(places)) < len(calls) or calls[0].owner is not None:
        refused = "attribute"
    built = layer.origin.span
    if refused or built is None:
        return Fix(Safety.UNSAFE, refused=refused or "attribute")
    edits: tuple[Edit, ...] = tuple(CopyLayer(place, built) for place in places[1:] if place is not None)
    return Fix(Safety.UNSAFE, edits, touches=(layer,))
