"""BN on what the model gives out: probabilities no longer sum to one, targets are met only by chance."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks import order
from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import ModelGraph, Project

_LOSSES = """
    mse meansquarederror mae meanabsoluteerror msle meansquaredlogarithmicerror mape meanabsolutepercentageerror huber huberloss logcosh
    poisson binarycrossentropy categoricalcrossentropy sparsecategoricalcrossentropy binaryfocalcrossentropy categoricalfocalcrossentropy
    kld kldivergence kullbackleiblerdivergence hinge squaredhinge categoricalhinge dice tversky
"""
LOSSES = frozenset(_LOSSES.split())
"""Losses of Keras, without underscores, that compare the values of an output with a target (cosine similarity does not)."""


def check(project: Project) -> Iterator[Hit]:
    for graph in project.models:
        for bn in order.batchnorms(graph):
            if not order.is_final(project, graph, bn):
                continue
            name = order.squashed(bn, order.shapes_only)
            loss = None if name is not None else _loss(project, graph)
            if name is not None or loss is not None:
                values = {"activation": name} if name is not None else {"loss": loss}
                fix = order.removal(project, graph, bn)
                yield Hit("probabilities" if name else "trained", order.core(bn).origin, order.core(bn), values, fix=fix)


def _loss(project: Project, graph: ModelGraph) -> str | None:
    """The loss of Keras with which the model is compiled, where all of its outputs have the same."""
    for event in query.done_to(project, graph, "compile"):
        loss = query.resolve(event.args.get("loss"))
        if isinstance(loss, str) and loss.rpartition(".")[2].replace("_", "").lower() in LOSSES:
            return loss.rpartition(".")[2]
    return None
