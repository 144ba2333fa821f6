"""A BN that is built for nothing: its result is dropped, or it is never called."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import Call, ClassInfo, Layer, Project


def check(project: Project) -> Iterator[Hit]:
    used = query.ancestors([output for graph in project.models for output in graph.outputs])
    for graph in project.models:
        for bn in query.calls_of(graph, "batchnorm"):
            if bn.layer.family == "keras" and graph.kind in ("functional", "open") and _is_passed_by(project, bn, used):
                yield Hit("dropped", bn.layer.origin, bn.layer)
    called = {
        id(layer) for graph in project.models for call in graph.calls for layer in (call.layer, call.layer.inner) if layer is not None
    }
    escaped = {id(event.target) for event in query.events(project, "escape")}
    for layer in query.batchnorms(project):
        span, owners = layer.origin.span, _owners(project, layer)
        if span is None or not owners or not all(_shows_all_uses(project, cls) for cls in owners):
            continue
        if not any(id(born) in called or id(born) in escaped for born in query.born_at(project, span)):
            yield Hit("uncalled", layer.origin, layer)


def _is_passed_by(project: Project, bn: Call, used: set[int]) -> bool:
    """Whether a model uses what the BN is applied to and not its result, nothing else does, and this is the layer's only application."""
    if len(bn.inputs) != 1 or id(bn.inputs[0]) not in used or id(bn) in used or any(module.gaps for module in project.modules):
        return False
    elsewhere = any(call.layer is bn.layer and call is not bn for graph in project.models for call in graph.calls)
    consumed = any(step.call is not None for graph in project.models if bn in graph.calls for step in query.consumers(graph, bn))
    return not elsewhere and not consumed


def _owners(project: Project, layer: Layer) -> list[ClassInfo]:
    return [cls for module in project.modules for cls in module.classes if any(each is layer for each in cls.layers)]


def _shows_all_uses(project: Project, cls: ClassInfo) -> bool:
    """Whether the class itself says what its instances do with their layers, and its `call` was followed."""
    return cls.complete and cls.base is not None and "call" in cls.methods and any(graph.cls is cls for graph in project.models)
