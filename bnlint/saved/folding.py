"""Whether a bias can be folded into the moving mean behind it: with y = x + b, y − m is x − (m − b)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bnlint.graph import query
from bnlint.graph.index import of_graph
from bnlint.graph.model import ABSENT, Call, Layer, ModelGraph, Project
from bnlint.keras_api.layers import layer_spec

PLAIN: Final = ("bias_regularizer", "bias_constraint", "activity_regularizer")
"""Arguments that make a bias more than a number that is added."""


INEXACT: Final = (
    "computes in another type than float32 or float64, or stands before a BatchNormalization that does: sums are not exact enough"
)


def batchnorm_behind(project: Project, graph: ModelGraph, layer: Layer) -> Layer | str:
    """The BatchNormalization into which the bias of a layer can be folded, or in words why it cannot be.

    The words go on from the name of the layer. What is not known speaks against it.
    """
    spec = layer_spec(layer.kind)
    if spec is None or "has_channel_bias" not in spec.traits or layer.family != "keras" or layer.subclass is not None:
        return f"is a {layer.kind}, whose bias is not known to be one number for each channel"
    if layer.activation is not None:
        return "applies an activation to the bias"
    extra = next((name for name in PLAIN if layer.config.get(name) is not None), None)
    if extra is not None:
        return f"has a `{extra}`"
    if not _is_exact(layer):
        return INEXACT
    calls = [call for call in graph.calls if call.layer is layer]
    if not calls:
        return "is not applied in a way that is known"
    outputs = of_graph(graph).outputs
    found: set[Layer] = set()
    for call in calls:
        users = [user for user, _ in of_graph(graph).users.get(id(call), ())]
        if id(call) in outputs or not users:
            return "has an output that is one of the model"
        for user in users:
            if not isinstance(user, Call) or user.layer.kind != "BatchNormalization":
                return "has an output that is used by another layer than a BatchNormalization, or not directly by one"
            found.add(user.layer)
    if len(found) > 1:
        return "is followed by more than one BatchNormalization"
    bn = found.pop()
    return _misfit(project, graph, layer, bn) or bn


def _misfit(project: Project, graph: ModelGraph, layer: Layer, bn: Layer) -> str | None:
    """Why the bias of a layer cannot be folded into the BatchNormalization behind it."""
    name = f"the BatchNormalization behind it, {bn.name!r},"
    if bn.subclass is not None or bn.family != "keras":
        return f"is followed by {bn.name!r}, which is a class of its own"
    if query.frozen(project, bn) is not False:
        return f"trains its bias: {name} is frozen, or not known not to be"
    if not _is_exact(bn):
        return INEXACT
    if bn.config.get("renorm") not in (None, False) or bn.config.get("mode") not in (None, 0):
        return f"cannot lose its bias: {name} renormalises"
    told = [event for event in query.events(project, "apply") if isinstance(event.target, ModelGraph) and query.contains(event.target, bn)]
    if any(event.args.get("training") not in (None, True) for event in told):
        return f"trains its bias: {name} stands in a model that is told `training=False`"
    for call in graph.calls:
        if call.layer is not bn:
            continue
        if not (call.training is ABSENT or call.training is None or call.training is True):
            return f"trains its bias: {name} is told `training=False`, or what is not known"
        if any(not isinstance(tensor, Call) or tensor.layer is not layer for tensor in call.inputs):
            return f"shares its BatchNormalization, {bn.name!r}, with another layer"
        if not _is_on_channels(project, layer, bn, call):
            return f"cannot lose its bias: {name} is not known to normalise the channels that the bias belongs to"
    return None


def _is_exact(layer: Layer) -> bool:
    """Whether a layer computes in numbers in which a sum is exact enough."""
    return layer.config.get("dtype") in (None, "float32", "float64")


def _is_on_channels(project: Project, layer: Layer, bn: Layer, call: Call) -> bool:
    axis, data_format = bn.config.get("axis"), layer.config.get("data_format")
    rank = len(call.inputs[0].shape) if call.inputs[0].shape is not None else None
    if not isinstance(axis, int) or (data_format is None and any(query.events(project, "data_format"))):
        return False
    if data_format == "channels_first":
        return axis == 1 or (rank is not None and axis == 1 - rank)
    return data_format in (None, "channels_last") and (axis == -1 or (rank is not None and axis == rank - 1))


# The same model twice


def paired(first: ModelGraph, second: ModelGraph) -> Mapping[Layer, Layer] | str:
    """For each layer of a model that of another which stands in its place, or in words why the two are not the same model."""
    if len(first.outputs) != len(second.outputs):
        return f"one has {len(first.outputs)} outputs, the other {len(second.outputs)}"
    found: dict[Layer, Layer] = {}
    seen: dict[int, int] = {}
    stack = list(zip(first.outputs, second.outputs, strict=True))
    while stack:
        one, other = stack.pop()
        if id(one) in seen or not isinstance(one, Call) or not isinstance(other, Call):
            if seen.get(id(one)) != id(other):
                return "the layers are not connected in the same way"
            continue
        seen[id(one)] = id(other)
        if one.layer.role == "input" or other.layer.role in ("input", "unknown"):
            if one.layer.role == "input" and other.layer.role in ("input", "unknown"):
                continue
            return f"where one has an input, the other has `{one.layer.kind if one.layer.role != 'input' else other.layer.kind}`"
        difference = _difference(one.layer, other.layer)
        if difference is not None or found.setdefault(one.layer, other.layer) is not other.layer:
            return difference or f"{one.layer.name!r} is applied more than once, and another layer stands in one of the places"
        inputs = [tensor for tensor in one.inputs if not (isinstance(tensor, Call) and tensor.layer.role == "input" and not other.inputs)]
        if len(inputs) != len(other.inputs):
            return f"{one.layer.name!r} and what stands in its place have not as many inputs"
        stack += zip(inputs, other.inputs, strict=True)
    return found


SAME: Final = ("filters", "units", "kernel_size", "strides", "scale", "center", "depth_multiplier")


def _difference(one: Layer, other: Layer) -> str | None:
    weighted = {"linear", "batchnorm"} & {one.role, other.role}
    if one.role != other.role or (weighted and one.kind != other.kind):
        return f"where one has `{one.kind}` ({one.name!r}), the other has `{other.kind}`"
    for name in SAME if weighted else ():
        own, its = one.config.get(name), other.config.get(name)
        if isinstance(own, int | bool | tuple) and isinstance(its, int | bool | tuple) and _plain(own) != _plain(its):
            return f"`{name}` of {one.name!r} is {own!r} in one and {its!r} in the other"
    return None


def _plain(value: int | tuple[object, ...]) -> object:
    """A size that may be given once for all axes."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value
