"""Variances that are many orders of magnitude apart in one layer."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import statistics
from bnlint.graph.model import Project

RATIO = 1e8


def check(project: Project) -> Iterator[Hit]:
    for layer in statistics.batchnorms(project):
        variances = statistics.variances(layer)
        if not variances or statistics.nonfinite(layer):
            continue
        low, high = min(variances), max(variances)
        if low >= 0 and high > low * RATIO:
            yield Hit("default", layer.origin, layer, {"low": low, "high": high})
