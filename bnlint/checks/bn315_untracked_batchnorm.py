"""BN that is held where Keras does not look for weights: it runs, and is neither trained nor saved."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import normalises
from bnlint.findings import Hit, Related
from bnlint.graph import query
from bnlint.graph.model import Layer, Project


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "captured"):
        layer = event.target
        if isinstance(layer, Layer) and normalises(layer) and layer.origin.span is not None:
            case = "lambda" if event.args.get("where") == "Lambda" else "module"
            yield Hit(case, layer.origin, layer, values={"name": event.args.get("name")}, related=(Related(event.origin, "held"),))
