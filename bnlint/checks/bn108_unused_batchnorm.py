"""A BN that is built for nothing: its result is dropped, it is never called, or it is let go at once."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import Call, ClassInfo, Layer, ModelGraph, Project


def check(project: Project) -> Iterator[Hit]:
    for graph in project.models:
        for bn in query.calls_of(graph, "batchnorm"):
            if bn.layer.family == "keras" and graph.kind in ("functional", "open") and _is_passed_by(project, graph, bn):
                yield Hit("dropped", bn.layer.origin, bn.layer)
    applied = (call.layer for graph in project.models for call in graph.calls)
    called = {id(each) for layer in applied for each in (layer, layer.inner)}
    used = called | {id(event.target) for event in query.events(project, "escape")}
    for layer in query.batchnorms(project):
        if layer.origin.span is None or id(layer) in called:
            continue
        siblings = query.born_at(project, layer.origin.span)
        if not any(id(born) in used for born in siblings) and all(_is_seen(project, born) for born in siblings):
            yield Hit("uncalled", layer.origin, layer)
    for event in query.events(project, "discarded"):
        if isinstance(event.target, Layer) and not event.target.attempted and _is_among(project, event.target):
            yield Hit("discarded", event.origin, event.target)


def _is_passed_by(project: Project, graph: ModelGraph, bn: Call) -> bool:
    """Whether a model uses what the BN is applied to and not its result, nothing else does, and this is the layer's only application."""
    if len(bn.inputs) != 1 or _is_consumed(graph, bn) or query.has_gaps(project, bn):
        return False
    if query.is_given_out(project, bn) or not query.is_given_out(project, bn.inputs[0]):
        return False
    return all(call is bn and not _is_consumed(other, bn) for other, call in query.applications(project, bn.layer))


def _is_consumed(graph: ModelGraph, bn: Call) -> bool:
    return any(step.call is not None for step in query.consumers(graph, bn))


def _is_among(project: Project, bn: Layer) -> bool:
    """Whether the BN stands between the layers of a model, as if it were one of them."""
    at = bn.origin.span
    spans = (call.layer.origin.span for graph in project.models for call in graph.calls if call.layer.origin.scope == bn.origin.scope)
    lines = {span.line for span in spans if span is not None and at is not None and (span.path, span.cell) == (at.path, at.cell)}
    return at is not None and bool(lines) and min(lines) < at.line < max(lines)


def _is_seen(project: Project, layer: Layer) -> bool:
    """Whether classes own the layer that show all they do with it: their `call` is followed, and calls nothing that is not known.

    What is not known may be the layer itself, got by `get_layer` or from `submodules`, or code that is handed the whole object.
    """
    owners = query.owners(project, layer)
    return bool(owners) and all(cls.complete and cls.base is not None and _is_followed(project, cls) for cls in owners)


def _is_followed(project: Project, cls: ClassInfo) -> bool:
    calls = list(query.calls_in(project, cls))
    return "call" in cls.methods and bool(calls) and not any(call.layer.role == "unknown" and call.inputs for call in calls)
