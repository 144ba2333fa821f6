"""N samples in batches of n: where N mod n is 1, every epoch ends with a batch of one sample, whose variance is 0."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.batches import batching, rank, trained, whole
from bnlint.findings import Fix, Hit, Related, Safety, SetArgument
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Event, Project


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "fit"):
        source = batching(project, event)
        size, samples = whole(source.args.get("batch_size")), whole(source.args.get("samples"))
        if size < 2 or samples <= size or samples % size != 1 or not _reaches_the_last(event, source):
            continue
        flat = next((call for call in trained(project, event.target) if rank(call) == 2), None)
        if flat is not None:
            values = {"samples": samples, "size": size}
            related = (Related(flat.layer.origin, "batchnorm", flat.layer),)
            yield Hit("default", source.origin, values=values, related=related, fix=_fix(event, source))


def _reaches_the_last(event: Event, source: Event) -> bool:
    if not event.arguments.complete or not source.arguments.complete:
        return False
    steps, dropped = event.arguments.keyword("steps_per_epoch"), source.args.get("drop_remainder", False)
    return (steps is None or steps.value is None) and (dropped is False or dropped is ABSENT)


def _fix(event: Event, source: Event) -> Fix:
    at = source.origin.span
    if source is event or at is None:
        return Fix(Safety.UNSAFE, refused="arrays")
    if len(source.arguments.positional) > 1:
        return Fix(Safety.UNSAFE, refused="positional")
    return Fix(Safety.UNSAFE, (SetArgument(at, "drop_remainder", "True"),))
