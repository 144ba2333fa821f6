"""One layer of a config: its kind, its role and its arguments, by the tables of keras_api. Classes that are not Keras's stay opaque."""

from __future__ import annotations

from bnlint.graph.model import Layer, Origin, Unknown
from bnlint.keras_api.activations import activation_of
from bnlint.keras_api.layers import WRAPPERS, canonical_kind, configure, layer_spec
from bnlint.saved import fields
from bnlint.saved.fields import Table
from bnlint.saved.places import Path

MODELS = frozenset({"Container", "Functional", "Graph", "Model", "Network", "Sequential"})
"""Classes of Keras, of all times, whose config lists layers."""

INPUT = "InputLayer"
LAYERS = "keras.layers"


def class_name(data: Table, where: str) -> str:
    return fields.text(data.get("class_name"), f"the class of {where}")


def kind_of(data: Table) -> str | None:
    """The canonical kind of a layer of Keras; None for a class that is not Keras's, or that is not known."""
    name, module = data.get("class_name"), data.get("module")
    if not isinstance(name, str) or ">" in name:
        return None
    if isinstance(module, str):
        name = name if module == LAYERS else _inside(module, name)
    elif "module" in data:
        return None
    return canonical_kind(name) if layer_spec(name) is not None else None


def _is_keras_own(data: Table) -> bool:
    """Whether a class that no table knows stands in Keras itself: what keras.applications make for themselves."""
    module = data.get("module")
    return isinstance(module, str) and module.startswith(("keras.src.", "tf_keras.src."))


def _inside(module: str, name: str) -> str:
    """The kind of a class that stands in an inner module of Keras; "" for what is no layer of it."""
    from bnlint.keras_api.names import canonical

    dotted = canonical(f"{module}.{name}") or ""
    return dotted.removeprefix(f"{LAYERS}.") if dotted.startswith(f"{LAYERS}.") else ""


def is_model(data: Table) -> bool:
    """Whether an entry is a model, a user's subclass too where its config lists its layers."""
    config = data.get("config")
    if isinstance(config, list):
        return data.get("class_name") == "Sequential"
    if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
        return False
    return "output_layers" in config or fields.optional_text(data.get("class_name")) in MODELS


def make_layer(data: Table, name: str, path: Path, frozen: bool) -> Layer:
    """A layer, as the source front end makes it of a constructor call. `frozen`: a model around it is.

    No file has a `subclass`: it comes with a model in memory, of which it is known what its classes derive from.
    """
    kind, given = kind_of(data), data.get("config")
    given = given if isinstance(given, dict) else {}
    origin = Origin(key=path.key)
    if kind is None:
        own = fields.optional_text(data.get("class_name")) or "unknown"
        role, family = ("other", "keras") if _is_keras_own(data) else ("unknown", "user")
        return Layer(own, role, name=name, trainable=trainable(given, frozen), family=family, origin=origin)
    if kind == INPUT:
        return Layer("Input", "input", name=name, config=plain_all(given), is_function=True, origin=origin)
    spec = layer_spec(kind)
    assert spec is not None
    config = configure(kind, (), plain_all(given))
    if spec.role == "batchnorm":
        config["axis"] = _single(config.get("axis"))
    inner = _inner(given.get("layer"), path, frozen) if kind in WRAPPERS else None
    if kind in WRAPPERS:
        config["layer"] = inner if inner is not None else Unknown("what it wraps")
    role = spec.role
    if kind == "TimeDistributed":
        role = inner.role if inner is not None else "other"
    activation = inner.activation if inner is not None and kind == "TimeDistributed" else activation_of(kind, role, config)
    return Layer(
        kind,
        role,
        name,
        config,
        activation=activation,
        trainable=trainable(given, frozen),
        inner=inner,
        subclass=fields.optional_text(data.get("subclass")),
        origin=origin,
    )


def _inner(data: object, path: Path, frozen: bool) -> Layer | None:
    """What a wrapper wraps, if that is a layer."""
    if not isinstance(data, dict) or is_model(data) or not isinstance(data.get("class_name"), str):
        return None
    config = data.get("config")
    name = fields.optional_text(config.get("name")) if isinstance(config, dict) else None
    return make_layer(data, name or "layer", path.inner(name or "layer", "layer"), frozen)


def trainable(config: Table, frozen: bool) -> object:
    """What a layer's own flag says; it is not known what a layer does that is thawed inside a model that is frozen."""
    own = config.get("trainable", True)
    if own in (False, 0):
        return False
    return Unknown("the model around it is frozen") if frozen else True


def _single(axis: object) -> object:
    """Keras 2 keeps the axis in a list."""
    return axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis


# Values

BITS = 64
"""The longest number that a config holds."""


def plain_all(config: Table) -> dict[str, object]:
    return {name: plain(value) for name, value in config.items() if name != "layer"}


def plain(value: object) -> object:
    """A value as the source front end has it: lists as tuples, an object as the dotted name of its class, a function as its own."""
    if value is None or isinstance(value, str | bool | float):
        return value
    if isinstance(value, list):
        return tuple(plain(item) for item in value)
    if not isinstance(value, dict):
        huge = isinstance(value, int) and value.bit_length() > BITS
        return Unknown("a number too large to be one of Keras") if huge else value
    name, config = value.get("class_name"), value.get("config")
    if not isinstance(name, str):
        return Unknown("a value that is not plain")
    if name.endswith("Policy") and isinstance(config, dict):
        return config["name"] if isinstance(config.get("name"), str) else Unknown("a policy that is not known")
    if name == "function":
        return config if isinstance(config, str) else Unknown("a function that is not known")
    if name.startswith("__"):
        return Unknown("a lambda" if name == "__lambda__" else f"a {name.strip('_')}")
    module = value.get("module")
    return f"{module}.{name}" if isinstance(module, str) else name
