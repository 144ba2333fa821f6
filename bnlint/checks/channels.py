"""The axis that a BatchNormalization normalises, and the axis that holds the channels."""

from __future__ import annotations

from bnlint.graph import query, statistics
from bnlint.graph.model import Call, Layer, ModelGraph, Project, Shape
from bnlint.records import dataclass

CARRIERS = ("activation", "dropout", "batchnorm", "norm", "merge")
"""Roles that leave the channels where the layer before them put them."""

PERMUTATIONS = ("Permute", "moveaxis", "permute_dimensions", "swapaxes", "transpose")
"""Kinds that put the axes of a tensor in another order."""

CONVENTIONS = {"channels_first": "first", "channels_last": "last", "th": "first", "tf": "last"}
"""What the values of `image_data_format` mean, those of Keras 1 too."""

PLANES = (1, 3)
"""Channels of pictures, grey and in colour."""

HIGHEST_RANK = 8
"""No operation of TensorFlow broadcasts more dimensions than these."""


ORDINARY = ("default", "steps")
"""The cases in which the axis is there and known, but not that of the channels."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with one application: the case, what feeds it, and the index of the channel axis (None: unknown)."""

    case: str
    feeder: Call
    channels: int | None
    axis: int


def is_possible_axis(axis: int) -> bool:
    """Whether some tensor has this axis."""
    return -HIGHEST_RANK <= axis < HIGHEST_RANK


def axis_of(layer: Layer, under: query.Assumption = {}) -> object:  # noqa: B006 (never written to)
    """The `axis` of a BatchNormalization, the k of `[k]` where it is a list."""
    axis = query.config(layer, "axis", under)
    return axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis


def convention_of(project: Project, graph: ModelGraph) -> str:
    """Where layers without a data format of their own put the channels: "last" or "first".

    "" where that is not told: the program reads the global format, or feeds the model pictures as if it were channels_first.
    """
    formats = {event.args.get("value") for event in query.events(project, "data_format")}
    if not formats:
        return "" if any(_has_channels_first(call.shape) for call in query.calls_of(graph, "input")) else "last"
    return next((word for known, word in CONVENTIONS.items() if formats == {known}), "")


def _has_channels_first(shape: Shape) -> bool:
    """Whether this looks like the shape of pictures with their channels in front: (3, 224, 224)."""
    if shape is None or len(shape) < 4 or shape[1] not in PLANES:
        return False
    return all(isinstance(size, int) and size > max(PLANES) for size in shape[2:])


def follows_the_convention(call: Call) -> bool:
    """Whether a layer that put the channels of the input where they are has no data format of its own."""
    steps = query.producers(call, lambda c: "data_format" not in c.layer.config and c.layer.role in CARRIERS)
    layers = [step.call.layer for step in steps if step.call is not None]
    return any("data_format" in layer.config and layer.config["data_format"] is None for layer in layers)


def is_turned(call: Call) -> bool:
    """Whether the code itself swapped the steps and features of a sequence: which of the two are the channels is then its own choice."""
    steps = query.producers(call, CARRIERS)
    feeders = [step.call for step in steps if step.call is not None]
    return any(feeder.layer.kind in PERMUTATIONS and feeder.shape is not None and len(feeder.shape) == 3 for feeder in feeders)


def is_on_channels(project: Project, layer: Layer, step: query.Step) -> bool:
    """Whether the BatchNormalization to which a step leads normalises the channels that a weighted layer puts out."""
    bn = step.call
    axis = axis_of(bn.layer.inner or bn.layer, step.under) if bn is not None else None
    if bn is None or not isinstance(axis, int):
        return False
    if any(via.layer.kind == "Flatten" for via in step.via):
        return axis in (-1, 1)
    axis += 1 if bn.layer.inner is not None and axis > 0 else 0
    channels, shape = bn.inputs[0].channels, bn.inputs[0].shape
    if channels is not None and (shape is not None or axis >= 0):
        return (axis % len(shape) if shape else axis) == channels
    stated = query.config(layer, "data_format", step.under) if "data_format" in layer.config else "channels_last"
    default = stated is None and not any(query.events(project, "data_format"))
    return axis == -1 and (default or stated == "channels_last")


def verdict_on(call: Call, convention: str) -> Verdict | None:
    """What is wrong with the axis of one application, where all alternatives of its input agree on that; None if nothing certainly is."""
    found = []
    follows, turned = follows_the_convention(call), is_turned(call)
    for step in query.producers(call):
        axis = query.config(call.layer, "axis", step.under)
        if step.call is None or type(axis) is not int:
            return None
        compared = _compare(axis, step.call, convention if follows else None)
        found.append((None if compared and compared.case in ORDINARY and turned else compared) or _measure(axis, step.call, call.layer))
    same = {verdict and (verdict.case, verdict.channels) for verdict in found}
    return found[0] if len(same) == 1 else None


def _measure(axis: int, feeder: Call, layer: Layer) -> Verdict | None:
    """Whether the arrays that a saved model holds for the layer are as long as its axis."""
    held = statistics.channels(layer)
    if held is None or feeder.shape is None or not -len(feeder.shape) <= axis < len(feeder.shape):
        return None
    size = feeder.shape[axis]
    return Verdict("length", feeder, None, axis) if type(size) is int and size != held else None


def _is_open(feeder: Call) -> bool:
    """Whether None stands in the shape of an input for good: a name in it may be a parameter that every caller sets."""
    if feeder.layer.role != "input":
        return True
    arguments = feeder.layer.arguments
    written = [arguments.keyword("shape"), arguments.keyword("batch_shape"), *arguments.positional[:1]]
    return all(item is None or item.literal for item in written)


def _compare(axis: int, feeder: Call, convention: str | None) -> Verdict | None:
    """`convention` is None where the feeder's own format decides."""
    if feeder.shape is None or len(feeder.shape) < 2:
        return Verdict("batch", feeder, None, axis) if axis == 0 else None
    rank = len(feeder.shape)
    at = axis % rank
    channels = feeder.channels if convention is None else {"last": rank - 1, "first": 1}.get(convention)
    if feeder.layer.role == "input":
        channels = None
    if not -rank <= axis < rank:
        case = "range"
    elif at == 0:
        case = "batch"
    elif convention == "":
        case = "" if rank == 3 or at == rank - 1 else "format" if at == 1 else "neither"
    elif channels == at:
        case = ""
    elif feeder.shape[at] is None:
        case = "open" if _is_open(feeder) else ""
    elif channels is None:
        case = ""
    else:
        case = "steps" if rank == 3 and at == 1 else "default"
    return Verdict(case, feeder, channels, axis) if case else None
