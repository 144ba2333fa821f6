"""The BatchNormalization layers of a model: configuration, statistics, and what folding them into a neighbour would do."""

from __future__ import annotations

import sys
from array import array
from base64 import b64encode
from collections.abc import Sequence
from math import isfinite, log10, nan

from bnlint.graph import query
from bnlint.graph.model import Call, Layer, ModelGraph, WeightStats
from bnlint.page import words
from bnlint.page.nodes import Node

BINS = 32
"""Columns of a sparkline."""

LOWEST, HIGHEST = -10.0, 6.0
"""Decades between which variances are told apart in a sparkline."""


def norms(nodes: Sequence[Node]) -> dict[Layer, list[int]]:
    """Each BatchNormalization, with the positions of the nodes that apply it."""
    found: dict[Layer, list[int]] = {}
    for position, node in enumerate(nodes):
        if node.norm is not None:
            found.setdefault(node.norm, []).append(position)
    return found


def channels(layer: Layer, call: Call) -> int | None:
    """How many channels it normalises, where that is known."""
    for stats in layer.weights.values():
        return stats.shape[0] if len(stats.shape) == 1 else None
    axis = _axis(layer)
    if call.shape is None or not isinstance(axis, int) or not -len(call.shape) <= axis < len(call.shape):
        return None
    size = call.shape[axis]
    return size if isinstance(size, int) else None


def _axis(layer: Layer) -> object:
    """The axis that it normalises; a list of one stands for that one."""
    axis = layer.config.get("axis", -1)
    return axis[0] if isinstance(axis, tuple | list) and len(axis) == 1 else axis


def epsilon(layer: Layer) -> float:
    """The epsilon that its statistics are read with; nan where it is not known."""
    given = layer.config.get("epsilon")
    return float(given) if isinstance(given, int | float) and not isinstance(given, bool) else nan


def encoded(stats: WeightStats) -> str:
    """The values as little-endian float32 in base64: what a plot needs, in a third of the room that digits take."""
    values = array("f", stats.values)
    if sys.byteorder == "big":
        values.byteswap()
    return b64encode(values.tobytes()).decode("ascii")


# Sparklines


def scale(layers: Sequence[Layer]) -> tuple[float, float]:
    """The decades that the variances of a model span: one scale for all its sparklines, so that layers can be compared."""
    found = [_decade(value) for layer in layers for value in _variances(layer) if value > 0 and isfinite(value)]
    low, high = min(found, default=0.0), max(found, default=0.0)
    return (low, high) if high - low >= 1 else ((low + high - 1) / 2, (low + high + 1) / 2)


def sparkline(layer: Layer, decades: tuple[float, float]) -> list[int]:
    """How many channels have a variance in each bin of the scale; what is no positive number is not counted."""
    low, high = decades
    bins = [0] * BINS
    for value in _variances(layer):
        if value > 0 and isfinite(value):
            bins[min(BINS - 1, int((_decade(value) - low) / (high - low) * BINS))] += 1
    return bins if any(bins) else []


def _variances(layer: Layer) -> Sequence[float]:
    stats = layer.weights.get("moving_variance")
    return stats.values if stats is not None else ()


def _decade(value: float) -> float:
    return min(max(log10(value), LOWEST), HIGHEST)


# Folding


def folding(graph: ModelGraph, node: Node) -> str:
    """What folding the layer into the one before it would do; empty where what feeds it is not known."""
    call = node.tensor
    if not isinstance(call, Call) or node.norm is None:
        return ""
    if call.training is True:
        return "It is called with `training=True` and always normalises by its batch: it cannot be folded."
    if not isinstance(_axis(node.norm), int):
        return ""
    before = query.producers(call)
    fed = before[0].call if len(before) == 1 else None
    if fed is None or fed.layer.role == "unknown":
        return ""
    what = _called(fed)
    if fed.layer.role != "linear":
        return f"{what} feeds it, which has no kernel to fold it into: at inference it stays a scale and an offset of its own."
    if fed.layer.activation not in (None, "linear"):
        return f"{what} applies an activation of its own before it, so it cannot be folded into that kernel."
    if len(query.consumers(graph, fed)) != 1 or query.is_output(graph, fed):
        return f"The output of {what} is used elsewhere too: folding would change that."
    bias = "the bias becomes s · (bias − mean) + β" if fed.layer.config.get("use_bias") is not False else "its bias becomes β − s · mean"
    return f"Folded into {what}, for inference: each channel of the kernel is multiplied by s = γ / √(variance + ε), and {bias}."


def _called(call: Call) -> str:
    name = words.name(call.layer, call.origin)
    return f"`{words.shown(call.layer.kind, 60)}`" + (f" `{name}`" if name else "")
