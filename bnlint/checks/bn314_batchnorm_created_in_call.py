"""BN that is built again with each batch: it has learnt nothing, and what it learns is thrown away."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import Layer, Project

CASES = {"call": "call", "step": "traced", "tf.function": "traced", "Lambda": "lambda", "loop": "loop"}


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "built"):
        layer, where = event.target, event.args.get("where")
        if isinstance(layer, Layer) and layer.family == "keras" and isinstance(where, str):
            yield Hit(CASES[where], layer.origin, layer, values={"name": event.args.get("name")})
