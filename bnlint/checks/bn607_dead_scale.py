"""gamma of about 0: the channel gives out beta, whatever comes in."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import query, statistics
from bnlint.graph.model import Layer, ModelGraph, Project

DEAD = 1e-2
ALLOWED = 0.5
"""Of the channels."""


def check(project: Project) -> Iterator[Hit]:
    for graph in project.models:
        for layer in statistics.batchnorms(graph):
            scales = statistics.scales(layer)
            part = statistics.share(scales, lambda value: abs(value) < DEAD)
            if part > ALLOWED and not _starts_a_residual_block(project, graph, layer, scales):
                yield Hit("default", layer.origin, layer, {"count": round(part * len(scales)), "channels": len(scales)})


def _starts_a_residual_block(project: Project, graph: ModelGraph, layer: Layer, scales: tuple[float, ...]) -> bool:
    """Whether gamma is 0 because it was never trained: so that the block adds nothing at first, as far as can be seen."""
    if any(scales) or not statistics.is_initial(layer):
        return False
    calls = [call for owner, call in query.applications(project, layer) if owner is graph]
    users = [step.call for call in calls for step in query.consumers(graph, call)]
    return None in users or not users or any(user is not None and user.layer.role == "merge" for user in users)
