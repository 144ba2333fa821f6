"""Every question that a check may ask of the arrays of a saved or live model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import log
from typing import Final

from bnlint.graph import query
from bnlint.graph.model import Layer, Project, Unknown
from bnlint.records import dataclass

START: Final[Mapping[str, float]] = {"moving_mean": 0.0, "moving_variance": 1.0, "renorm_mean": 0.0, "renorm_stddev": 1.0}
"""The values with which Keras starts the statistics."""

ROUNDING: Final = 1e-3
"""Relative: what many updates in float32 add up to."""

_CONSTANTS: Final[Mapping[str, float]] = {"zeros": 0.0, "zero": 0.0, "ones": 1.0, "one": 1.0}
"""What the initializers of Keras by these names fill an array with."""


@dataclass(frozen=True, slots=True, eq=False)
class Smallest:
    """The smallest moving variance of a model, and the layer that holds it."""

    layer: Layer
    variance: float


def batchnorms(project: Project) -> tuple[Layer, ...]:
    """The BatchNormalization layers of a saved or live model, each once; those that a wrapper wraps, or a model in it, too."""
    calls = (call for graph in project.models for call in query.calls_of(graph, "batchnorm"))
    return tuple(dict.fromkeys(call.layer.inner or call.layer for call in calls))


def known(project: Project) -> tuple[Layer, ...]:
    """Those of them whose statistics were read."""
    return tuple(layer for layer in batchnorms(project) if _is_known(layer))


def all_known(project: Project) -> tuple[Layer, ...]:
    """The same where it is all of them; nothing where there is one of which they were not read."""
    found = batchnorms(project)
    return found if all(map(_is_known, found)) else ()


def _is_known(layer: Layer) -> bool:
    return all(name in layer.weights and len(layer.weights[name].values) > 0 for name in ("moving_mean", "moving_variance"))


def channels(layer: Layer) -> int | None:
    """The number of values that each array of the layer holds; None where they were not read, or differ in that."""
    lengths = {len(stats.values) for stats in layer.weights.values()}
    return lengths.pop() or None if len(lengths) == 1 else None


def variances(layer: Layer) -> tuple[float, ...]:
    """The moving variance of each channel; nothing where it was not read."""
    stats = layer.weights.get("moving_variance")
    return () if stats is None else tuple(stats.values)


def scales(layer: Layer) -> tuple[float, ...]:
    """gamma of each channel; nothing where the layer has none, or it was not read."""
    stats = layer.weights.get("gamma")
    return () if stats is None else tuple(stats.values)


def nonfinite(layer: Layer) -> dict[str, int]:
    """By the name of an array of the layer how many of its values are NaN or infinite, where some are."""
    return {name: stats.nonfinite for name, stats in layer.weights.items() if stats.nonfinite}


def is_initial(layer: Layer) -> bool:
    """Whether all statistics of the layer are, exactly, those with which Keras starts them."""
    return _is_known(layer) and all(
        value == START[name] for name, stats in layer.weights.items() if name in START for value in stats.values
    )


def has_moved(layer: Layer, name: str) -> bool:
    """Whether an array of the layer certainly is not what its initializer made.

    Where the file does not record the initializer, an array that holds one value in all channels may be what it made.
    """
    stats = layer.weights.get(name)
    if stats is None or not stats.values:
        return False
    start = initial(layer, name)
    if isinstance(start, Unknown):
        return f"{name}_initializer" not in layer.config and len(set(stats.values)) > 1
    return any(value != start for value in stats.values)


def initial(layer: Layer, name: str) -> float | Unknown:
    """The one value with which an array of the layer started, as its configuration records it."""
    given = query.config(layer, f"{name}_initializer")
    constant = _CONSTANTS.get(given.rpartition(".")[2].lower()) if isinstance(given, str) else None
    return Unknown("not an initializer of one value") if constant is None else constant


def starts_elsewhere(layer: Layer, name: str) -> bool:
    """Whether the configuration of the layer names an initializer that need not start an array where Keras does."""
    return f"{name}_initializer" in layer.config and initial(layer, name) != START[name]


def smallest(layers: Iterable[Layer]) -> Smallest | None:
    """The smallest moving variance of these layers; None where no value is finite."""
    found = [Smallest(layer, layer.weights["moving_variance"].min) for layer in layers]
    return min((each for each in found if each.variance == each.variance), key=lambda each: each.variance, default=None)


def updates(layers: Iterable[Layer]) -> float | None:
    """The least number of updates that the statistics of these layers have seen; None where it cannot be told.

    After t updates momentum**t of the initial variance, 1, is left, and what was added is not negative: t >= ln(v) / ln(momentum).
    """
    bounds = []
    for layer in layers:
        momentum, variance = query.config(layer, "momentum"), layer.weights["moving_variance"].min
        if isinstance(momentum, float) and 0 < momentum < 1 and 0 < variance < 1:
            bounds.append(log(variance) / log(momentum))
    return max(bounds, default=None)


def are_fresh(layer: Layer, left: float) -> bool:
    """Whether the statistics have moved, and hold no less of the initial variance than what is `left` of it by now: none were loaded."""
    fresh = _is_known(layer) and not is_initial(layer) and not starts_elsewhere(layer, "moving_variance")
    return fresh and layer.weights["moving_variance"].min >= left * (1 - ROUNDING)


def share(values: Iterable[float], holds: Callable[[float], bool]) -> float:
    """Which part of the values something holds of; 0 of none."""
    told = [holds(value) for value in values]
    return sum(told) / len(told) if told else 0.0
