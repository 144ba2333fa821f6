"""A class, or a function, where a layer must stand."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Fix, Hit, Instantiate, Safety
from bnlint.graph import query
from bnlint.graph.model import Event, Project

KINDS = ("BatchNormalization", "SyncBatchNormalization")


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "not_a_layer"):
        kind, what = event.args.get("kind"), event.args.get("what")
        if kind in KINDS and what in ("class", "function"):
            yield Hit(str(what), event.origin, values={"kind": kind}, fix=_fix(project, event))


def _fix(project: Project, event: Event) -> Fix | None:
    """`returns` is the constructor call of a function that does nothing but apply it; `place` tells an input from an element."""
    at, code = event.origin.span, event.args.get("returns")
    if at is None or event.args.get("place", "element") != "element":
        return None
    if event.args.get("what") == "class":
        edit = Instantiate(at)
    elif isinstance(code, str):
        edit = Instantiate(at, code)
    else:
        return Fix(Safety.SAFE, refused="body")
    return Fix(Safety.SAFE, (edit,), query.born_at(project, at))
