"""Statistics of n samples: the mean of a batch has the standard deviation σ/√n, and its variance is on average σ²·(n - 1)/n."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.batches import backbones, batch_of, batching, is_flat, related, trained, training, whole
from bnlint.findings import Fix, Hit, Safety, SetArgument
from bnlint.graph import query
from bnlint.graph.model import Call, Event, ModelGraph, Project

HARMFUL = 16
"""Batches below this are a warning, below the option `min_batch` worth knowing."""


PIX2PIX = "pix2pix"
"""The method that made batches of 1 common: it normalises each image by itself on purpose."""


def check(project: Project, *, min_batch: int = 32) -> Iterator[Hit]:
    yield from _recorded(project, min_batch)
    for event in training(project):
        size = whole(event.args.get("batch_size"))
        if size == 0 or size >= max(min_batch, 2):
            continue
        calls = trained(project, event.target, event.under) or backbones(project, event)
        if not calls:
            continue
        source = batching(project, event)
        case, first = _case(project, event, calls, size, min_batch)
        yield Hit(
            case,
            source.origin,
            values={"size": size, "least": min_batch},
            related=related(event, source, first),
            fix=_fix(source, min_batch),
        )


def _recorded(project: Project, min_batch: int) -> Iterator[Hit]:
    """Models of a file that were compiled, and whose input has a batch dimension of its own."""
    for event in query.events(project, "compile"):
        if isinstance(event.target, ModelGraph) and event.target.artifact is not None:
            calls = tuple(call for call in trained(project, event.target, event.under) if 0 < batch_of(call) < max(min_batch, 2))
            if calls:
                case, first = _case(project, event, calls, batch_of(calls[0]), min_batch)
                yield Hit(case, first.layer.origin, first.layer, {"size": batch_of(first), "least": min_batch})


def _case(project: Project, event: Event, calls: tuple[Call, ...], size: int, min_batch: int) -> tuple[str, Call]:
    flat = next((call for call in calls if call.layer.role == "batchnorm" and is_flat(call)), None)
    if size == 1 and flat is not None:
        return "single", flat
    if size == 1 and _normalises_instances(project, event):
        return "instance", calls[0]
    return "small" if size < min(HARMFUL, min_batch) else "low", calls[0]


def _normalises_instances(project: Project, event: Event) -> bool:
    """Whether batches of 1 are meant, as in image translation: its name says so, or the statistics of the batch are used at inference."""
    path = event.origin.span.path if event.origin.span is not None else ""
    if PIX2PIX in f"{path.rpartition('/')[2]} {event.origin.scope}".lower():
        return True
    layers = any(call.training is True for graph in project.models for call in query.calls_of(graph, "batchnorm"))
    return layers or any(event.args.get("training") is True and event.tape is None for event in query.events(project, "call"))


def _fix(source: Event, min_batch: int) -> Fix | None:
    argument = source.arguments.keyword("batch_size")
    at = source.origin.span
    if argument is None or argument.span is None or at is None:
        return None
    return Fix(Safety.DISPLAY, (SetArgument(at, "batch_size", str(min_batch)),))
