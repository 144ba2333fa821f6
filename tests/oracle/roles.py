"""The role of what Keras built, by the names in roles.json: written apart from the program, so that the two can disagree."""

import json
import re
from pathlib import Path
from typing import Any

_DATA = json.loads((Path(__file__).parent / "roles.json").read_text(encoding="utf-8"))
LAYERS: dict[str, str] = _DATA["layers"]
FUNCTIONS: dict[str, str] = _DATA["functions"]
ALIASES: dict[str, str] = _DATA["activation_alias"]

Neighbour = tuple[str, str | None]
"""A role, and the activation that goes with it."""

KERAS = frozenset({"keras", "tf_keras", "tensorflow"})
"""Packages that define the classes of Keras."""

LOOKED_THROUGH = frozenset({"cast", "identity", "stop_gradient", "convert_to_tensor", "ensure_shape"})
NO_TENSOR = frozenset({"shape", "size", "rank", "ndim"})

_APPLIED_BY_LAYER = {
    "ELU": "elu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ReLU": "relu",
    "Softmax": "softmax",
    "ThresholdedReLU": "thresholded_relu",
}


def describe(operation: Any, tensors: int) -> Neighbour:
    """What an operation with so many input tensors is to its neighbours."""
    inner = getattr(operation, "layer", None)
    if type(operation).__name__ == "TimeDistributed" and inner is not None:
        return describe(inner, tensors)
    kind = kind_of(operation)
    if not is_layer(operation):
        function = function_name(operation)
        role = FUNCTIONS.get(function, "other")
        if role == "merge" and tensors < 2:
            role = "other"
        return role, ALIASES.get(function, function) if role == "activation" else None
    role = LAYERS[kind] if kind else "other"
    if role == "activation":
        return role, _APPLIED_BY_LAYER.get(kind) or _applied(operation) or "linear"
    return role, _applied(operation) if role == "linear" else None


def kind_of(operation: Any) -> str | None:
    """The class of Keras that it is, or that it derives from. (One of the user's own may have the name of another.)"""
    bases = (base for base in type(operation).__mro__ if base.__module__.partition(".")[0] in KERAS)
    return next((base.__name__ for base in bases if base.__name__ in LAYERS), None)


def is_layer(operation: Any) -> bool:
    """Whether it is a layer as the user knows it, not a function that Keras dressed up as one."""
    names = {base.__name__ for base in type(operation).__mro__}
    return "Layer" in names and not names & {"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"}


def function_name(operation: Any) -> str:
    """`get_item` for the operation GetItem of Keras 3, `add` for the layer that wraps tf.__operators__.add in Keras 2."""
    symbol = getattr(operation, "symbol", None)
    if isinstance(symbol, str):
        return symbol.rpartition(".")[2]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(operation).__name__).lower()


def _applied(operation: Any) -> str | None:
    function = getattr(operation, "activation", None)
    name = getattr(function, "__name__", None) or _APPLIED_BY_LAYER.get(type(function).__name__)
    return None if name in (None, "linear") else ALIASES.get(name, name)
