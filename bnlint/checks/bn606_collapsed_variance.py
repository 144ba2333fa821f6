"""A variance of about 0: the channel was constant, and whatever else it holds is multiplied by gamma / sqrt(epsilon)."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import statistics
from bnlint.graph.model import Project

COLLAPSED = 1e-5
ALLOWED = 0.05
"""Of the channels: behind a ReLU a few are always dead."""


def check(project: Project) -> Iterator[Hit]:
    for layer in statistics.batchnorms(project):
        variances = statistics.variances(layer)
        part = statistics.share(variances, lambda value: 0 <= value < COLLAPSED)
        if part > ALLOWED:
            yield Hit("default", layer.origin, layer, {"count": round(part * len(variances)), "channels": len(variances)})
