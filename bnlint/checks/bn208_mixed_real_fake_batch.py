"""Real and generated samples in one batch: a discriminator with BN normalises them with common statistics."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.batches import trained
from bnlint.findings import Hit, Related
from bnlint.graph import query
from bnlint.graph.model import Event, Project


def check(project: Project) -> Iterator[Hit]:
    for mixed in query.events(project, "mixed"):
        for event in query.events(project, "call", "train_on_batch"):
            calls = trained(project, event.target, event.under) if _takes(event, mixed) and _trains(event) else ()
            if calls:
                related = (Related(event.origin, "training"), Related(calls[0].layer.origin, "batchnorm", calls[0].layer))
                yield Hit("default", mixed.origin, related=related)
                break


def _takes(event: Event, mixed: Event) -> bool:
    return event.args.get("inputs" if event.kind == "call" else "x") is mixed.target


def _trains(event: Event) -> bool:
    return event.kind == "train_on_batch" or (event.tape is not None and event.args.get("training") is True)
