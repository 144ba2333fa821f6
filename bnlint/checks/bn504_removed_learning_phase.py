"""The global learning phase of Keras 2, which Keras 3 does not have."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Fix, Hit, RemoveStatement, Safety
from bnlint.graph import query
from bnlint.graph.model import Event, Project
from bnlint.keras_api.migration import follows

PHASES = {0: "inference", 1: "training"}


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "learning_phase", "read_learning_phase"):
        path = str(event.args["path"])
        if not follows(path) or query.guarded(project, event.origin):
            continue
        yield Hit(_case(event), event.origin, values={"name": path.rpartition(".")[2]}, fix=_fix(event))


def _case(event: Event) -> str:
    if event.kind == "read_learning_phase":
        return "read"
    value = query.resolve(event.args["value"])
    return PHASES.get(value, "set") if isinstance(value, int) else "set"


def _fix(event: Event) -> Fix | None:
    """Without the call, what is called outside of `fit` runs in inference mode: all that 0 can have asked for."""
    at = event.origin.span
    needless = at is not None and _case(event) == "inference" and str(event.args["path"]).endswith(".set_learning_phase")
    return Fix(Safety.UNSAFE, (RemoveStatement(at),)) if at is not None and needless else None
