"""BN in a block that is computed twice for each step: its statistics are updated twice."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import normalises
from bnlint.findings import Hit, Related
from bnlint.graph import query
from bnlint.graph.model import Layer, Project


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "rematerialized"):
        layer = event.target
        if isinstance(layer, Layer) and normalises(layer) and query.frozen(project, layer) is False:
            values = {"name": event.args.get("name")}
            yield Hit("default", event.origin, values=values, related=(Related(layer.origin, "batchnorm", layer),))
