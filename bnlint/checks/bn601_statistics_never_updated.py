"""Statistics as Keras starts them, mean 0 and variance 1: y = gamma · x / sqrt(1 + epsilon) + beta normalises nothing."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import statistics
from bnlint.graph.model import Project


def check(project: Project) -> Iterator[Hit]:
    norms = statistics.all_known(project)
    if norms and all(map(statistics.is_initial, norms)):
        trained = any(statistics.has_moved(layer, name) for layer in norms for name in ("gamma", "beta"))
        yield Hit("trained" if trained else "untrained", project.models[0].origin, values={"count": len(norms)})
