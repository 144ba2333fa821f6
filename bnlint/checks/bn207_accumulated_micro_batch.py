"""Accumulated gradients make the batch of the optimizer larger, not that of the statistics."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.batches import related, trained, whole
from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import Project


def check(project: Project, *, min_batch: int = 32) -> Iterator[Hit]:
    accumulated = {event.target: whole(event.args.get("gradient_accumulation_steps")) for event in query.events(project, "optimizer")}
    for event in query.events(project, "fit", "train_on_batch"):
        size = whole(event.args.get("batch_size"))
        compiled = [each.args.get("optimizer") for each in query.done_to(project, event.target, "compile")]
        steps = [accumulated.get(optimizer, 0) for optimizer in compiled]
        calls = trained(project, event.target, event.under)
        if 0 < size < min_batch and steps and min(steps) > 1 and calls:
            yield Hit("default", event.origin, values={"size": size, "steps": min(steps)}, related=related(event, event, calls[0]))
