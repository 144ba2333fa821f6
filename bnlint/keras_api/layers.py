"""The layers of Keras: constructor parameters, defaults, ranks and traits, of all versions since Keras 1."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Final

from bnlint import syntax
from bnlint.keras_api.roles import LAYER_ROLES
from bnlint.keras_api.signatures import FRAGMENTS, KERAS1, KERAS2, KERAS3
from bnlint.keras_api.tables import words
from bnlint.records import dataclass


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """A layer class. `parameters` in positional order; `defaults` for those that have one; `rank` counts the batch."""

    kind: str
    role: str
    parameters: tuple[str, ...]
    defaults: Mapping[str, object]
    rank: int | None
    traits: frozenset[str]


ALIASES: Final[Mapping[str, str]] = {
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D",
    "AvgPool1D": "AveragePooling1D",
    "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Convolution1D": "Conv1D",
    "Convolution1DTranspose": "Conv1DTranspose",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3D": "Conv3D",
    "Convolution3DTranspose": "Conv3DTranspose",
    "Deconv2D": "Conv2DTranspose",
    "Deconv3D": "Conv3DTranspose",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "DenseV2": "Dense",
    "GRUCellV2": "GRUCell",
    "GRUV2": "GRU",
    "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D",
    "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D",
    "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D",
    "GroupedQueryAttention": "GroupQueryAttention",
    "LSTMCellV2": "LSTMCell",
    "LSTMV2": "LSTM",
    "MaxPool1D": "MaxPooling1D",
    "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "SyncBatchNormalizationV1": "SyncBatchNormalization",
    "TimeDistributedDense": "Dense",
}
"""Other names of the same class -> the canonical kind."""

_CONVOLUTIONS: Final = (
    "Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D"
)
_DROPOUTS: Final = "AlphaDropout Dropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D SpatialDropout3D"
_POOLS: Final = (
    "AdaptiveAveragePooling AdaptiveMaxPooling AveragePooling Cropping GlobalAveragePooling GlobalMaxPooling MaxPooling UpSampling"
)
_DIMENSIONS: Final = ("1D", "2D", "3D")

_TRAITS: Final[Mapping[str, frozenset[str]]] = {
    "weighted": frozenset(f"{_CONVOLUTIONS} Dense EinsumDense Highway LocallyConnected1D LocallyConnected2D MaxoutDense".split()),
    "has_channel_bias": frozenset(f"{_CONVOLUTIONS} Dense".split()),
    "dropout_like": frozenset(_DROPOUTS.split()),
    "mode_dependent": frozenset(f"{_DROPOUTS} BatchNormalization SpectralNormalization SyncBatchNormalization".split())
    | frozenset(kind for table in (KERAS2, KERAS3) for kinds in table for kind in kinds.split() if kind.startswith("Random")),
    "keeps_channel_constant": frozenset(f"{name}{dimension}" for name in _POOLS.split() for dimension in _DIMENSIONS),
    "recurrent": frozenset(kind for kind, role in LAYER_ROLES.items() if role == "recurrent"),
    "merge": frozenset(kind for kind, role in LAYER_ROLES.items() if role == "merge"),
    "weightless": frozenset(
        kind for kind, role in LAYER_ROLES.items() if role in ("input", "dropout", "pool", "merge", "reshape", "resample")
    )
    | words("Activation ActivityRegularization ELU GaussianNoise Identity LeakyReLU Masking ReLU Rescaling Softmax ThresholdedReLU"),
}
"""`has_channel_bias`: a bias for each channel, which a BatchNormalization on the channel axis cancels. `keeps_channel_constant`: what is
added to a channel of the input is added to that channel of the output (UpSampling2D: only where it interpolates `nearest`).
`mode_dependent`: works otherwise in training than in inference."""

WRAPPERS: Final = frozenset({"Bidirectional", "SpectralNormalization", "TimeDistributed", "Wrapper"})
"""Layers whose first argument is the layer that they apply."""

_ROLES: Final[Mapping[str, str]] = {
    "AbstractRNNCell": "recurrent",
    "Highway": "linear",
    "LRN2D": "norm",
    "ParametricSoftplus": "activation",
    "SReLU": "activation",
}
"""Kinds that `roles.LAYER_ROLES` leaves out although they are not other."""


@cache
def _signatures(keras: int) -> Mapping[str, str]:
    """Kind -> signature, the newest Keras first that has the kind; with `keras` 2, Keras 2 first."""
    tables = (KERAS1, KERAS2, KERAS3) if keras >= 3 else (KERAS1, KERAS3, KERAS2)
    return {kind: signature for table in tables for kinds, signature in table.items() for kind in kinds.split()}


@cache
def _spec(kind: str, keras: int) -> LayerSpec | None:
    text = _signatures(keras).get(kind)
    if text is None:
        return None
    while "{" in text:
        text = text.format_map(FRAGMENTS)
    call = syntax.parse_expression(f"lambda {text}: 0")
    assert isinstance(call, ast.Lambda)
    parameters = tuple(parameter.arg for parameter in call.args.args)
    values = [ast.literal_eval(default) for default in call.args.defaults]
    defaults = dict(zip(parameters[len(parameters) - len(values) :], values, strict=True))
    name, dimensions = family(kind)
    rank = None if dimensions is None else dimensions + (3 if name == "ConvLSTM" else 2)
    traits = frozenset(trait for trait, kinds in _TRAITS.items() if kind in kinds)
    return LayerSpec(kind, LAYER_ROLES.get(kind) or _ROLES.get(kind, "other"), parameters, MappingProxyType(defaults), rank, traits)


def family(kind: str) -> tuple[str, int | None]:
    """A kind without its dimensions, and those: "Conv2DTranspose" -> ("ConvTranspose", 2)."""
    for dimensions in (1, 2, 3):
        name, found, rest = kind.partition(f"{dimensions}D")
        if found:
            return name + rest, dimensions
    return kind, None


def canonical_kind(name: str) -> str:
    """The canonical name of a layer class: "MaxPool2D" -> "MaxPooling2D"; a name that is no alias stays."""
    return ALIASES.get(name, name)


@cache
def layer_spec(kind: str, keras: int = 3) -> LayerSpec | None:
    """What is known of a layer class (bare name, aliases too), as Keras 3 has it or, with `keras` 2, as Keras 2 has it."""
    return _spec(canonical_kind(kind), 3 if keras >= 3 else 2)


@cache
def kinds() -> frozenset[str]:
    """All canonical kinds."""
    return frozenset(_signatures(3))


BASE_ARGUMENTS: Final = frozenset({"activity_regularizer", "autocast", "dtype", "input_dim", "input_shape", "name", "trainable"})
"""Keyword arguments that every layer of Keras 3 takes through its base class."""

BASE_ARGUMENTS_2: Final = BASE_ARGUMENTS | {"batch_input_shape", "batch_size", "dynamic", "implementation", "weights"}
"""The same for Keras 2."""

_BATCHNORM_2: Final = frozenset({"adjustment", "fused", "renorm", "renorm_clipping", "renorm_momentum", "virtual_batch_size"})
_BATCHNORM_1: Final = frozenset({"beta_init", "gamma_init", "input_dtype", "mode"})


def base_arguments(keras: int = 3) -> frozenset[str]:
    """The keyword arguments that any layer takes, those of its own aside."""
    return BASE_ARGUMENTS if keras >= 3 else BASE_ARGUMENTS_2


def accepted(kind: str, keras: int = 3) -> frozenset[str]:
    """Every argument that the constructor of a kind takes on Keras 3, or 2 (arguments of Keras 1 not among them)."""
    spec = layer_spec(kind, keras)
    own = frozenset(spec.parameters) if spec else frozenset()
    more = _BATCHNORM_2 if keras < 3 and canonical_kind(kind) == "BatchNormalization" else frozenset[str]()
    return own | more | base_arguments(keras)


def once_accepted(kind: str) -> frozenset[str]:
    """Every argument that the constructor of a kind takes or took on any Keras, 1 to 3."""
    old = _BATCHNORM_1 if canonical_kind(kind) == "BatchNormalization" else frozenset(LEGACY) | frozenset(_LEGACY_OF_KIND.get(kind, ()))
    return accepted(kind, 3) | accepted(kind, 2) | old


LEGACY: Final[Mapping[str, str]] = {
    "U_regularizer": "recurrent_regularizer",
    "W_constraint": "kernel_constraint",
    "W_regularizer": "kernel_regularizer",
    "atrous_rate": "dilation_rate",
    "b_constraint": "bias_constraint",
    "b_regularizer": "bias_regularizer",
    "bias": "use_bias",
    "border_mode": "padding",
    "dim_ordering": "data_format",
    "dropout_U": "recurrent_dropout",
    "dropout_W": "dropout",
    "filter_length": "kernel_size",
    "init": "kernel_initializer",
    "inner_activation": "recurrent_activation",
    "inner_init": "recurrent_initializer",
    "kernel_dim1": "kernel_size",
    "kernel_dim2": "kernel_size",
    "kernel_dim3": "kernel_size",
    "nb_col": "kernel_size",
    "nb_filter": "filters",
    "nb_row": "kernel_size",
    "output_dim": "units",
    "p": "rate",
    "pool_length": "pool_size",
    "stride": "strides",
    "subsample": "strides",
    "subsample_length": "strides",
}
"""Argument names of Keras 1 -> today's, where all kinds agree."""

