"""NaN or Inf among what a BN holds: every output of that channel is NaN, Inf, or constant."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import statistics
from bnlint.graph.model import Project


def check(project: Project) -> Iterator[Hit]:
    for layer in statistics.batchnorms(project):
        broken = statistics.nonfinite(layer)
        if broken:
            names = ", ".join(f"{name} ({count})" for name, count in broken.items())
            yield Hit("default", layer.origin, layer, {"arrays": names})
