"""A model is evaluated or put to use in training mode: its output depends on the batch, and its statistics move."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import following, given_training, label, set_training
from bnlint.checks.purposes import ON_PURPOSE, inference, translates, words
from bnlint.findings import Hit, Related, Safety
from bnlint.graph import query
from bnlint.graph.model import Event, ModelGraph, Project


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "call"):
        if given_training(event) is not True or not (purpose := inference(project, event)):
            continue
        layers = following(project, event.target)
        if not layers or _on_purpose(project, event, purpose):
            continue
        shared = any(given_training(e) is not True for e in query.events(project, "call") if e.origin.span == event.origin.span)
        yield Hit(
            "default",
            event.origin,
            values={"model": label(event.target), "function": event.origin.scope.rpartition(".")[2]},
            related=(Related(layers[0].origin, "batchnorm", layers[0]),),
            fix=None if shared else set_training(event, "False", Safety.UNSAFE),
        )


def _on_purpose(project: Project, event: Event, purpose: str) -> bool:
    """Whether the batch's statistics, or Dropout, may be wanted: Monte Carlo dropout, test-time adaptation, image translation."""
    graph = event.target
    if words(event.origin.scope) & ON_PURPOSE or words(label(graph)) & ON_PURPOSE:
        return True
    if not isinstance(graph, ModelGraph):
        return False
    drops = any(query.calls_of(graph, "dropout"))
    return (purpose == "infer" and drops and _is_repeated(project, event)) or translates(project, graph)


def _is_repeated(project: Project, event: Event) -> bool:
    """Whether the model is run on the same data over and over, as in Monte Carlo dropout."""
    data = event.args.get("inputs")
    again = (other for other in query.events(project, "call") if other is not event and other.origin.span == event.origin.span)
    return any(other.args.get("inputs") is data for other in again)
