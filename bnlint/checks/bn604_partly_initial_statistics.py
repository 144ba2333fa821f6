"""Statistics as Keras starts them in some layers of a model whose other layers have seen data."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import statistics
from bnlint.graph.model import Project


def check(project: Project) -> Iterator[Hit]:
    norms = statistics.known(project)
    initial = [layer for layer in norms if statistics.is_initial(layer)]
    for layer in initial if len(initial) < len(norms) else ():
        yield Hit("default", layer.origin, layer, {"initial": len(initial), "count": len(norms)})
