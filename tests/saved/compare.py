"""Whether two graphs are one model: read from source, from a file, or as Keras has it in memory."""

from __future__ import annotations

from typing import Any

from bnlint.graph.model import Call, Layer, ModelGraph, Tensor
from tests.oracle.generated_compare import difference
from tests.oracle.roles import is_layer
from tests.oracle.truth import Node, outputs_of

BATCHNORM = ("momentum", "epsilon", "center", "scale")


def from_keras(graph: ModelGraph, model: Any) -> str | None:
    """Where the graph of a file differs from the model in memory: nodes, edges in order, names, and all that BatchNormalization is told."""
    return difference(graph, outputs_of(model), {}, unlike)


def unlike(said: Call, true: Node) -> str | None:
    """In what a layer of a file differs from the real one."""
    layer, real = said.layer, true.layer
    if not is_layer(real):
        return None
    while layer.inner is not None:
        if layer.name != real.name:
            return f"{layer.name} is called {real.name}"
        layer, real = layer.inner, getattr(real, "layer", None) or real.forward_layer
    if layer.name != real.name and said.layer is layer:
        return f"{layer.name} is called {real.name}"
    return _batchnorm(layer, real) if layer.role == "batchnorm" else None


def _batchnorm(layer: Layer, real: Any) -> str | None:
    for name in BATCHNORM:
        if layer.config[name] != getattr(real, name):
            return f"{name} of {layer.name} is {getattr(real, name)}, not {layer.config[name]}"
    axis = real.axis[0] if isinstance(real.axis, list | tuple) else real.axis
    if layer.config["axis"] != axis:
        return f"the axis of {layer.name} is {axis}, not {layer.config['axis']}"
    return None if layer.trainable is real.trainable else f"{layer.name} is trainable: {real.trainable}, not {layer.trainable}"


def between(one: ModelGraph, other: ModelGraph) -> str | None:
    """Where two graphs that bnlint made differ, up to origins, names, and what one of them leaves open; None if nowhere."""
    if len(one.outputs) != len(other.outputs):
        return f"{len(one.outputs)} outputs and {len(other.outputs)}"
    stack: list[tuple[Tensor, Tensor]] = list(zip(one.outputs, other.outputs, strict=True))
    twins: dict[int, Tensor] = {}
    layers: dict[int, Layer] = {}
    while stack:
        first, second = stack.pop()
        if id(first) in twins:
            if twins[id(first)] is not second:
                return f"{_said(first)} has two twins"
            continue
        twins[id(first)] = second
        different = _different(first, second)
        if different is not None:
            return different
        assert isinstance(first, Call)
        assert isinstance(second, Call)
        if not first.layer.is_function and layers.setdefault(id(first.layer), second.layer) is not second.layer:
            return f"{_said(first)} is shared in one of them"
        stack += zip(first.inputs, second.inputs, strict=True)
    return None if len(one.calls) == len(other.calls) == len(twins) else f"{len(one.calls)} calls and {len(other.calls)}"


def _different(first: Tensor, second: Tensor) -> str | None:
    if not isinstance(first, Call) or not isinstance(second, Call):
        return f"{_said(first)} is a join in one of them"
    what = _facts(first), _facts(second)
    if what[0] != what[1]:
        return f"{what[0]} and {what[1]}"
    if len(first.inputs) != len(second.inputs):
        return f"{_said(first)} has {len(first.inputs)} inputs and {len(second.inputs)}"
    if first.shape is not None and second.shape is not None:
        known = [pair for pair in zip(first.shape, second.shape, strict=False) if all(isinstance(size, int) for size in pair)]
        if len(first.shape) != len(second.shape) or any(a != b for a, b in known):
            return f"{_said(first)} has the shapes {first.shape} and {second.shape}"
    if None not in (_axis(first), _axis(second)) and _axis(first) != _axis(second):
        return f"{_said(first)} has the axes {_axis(first)} and {_axis(second)}"
    return f"{_said(first)}: its channels" if None not in (first.channels, second.channels) and first.channels != second.channels else None


def _facts(call: Call) -> tuple[object, ...]:
    layer = call.layer
    mode = call.training if layer.role == "batchnorm" else None
    settings = tuple(layer.config.get(name) for name in BATCHNORM) if layer.role == "batchnorm" else ()
    kind = layer.kind if not layer.is_function and layer.role not in ("merge", "activation") else ""
    return kind, layer.role, layer.activation, mode, settings


def _axis(call: Call) -> int | None:
    """The axis of a BatchNormalization, counted from the front, where its rank is known."""
    axis, shape = call.layer.config.get("axis"), call.inputs[0].shape if call.inputs else None
    return axis % len(shape) if call.layer.role == "batchnorm" and call.layer.inner is None and isinstance(axis, int) and shape else None


def _said(tensor: Tensor) -> str:
    return f"{tensor.layer.kind} {tensor.layer.name or tensor.layer.origin.span}" if isinstance(tensor, Call) else "a join"
