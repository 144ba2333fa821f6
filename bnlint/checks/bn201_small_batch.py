"""Statistics of n samples: the mean of a batch has the standard deviation σ/√n, and its variance is on average σ²·(n - 1)/n."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.batches import batching, rank, trained, training, whole
from bnlint.findings import Fix, Hit, Related, Safety, SetArgument
from bnlint.graph import query
from bnlint.graph.model import Call, Event, Project

HARMFUL = 16
"""Batches below this are a warning, below the option `min_batch` worth knowing."""


def check(project: Project, *, min_batch: int = 32) -> Iterator[Hit]:
    for event in training(project):
        size = whole(event.args.get("batch_size"))
        if size == 0 or size >= max(min_batch, 2):
            continue
        calls = trained(project, event.target)
        if not calls:
            continue
        source = batching(project, event)
        case, first = _case(project, calls, size, min_batch)
        yield Hit(
            case,
            source.origin,
            values={"size": size, "least": min_batch},
            related=(Related(first.layer.origin, "batchnorm", first.layer),),
            fix=_fix(source, min_batch),
        )


def _case(project: Project, calls: tuple[Call, ...], size: int, min_batch: int) -> tuple[str, Call]:
    flat = next((call for call in calls if rank(call) == 2), None)
    if size == 1 and flat is not None:
        return "single", flat
    if size == 1 and _normalises_instances(project):
        return "instance", calls[0]
    return "small" if size < min(HARMFUL, min_batch) else "low", calls[0]


def _normalises_instances(project: Project) -> bool:
    """Whether the program asks for the statistics of the batch at inference too, as image translation (pix2pix) does on purpose."""
    layers = any(call.training is True for graph in project.models for call in query.calls_of(graph, "batchnorm"))
    return layers or any(event.args.get("training") is True and event.tape is None for event in query.events(project, "call"))


def _fix(source: Event, min_batch: int) -> Fix | None:
    argument = source.arguments.keyword("batch_size")
    at = source.origin.span
    if argument is None or argument.span is None or at is None:
        return None
    return Fix(Safety.DISPLAY, (SetArgument(at, "batch_size", str(min_batch)),))
