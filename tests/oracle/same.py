"""Whether two graphs are the same model, up to where they come from and what their nodes are called."""

from collections.abc import Mapping
from typing import Any

from bnlint.graph.model import ABSENT, Call, Choice, Layer, ModelGraph, Shape, Unknown

SETTINGS = (
    *("units", "filters", "kernel_size", "strides", "padding", "use_bias", "rate", "axis"),
    *("momentum", "epsilon", "center", "scale", "renorm", "synchronized"),
)
"""Arguments whose values are compared where both graphs have them."""


def unlike(one: ModelGraph, other: ModelGraph) -> str | None:
    """The first place where the two differ, by what leads to their outputs; None where they are the same."""
    if len(one.outputs) != len(other.outputs):
        return f"{len(one.outputs)} outputs and {len(other.outputs)}"
    stack: list[tuple[Any, Any]] = list(zip(one.outputs, other.outputs, strict=True))
    twins: dict[int, Call] = {}
    layers: dict[int, Layer] = {}
    while stack:
        first, second = stack.pop()
        if not isinstance(first, Call) or not isinstance(second, Call):
            return "a join"
        if id(first) in twins:
            if twins[id(first)] is not second:
                return f"{_said(first)} is both {_said(second)} and {_said(twins[id(first)])}"
            continue
        twins[id(first)] = second
        different = _difference(first.layer, second.layer, len(first.shape or ())) or _mode(first, second) or _shapes(first, second)
        if different is not None:
            return f"{_said(first)} and {_said(second)}: {different}"
        functions = first.layer.is_function or second.layer.is_function
        if not functions and layers.setdefault(id(first.layer), second.layer) is not second.layer:
            return f"{_said(first)} is shared in one of them"
        if len(first.inputs) != len(second.inputs):
            return f"{_said(first)} has {len(first.inputs)} inputs and {len(second.inputs)}"
        stack += zip(first.inputs, second.inputs, strict=True)
    if len(set(map(id, twins.values()))) != len(twins) or len(set(map(id, layers.values()))) != len(layers):
        return "what is one in the first is two in the second"
    return None


def _difference(one: Layer, other: Layer, rank: int) -> str | None:
    known = [(_kind(one), _kind(other)), (one.role, other.role), (one.activation, other.activation), (one.trainable, other.trainable)]
    known += [
        (_plain(name, one.config[name], rank), _plain(name, other.config[name], rank))
        for name in SETTINGS
        if name in one.config and name in other.config
    ]
    for first, second in known:
        if not isinstance(first, Unknown | Choice) and not isinstance(second, Unknown | Choice) and first != second:
            return f"{first!r} and {second!r}"
    if one.inner is None or other.inner is None:
        return None if one.inner is other.inner else "something inside, and nothing"
    return _difference(one.inner, other.inner, rank - (one.kind == "TimeDistributed"))


def _kind(layer: Layer) -> str:
    """The kind; `add(…)` leaves an Add in the model."""
    kind = "silu" if layer.kind == "swish" else layer.kind
    return kind.lower() if layer.role == "merge" else kind


def _plain(name: str, value: object, rank: int) -> object:
    """A setting in one of the ways to write it: `(3, 3)` for 3, the axis counted from the front."""
    if name == "axis":
        axes = value if isinstance(value, tuple) else (value,)
        return tuple(axis + rank if isinstance(axis, int) and axis < 0 else axis for axis in axes)
    if isinstance(value, tuple) and len(set(value)) == 1:
        return value[0]
    return Unknown("the size of the pool") if value is None and name == "strides" else value


def _mode(one: Call, other: Call) -> str | None:
    modes = [None if isinstance(call.training, Unknown) else call.training for call in (one, other)]
    unsaid = one.layer.role != "batchnorm" and {*modes} == {False, ABSENT}  # Keras 3 writes the default of `call` down
    return None if None in modes or unsaid or modes[0] is modes[1] else f"training {modes[0]} and {modes[1]}"


def _shapes(one: Call, other: Call) -> str | None:
    if one.shape is None or other.shape is None:
        return None
    agree = len(one.shape) == len(other.shape) and all(
        isinstance(first, Unknown) or isinstance(second, Unknown) or first == second
        for first, second in zip(one.shape, other.shape, strict=True)
    )
    return None if agree else f"shape {_shown(one.shape)} and {_shown(other.shape)}"


def _shown(shape: Shape) -> str:
    return str(tuple("?" if isinstance(size, Unknown) else size for size in shape or ()))


def _said(call: Call) -> str:
    return f"{call.layer.kind} {call.layer.name if isinstance(call.layer.name, str) else ''}".strip()


def form(graph: ModelGraph) -> list[object]:
    """Everything that a graph says, but for the file that it was read from: what is equal for two that were read alike."""
    numbers = {id(call): number for number, call in enumerate(graph.calls)}
    layers: dict[int, int] = {}
    said: list[object] = [graph.name, graph.kind, [numbers[id(tensor)] for tensor in graph.outputs], len(graph.parts)]
    said += [(event.kind, _said_of(event.args)) for event in graph.events]
    for call in graph.calls:
        who = layers.setdefault(id(call.layer), len(layers)) if not call.layer.is_function else None
        inputs = [numbers[id(tensor)] for tensor in call.inputs]
        said.append((who, _layer(call.layer), inputs, _said_of(call.training), _said_of(call.shape), call.channels))
    return said


def _layer(layer: Layer | None) -> object:
    if layer is None:
        return None
    config = {name: value for name, value in layer.config.items() if name != "layer"}
    settings = (layer.name, layer.activation, layer.trainable, config)
    return layer.kind, layer.role, layer.subclass, layer.origin.key, _said_of(settings), _layer(layer.inner)


def _said_of(value: object) -> object:
    """A value that can be compared: an unknown one by its reason."""
    if isinstance(value, Unknown):
        return f"unknown: {value.reason}"
    if isinstance(value, Mapping):
        return {key: _said_of(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_said_of(each) for each in value]
    return value


def arrays(graph: ModelGraph) -> Mapping[str, Mapping[str, tuple[float, ...]]]:
    """The weights of the BatchNormalization layers by the way that leads to them."""
    found = {}
    for call in graph.calls:
        layer = call.layer.inner or call.layer
        if layer.weights and layer.origin.key is not None:
            found[layer.origin.key] = {name: tuple(stats.values) for name, stats in layer.weights.items()}
    return found
