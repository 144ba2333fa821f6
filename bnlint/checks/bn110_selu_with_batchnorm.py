"""BN in a network that normalises itself by selu: one of the two is enough."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks import order
from bnlint.findings import Hit, Related
from bnlint.graph import query
from bnlint.graph.model import Call, ModelGraph, Project


def check(project: Project) -> Iterator[Hit]:
    for graph in project.models:
        proof = _self_normalising(graph)
        if proof is None:
            continue
        related = (Related(proof.layer.origin, "proof", proof.layer),)
        for bn in order.batchnorms(graph):
            layer = order.core(bn)
            if set(proof.under) <= set(bn.under) and query.frozen(project, layer) is not True:
                yield Hit("default", layer.origin, layer, related=related)


def _self_normalising(graph: ModelGraph) -> Call | None:
    """What shows that a network is meant to normalise itself: AlphaDropout, or selu where every hidden activation is selu."""
    alpha = next((call for call in graph.calls if call.layer.kind == "AlphaDropout"), None)
    activated = {call: name for call in graph.calls if (name := order.activation(call)) is not None and not order.ends(graph, call)}
    if alpha is not None:
        return alpha
    told = not any(call.layer.role == "unknown" and call.inputs for call in graph.calls)
    return next(iter(activated), None) if told and all(name == "selu" for name in activated.values()) else None
