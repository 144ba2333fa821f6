"""Statistics as Keras starts them, mean 0 and variance 1: y = gamma · x / sqrt(1 + epsilon) + beta normalises nothing."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import statistics
from bnlint.graph.model import Project


def check(project: Project) -> Iterator[Hit]:
    for graph in project.models:
        norms = statistics.all_known(graph)
        if norms and all(map(statistics.is_initial, norms)):
            moved = next((layer for layer in norms for name in ("gamma", "beta") if statistics.has_moved(layer, name)), None)
            values = {"count": len(norms), "trained": moved.name if moved is not None else ""}
            yield Hit("untrained" if moved is None else "trained", graph.origin, values=values)
