"""The arrays of the BatchNormalization layers of a model in memory."""

from __future__ import annotations

from array import array
from typing import Any

from bnlint.live.values import ancestor, children

Names = tuple[str, ...]
"""The names of the models and layers that enclose a layer, outermost first, and its own."""

Arrays = dict[str, tuple[str, "array[float]"]]
"""The variables of one layer: dtype and values."""

BATCHNORMS = ("BatchNormalization", "BatchNormalizationBase", "SyncBatchNormalization")
VARIABLES = ("gamma", "beta", "moving_mean", "moving_variance", "renorm_mean", "renorm_stddev")


def arrays(model: Any) -> list[tuple[Names, Arrays]]:
    """The arrays of each BatchNormalization that is built, by the names that lead to it. Where two layers have the same names, of none."""
    found: dict[Names, Any] = {}
    stack: list[tuple[Any, Names, frozenset[int]]] = [(model, (), frozenset())]
    while stack:
        layer, names, above = stack.pop()
        if ancestor(type(layer), *BATCHNORMS) and found.setdefault(names, layer) is not layer:
            found[names] = None
        if id(layer) not in above:
            stack += [(child, (*names, child.name), above | {id(layer)}) for child in reversed(children(layer))]
    return [(names, held) for names, layer in found.items() if layer is not None and (held := _variables(layer))]


def _variables(layer: Any) -> Arrays:
    """The variables of a BatchNormalization; none where they have no values (in a graph of TensorFlow 1)."""
    found = {name: variable for name in VARIABLES if (variable := vars(layer).get(name)) is not None}
    try:
        return {name: _numbers(variable.numpy()) for name, variable in found.items()}
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return {}


def _numbers(values: Any) -> tuple[str, array[float]]:
    numbers = array("d")
    numbers.frombytes(values.astype("float64").tobytes())
    return str(values.dtype), numbers
