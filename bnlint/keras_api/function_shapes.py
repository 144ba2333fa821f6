"""The shapes that leave functions on tensors, and merging layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bnlint.graph.model import Dimension
from bnlint.keras_api.sizes import OPEN, UNSIZED, Config, Sized, axes_of, axis_of, channel_axis, compute, size, sizes

Rule = Callable[[Config, Sequence[Sized]], Sized]


def _common(inputs: Sequence[Sized]) -> tuple[int | None, int | None]:
    """The rank and the channel axis on which all inputs agree that have one."""
    ranks = {len(shape) for shape, _ in inputs if shape is not None}
    axes = {channels for shape, channels in inputs if channels is not None}
    return (ranks.pop() if len(ranks) == 1 else None), (axes.pop() if len(axes) == 1 else None)


def _same(items: Sequence[Dimension]) -> Dimension:
    """One size of tensors that are broadcast against each other."""
    known = [item for item in items if item != 1] or list(items)
    return known[0] if all(item is known[0] or (isinstance(item, int) and item == known[0]) for item in known) else OPEN


def broadcast(config: Config, inputs: Sequence[Sized]) -> Sized:
    """Element by element."""
    rank, channels = _common(inputs)
    if rank is None:
        return UNSIZED
    shapes = [shape if shape is not None else (OPEN,) * rank for shape, _ in inputs]
    return tuple(_same(items) for items in zip(*shapes, strict=True)), channels


def join(config: Config, inputs: Sequence[Sized]) -> Sized:
    """Concatenation along `axis`."""
    rank, channels = _common(inputs)
    if rank is None:
        return UNSIZED
    axis = axis_of(config.get("axis", -1), rank)
    shapes = [shape if shape is not None else (OPEN,) * rank for shape, _ in inputs]
    if axis is None:
        return (OPEN,) * rank, channels
    joined = [_same(items) for items in zip(*shapes, strict=True)]
    joined[axis] = compute(lambda *items: sum(items), *(shape[axis] for shape in shapes))
    return tuple(joined), channels


def _reshape(config: Config, inputs: Sequence[Sized]) -> Sized:
    """tf.reshape: the target counts the batch."""
    target = config.get("shape", config.get("newshape"))
    if not isinstance(target, (tuple, list)):
        return UNSIZED
    return tuple(size(item) for item in target), 1 if len(target) == 2 else None


def _transpose(config: Config, inputs: Sequence[Sized]) -> Sized:
    order = next((config[name] for name in ("perm", "axes", "pattern") if name in config), None)
    shape, channels = inputs[0] if inputs else UNSIZED
    if not isinstance(order, (tuple, list)):
        return UNSIZED
    axes = axes_of(order, len(order))
    if axes is None or sorted(axes) != list(range(len(order))) or shape is None or len(shape) != len(axes):
        return (OPEN,) * len(order), None
    return tuple(shape[axis] for axis in axes), axes.index(channels) if channels is not None else None


def _reduce(config: Config, inputs: Sequence[Sized]) -> Sized:
    """reduce_mean and its kin."""
    shape, channels = inputs[0] if inputs else UNSIZED
    keep = config.get("keepdims", config.get("keep_dims", False))
    axes = axes_of(config.get("axis", config.get("reduction_indices")), len(shape)) if shape else None
    if shape is None or axes is None or keep not in (True, False, None):
        return UNSIZED
    if keep is True:
        return tuple(1 if index in axes else item for index, item in enumerate(shape)), channels
    left = tuple(item for index, item in enumerate(shape) if index not in axes)
    return left, None if channels is None or channels in axes else channels - sum(axis < channels for axis in axes)


def _expand(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape, channels = inputs[0] if inputs else UNSIZED
    axis = axis_of(config.get("axis", -1), len(shape) + 1) if shape is not None else None
    if shape is None or axis is None:
        return UNSIZED
    return (*shape[:axis], 1, *shape[axis:]), None if channels is None else channels + (axis <= channels)


def _squeeze(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape = inputs[0][0] if inputs else None
    return _reduce({"axis": config.get("axis")}, inputs) if shape is not None and config.get("axis") is not None else UNSIZED


def _keep_rank(config: Config, inputs: Sequence[Sized]) -> Sized:
    """Padding, slicing, tiling: other sizes, the same axes."""
    shape, channels = inputs[0] if inputs else UNSIZED
    return ((OPEN,) * len(shape), channels) if shape is not None else UNSIZED


def _keep(config: Config, inputs: Sequence[Sized]) -> Sized:
    return inputs[0] if inputs else UNSIZED


def _flatten(config: Config, inputs: Sequence[Sized]) -> Sized:
    return (OPEN, OPEN), 1


def _resize(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape, channels = inputs[0] if inputs else UNSIZED
    if shape is None or len(shape) != 4:
        return UNSIZED
    return (shape[0], *sizes(config.get("size"), 2), shape[3]), channels


def _ranked(rank: int) -> Rule:
    """Convolutions and pools as functions: the rank, and the channel axis by `data_format`."""

    def leave(config: Config, inputs: Sequence[Sized]) -> Sized:
        return (OPEN,) * rank, channel_axis(config, rank)

    return leave


_ELEMENTWISE: Final = (
    "abs add add_n clip clip_by_value cos divide erf exp floor floor_divide log log1p maximum minimum mod multiply negative pow power "
    "realdiv reciprocal round rsqrt sign sin sqrt square squared_difference subtract truediv"
)
_REDUCING: Final = "amax amin max mean min reduce_max reduce_mean reduce_min reduce_prod reduce_std reduce_sum reduce_variance std sum var"
_SIZING: Final = (
    "bias_add cumsum pad roll reverse flip slice strided_slice tile repeat repeat_elements mirror_pad spatial_2d_padding temporal_padding"
)

FUNCTIONS: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(_ELEMENTWISE.split(), broadcast),
    **dict.fromkeys(_REDUCING.split(), _reduce),
    **dict.fromkeys(_SIZING.split(), _keep_rank),
    **dict.fromkeys(("concat", "concatenate"), join),
    **dict.fromkeys(("batch_flatten", "flatten"), _flatten),
    **dict.fromkeys(("transpose", "permute_dimensions"), _transpose),
    **dict.fromkeys(("conv1d", "avg_pool1d", "max_pool1d"), _ranked(3)),
    **dict.fromkeys(
        ("conv2d", "conv2d_transpose", "depthwise_conv2d", "separable_conv2d", "atrous_conv2d", "avg_pool2d", "max_pool2d"), _ranked(4)
    ),
    **dict.fromkeys(("conv3d", "conv3d_transpose", "avg_pool3d", "max_pool3d"), _ranked(5)),
    **dict.fromkeys(("avg_pool", "max_pool", "average_pool"), _keep_rank),
    "bias_add": _keep,
    "cumsum": _keep,
    "expand_dims": _expand,
    "reshape": _reshape,
    "resize": _resize,
    "squeeze": _squeeze,
}
"""Function kind -> its rule."""
