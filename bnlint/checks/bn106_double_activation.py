"""Activation, BN, activation: usually a half-done conversion from one order to the other."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks import order
from bnlint.findings import Hit, Related
from bnlint.graph import query
from bnlint.graph.model import Call, ModelGraph, Project

GATES = ("sigmoid", "hard_sigmoid", "tanh", "softmax")


def check(project: Project) -> Iterator[Hit]:
    for graph in project.models:
        for bn in order.batchnorms(graph):
            before, after = _before(bn), _after(graph, bn)
            if before is not None and after is not None:
                places = {"before": before, "after": after}
                related = tuple(Related(call.layer.origin, note, call.layer) for note, (call, _) in places.items())
                yield Hit("default", order.core(bn).origin, order.core(bn), {note: name for note, (_, name) in places.items()}, related)


def _before(bn: Call) -> tuple[Call, str] | None:
    """What applies an activation before BN on every path, and which; pooling between makes a pre-activation block instead."""
    return _activated(query.producers(bn, lambda call: order.weightless(call) and call.layer.role != "pool"))


def _after(graph: ModelGraph, bn: Call) -> tuple[Call, str] | None:
    """The one activation that follows BN on every path, and which; None for a gate."""
    steps = query.consumers(graph, bn, order.weightless)
    found = _activated(steps)
    if found is None or found[0].layer.role == "linear" or order.compatible(steps):
        return None
    multiplies = any(
        step.call is not None and step.call.layer.kind.lower() in ("multiply", "mul") for step in query.consumers(graph, found[0])
    )
    return None if multiplies and found[1] in GATES else found


def _activated(steps: tuple[query.Step, ...]) -> tuple[Call, str] | None:
    """The first call and its activation, if every step leads to one that certainly is applied, without weights of its own."""
    found: list[tuple[Call, str]] = []
    for step in steps:
        name = order.activation(step.call, step.under) if step.call is not None else None
        if step.call is None or not isinstance(name, str) or step.call.layer.kind == "PReLU":
            return None
        found.append((step.call, name))
    return found[0] if found else None
