"""Shapes: the shape and the channel axis of what leaves a layer or a function, as far as they follow from its arguments and inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from bnlint.graph.model import Dimension, Layer, Unknown
from bnlint.keras_api.function_shapes import FUNCTIONS, broadcast, dot, einsum, flatten, join, merge
from bnlint.keras_api.layers import LayerSpec, canonical_kind, family, layer_spec
from bnlint.keras_api.roles import FUNCTION_ROLES
from bnlint.keras_api.sizes import (
    OPEN,
    UNSIZED,
    Config,
    FeatureMap,
    Sized,
    completed,
    compute,
    feature_map,
    margins,
    padding_of,
    product,
    size,
    sizes,
)
from bnlint.records import replace

_KEEPING_ROLES: Final = frozenset({"activation", "batchnorm", "dropout", "norm"})
_KEEPING: Final = frozenset({"ActivityRegularization", "GaussianNoise", "Identity", "Masking", "Rescaling"})


def output(kind: str, config: Config, inputs: Sequence[Sized]) -> Sized:
    """What leaves a layer or function of this kind. Sizes that do not follow are Unknown, a rank or a channel axis None."""
    kind = canonical_kind(kind)
    given = inputs[0] if inputs else UNSIZED
    spec = layer_spec(kind)
    if kind in _RULES:
        return _RULES[kind](config, inputs)
    if spec is not None:
        return _layer(spec, config, given)
    if kind in FUNCTIONS:
        return FUNCTIONS[kind](config, inputs)
    return given if FUNCTION_ROLES.get(kind) in _KEEPING_ROLES else UNSIZED


def _layer(spec: LayerSpec, config: Config, given: Sized) -> Sized:
    name, _ = family(spec.kind)
    if spec.rank is not None and name in _MAPPED:
        return _MAPPED[name](feature_map(given, spec.rank, config), config).sized()
    if spec.rank is not None and name in _GLOBAL:
        return _globally(spec.rank, config, given)
    if spec.role in _KEEPING_ROLES or spec.kind in _KEEPING:
        return ((OPEN,) * spec.rank, given[1]) if given[0] is None and spec.rank is not None else given
    return UNSIZED


# Layers on feature maps, by kind without its dimensions


def _windows(given: FeatureMap, config: Config, kernel: str, dilation: str = "dilation_rate") -> FeatureMap:
    """Slide a window over the places."""
    count = len(given.places)
    strides = config.get("strides")
    padding = padding_of(config)

    def leave(places: int, width: int, stride: int, spread: int) -> int:
        used = spread * (width - 1) if padding == "valid" else 0
        return max((places - used - 1) // max(stride, 1) + 1, 0)

    if padding is None:
        return replace(given, places=(OPEN,) * count)
    widths = sizes(config.get(kernel), count)
    steps = widths if strides is None else sizes(strides, count)
    spreads = sizes(config.get(dilation, 1), count)
    return replace(given, places=tuple(map(lambda *item: compute(leave, *item), given.places, widths, steps, spreads)))


def _convolve(given: FeatureMap, config: Config) -> FeatureMap:
    return replace(_windows(given, config, "kernel_size"), channels=size(config.get("filters")))


def _convolve_depthwise(given: FeatureMap, config: Config) -> FeatureMap:
    multiplier = size(config.get("depth_multiplier", 1))
    return replace(_windows(given, config, "kernel_size"), channels=compute(lambda channels, by: channels * by, given.channels, multiplier))


def _convolve_transposed(given: FeatureMap, config: Config) -> FeatureMap:
    count, padding = len(given.places), padding_of(config)

    def leave(places: int, width: int, stride: int, spread: int, added: int | None) -> int:
        width = spread * (width - 1) + 1
        if added is not None:
            return (places - 1) * stride + width - (2 * (width // 2) if padding == "same" else 0) + added
        return places * stride + (max(width - stride, 0) if padding == "valid" else 0)

    given_padding = config.get("output_padding")
    if padding not in ("valid", "same"):
        return replace(given, places=(OPEN,) * count, channels=size(config.get("filters")))
    widths, steps = sizes(config.get("kernel_size"), count), sizes(config.get("strides", 1), count)
    spreads = sizes(config.get("dilation_rate", 1), count)
    more = sizes(given_padding, count) if given_padding is not None else (None,) * count

    def out(place: Dimension, width: Dimension, step: Dimension, spread: Dimension, added: Dimension) -> Dimension:
        if isinstance(added, Unknown):
            return OPEN
        return compute(partial(leave, added=added), place, width, step, spread)

    return replace(given, places=tuple(map(out, given.places, widths, steps, spreads, more)), channels=size(config.get("filters")))


def _pool(given: FeatureMap, config: Config) -> FeatureMap:
    return _windows(given, config, "pool_size", dilation="")


def _pool_to(given: FeatureMap, config: Config) -> FeatureMap:
    return replace(given, places=sizes(config.get("output_size"), len(given.places)))


def _upsample(given: FeatureMap, config: Config) -> FeatureMap:
    factors = sizes(config.get("size", 2), len(given.places))
    return replace(given, places=tuple(compute(lambda places, by: places * by, *item) for item in zip(given.places, factors, strict=True)))


def _pad(given: FeatureMap, config: Config) -> FeatureMap:
    added = margins(config.get("padding", 1), len(given.places))
    return replace(given, places=tuple(compute(lambda places, by: places + by, *item) for item in zip(given.places, added, strict=True)))


def _crop(given: FeatureMap, config: Config) -> FeatureMap:
    taken = margins(config.get("cropping", 0), len(given.places))
    return replace(
        given, places=tuple(compute(lambda places, by: max(places - by, 0), *item) for item in zip(given.places, taken, strict=True))
    )


def _keep(given: FeatureMap, config: Config) -> FeatureMap:
    return given


_MAPPED: Final[Mapping[str, Callable[[FeatureMap, Config], FeatureMap]]] = {
    "AdaptiveAveragePooling": _pool_to,
    "AdaptiveMaxPooling": _pool_to,
    "AveragePooling": _pool,
    "Conv": _convolve,
    "ConvTranspose": _convolve_transposed,
    "Cropping": _crop,
    "DepthwiseConv": _convolve_depthwise,
    "LocallyConnected": _convolve,
    "MaxPooling": _pool,
    "SeparableConv": _convolve,
    "SpatialDropout": _keep,
    "UpSampling": _upsample,
    "ZeroPadding": _pad,
}

_GLOBAL: Final = frozenset({"GlobalAveragePooling", "GlobalMaxPooling"})


def _globally(rank: int, config: Config, given: Sized) -> Sized:
    entering = feature_map(given, rank, config)
    keep = config.get("keepdims", False)
    if keep is True:
        return replace(entering, places=(1,) * len(entering.places)).sized()
    return ((entering.batch, entering.channels), 1) if keep is False else UNSIZED


# Layers with a rule of their own


def _dense(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape = inputs[0][0] if inputs else None
    return ((*shape[:-1], size(config.get("units"))), len(shape) - 1) if shape else UNSIZED


def _reshape(config: Config, inputs: Sequence[Sized]) -> Sized:
    target = config.get("target_shape")
    shape = inputs[0][0] if inputs else None
    if not isinstance(target, (tuple, list)):
        return UNSIZED
    places = completed(target, product(shape[1:]) if shape else OPEN)
    return (shape[0] if shape else OPEN, *places), 1 if len(places) == 1 else None


def _permute(config: Config, inputs: Sequence[Sized]) -> Sized:
    dims = config.get("dims")
    if not isinstance(dims, (tuple, list)) or sorted(map(repr, dims)) != sorted(map(repr, range(1, len(dims) + 1))):
        return UNSIZED
    order = (0, *(int(item) for item in dims))
    shape, channels = inputs[0] if inputs else UNSIZED
    if shape is None or len(shape) != len(order):
        return (OPEN,) * len(order), None
    return tuple(shape[index] for index in order), order.index(channels) if channels is not None else None


def _repeat(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape = inputs[0][0] if inputs else None
    batch, features = shape if shape and len(shape) == 2 else (OPEN, OPEN)
    return (batch, size(config.get("n")), features), 2


def _embed(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape = inputs[0][0] if inputs else None
    return ((*shape, size(config.get("output_dim"))), len(shape)) if shape else UNSIZED


def _recur(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape = inputs[0][0] if inputs else None
    batch, steps = shape[:2] if shape and len(shape) == 3 else (OPEN, OPEN)
    units = size(config.get("units"))
    sequences = config.get("return_sequences", False)
    if sequences is True:
        return (batch, steps, units), 2
    return ((batch, units), 1) if sequences is False else UNSIZED


def _recur_convolving(rank: int) -> Callable[[Config, Sequence[Sized]], Sized]:
    """ConvLSTM: a convolution of each step; `rank` counts the steps."""

    def leave(config: Config, inputs: Sequence[Sized]) -> Sized:
        shape = inputs[0][0] if inputs else None
        batch, steps = shape[:2] if shape and len(shape) == rank else (OPEN, OPEN)
        inner = (batch, *shape[2:]) if shape and len(shape) == rank else None
        mapped, axis = _convolve(feature_map((inner, None), rank - 1, config), config).sized()
        sequences = config.get("return_sequences", False)
        if sequences is False or mapped is None:
            return mapped, axis
        return ((batch, steps, *mapped[1:]), None if axis is None else axis + 1) if sequences is True else UNSIZED

    return leave


def _input(config: Config, inputs: Sequence[Sized]) -> Sized:
    for name in ("batch_shape", "batch_input_shape"):
        whole = config.get(name)
        if isinstance(whole, (tuple, list)):
            return _declared(whole)
    for name in ("shape", "input_shape"):
        value = config.get(name)
        value = (value,) if isinstance(value, int) else value
        if isinstance(value, (tuple, list)):
            return _declared((config.get("batch_size"), *value))
    return UNSIZED


def _declared(items: Sequence[object]) -> Sized:
    """A declared shape: None is a size that is left open; of rank 2 the last axis is that of the channels."""
    return tuple(None if item is None else size(item) for item in items), 1 if len(items) == 2 else None


def _attend(config: Config, inputs: Sequence[Sized]) -> Sized:
    """Attention: as the query, with the features of the value."""
    shape = inputs[0][0] if inputs else None
    return ((*shape[:-1], OPEN), len(shape) - 1) if shape else UNSIZED


def _attend_by_heads(config: Config, inputs: Sequence[Sized]) -> Sized:
    shape = inputs[0][0] if inputs else None
    if shape is None or config.get("output_shape") is not None:
        return UNSIZED
    return shape, len(shape) - 1


def _resize(config: Config, inputs: Sequence[Sized]) -> Sized:
    given = inputs[0] if inputs else UNSIZED
    if given[0] is not None and len(given[0]) != 4:
        return UNSIZED
    entering = feature_map(given, 4, config)
    return replace(entering, places=(size(config.get("height")), size(config.get("width")))).sized()


def _inner(config: Config) -> Layer | None:
    inner = config.get("layer")
    return inner if isinstance(inner, Layer) else None


def _distribute(config: Config, inputs: Sequence[Sized]) -> Sized:
    """TimeDistributed: the inner layer on each step."""
    inner = _inner(config)
    shape, channels = inputs[0] if inputs else UNSIZED
    if inner is None:
        return UNSIZED
    step = (shape[0], *shape[2:]) if shape and len(shape) > 2 else None
    axis = channels - 1 if channels is not None and channels > 1 else None
    left, axis = output(inner.kind, inner.config, ((step, axis),))
    if left is None:
        return UNSIZED
    return (left[0], shape[1] if shape and len(shape) > 1 else OPEN, *left[1:]), None if axis is None else axis + 1


def _both_ways(config: Config, inputs: Sequence[Sized]) -> Sized:
    """Bidirectional: the inner layer twice, joined."""
    inner = _inner(config)
    shape, channels = output(inner.kind, inner.config, inputs) if inner is not None else UNSIZED
    mode = config.get("merge_mode", "concat")
    if shape is None or channels is None or mode not in ("concat", "sum", "mul", "ave"):
        return UNSIZED
    doubled = compute(lambda features: features * 2, shape[channels]) if mode == "concat" else shape[channels]
    return (*shape[:channels], doubled, *shape[channels + 1 :]), channels


def _wrapped(config: Config, inputs: Sequence[Sized]) -> Sized:
    inner = _inner(config)
    return output(inner.kind, inner.config, inputs) if inner is not None else UNSIZED


_RULES: Final[Mapping[str, Callable[[Config, Sequence[Sized]], Sized]]] = {
    **dict.fromkeys(("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"), broadcast),
    **dict.fromkeys(("Attention", "AdditiveAttention"), _attend),
    **dict.fromkeys(("CenterCrop", "RandomCrop", "Resizing"), _resize),
    **dict.fromkeys(("CuDNNGRU", "CuDNNLSTM", "GRU", "LSTM", "SimpleRNN"), _recur),
    **dict.fromkeys(("Dense", "MaxoutDense"), _dense),
    **dict.fromkeys(("Input", "InputLayer"), _input),
    **dict.fromkeys(("GroupQueryAttention", "MultiHeadAttention"), _attend_by_heads),
    "Bidirectional": _both_ways,
    "Concatenate": join,
    "Dot": dot,
    "Merge": merge,
    "ConvLSTM1D": _recur_convolving(4),
    "ConvLSTM2D": _recur_convolving(5),
    "ConvLSTM3D": _recur_convolving(6),
    "EinsumDense": einsum,
    "Embedding": _embed,
    "Flatten": flatten,
    "Permute": _permute,
    "RepeatVector": _repeat,
    "Reshape": _reshape,
    "SpectralNormalization": _wrapped,
    "TimeDistributed": _distribute,
}
