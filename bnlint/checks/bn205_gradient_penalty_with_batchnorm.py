"""A penalty on the gradient for each sample, of a network in which samples depend on each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bnlint.checks.modes import normalises
from bnlint.checks.purposes import words
from bnlint.findings import Hit, Related
from bnlint.graph import query
from bnlint.graph.model import Event, Layer, ModelGraph, Project

PENALTY = {"penalty", "gp"}
CRITICS = {"critic", "discriminator"}


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "gradient"):
        found = next(_penalised(project, event), None)
        if found is not None:
            yield Hit("default", event.origin, related=(Related(found.origin, "batchnorm", found),))


def _penalised(project: Project, event: Event) -> Iterator[Layer]:
    """The BatchNormalization layers of a network whose gradient with respect to data becomes part of a loss."""
    named = bool(words(event.origin.scope.rpartition(".")[2]) & PENALTY)
    if event.tape is None:
        home = event.origin.scope.rpartition(".")[0]
        yield from _of_critic(project, home) if named and home else ()
        return
    calls = [call for call in query.events(project, "call") if event.tape in _tapes(call)]
    nested = any(_tapes(call)[0] != event.tape for call in calls)
    if event.args.get("of_inputs") is True and (named or (nested and event.args.get("squared") is True)):
        for call in calls:
            for graph in query.with_parts(call.target):
                yield from _batchnorms(project, graph)


def _of_critic(project: Project, home: str) -> Iterator[Layer]:
    """Those of the critic that a class builds: for `K.gradients(y, x)` in a loss that gets its tensors from Keras."""
    for model in project.models:
        for graph in query.with_parts(model):
            yield from _batchnorms(project, graph, lambda scope: scope.rpartition(".")[0] == home and bool(words(scope) & CRITICS))


def _tapes(call: Event) -> tuple[object, ...]:
    tapes = call.args.get("tapes")
    return tapes if isinstance(tapes, tuple) and tapes else (call.tape,)


def _batchnorms(project: Project, graph: ModelGraph, scope: Callable[[str], bool] = lambda scope: True) -> Iterator[Layer]:
    for call in query.calls_of(graph, "batchnorm"):
        follows = normalises(call.layer) and call.training is not False
        if follows and scope(call.origin.scope) and query.frozen(project, call.layer) is not True:
            yield call.layer
