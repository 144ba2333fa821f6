"""A variance below zero: sqrt(variance + epsilon) is NaN, or far too small."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import statistics
from bnlint.graph.model import Project


def check(project: Project) -> Iterator[Hit]:
    for layer in statistics.batchnorms(project):
        variances = statistics.variances(layer)
        negative = [value for value in variances if value < 0]
        if negative:
            yield Hit("default", layer.origin, layer, {"lowest": min(negative), "count": len(negative), "channels": len(variances)})
