"""`tf.nn.batch_normalization` on the moments of the batch, with nothing kept for inference."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import Call, ModelGraph, Project

AVERAGES = ("ExponentialMovingAverage", "assign_moving_average", "moving_average", "moving_mean", "moving_var", "pop_mean", "running_mean")

SCALES = ("divide", "multiply", "true_divide")

LAYERS = ("linear", "activation")
"""What stands beside a normalisation that is part of a network."""


def check(project: Project) -> Iterator[Hit]:
    for graph in project.models:
        found = [call for call in query.calls_of(graph, "batchnorm") if call.layer.kind == "batch_normalization" and call.layer.is_function]
        for call in found:
            path = call.origin.span.path if call.origin.span is not None else None
            kept = query.mentions(project, AVERAGES, path)
            together = [other for other in found if other.origin.scope == call.origin.scope]
            if not kept and _is_layer(graph, call) and all(map(_of_batch, together)):
                yield Hit("default", call.origin, call.layer)


def _is_layer(graph: ModelGraph, call: Call) -> bool:
    """Whether it is part of a network: it scales and shifts, or stands in a Keras class or beside a layer. Else it may be any data."""
    if graph.cls is not None:
        return True
    affine = [item.value for item in call.layer.arguments.items[3:5] if item.name in (None, "offset", "scale")]
    neighbours = (*query.producers(call), *query.consumers(graph, call))
    return any(value is not None for value in affine) or any(
        step.call is not None and step.call.layer.role in LAYERS for step in neighbours
    )


def _of_batch(call: Call) -> bool:
    """Whether mean and variance are moments over the batch."""
    given = [item.value for item in call.layer.arguments.items[1:3] if item.name in (None, "mean", "variance")]
    return len(given) == 2 and all(isinstance(value, Call) and _averages_batch(value) for value in given)


def _averages_batch(value: Call) -> bool:
    """Whether a value is such a moment, or a multiple of it. (A sum may be a moving average.)"""
    found = [step.call for step in query.producers(value, _scales)] if _scales(value) else [value]
    return bool(found) and all(call is not None and _is_moment(call) for call in found)


def _scales(call: Call) -> bool:
    return call.layer.is_function and call.layer.kind in SCALES


def _is_moment(call: Call) -> bool:
    axes = query.config(call.layer, "axes")
    return call.layer.kind == "moments" and isinstance(axes, (list, tuple)) and 0 in axes
