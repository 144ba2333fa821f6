"""The shapes that leave functions on tensors, and merging layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bnlint.graph.model import Dimension
from bnlint.keras_api.sizes import OPEN, UNSIZED, Config, Sized, axes_of, axis_of, channel_axis, completed, compute, product, size, sizes

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
    given = inputs[0][0] if inputs else None
    made = [size(item) for item in target]
    if given and made:
        # What is not known at the place of the batch, as `tf.shape(x)[0]`, is the batch; -1 is where the rest is what it was.
        whole, rest = product(given[1:]), product(made[1:])
        if not isinstance(target[0], int) or (target[0] == -1 and isinstance(whole, int) and whole == rest):
            made[0] = given[0]
            made[1:] = completed(target[1:], whole)
    return tuple(made), 1 if len(made) == 2 else None


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
    """Slicing, cropping, rotating: other sizes, the same axes."""
    shape, channels = inputs[0] if inputs else UNSIZED
    return ((OPEN,) * len(shape), channels) if shape is not None else UNSIZED


def _pad(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape, channels = inputs[0] if inputs else UNSIZED
    added = config.get("paddings", config.get("pad_width"))
    if shape is None or not isinstance(added, (tuple, list)) or len(added) != len(shape):
        return _keep_rank(config, inputs)
    both = [compute(lambda before, after: before + after, *sizes(item, 2)) for item in added]
    return tuple(_plus(item, more) for item, more in zip(shape, both, strict=True)), channels


def _plus(item: Dimension, more: Dimension) -> Dimension:
    return item if more == 0 else compute(lambda old, new: old + new, item, more)


def _tile(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape, channels = inputs[0] if inputs else UNSIZED
    factors = config.get("multiples", config.get("repeats", config.get("n")))
    if shape is None or not isinstance(factors, (tuple, list)) or len(factors) != len(shape):
        return _keep_rank(config, inputs)
    pairs = zip(shape, map(size, factors), strict=True)
    return tuple(item if factor == 1 else compute(lambda old, by: old * by, item, factor) for item, factor in pairs), channels


def _keep(config: Config, inputs: Sequence[Sized]) -> Sized:
    return inputs[0] if inputs else UNSIZED


def flatten(config: Config, inputs: Sequence[Sized]) -> Sized:
    """All but the batch in one."""
    shape = inputs[0][0] if inputs else None
    return ((shape[0], product(shape[1:])) if shape else (OPEN, OPEN)), 1


def _resize(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape, channels = inputs[0] if inputs else UNSIZED
    if shape is None or len(shape) != 4 or channel_axis(config, 4) != 3:
        return UNSIZED
    given = config.get("size", (config.get("target_height"), config.get("target_width")))
    return (shape[0], *sizes(given, 2), shape[3]), channels


def _scale(config: Config, inputs: Sequence[Sized]) -> Sized:
    """K.resize_images: by factors."""
    shape = inputs[0][0] if inputs else None
    axis = channel_axis(config, 4)
    if shape is None or len(shape) != 4 or axis is None:
        return ((OPEN,) * 4, axis) if axis is not None else UNSIZED
    first = 2 if axis == 1 else 1
    made = list(shape)
    for place, name in enumerate(("height_factor", "width_factor"), first):
        made[place] = compute(lambda old, by: old * by, shape[place], size(config.get(name)))
    return tuple(made), axis


def _shuffle_pixels(up: bool) -> Rule:
    """depth_to_space (`up`) and space_to_depth."""

    def leave(config: Config, inputs: Sequence[Sized]) -> Sized:
        shape, axis = inputs[0][0] if inputs else None, channel_axis(config, 4)
        block = size(config.get("block_size"))
        if shape is None or len(shape) != 4 or axis != 3 or not isinstance(block, int) or block == 0:
            return ((OPEN,) * 4, axis) if axis is not None else UNSIZED
        batch, height, width, depth = shape
        places = [compute(lambda place: place * block if up else place // block, place) for place in (height, width)]
        return (batch, *places, compute(lambda deep: deep // block**2 if up else deep * block**2, depth)), 3

    return leave


def _split(config: Config, inputs: Sequence[Sized]) -> Sized:
    """One of the parts, where they are alike."""
    shape, channels = inputs[0] if inputs else UNSIZED
    axis = axis_of(config.get("axis", 0), len(shape)) if shape is not None else None
    if shape is None or axis is None:
        return UNSIZED
    count = config.get("num_or_size_splits", config.get("indices_or_sections"))
    part = compute(lambda whole, by: whole // by, shape[axis], size(count)) if isinstance(count, int) and count > 0 else OPEN
    return (*shape[:axis], part, *shape[axis + 1 :]), channels


def _unstack(config: Config, inputs: Sequence[Sized]) -> Sized:
    return _reduce({"axis": config.get("axis", 0)}, inputs)


def _stack(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape, channels = broadcast({}, inputs)
    axis = axis_of(config.get("axis", 0), len(shape) + 1) if shape is not None else None
    if shape is None or axis is None:
        return UNSIZED
    count = len(inputs) if len(inputs) > 1 else OPEN
    return (*shape[:axis], count, *shape[axis:]), None if channels is None else channels + (axis <= channels)


def _multiply_matrices(config: Config, inputs: Sequence[Sized]) -> Sized:
    """A tensor by a matrix, or by another tensor: the last size is that of the second factor."""
    first = inputs[0][0] if inputs else None
    if first is None or len(first) < 2 or any(shape is None or len(shape) != len(first) for shape, _ in inputs[1:]):
        return UNSIZED
    last = inputs[1][0] if len(inputs) > 1 else None
    plain = not any(config.get(name) for name in ("transpose_a", "transpose_b", "adjoint_a", "adjoint_b"))
    if not plain:
        return (OPEN,) * len(first), len(first) - 1
    return (*first[:-1], last[-1] if last else OPEN), len(first) - 1


def dot(config: Config, inputs: Sequence[Sized]) -> Sized:
    """Dot: the axes that are summed over go, those of the second input follow those of the first."""
    if "axes" not in config:
        return _multiply_matrices(config, inputs)
    axes, shapes = config["axes"], [shape for shape, _ in inputs]
    pair = axes if isinstance(axes, (tuple, list)) else (axes, axes)
    one, two = (shapes[0], shapes[-1]) if len(shapes) in (1, 2) else (None, None)
    if one is None or two is None or len(pair) != 2:
        return UNSIZED
    first, second = axis_of(pair[0], len(one)), axis_of(pair[1], len(two))
    if first is None or second is None:
        return UNSIZED
    left = [item for axis, item in enumerate(one) if axis != first] + [item for axis, item in enumerate(two) if axis not in (0, second)]
    return tuple(left) if len(left) > 1 else (left[0], 1), 1 if len(left) < 3 else None


def merge(config: Config, inputs: Sequence[Sized]) -> Sized:
    """The merging layer of Keras 1."""
    mode = config.get("mode", "sum")
    if mode in ("ave", "max", "min", "mul", "sum"):
        return broadcast(config, inputs)
    return join({"axis": config.get("concat_axis", -1)}, inputs) if mode == "concat" else UNSIZED


def _average(config: Config, inputs: Sequence[Sized]) -> Sized:
    """The mean of several tensors, or of one over axes."""
    return _reduce(config, inputs) if "axis" in config else broadcast(config, inputs)


def einsum(config: Config, inputs: Sequence[Sized]) -> Sized:
    """`einsum("bhwc,cd->bhwd", …)`: each letter has one size. EinsumDense tells those of its weights as `output_shape`."""
    equation = config.get("equation", config.get("subscripts"))
    if not isinstance(equation, str) or equation.count("->") != 1 or "." in equation:
        return UNSIZED
    left, right = equation.replace(" ", "").split("->")
    known: dict[str, Dimension] = {}
    for term, (shape, _) in zip(left.split(","), inputs, strict=False):
        if shape is not None and len(shape) == len(term):
            known.update({letter: item for letter, item in zip(term, shape, strict=True) if known.get(letter, OPEN) is OPEN})
    declared = config.get("output_shape", ())
    places = tuple(declared) if isinstance(declared, (tuple, list)) else (declared,)
    for letter, item in zip(right[::-1], places[::-1], strict=False):
        known[letter] = size(item)
    return tuple(known.get(letter, OPEN) for letter in right), 1 if len(right) == 2 else None


def _swap(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape = inputs[0][0] if inputs else None
    axes = axes_of((config.get("axis1"), config.get("axis2")), len(shape)) if shape is not None else None
    if shape is None or axes is None:
        return UNSIZED
    order = list(range(len(shape)))
    order[axes[0]], order[axes[1]] = order[axes[1]], order[axes[0]]
    return _transpose({"perm": order}, inputs)


def _move(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape = inputs[0][0] if inputs else None
    axes = axes_of((config.get("source"), config.get("destination")), len(shape)) if shape is not None else None
    if shape is None or axes is None:
        return UNSIZED
    order = [index for index in range(len(shape)) if index != axes[0]]
    order.insert(axes[1], axes[0])
    return _transpose({"perm": order}, inputs)


def _index(config: Config, inputs: Sequence[Sized]) -> Sized:
    """`x[:, 1:, ..., None]`: slices, numbers, new axes."""
    shape, channels = inputs[0] if inputs else UNSIZED
    key = config.get("key")
    keys = key if isinstance(key, tuple) else (key,)
    if shape is None or keys.count(...) > 1:
        return UNSIZED
    rest = list(range(len(shape)))
    made: list[tuple[Dimension, int | None]] = []
    for position, item in enumerate(keys):
        if item is None:
            made.append((1, None))
        elif item is ...:
            after = sum(other is not None for other in keys[position + 1 :])
            kept, rest = rest[: max(len(rest) - after, 0)], rest[max(len(rest) - after, 0) :]
            made += [(shape[index], index) for index in kept]
        elif isinstance(item, slice) and rest:
            index = rest.pop(0)
            made.append((_sliced(shape[index], item), index))
        elif isinstance(item, int) and rest:
            rest.pop(0)
        else:
            return UNSIZED
    made += [(shape[index], index) for index in rest]
    origins = [origin for _, origin in made]
    return tuple(item for item, _ in made), origins.index(channels) if channels in origins and channels is not None else None


def _sliced(item: Dimension, key: slice) -> Dimension:
    if key == slice(None):
        return item
    bounds = (key.start, key.stop, key.step)
    if not isinstance(item, int) or not all(bound is None or isinstance(bound, int) for bound in bounds) or key.step == 0:
        return OPEN
    return len(range(*key.indices(item)))


def _ranked(rank: int) -> Rule:
    """Convolutions and pools as functions: the rank, and the channel axis by `data_format`."""

    def leave(config: Config, inputs: Sequence[Sized]) -> Sized:
        return (OPEN,) * rank, channel_axis(config, rank)

    return leave


_ELEMENTWISE: Final = (
    "abs add add_n clip clip_by_value cos divide erf exp floor floor_divide log log1p maximum minimum mod multiply negative pow power "
    "realdiv reciprocal round rsqrt sign sin sqrt square squared_difference subtract truediv where where_v2"
)
_REDUCING: Final = "amax amin max mean min reduce_max reduce_mean reduce_min reduce_prod reduce_std reduce_sum reduce_variance std sum var"
_SIZING: Final = (
    "central_crop crop_to_bounding_box flip mirror_pad pad_to_bounding_box random_crop repeat repeat_elements resize_volumes reverse roll "
    "rot90 slice spatial_2d_padding spatial_3d_padding strided_slice temporal_padding"
)
_KEEPING: Final = (
    "adjust_brightness adjust_contrast adjust_hue adjust_saturation argsort bias_add cumsum fake_quant_with_min_max_vars flip_left_right "
    "flip_up_down nan_to_num per_image_standardization random_brightness random_contrast random_flip_left_right random_flip_up_down "
    "random_hue random_saturation sort transpose_channels"
)
_RESIZING: Final = (
    "resize resize_area resize_bicubic resize_bilinear resize_image_with_crop_or_pad resize_nearest_neighbor resize_with_crop_or_pad "
    "resize_with_pad"
)

FUNCTIONS: Final[Mapping[str, Rule]] = {
    **dict.fromkeys(_ELEMENTWISE.split(), broadcast),
    **dict.fromkeys(_REDUCING.split(), _reduce),
    **dict.fromkeys(_SIZING.split(), _keep_rank),
    **dict.fromkeys(_KEEPING.split(), _keep),
    **dict.fromkeys(_RESIZING.split(), _resize),
    **dict.fromkeys(("concat", "concatenate"), join),
    **dict.fromkeys(("batch_flatten", "flatten"), flatten),
    **dict.fromkeys(("transpose", "permute_dimensions"), _transpose),
    **dict.fromkeys(("conv1d", "avg_pool1d", "max_pool1d"), _ranked(3)),
    **dict.fromkeys(
        ("conv2d", "conv2d_transpose", "depthwise_conv2d", "separable_conv2d", "atrous_conv2d", "avg_pool2d", "max_pool2d"), _ranked(4)
    ),
    **dict.fromkeys(("conv3d", "conv3d_transpose", "avg_pool3d", "max_pool3d"), _ranked(5)),
    **dict.fromkeys(("avg_pool", "max_pool", "average_pool"), _keep_rank),
    "average": _average,
    "depth_to_space": _shuffle_pixels(up=True),
    "dot": dot,
    "einsum": einsum,
    "expand_dims": _expand,
    "getitem": _index,
    "matmul": _multiply_matrices,
    "merge": merge,
    "moveaxis": _move,
    "pad": _pad,
    "reshape": _reshape,
    "resize_images": _scale,
    "space_to_depth": _shuffle_pixels(up=False),
    "split": _split,
    "squeeze": _squeeze,
    "stack": _stack,
    "swapaxes": _swap,
    "tile": _tile,
    "unstack": _unstack,
}
"""Function kind -> its rule."""
