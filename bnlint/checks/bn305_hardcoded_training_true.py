"""A model definition that keeps a BatchNormalization in training mode for ever."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.purposes import ON_PURPOSE, enlarges, trains_in, translates, words
from bnlint.findings import DropArgument, Fix, Hit, Safety
from bnlint.graph import query
from bnlint.graph.model import Call, Layer, ModelGraph, Project, Span

TRAINING = ("fit", "train_on_batch")


def check(project: Project) -> Iterator[Hit]:
    wanted = _wanted(project)
    for graph in project.models:
        for call in query.calls_of(graph, "batchnorm"):
            hardcoded = call.training is True and call.origin.span not in wanted
            if hardcoded and _defines(project, graph, call) and _suffers(project, call.layer):
                at = call.origin.span
                fix = None if at is None else Fix(Safety.UNSAFE, (DropArgument(at, "training"),), touches=(call.layer,))
                yield Hit("recorded" if graph.kind == "functional" else "constant", call.origin, layer=call.layer, fix=fix)


def _wanted(project: Project) -> set[Span | None]:
    """Where layers are applied that may want the statistics of the batch.

    What is trained on its own speaks for itself: the critic does not want them because the GAN that it is called in holds a generator.
    """
    trained = {id(event.target) for event in query.events(project, "compile", *TRAINING)}
    said: dict[Span | None, bool] = {}
    for graph in sorted(project.models, key=lambda graph: len(graph.calls), reverse=True):
        purpose = _on_purpose(project, graph)
        if purpose or (graph.kind == "functional" and id(graph) in trained):
            said.update((call.origin.span, purpose) for call in graph.calls)
    return {span for span, purpose in said.items() if purpose}


def _suffers(project: Project, layer: Layer) -> bool:
    """Whether the layer would use moving statistics, and has some to use: not momentum 0, not the statistics of each sample alone."""
    normal = layer.family == "keras" and not layer.altered and type(query.config(layer, "axis")) is int
    axis, momentum = query.config(layer, "axis"), query.config(layer, "momentum")
    return normal and axis != 0 and isinstance(momentum, (int, float)) and momentum > 0 and query.frozen(project, layer) is False


def _defines(project: Project, graph: ModelGraph, call: Call) -> bool:
    """Whether the call is part of a definition: not of a training function, of a unit test, or of one of the arms of `if training:`."""
    scope = call.origin.scope
    if call.origin.span is None:
        return False  # what a model file records is BN610's
    if scope.rpartition(".")[2].startswith("test") or words(scope) & ON_PURPOSE or (call.owner is not None and call.under):
        return False
    if any(other.layer is call.layer and other.training is not True for other in graph.calls):
        return False
    if graph.kind == "open":
        # A script may try a layer on data; a builder stands in a function, applies what has weights, and trains nothing.
        return scope != "" and any(query.calls_of(graph, "linear")) and not trains_in(project, scope)
    return True


def _on_purpose(project: Project, graph: ModelGraph) -> bool:
    """Whether the model may want the statistics of the batch: an image generator, or one whose Dropout is kept on as well."""
    stochastic = any(call.training is True for call in query.calls_of(graph, "dropout"))
    ends = [call.layer.activation for tensor in graph.outputs for call, _ in query.sources(tensor)]
    classifies = bool(ends) and all(activation in ("softmax", "sigmoid") for activation in ends)
    named = words(graph.name) | (words(graph.cls.name) if graph.cls is not None else set())
    return stochastic or (enlarges(graph) and not classifies) or translates(project, graph) or bool(named & ON_PURPOSE)
