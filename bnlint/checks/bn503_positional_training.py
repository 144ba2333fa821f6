"""`bn(x, True)`: Keras 3 takes `training` by its name only."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Fix, Hit, RenameArgument, Safety
from bnlint.graph import query
from bnlint.graph.model import Layer, Project


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "positional"):
        layer, at = event.target, event.origin.span
        own = isinstance(layer, Layer) and layer.family == "keras" and layer.subclass is None
        # None is the one value that Keras 3 lets pass.
        if not own or None in query.alternatives(event.args["value"]) or query.guarded(project, event.origin):
            continue
        assert isinstance(layer, Layer)
        fixable = at is not None and event.arguments.complete and event.arguments.keyword("training") is None
        fix = Fix(Safety.SAFE, (RenameArgument(at, 1, "training"),), (layer,)) if at is not None and fixable else None
        yield Hit("default", event.origin, layer, fix=fix)
