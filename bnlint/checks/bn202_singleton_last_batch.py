"""N samples in batches of n: where N mod n is 1, every epoch ends with a batch of one sample, whose variance is 0."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.batches import batching, is_flat, related, trained, whole
from bnlint.findings import Fix, Hit, Safety, SetArgument
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Event, Project

PARTIAL = ("steps_per_epoch", "validation_split")
"""Arguments of `fit` with which it does not train on every sample."""


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "fit"):
        size, samples = whole(event.args.get("batch_size")), whole(event.args.get("samples"))
        if size < 2 or samples <= size or samples % size != 1:
            continue
        source = batching(project, event)
        if not _reaches_the_last(event, source):
            continue
        flat = next((call for call in trained(project, event.target, event.under) if is_flat(call)), None)
        if flat is not None:
            values = {"samples": samples, "size": size}
            yield Hit("default", source.origin, values=values, related=related(event, source, flat), fix=_fix(event, source))


def _reaches_the_last(event: Event, source: Event) -> bool:
    """Whether `fit` trains on every sample, and on the batch that is left over."""
    dropped = source.args.get("drop_remainder", False)
    kept = dropped is False or dropped is ABSENT
    every = all(event.args.get(name) is None and event.arguments.keyword(name) is None for name in PARTIAL)
    return kept and every and event.arguments.complete and source.arguments.complete


def _fix(event: Event, source: Event) -> Fix:
    at = source.origin.span
    if source is event or at is None:
        return Fix(Safety.UNSAFE, refused="arrays")
    if len(source.arguments.positional) > 1:
        return Fix(Safety.UNSAFE, refused="positional")
    return Fix(Safety.UNSAFE, (SetArgument(at, "drop_remainder", "True"),))