_LEGACY_OF_KIND: Final[Mapping[str, Mapping[str, str]]] = {
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "Embedding": {"W_constraint": "embeddings_constraint", "W_regularizer": "embeddings_regularizer", "init": "embeddings_initializer"},
    "GaussianNoise": {"sigma": "stddev"},
    "Input": {"batch_input_shape": "batch_shape"},
    "InputLayer": {"batch_input_shape": "batch_shape", "input_shape": "shape"},
    "LeakyReLU": {"alpha": "negative_slope"},
    "PReLU": {"init": "alpha_initializer"},
    "Reshape": {"dims": "target_shape"},
    "UpSampling1D": {"length": "size"},
}


def modern(kind: str, argument: str) -> str:
    """Today's name of a constructor argument: ("Conv2D", "border_mode") -> "padding"; a name that is not old stays."""
    kind = canonical_kind(kind)
    if argument in _LEGACY_OF_KIND.get(kind, ()):
        return _LEGACY_OF_KIND[kind][argument]
    spec = layer_spec(kind)
    return argument if spec is not None and argument in spec.parameters else LEGACY.get(argument, argument)


def is_keras1(arguments: Collection[str], path: str | None) -> bool:
    """Whether names of arguments are those of Keras 1: some have other names today, none is such a name; TensorFlow had no Keras 1."""
    later = path is not None and path.startswith("tensorflow.")
    return not later and not LEGACY.keys().isdisjoint(arguments) and frozenset(LEGACY.values()).isdisjoint(arguments)


