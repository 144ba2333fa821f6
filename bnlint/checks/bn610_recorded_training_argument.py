"""A `training=` that the model itself records: each Keras makes something else of it."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import Layer, ModelGraph, Project


def check(project: Project) -> Iterator[Hit]:
    for graph in project.models if query.is_recorded(project) else ():  # in source code it is BN303, BN305 or BN309
        for call in query.calls_of(graph, "batchnorm"):
            layer = call.layer.inner or call.layer
            if isinstance(call.training, bool) and query.frozen(project, layer) is False:
                yield Hit(f"layer-{call.training}".lower(), call.origin, layer)
    for event in query.events(project, "apply") if query.is_recorded(project) else ():
        training, model = event.args.get("training"), event.target
        if isinstance(training, bool) and isinstance(model, ModelGraph) and any(True for _ in _following(project, model)):
            yield Hit(f"model-{training}".lower(), event.origin, values={"model": model.name})


def _following(project: Project, model: ModelGraph) -> Iterator[Layer]:
    """The layers of a model that take its mode: neither frozen, nor told one of their own."""
    for graph in query.with_parts(model):
        for call in query.calls_of(graph, "batchnorm"):
            layer = call.layer.inner or call.layer
            if not isinstance(call.training, bool) and query.frozen(project, layer) is False:
                yield layer
