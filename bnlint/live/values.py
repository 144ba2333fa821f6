"""What a configuration holds, in the terms of JSON and of Keras's own serialization."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

Json = Any
"""None, bool, int, float, str, and lists and dicts of these."""

BOUNDS = dict.fromkeys(("start", "stop", "step")).keys()

DEPTH = 32
"""Levels of nesting that are followed."""


def family(cls: type) -> str:
    """The package that a class comes from: "keras" or "tf_keras" for a class of Keras itself."""
    return cls.__module__.partition(".")[0]


def is_keras(cls: type) -> bool:
    return family(cls) in ("keras", "tf_keras")


def ancestor(cls: type, *names: str) -> type | None:
    """The nearest class of Keras itself, with one of these names if any are given, that a class is or derives from."""
    return next((base for base in cls.__mro__ if is_keras(base) and (not names or base.__name__ in names)), None)


def label(cls: type) -> dict[str, Json]:
    """What Keras writes of a class: the module where users find it, for a class of Keras itself."""
    module = cls.__module__
    if is_keras(cls) and ".layers." in module:
        module = f"{family(cls)}.layers"
    return {"module": module, "class_name": cls.__name__, "registered_name": None if is_keras(cls) else cls.__name__}


def plain(value: Any, tensor: Callable[[Any], Json] | None = None, depth: int = 0) -> Json:
    """A value in JSON's terms: Keras's objects by their `get_config`, tensors of the model as `tensor` says, of others the name alone."""
    if value is None or isinstance(value, bool | str):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if hasattr(value, "_keras_history") and tensor is not None:
        return tensor(value)
    if depth > DEPTH:
        return {"class_name": "__deep__", "config": {}}
    if isinstance(value, slice):
        value = {name: getattr(value, name) for name in BOUNDS}
    if isinstance(value, Mapping) and value.keys() == BOUNDS:  # as tf_keras keeps a slice
        return {"class_name": "__slice__", "config": {name: plain(value[name], tensor, depth + 1) for name in BOUNDS}}
    if isinstance(value, Mapping):
        return {str(key): plain(each, tensor, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each, tensor, depth + 1) for each in value]
    if hasattr(value, "tolist") and hasattr(value, "ndim"):
        return plain(value.item(), tensor, depth + 1) if value.ndim == 0 else {"class_name": "__numpy__", "config": {}}
    if type(value).__name__ == "TensorShape":
        return shape_of(value)
    if type(value).__name__ == "DType":
        return str(getattr(value, "name", ""))
    if isinstance(value, type) or not hasattr(type(value), "get_config"):
        return {"module": "builtins", "class_name": "function", "config": getattr(value, "__name__", None), "registered_name": None}
    return {**label(type(value)), "config": plain(config_of(value, type(value)), tensor, depth + 1)}


def config_of(thing: object, cls: Any) -> dict[str, Any] | None:
    """What the `get_config` of this class says of an object; None where it refuses."""
    try:
        config = cls.get_config(thing)
    except Exception:  # it may be anybody's code; most that refuse raise NotImplementedError
        return None
    return config if isinstance(config, dict) else None


def shape_of(value: Any) -> list[int | None] | None:
    """The sizes of a shape, None for those that are open; None where not even the rank is known."""
    try:
        return [None if size is None else int(size) for size in (value.as_list() if hasattr(value, "as_list") else value)]
    except (TypeError, ValueError):
        return None


def children(layer: Any) -> list[Any]:
    """The layers that a layer or model holds directly."""
    flatten = getattr(layer, "_flatten_layers", None)
    return list(flatten(include_self=False, recursive=False)) if flatten is not None else []