DATA_FORMATS: Final[Mapping[object, str]] = {"th": "channels_first", "tf": "channels_last"}
"""Values of `dim_ordering` -> those of `data_format`."""

_SIDES: Final = ("nb_row", "nb_col", "kernel_dim1", "kernel_dim2", "kernel_dim3")
"""The sides of a kernel, each its own argument in Keras 1."""

_KERAS1_NAMES: Final = ("AtrousConvolution", "Convolution", "Deconvolution", "SeparableConvolution")
_KERAS1_REST: Final = ("init", "activation", "weights", "border_mode", "subsample", "dim_ordering")
"""Positional arguments of the convolutions of Keras 1 behind the sides of the kernel."""


def configure(kind: str, positional: Sequence[object], keywords: Mapping[str, object], keras: int = 3) -> dict[str, object]:
    """The arguments of a constructor call by today's names, defaults filled in, Keras 1 understood (`kind`: as written in the source)."""
    spec = layer_spec(kind, keras)
    if spec is None:
        return dict(keywords)
    config = dict(spec.defaults)
    positional, given = _without_sides(kind, positional, keywords)
    config.update(zip(spec.parameters, positional, strict=False))
    sides = tuple(given.pop(name) for name in _SIDES if name in given)
    if sides:
        config["kernel_size"] = sides
    for name, value in given.items():
        today = name if name in spec.parameters else modern(kind, name)
        old = today == "data_format" and isinstance(value, str)
        config[today] = DATA_FORMATS.get(value, value) if old else value
    return config


def _without_sides(kind: str, positional: Sequence[object], keywords: Mapping[str, object]) -> tuple[Sequence[object], dict[str, object]]:
    """`Convolution2D(64, 3, 3, …)` of Keras 1: the sides of the kernel as one argument, what follows by name."""
    given = dict(keywords)
    name, dimensions = family(kind)
    if dimensions not in (2, 3) or "Conv" not in name:
        return positional, given
    after = 1 + dimensions
    by_sides = name in _KERAS1_NAMES or not LEGACY.keys().isdisjoint(keywords)
    if not by_sides or not all(isinstance(side, int) for side in positional[1:after]):
        return positional, given
    if len(positional) < after:
        return positional, given
    rest = ("output_shape", *_KERAS1_REST) if name == "Deconvolution" else _KERAS1_REST
    given.update(zip(rest, positional[after:], strict=False))
    return (positional[0], tuple(positional[1:after])), given
