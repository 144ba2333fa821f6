"""A BN that is built for nothing: its result is dropped, or it is never called."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import Call, ClassInfo, Layer, ModelGraph, Project


def check(project: Project) -> Iterator[Hit]:
    for graph in project.models:
        for bn in query.calls_of(graph, "batchnorm"):
            if bn.layer.family == "keras" and _is_dropped(project, graph, bn):
                yield Hit("dropped", bn.layer.origin, bn.layer)
    called = {
        id(layer) for graph in project.models for call in graph.calls for layer in (call.layer, call.layer.inner) if layer is not None
    }
    escaped = {id(event.target) for event in query.events(project, "escape")}
    for layer in query.batchnorms(project):
        span, owners = layer.origin.span, _owners(project, layer)
        if span is None or not owners or not all(_shows_all_uses(cls) for cls in owners):
            continue
        if not any(id(born) in called or id(born) in escaped for born in query.born_at(project, span)):
            yield Hit("uncalled", layer.origin, layer)


def _is_dropped(project: Project, graph: ModelGraph, bn: Call) -> bool:
    """Whether the outputs of a functional graph go past the BN although they use what it is applied to, and nothing else calls it."""
    if graph.kind not in ("functional", "open") or graph.gaps or len(bn.inputs) != 1:
        return False
    used = query.ancestors(graph.outputs)
    passed_by = id(bn.inputs[0]) in used and id(bn) not in used
    other_calls = [call for each in project.models for call in each.calls if call.layer is bn.layer and call is not bn]
    ends = all(step.call is None for each in project.models if bn in each.calls for step in query.consumers(each, bn))
    return passed_by and ends and not other_calls and bn.layer.trainable is True


def _owners(project: Project, layer: Layer) -> list[ClassInfo]:
    return [cls for module in project.modules for cls in module.classes if any(each is layer for each in cls.layers)]


def _shows_all_uses(cls: ClassInfo) -> bool:
    """Whether the class itself says what its instances do with their layers."""
    return cls.complete and cls.base is not None and "call" in cls.methods
