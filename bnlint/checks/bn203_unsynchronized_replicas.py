"""BN on several replicas: each normalises with its own part of the batch."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.batches import whole
from bnlint.checks.modes import normalises
from bnlint.findings import Fix, Hit, Related, Safety, SetArgument
from bnlint.graph import query
from bnlint.graph.model import Event, Layer, Project

HARMFUL = 16
"""Samples for each replica below which the statistics of one are a matter of chance."""


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "distributed"):
        layer = event.target
        if not isinstance(layer, Layer) or not normalises(layer) or layer.kind != "BatchNormalization":
            continue
        apart = query.config(layer, "synchronized") is False and query.frozen(project, layer) is False
        if not apart or whole(event.args.get("replicas")) == 1:
            continue
        case, size = _case(project, event, layer)
        if case:
            values = {"strategy": event.args.get("strategy"), "size": size}
            yield Hit(case, layer.origin, layer, values=values, related=(Related(event.origin, "strategy"),), fix=_fix(project, layer))


def _case(project: Project, event: Event, layer: Layer) -> tuple[str, int]:
    """The case, and the samples that one replica gets at most where they are known; "" where they are enough."""
    trained = (fit for fit in query.events(project, "fit", "train_on_batch") if query.covers(fit.target, layer))
    sizes = [whole(fit.args.get("batch_size")) for fit in trained]
    replicas = whole(event.args.get("replicas"))
    size = min(sizes, default=0) // (replicas or 1)
    meant = [whole(each.args.get("size")) for each in query.events(project, "per_replica")]
    if meant and size == 0:
        size, replicas = min(meant), 1
    if size >= HARMFUL and replicas:
        return "", size
    if 0 < size < HARMFUL and event.args.get("certain") is True:
        return "small", size
    return "unknown", size


def _fix(project: Project, layer: Layer) -> Fix | None:
    at = layer.origin.span
    if at is None:
        return None
    if project.keras.major < 3 and project.keras.minor is not None and project.keras.minor < 12:
        return Fix(Safety.UNSAFE, refused="version")
    return Fix(Safety.UNSAFE, (SetArgument(at, "synchronized", "True"),), touches=(layer,))
