"""The functional layers of TensorFlow 1: tf.layers, tf.contrib.layers and slim, in terms of Keras layers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from bnlint.records import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class FunctionalLayer:
    """A function that makes a layer of `kind` and applies it to its first argument.

    `parameters` in positional order; `renamed` gives Keras's name of a parameter where it differs (None: Keras has no such argument);
    `defaults` those that differ from Keras's, by their own name here.
    """

    kind: str
    parameters: tuple[str, ...]
    family: Literal["tf1", "contrib"]
    renamed: Mapping[str, str | None] = field(default_factory=dict)
    defaults: Mapping[str, object] = field(default_factory=dict)


_DENSE: Final = "activation use_bias kernel_initializer bias_initializer kernel_regularizer bias_regularizer activity_regularizer"
_END: Final = "kernel_constraint bias_constraint trainable name reuse"
_SEPARABLE: Final = (
    "inputs filters kernel_size strides padding data_format dilation_rate depth_multiplier activation use_bias depthwise_initializer "
    "pointwise_initializer bias_initializer depthwise_regularizer pointwise_regularizer bias_regularizer activity_regularizer "
    "depthwise_constraint pointwise_constraint bias_constraint trainable name reuse"
)
_POOLING: Final = "inputs pool_size strides padding data_format name"
_CONVOLUTION: Final = f"inputs filters kernel_size strides padding data_format dilation_rate {_DENSE} {_END}"
_TRANSPOSED: Final = f"inputs filters kernel_size strides padding data_format {_DENSE} {_END}"

_TF_LAYERS: Final[Mapping[str, tuple[str, str]]] = {
    "average_pooling1d": ("AveragePooling1D", _POOLING),
    "average_pooling2d": ("AveragePooling2D", _POOLING),
    "average_pooling3d": ("AveragePooling3D", _POOLING),
    "batch_normalization": (
        "BatchNormalization",
        "inputs axis momentum epsilon center scale beta_initializer gamma_initializer moving_mean_initializer moving_variance_initializer "
        "beta_regularizer gamma_regularizer beta_constraint gamma_constraint training trainable name reuse renorm renorm_clipping "
        "renorm_momentum fused virtual_batch_size adjustment",
    ),
    "conv1d": ("Conv1D", _CONVOLUTION),
    "conv2d": ("Conv2D", _CONVOLUTION),
    "conv2d_transpose": ("Conv2DTranspose", _TRANSPOSED),
    "conv3d": ("Conv3D", _CONVOLUTION),
    "conv3d_transpose": ("Conv3DTranspose", _TRANSPOSED),
    "dense": ("Dense", f"inputs units {_DENSE} {_END}"),
    "dropout": ("Dropout", "inputs rate noise_shape seed training name"),
    "flatten": ("Flatten", "inputs name data_format"),
    "max_pooling1d": ("MaxPooling1D", _POOLING),
    "max_pooling2d": ("MaxPooling2D", _POOLING),
    "max_pooling3d": ("MaxPooling3D", _POOLING),
    "separable_conv1d": ("SeparableConv1D", _SEPARABLE),
    "separable_conv2d": ("SeparableConv2D", _SEPARABLE),
}

_NORMALIZER: Final = "activation_fn normalizer_fn normalizer_params"
_ENDING: Final = (
    "weights_initializer weights_regularizer biases_initializer biases_regularizer reuse variables_collections outputs_collections "
    "trainable scope"
)
_CONTRIB_CONVOLUTION: Final = f"inputs num_outputs kernel_size stride padding data_format rate {_NORMALIZER} {_ENDING}"
_CONTRIB_POOLING: Final = "inputs kernel_size stride padding data_format outputs_collections scope"

_CONTRIB: Final[Mapping[str, tuple[str, str]]] = {
    "avg_pool2d": ("AveragePooling2D", _CONTRIB_POOLING),
    "avg_pool3d": ("AveragePooling3D", _CONTRIB_POOLING),
    "batch_norm": (
        "BatchNormalization",
        "inputs decay center scale epsilon activation_fn param_initializers param_regularizers updates_collections is_training reuse "
        "variables_collections outputs_collections trainable batch_weights fused data_format zero_debias_moving_mean scope renorm "
        "renorm_clipping renorm_decay adjustment",
    ),
    "conv1d": ("Conv1D", _CONTRIB_CONVOLUTION),
    "conv2d": ("Conv2D", _CONTRIB_CONVOLUTION),
    "conv2d_transpose": ("Conv2DTranspose", f"inputs num_outputs kernel_size stride padding data_format {_NORMALIZER} {_ENDING}"),
    "conv3d": ("Conv3D", _CONTRIB_CONVOLUTION),
    "convolution": ("Conv2D", _CONTRIB_CONVOLUTION),
    "convolution2d": ("Conv2D", _CONTRIB_CONVOLUTION),
    "convolution2d_transpose": ("Conv2DTranspose", f"inputs num_outputs kernel_size stride padding data_format {_NORMALIZER} {_ENDING}"),
    "dropout": ("Dropout", "inputs keep_prob noise_shape is_training outputs_collections scope seed"),
    "flatten": ("Flatten", "inputs outputs_collections scope"),
    "group_norm": (
        "GroupNormalization",
        "inputs groups channels_axis reduction_axes center scale epsilon activation_fn param_initializers reuse variables_collections "
        "outputs_collections trainable scope",
    ),
    "instance_norm": (
        "GroupNormalization",
        "inputs center scale epsilon activation_fn param_initializers reuse variables_collections outputs_collections trainable "
        "data_format scope",
    ),
    "fully_connected": ("Dense", f"inputs num_outputs {_NORMALIZER} {_ENDING}"),
    "layer_norm": (
        "LayerNormalization",
        "inputs center scale activation_fn reuse variables_collections outputs_collections trainable begin_norm_axis begin_params_axis "
        "scope",
    ),
    "linear": ("Dense", f"inputs num_outputs {_NORMALIZER} {_ENDING}"),
    "max_pool2d": ("MaxPooling2D", _CONTRIB_POOLING),
    "max_pool3d": ("MaxPooling3D", _CONTRIB_POOLING),
    "relu": ("Dense", f"inputs num_outputs {_NORMALIZER} {_ENDING}"),
    "relu6": ("Dense", f"inputs num_outputs {_NORMALIZER} {_ENDING}"),
    "separable_conv2d": (
        "SeparableConv2D",
        f"inputs num_outputs kernel_size depth_multiplier stride padding data_format rate {_NORMALIZER} weights_initializer "
        f"pointwise_initializer "
        "weights_regularizer biases_initializer biases_regularizer reuse variables_collections outputs_collections trainable scope",
    ),
    "separable_convolution2d": (
        "SeparableConv2D",
        f"inputs num_outputs kernel_size depth_multiplier stride padding data_format rate {_NORMALIZER} weights_initializer "
        f"pointwise_initializer "
        "weights_regularizer biases_initializer biases_regularizer reuse variables_collections outputs_collections trainable scope",
    ),
}

_CONTRIB_RENAMED: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        "activation_fn": "activation",
        "biases_initializer": "bias_initializer",
        "biases_regularizer": "bias_regularizer",
        "decay": "momentum",
        "is_training": "training",
        "keep_prob": None,
        "num_outputs": "filters",
        "rate": "dilation_rate",
        "renorm_decay": "renorm_momentum",
        "scope": "name",
        "stride": "strides",
        "weights_initializer": "kernel_initializer",
        "weights_regularizer": "kernel_regularizer",
    }
)

_CONTRIB_DEFAULTS: Final[Mapping[str, Mapping[str, object]]] = {
    "AveragePooling2D": {"stride": 2, "padding": "VALID"},
    "BatchNormalization": {"activation_fn": None, "decay": 0.999, "epsilon": 0.001, "is_training": True, "scale": False},
    "Conv2D": {"activation_fn": "relu", "padding": "SAME", "stride": 1},
    "Dense": {"activation_fn": "relu"},
    "Dropout": {"is_training": True, "keep_prob": 0.5},
    "GroupNormalization": {"activation_fn": None},
    "LayerNormalization": {"activation_fn": None},
    "MaxPooling2D": {"stride": 2, "padding": "VALID"},
}


def _contrib(name: str, kind: str, parameters: str) -> FunctionalLayer:
    renamed = dict(_CONTRIB_RENAMED)
    if kind == "Dense":
        renamed["num_outputs"] = "units"
    if "Pooling" in kind:
        renamed["kernel_size"] = "pool_size"
    defaults = dict(_CONTRIB_DEFAULTS.get("Conv2D" if "Conv" in kind else kind.replace("3D", "2D"), {}))
    if name in ("linear", "relu6"):
        defaults["activation_fn"] = None if name == "linear" else "relu6"
    return FunctionalLayer(kind, tuple(parameters.split()), "contrib", renamed, defaults)


TF1_LAYERS: Final[Mapping[str, FunctionalLayer]] = {
    **{
        f"tf.layers.{name}": FunctionalLayer(kind, tuple(parameters.split()), "tf1", {}, {"rate": 0.5} if kind == "Dropout" else {})
        for name, (kind, parameters) in _TF_LAYERS.items()
    },
    **{
        f"tf.contrib.{module}.{name}": _contrib(name, kind, parameters)
        for module in ("layers", "slim")
        for name, (kind, parameters) in _CONTRIB.items()
    },
}
"""Canonical name of a function -> the layer that it makes and applies."""

_CLASS_ARGUMENTS: Final = frozenset({"inputs", "reuse", "training"})
"""Parameters of the functions of tf.layers that their classes do not have."""

TF1_CLASSES: Final[Mapping[str, FunctionalLayer]] = {
    f"tf.layers.{spec.kind}": replace(spec, parameters=tuple(name for name in spec.parameters if name not in _CLASS_ARGUMENTS))
    for name, spec in TF1_LAYERS.items()
    if name.startswith("tf.layers.")
}
"""Canonical name of a class of tf.layers -> the layer that it makes."""

SAME_FUNCTION: Final[Mapping[str, str]] = {
    "convolution1d": "conv1d",
    "convolution2d": "conv2d",
    "convolution2d_transpose": "conv2d_transpose",
    "linear": "fully_connected",
    "relu": "fully_connected",
    "relu6": "fully_connected",
    "separable_convolution2d": "separable_conv2d",
}
"""Functions of contrib that an arg_scope knows by another name."""
