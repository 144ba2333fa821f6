"""`bn(x, True)`: Keras 3 takes `training` by its name only."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Fix, Hit, RenameArgument, Safety
from bnlint.graph import query
from bnlint.graph.model import Event, Layer, Project
from bnlint.keras_api.migration import follows


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "positional"):
        layer, at = event.target, event.origin.span
        own = isinstance(layer, Layer) and layer.family == "keras" and layer.subclass is None and follows(layer.path)
        if not own or not _is_mode(event) or query.guarded(project, event.origin):
            continue
        assert isinstance(layer, Layer)
        fixable = at is not None and event.arguments.complete and event.arguments.keyword("training") is None
        fix = Fix(Safety.SAFE, (RenameArgument(at, 1, "training"),), (layer,)) if at is not None and fixable else None
        yield Hit("default", event.origin, layer, fix=fix)


def _is_mode(event: Event) -> bool:
    """Whether a mode is given: a constant, or what is called so. None is the one value that Keras 3 lets pass."""
    values, names = query.alternatives(event.args["value"]), str(event.args["names"]).lower()
    named = any(word in names for word in ("train", "phase", "mode", "infer"))
    return None not in values and all(isinstance(value, int) or named for value in values)
