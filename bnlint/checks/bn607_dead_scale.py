"""gamma of about 0: the channel gives out beta, whatever comes in."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import query, statistics
from bnlint.graph.model import Layer, Project

DEAD = 1e-2
ALLOWED = 0.5
"""Of the channels."""


def check(project: Project) -> Iterator[Hit]:
    for layer in statistics.batchnorms(project):
        scales = statistics.scales(layer)
        part = statistics.share(scales, lambda value: abs(value) < DEAD)
        if part > ALLOWED and not _starts_a_residual_block(project, layer, scales):
            yield Hit("default", layer.origin, layer, {"count": round(part * len(scales)), "channels": len(scales)})


def _starts_a_residual_block(project: Project, layer: Layer, scales: tuple[float, ...]) -> bool:
    """Whether gamma is 0 because it was never trained: so that the block adds nothing at first, as far as can be seen."""
    if any(scales) or not statistics.is_initial(layer):
        return False
    users = [step.call for graph, call in query.applications(project, layer) for step in query.consumers(graph, call)]
    return None in users or not users or any(user is not None and user.layer.role == "merge" for user in users)
