"""Normalisation of TensorFlow 1 whose moving statistics no training step updates."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.purposes import INFERS, words
from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Call, Project

UPDATES = ("UPDATE_OPS", "get_updates_for", "update_ops")
RUNS = ("Session", "import_graph_def", "restore")


def check(project: Project) -> Iterator[Hit]:
    if any(event.tape is not None for event in query.events(project, "gradient")):
        return
    trained = any(query.events(project, "apply_gradients"))
    updated = any(query.events(project, "update_ops")) or query.mentions(project, UPDATES)
    for graph in project.models:
        if graph.kind == "sequential":  # a container of Keras tells the mode, where it does not refuse the layer
            continue
        for call in query.calls_of(graph, "batchnorm"):
            case = _case(project, call, updated)
            if case and (trained or (case == "inference" and _is_defined_only(project, call))):
                yield Hit(case, call.origin, call.layer, {"name": (call.layer.path or "").rpartition(".")[2]})


def _is_defined_only(project: Project, call: Call) -> bool:
    """Whether a network is defined here, by a function that does not say that it infers, and run elsewhere."""
    infers = words(call.origin.scope) & INFERS or query.frozen(project, call.layer) is not False
    return not infers and not query.mentions(project, RUNS)


def _case(project: Project, call: Call, updated: bool) -> str:
    layer = call.layer
    if layer.family not in ("tf1", "contrib") or not layer.arguments.complete:
        return ""
    if call.training is ABSENT:
        return "inference" if layer.family == "tf1" else ""
    told = layer.family == "tf1" or layer.arguments.keyword("is_training") is not None
    collected = layer.family == "tf1" or ("updates_collections" not in layer.config and not query.mentions(project, ("arg_scope",)))
    trains = any(value is not False for value in query.alternatives(call.training))
    return "updates" if told and collected and trains and not updated else ""
