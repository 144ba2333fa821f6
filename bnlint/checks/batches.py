"""What a training call trains: the BatchNormalization calls whose statistics come from its batches, and who makes these batches."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bnlint.checks.modes import follows, is_tuned
from bnlint.findings import Related
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Call, Event, Project, Under


def training(project: Project) -> Iterator[Event]:
    """What trains: `fit`, `train_on_batch`, and calls in training mode under a tape.

    Left out are the rounds of a loop over batches with less samples than others, such as the last one, or than others may have, and a `fit`
    that is tried again with other batches under a test, as after an error.
    """
    fits = tuple(query.events(project, "fit"))
    yield from (event for event in fits if not _is_retried(event, fits))
    batches = query.events(project, "train_on_batch", "call")
    rounds: dict[tuple[object, ...], list[Event]] = {}
    for event in batches:
        if event.kind != "call" or (event.tape is not None and event.args.get("training") is True):
            rounds.setdefault((event.origin.span, event.origin.stack, id(event.target)), []).append(event)
    for same in rounds.values():
        sizes = [whole(event.args.get("batch_size")) for event in same]
        largest = 0 if 0 in sizes else max(sizes)
        yield from (event for event, size in zip(same, sizes, strict=True) if size == largest)


def _is_retried(event: Event, fits: Collection[Event]) -> bool:
    """Whether a loop made the same call before, and comes back to it only by the outcome of a test."""
    before = [each for each in fits if each.order < event.order and each.origin == event.origin and each.run == event.run]
    return any(set(each.under) < set(event.under) or query.merge(dict(each.under), event.under) is None for each in before)


def trained(project: Project, model: object, under: Under = ()) -> tuple[Call, ...]:
    """The applications of BatchNormalization, in a model and the models called in it, that certainly use the statistics of the batch.

    Left out: what may be frozen or in inference mode, what stands under tests that those `under` which it is trained do not imply, and
    subclasses that may compute something else.
    """
    told = frozenset(under)
    calls = (call for graph in query.with_parts(model) for call in query.calls_of(graph, "batchnorm"))
    return tuple(call for call in calls if told.issuperset(call.under) and _trains(project, call))


def backbones(project: Project, event: Event) -> tuple[Call, ...]:
    """The applications of whole models of `keras.applications`, in what is trained, whose BatchNormalization certainly does so."""
    told = frozenset(event.under)
    calls = (call for graph in query.with_parts(event.target) for call in graph.calls if follows(call))
    return tuple(call for call in calls if told.issuperset(call.under) and is_tuned(project, call.layer, event))


def batching(project: Project, event: Event) -> Event:
    """The event that makes the batches of a training call: the `batch` of its data set, else the call itself."""
    made = event.args.get("batch")
    if isinstance(made, Event):
        return made
    data = event.args.get("x")
    return next((batch for batch in query.events(project, "batch") if batch.target is data and data is not None), event)


def related(event: Event, source: Event, call: Call) -> tuple[Related, ...]:
    """What explains a finding on batches: the BatchNormalization that sees them, and the training call where another call makes them."""
    batchnorm = Related(call.layer.origin, "batchnorm", call.layer)
    return (batchnorm,) if source is event else (batchnorm, Related(event.origin, "training"))


def whole(value: object) -> int:
    """A positive integer that is known; 0 for anything else."""
    return value if type(value) is int and value > 0 else 0


def needed(momentum: float) -> float:
    """The steps after which a twentieth of the initial statistics is left."""
    return round(3 / (1 - momentum), 6)  # 1 - 0.9 is less than 0.1


def is_flat(call: Call) -> bool:
    """Whether it normalises vectors: there is no dimension but the batch and the channels."""
    return call.shape is not None and len(call.shape) == 2


def batch_of(call: Call) -> int:
    """The size of the batch that a model fixes; 0 where it is open."""
    return whole(call.shape[0]) if call.shape else 0


def _trains(project: Project, call: Call) -> bool:
    layer = call.layer.inner or call.layer
    if layer.family != "keras" or layer.altered:
        return False
    # In the `call` of a class, `training=training` is set by Keras; elsewhere an unknown flag proves nothing.
    training = call.training is ABSENT or call.training is None or call.training is True
    return (training or (call.owner is not None and call.training is not False)) and query.frozen(project, layer) is False
