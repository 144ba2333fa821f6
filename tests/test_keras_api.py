"""The tables of the Keras API: names, layers, arguments, functions, shapes. No Keras is imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bnlint.graph.model import Choice, Layer, Unknown
from bnlint.keras_api import roles
from bnlint.keras_api.applications import application
from bnlint.keras_api.applications import leaving as leaving_application
from bnlint.keras_api.functions import OPERATORS, function_spec
from bnlint.keras_api.layers import ALIASES, accepted, base_arguments, configure, kinds, layer_spec, modern, once_accepted
from bnlint.keras_api.names import canonical, exports, is_keras
from bnlint.keras_api.shapes import output
from bnlint.keras_api.tf1 import TF1_LAYERS

IMAGE = ((None, 224, 224, 3), None)


# Names

SAME_CLASS = [
    "keras.layers.BatchNormalization",
    "keras.layers.BatchNormalizationV2",
    "keras.layers.normalization.BatchNormalization",
    "keras.layers.normalization.batch_normalization.BatchNormalization",
    "keras.layers.normalization_v2.BatchNormalization",
    "keras.BatchNormalization",
    "keras._tf_keras.keras.layers.BatchNormalization",
    "keras.api._v2.keras.layers.BatchNormalization",
    "keras.api.layers.BatchNormalization",
    "keras.src.layers.normalization.batch_normalization.BatchNormalization",
    "keras_core.layers.BatchNormalization",
    "keras_core.src.layers.BatchNormalization",
    "tensorflow._api.v2.keras.layers.BatchNormalization",
    "tensorflow._api.v2.compat.v1.keras.layers.BatchNormalization",
    "tensorflow.compat.v1.keras.layers.BatchNormalization",
    "tensorflow.compat.v2.keras.layers.BatchNormalization",
    "tensorflow.contrib.keras.api.keras.layers.BatchNormalization",
    "tensorflow.contrib.keras.python.keras.layers.normalization.BatchNormalization",
    "tensorflow.keras.layers.BatchNormalization",
    "tensorflow.python.keras.layers.normalization.BatchNormalizationV1",
    "tf.keras.layers.BatchNormalization",
    "tf_keras.layers.BatchNormalization",
    "tf_keras.src.layers.normalization.batch_normalization.BatchNormalization",
]


@pytest.mark.parametrize("dotted", SAME_CLASS)
def test_all_paths_lead_to_the_same_class(dotted: str) -> None:
    assert canonical(dotted) == "keras.layers.BatchNormalization"
    assert is_keras(dotted)


@pytest.mark.parametrize(
    ("dotted", "expected"),
    [
        ("keras", "keras"),
        ("tensorflow", "tf"),
        ("tensorflow.keras", "keras"),
        ("tensorflow.keras.layers", "keras.layers"),
        ("keras.src.backend", "keras.backend"),
        ("keras.backend.tensorflow_backend", "keras.backend"),
        ("keras.layers.core.K", "keras.backend"),
        ("keras.engine.topology.K.learning_phase", "keras.backend.learning_phase"),
        ("keras.backend.tensorflow_backend.relu", "keras.backend.relu"),
        ("keras.layers.core.Dense", "keras.layers.Dense"),
        ("keras.layers.Convolution2D", "keras.layers.Conv2D"),
        ("keras.layers.Deconvolution2D", "keras.layers.Conv2DTranspose"),
        ("keras.layers.MaxPool2D", "keras.layers.MaxPooling2D"),
        ("keras.layers.experimental.SyncBatchNormalization", "keras.layers.SyncBatchNormalization"),
        ("keras.layers.experimental.preprocessing.RandomFlip", "keras.layers.RandomFlip"),
        ("keras.layers.CuDNNLSTM", "keras.layers.CuDNNLSTM"),
        ("keras.legacy.layers.Merge", "keras.layers.Merge"),
        ("keras.engine.topology.Input", "keras.Input"),
        ("keras.applications.mobilenet.DepthwiseConv2D", "keras.layers.DepthwiseConv2D"),
        ("tf.keras.layers.Input", "keras.Input"),
        ("keras.Input", "keras.Input"),
        ("keras.engine.training.Model", "keras.Model"),
        ("keras.src.models.functional.Functional", "keras.Model"),
        ("keras.models.Sequential", "keras.Sequential"),
        ("keras.layers.Layer", "keras.layers.Layer"),
        ("keras.engine.base_layer.Layer", "keras.layers.Layer"),
        ("keras.layers.merge", "keras.layers.merge"),
        ("keras.layers.merge.concatenate", "keras.layers.concatenate"),
        ("keras.layers.merging.concatenate.concatenate", "keras.layers.concatenate"),
        ("keras.src.activations.activations.relu", "keras.activations.relu"),
        ("keras.ops.nn.relu", "keras.ops.relu"),
        ("keras.src.ops.numpy.Add", "keras.ops.Add"),
        ("keras.ops.image.resize", "keras.ops.image.resize"),
        ("keras.applications.resnet50.ResNet50", "keras.applications.ResNet50"),
        ("keras.applications.resnet50.preprocess_input", "keras.applications.resnet50.preprocess_input"),
        ("keras.config.image_data_format", "keras.backend.image_data_format"),
        ("keras.saving.load_model", "keras.models.load_model"),
        ("keras.optimizers.legacy.Adam", "keras.optimizers.Adam"),
        ("keras.utils.np_utils.to_categorical", "keras.utils.to_categorical"),
        ("tensorflow.nn.relu", "tf.nn.relu"),
        ("tensorflow.compat.v2.nn.relu", "tf.nn.relu"),
        ("tensorflow.compat.v1.nn.relu", "tf.compat.v1.nn.relu"),
        ("tensorflow.compat.v1.layers.conv2d", "tf.layers.conv2d"),
        ("tensorflow.python.layers.convolutional.conv2d", "tf.layers.conv2d"),
        ("tensorflow.contrib.layers.python.layers.batch_norm", "tf.contrib.layers.batch_norm"),
        ("tensorflow.contrib.slim.conv2d", "tf.contrib.slim.conv2d"),
        ("tf_slim.conv2d", "tf.contrib.slim.conv2d"),
        ("tensorflow.python.eager.backprop.GradientTape", "tf.GradientTape"),
        ("tensorflow.data.Dataset", "tf.data.Dataset"),
    ],
)
def test_canonical_name(dotted: str, expected: str) -> None:
    assert canonical(dotted) == expected
    assert canonical(expected) == expected


@pytest.mark.parametrize(
    "dotted",
    ["chainer.links.BatchNormalization", "keras_cv.layers.X", "keras_contrib.layers.InstanceNormalization", "keras_hub", "numpy.abs", ""],
)
def test_other_libraries_are_not_keras(dotted: str) -> None:
    assert canonical(dotted) is None
    assert not is_keras(dotted)


def test_names_below_tensorflow_are_not_keras() -> None:
    assert not is_keras("tensorflow.nn.relu")


@pytest.mark.parametrize(
    "module", ["keras.layers", "keras.models", "keras.backend", "keras.activations", "keras.ops", "keras.applications", "keras.engine"]
)
def test_what_a_star_import_binds_is_what_the_full_name_means(module: str) -> None:
    names = exports(module)
    assert names
    assert {name: canonical(f"{module}.{name}") for name in names} == dict(names)


def test_star_imports() -> None:
    assert exports("keras.layers")["MaxPool2D"] == "keras.layers.MaxPooling2D"
    assert exports("keras.layers.core")["Dense"] == "keras.layers.Dense"
    assert exports("keras.models")["Model"] == "keras.Model"
    assert exports("keras")["layers"] == "keras.layers"
    assert exports("keras.optimizers")["Adam"] == "keras.optimizers.Adam"
    assert exports("numpy") == {}


# Roles


def test_roles_equal_the_shared_table() -> None:
    shared = Path(__file__).parents[2] / "shared" / "roles.json"
    if not shared.exists():
        pytest.skip("the shared table is not beside this checkout")
    table = json.loads(shared.read_text())
    assert list(roles.ROLES) == table["roles"]
    assert dict(roles.LAYER_ROLES) == table["layers"]
    assert dict(roles.FUNCTION_ROLES) == table["functions"]
    assert dict(roles.ACTIVATION_ALIAS) == table["activation_alias"]


def test_every_role_is_a_role() -> None:
    used = {*roles.LAYER_ROLES.values(), *roles.FUNCTION_ROLES.values(), *(role for _, role in OPERATORS.values())}
    assert used <= set(roles.ROLES)
    assert {layer_spec(kind).role for kind in kinds()} <= set(roles.ROLES)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", "relu"),
        ("ReLU", "relu"),
        ("LeakyReLU", "leaky_relu"),
        ("leakyrelu", "leaky_relu"),
        ("PReLU", "prelu"),
        ("ELU", "elu"),
        ("swish", "silu"),
        ("h_swish", "hard_silu"),
        ("hard_swish", "hard_silu"),
        ("relu_6", "relu6"),
        ("Softmax", "softmax"),
        ("hard_sigmoid", "hard_sigmoid"),
        ("ThresholdedReLU", "thresholded_relu"),
        ("my_activation", "my_activation"),
        ("_relu6", "_relu6"),
        ("_hard_swish", "_hard_swish"),
    ],
)
def test_activation_name(name: str, expected: str) -> None:
    assert roles.activation_name(name) == expected
    assert roles.activation_name(expected) == expected


# Layers


def test_every_kind_has_a_spec_and_every_alias_a_kind() -> None:
    for kind in kinds():
        for keras in (2, 3):
            spec = layer_spec(kind, keras)
            assert spec is not None
            assert spec.kind == kind
            assert set(spec.defaults) <= set(spec.parameters)
            assert not any("{" in parameter for parameter in spec.parameters)
    for alias, kind in ALIASES.items():
        assert kind in kinds()
        assert alias not in kinds()
        assert layer_spec(alias) == layer_spec(kind)
    assert layer_spec("Chair") is None


def test_every_layer_with_a_role_is_known() -> None:
    assert {name for name in roles.LAYER_ROLES if layer_spec(name) is None} == {"Input"}


@pytest.mark.parametrize(
    ("kind", "rank"), [("Conv1D", 3), ("Conv2D", 4), ("Conv3DTranspose", 5), ("GlobalMaxPool1D", 3), ("ConvLSTM2D", 5), ("Dense", None)]
)
def test_rank(kind: str, rank: int | None) -> None:
    assert layer_spec(kind).rank == rank


@pytest.mark.parametrize(
    ("kind", "present", "absent"),
    [
        ("Conv2D", {"weighted", "has_channel_bias"}, {"weightless", "merge"}),
        ("LocallyConnected2D", {"weighted"}, {"has_channel_bias"}),
        ("EinsumDense", {"weighted"}, {"has_channel_bias"}),
        ("SeparableConvolution2D", {"weighted", "has_channel_bias"}, set()),
        ("GaussianNoise", {"dropout_like", "mode_dependent", "weightless"}, set()),
        ("RandomFlip", {"mode_dependent"}, {"dropout_like"}),
        ("BatchNormalization", {"mode_dependent"}, {"weightless", "weighted"}),
        ("LSTM", {"recurrent"}, {"weightless"}),
        ("Add", {"merge", "weightless"}, set()),
        ("ZeroPadding2D", {"weightless"}, {"keeps_channel_constant"}),
        ("MaxPool2D", {"weightless", "keeps_channel_constant"}, set()),
        ("UpSampling2D", {"keeps_channel_constant"}, set()),
        ("PReLU", set(), {"weightless"}),
    ],
)
def test_traits(kind: str, present: set[str], absent: set[str]) -> None:
    traits = layer_spec(kind).traits
    assert present <= traits
    assert not absent & traits


def test_the_two_kerases_differ() -> None:
    assert layer_spec("LeakyReLU").parameters == ("negative_slope",)
    assert layer_spec("LeakyReLU", 2).parameters == ("alpha",)
    assert layer_spec("ThresholdedReLU") == layer_spec("ThresholdedReLU", 2)
    assert layer_spec("Conv1D", 2).defaults["data_format"] == "channels_last"


def test_arguments_of_batchnormalization() -> None:
    new, old, once = accepted("BatchNormalization", 3), accepted("BatchNormalization", 2), once_accepted("BatchNormalization")
    assert {"axis", "synchronized", "renorm", "name", "dtype", "trainable"} <= new & old
    assert {"fused", "virtual_batch_size", "adjustment", "weights"} <= old - new
    assert {"mode", "gamma_init", "beta_init", "beta_constraint", *old, *new} <= once
    assert not {"eps", "decay", "affine", "num_features", "training", "data_format"} & once
    assert {"name", "input_shape"} <= base_arguments(3) < base_arguments(2)


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("Convolution2D", "nb_filter", "filters"),
        ("Conv2D", "border_mode", "padding"),
        ("Conv2D", "bias", "use_bias"),
        ("Dense", "output_dim", "units"),
        ("Embedding", "output_dim", "output_dim"),
        ("Embedding", "init", "embeddings_initializer"),
        ("Dropout", "p", "rate"),
        ("GaussianNoise", "sigma", "stddev"),
        ("LeakyReLU", "alpha", "negative_slope"),
        ("ELU", "alpha", "alpha"),
        ("BatchNormalization", "gamma_init", "gamma_initializer"),
        ("Conv2D", "no_such", "no_such"),
    ],
)
def test_modern(kind: str, old: str, new: str) -> None:
    assert modern(kind, old) == new


def test_configure_reads_keras_1() -> None:
    config = configure("Convolution2D", (64, 3, 5), {"border_mode": "same", "dim_ordering": "th", "bias": False})
    assert config["filters"] == 64
    assert config["kernel_size"] == (3, 5)
    assert config["strides"] == (1, 1)
    assert (config["padding"], config["data_format"], config["use_bias"]) == ("same", "channels_first", False)
    config = configure("Conv2D", (), {"nb_filter": 8, "nb_row": 1, "nb_col": 7})
    assert (config["filters"], config["kernel_size"]) == (8, (1, 7))
    config = configure("Convolution2D", (64, 3, 3, "he_normal", "relu"), {})
    assert (config["kernel_initializer"], config["activation"]) == ("he_normal", "relu")


def test_configure_reads_keras_2_and_3() -> None:
    config = configure("Conv2D", (64, 3, 2, "same"), {"name": "c"})
    assert (config["filters"], config["kernel_size"], config["strides"], config["padding"]) == (64, 3, 2, "same")
    assert (config["use_bias"], config["name"]) == (True, "c")
    unknown = Unknown("a parameter")
    assert configure("Conv2D", (unknown, unknown, unknown), {"data_format": unknown})["data_format"] is unknown


# Functions


@pytest.mark.parametrize(
    ("name", "role", "treatment", "activation"),
    [
        ("tf.nn.relu", "activation", "node", "relu"),
        ("tf.nn.swish", "activation", "node", "silu"),
        ("keras.activations.leaky_relu", "activation", "node", "leaky_relu"),
        ("keras.backend.relu", "activation", "node", "relu"),
        ("keras.ops.softmax", "activation", "node", "softmax"),
        ("tf.concat", "merge", "node", None),
        ("keras.layers.concatenate", "merge", "node", None),
        ("keras.layers.merge", "merge", "node", None),
        ("tf.image.resize", "resample", "node", None),
        ("tf.reduce_mean", "pool", "node", None),
        ("tf.compat.v1.nn.dropout", "dropout", "node", None),
        ("tf.nn.batch_normalization", "batchnorm", "node", None),
        ("tf.compat.v1.image.resize_bilinear", "resample", "node", None),
        ("tf.raw_ops.Relu", "activation", "node", "relu"),
        ("tf.matmul", "other", "node", None),
        ("tf.math.some_new_function", "other", "node", None),
        ("tf.cast", "other", "identity", None),
        ("tf.to_float", "other", "identity", None),
        ("tf.identity", "other", "identity", None),
        ("keras.ops.stop_gradient", "other", "identity", None),
        ("keras.ops.convert_to_tensor", "other", "identity", None),
        ("tf.shape", "other", "value", None),
        ("keras.backend.int_shape", "other", "value", None),
        ("keras.ops.shape", "other", "value", None),
        ("tf.constant", "other", "value", None),
        ("tf.zeros", "other", "value", None),
        ("tf.zeros_like", "other", "value", None),
        ("tf.zeros_initializer", "other", "value", None),
        ("tf.dtypes.cast", "other", "identity", None),
        ("tf.random.normal", "other", "value", None),
        ("keras.backend.image_data_format", "other", "value", None),
        ("keras.backend.floatx", "other", "value", None),
        ("keras.ops.identity", "other", "value", None),
        ("keras.activations.get", "other", "value", None),
    ],
)
def test_function(name: str, role: str, treatment: str, activation: str | None) -> None:
    spec = function_spec(name)
    assert spec is not None
    assert (spec.role, spec.treatment, spec.activation) == (role, treatment, activation)
    assert set(spec.tensors) <= set(spec.parameters)
    assert bool(spec.tensors) == (treatment != "value")


@pytest.mark.parametrize(
    "name",
    [
        "keras.layers.Dense",
        "keras.Model",
        "keras.backend",
        "keras.utils.to_categorical",
        "tf.GradientTape",
        "tf.Variable",
        "tf.function",
        "tf.data.Dataset",
        "tf.nn",
        "tf.layers.conv2d",
        "tf.nest.flatten",
        "numpy.add",
    ],
)
def test_what_is_no_function_on_tensors(name: str) -> None:
    assert function_spec(name) is None


def test_positions_of_tensors() -> None:
    assert function_spec("tf.concat").parameters == ("values", "axis")
    assert function_spec("tf.matmul").tensors == ("a", "b")
    assert function_spec("keras.ops.add").tensors == ("x1", "x2")
    assert function_spec("tf.einsum").tensors == ("inputs",)
    assert function_spec("tf.nn.dropout").parameters[1] == "rate"
    assert function_spec("tf.compat.v1.nn.dropout").parameters[1] == "keep_prob"
    assert function_spec("tf.nn.relu").family == "tf"
    assert function_spec("tf.compat.v1.nn.relu").family == "tf"
    assert function_spec("keras.ops.relu").family == "keras"


def test_tf1_layers() -> None:
    norm = TF1_LAYERS["tf.layers.batch_normalization"]
    assert (norm.kind, norm.family, norm.parameters[:4]) == ("BatchNormalization", "tf1", ("inputs", "axis", "momentum", "epsilon"))
    contrib = TF1_LAYERS["tf.contrib.slim.batch_norm"]
    assert (contrib.defaults["decay"], contrib.defaults["scale"], contrib.renamed["decay"]) == (0.999, False, "momentum")
    assert TF1_LAYERS["tf.contrib.layers.conv2d"].defaults["activation_fn"] == "relu"
    assert TF1_LAYERS["tf.contrib.layers.fully_connected"].renamed["num_outputs"] == "units"
    for layer in TF1_LAYERS.values():
        spec = layer_spec(layer.kind)
        assert spec is not None
        assert layer.parameters[0] == "inputs"
        assert set(layer.defaults) <= set(layer.parameters)


def test_applications() -> None:
    assert application("keras.applications.ResNet50").batchnorm is True
    assert application("keras.applications.VGG16").batchnorm is False
    assert application("keras.applications.MobileNet").parameters[:2] == ("input_shape", "alpha")
    assert application("keras.applications.resnet50.preprocess_input") is None
    assert application("mine.applications.ResNet50") is None
    assert application("keras.applications.ResNet").parameters == ()


@pytest.mark.parametrize(
    ("config", "rank", "channels"),
    [
        ({}, 2, 1),
        ({"include_top": False}, 4, 3),
        ({"include_top": 0, "pooling": None}, 4, 3),
        ({"include_top": False, "pooling": "avg"}, 2, 1),
        ({"include_top": Unknown("a flag")}, None, None),
        ({"include_top": Unknown("a flag"), "pooling": "max"}, 2, 1),
        ({"include_top": False, "pooling": Unknown("a choice")}, None, None),
        ({"include_top": True, "pooling": Unknown("a choice")}, 2, 1),
    ],
)
def test_what_leaves_an_application(config: dict[str, object], rank: int | None, channels: int | None) -> None:
    shape, axis = leaving_application(config)
    assert (None if shape is None else len(shape), axis) == (rank, channels)


def test_the_head_of_an_application() -> None:
    assert leaving_application({"classes": 7}) == ((None, 7), 1)
    assert leaving_application({"include_top": False}, channels_first=True)[1] == 1


# Shapes


def leaving(kind: str, *inputs: object, **arguments: object) -> object:
    shape, channels = output(kind, configure(kind, (), arguments), inputs)  # type: ignore[arg-type]
    return None if shape is None else tuple("?" if isinstance(size, Unknown) else size for size in shape), channels


NOTHING = (None, None)


@pytest.mark.parametrize(
    ("kind", "given", "arguments", "expected"),
    [
        ("Conv2D", IMAGE, {"filters": 64, "kernel_size": 7, "strides": 2, "padding": "same"}, ((None, 112, 112, 64), 3)),
        ("Conv2D", IMAGE, {"filters": 64, "kernel_size": (3, 5)}, ((None, 222, 220, 64), 3)),
        ("Conv2D", IMAGE, {"filters": 64, "kernel_size": 3, "dilation_rate": 2}, ((None, 220, 220, 64), 3)),
        ("Conv2D", NOTHING, {"filters": 64, "kernel_size": 3}, (("?", "?", "?", 64), 3)),
        ("Conv2D", ((None, 3, 32, 32), None), {"filters": 8, "kernel_size": 3, "data_format": "channels_first"}, ((None, 8, 30, 30), 1)),
        ("Conv2D", IMAGE, {"filters": 8, "kernel_size": 3, "data_format": Unknown("set elsewhere")}, ((None, "?", "?", "?"), None)),
        ("Conv2D", IMAGE, {"filters": Unknown("a width"), "kernel_size": 3}, ((None, 222, 222, "?"), 3)),
        ("Conv2D", IMAGE, {"filters": 8, "kernel_size": 3, "padding": Choice(Unknown("c"), "same", "valid")}, ((None, "?", "?", 8), 3)),
        ("Conv1D", ((None, 10, 4), 2), {"filters": 8, "kernel_size": 3, "padding": "causal"}, ((None, 10, 8), 2)),
        ("DepthwiseConv2D", IMAGE, {"kernel_size": 3, "padding": "same", "depth_multiplier": 2}, ((None, 224, 224, 6), 3)),
        ("Conv2DTranspose", IMAGE, {"filters": 3, "kernel_size": 4, "strides": 2, "padding": "same"}, ((None, 448, 448, 3), 3)),
        ("Conv2DTranspose", IMAGE, {"filters": 3, "kernel_size": 5, "strides": 2}, ((None, 451, 451, 3), 3)),
        ("Dense", ((None, 5, 8), None), {"units": 3}, ((None, 5, 3), 2)),
        ("Dense", NOTHING, {"units": 3}, (None, None)),
        ("MaxPooling2D", IMAGE, {"pool_size": 3, "strides": 2, "padding": "same"}, ((None, 112, 112, 3), 3)),
        ("MaxPooling2D", ((None, None, None, 3), 3), {}, ((None, None, None, 3), 3)),
        ("GlobalAveragePooling2D", IMAGE, {}, ((None, 3), 1)),
        ("GlobalAveragePooling2D", NOTHING, {}, (("?", "?"), 1)),
        ("GlobalAveragePooling2D", IMAGE, {"keepdims": True}, ((None, 1, 1, 3), 3)),
        ("ZeroPadding2D", IMAGE, {"padding": ((3, 3), (3, 2))}, ((None, 230, 229, 3), 3)),
        ("ZeroPadding1D", ((None, 10, 4), 2), {"padding": (2, 1)}, ((None, 13, 4), 2)),
        ("Cropping2D", IMAGE, {"cropping": (1, 2)}, ((None, 222, 220, 3), 3)),
        ("UpSampling2D", IMAGE, {"size": 2}, ((None, 448, 448, 3), 3)),
        ("SpatialDropout2D", NOTHING, {"rate": 0.5}, (("?", "?", "?", "?"), 3)),
        ("BatchNormalization", ((None, 4, 4, 8), 3), {}, ((None, 4, 4, 8), 3)),
        ("Activation", NOTHING, {"activation": "relu"}, (None, None)),
        ("Flatten", ((None, 7, 7, 512), 3), {}, ((None, 25088), 1)),
        ("Flatten", NOTHING, {}, (("?", "?"), 1)),
        ("Reshape", ((None, 784), 1), {"target_shape": (28, 28, -1)}, ((None, 28, 28, 1), None)),
        ("Reshape", NOTHING, {"target_shape": Unknown("a shape")}, (None, None)),
        ("Permute", ((None, 3, 32, 32), 1), {"dims": (2, 3, 1)}, ((None, 32, 32, 3), 3)),
        ("RepeatVector", ((None, 8), 1), {"n": 4}, ((None, 4, 8), 2)),
        ("Embedding", ((None, 10), None), {"input_dim": 99, "output_dim": 8}, ((None, 10, 8), 2)),
        ("LSTM", ((None, 10, 3), 2), {"units": 4}, ((None, 4), 1)),
        ("LSTM", ((None, 10, 3), 2), {"units": 4, "return_sequences": True}, ((None, 10, 4), 2)),
        ("LSTM", ((None, 10, 3), 2), {"units": 4, "return_sequences": Unknown("a flag")}, (None, None)),
        ("ConvLSTM2D", ((None, 10, 32, 32, 3), None), {"filters": 4, "kernel_size": 3}, ((None, 30, 30, 4), 3)),
        ("EinsumDense", NOTHING, {"equation": "abc,cd->abd", "output_shape": (None, 64)}, (("?", "?", 64), None)),
        ("Lambda", IMAGE, {}, (None, None)),
        ("NoSuchLayer", IMAGE, {}, (None, None)),
    ],
)
def test_shape(kind: str, given: object, arguments: dict[str, object], expected: object) -> None:
    assert leaving(kind, given, **arguments) == expected


def test_shapes_of_inputs() -> None:
    assert output("Input", {"shape": (224, 224, 3)}, ()) == ((None, 224, 224, 3), None)
    assert output("Input", {"shape": (8,), "batch_size": 4}, ()) == ((4, 8), 1)
    assert output("Input", {"batch_shape": (2, None, 3)}, ()) == ((2, None, 3), None)
    assert output("Input", {}, ()) == (None, None)


def test_shapes_of_merges() -> None:
    first, second = ((None, 8, 8, 3), 3), ((None, 8, 8, 5), 3)
    assert leaving("Concatenate", first, second) == ((None, 8, 8, 8), 3)
    assert leaving("Add", first, first) == first
    assert leaving("Add", first, NOTHING) == (("?", "?", "?", "?"), 3)
    assert leaving("Add", NOTHING, NOTHING) == (None, None)
    assert leaving("Multiply", first, ((None, 1, 1, 3), 3)) == first
    assert leaving("Add", first, ((None, 3, 8, 8), 1))[1] is None
    assert leaving("concat", first, second, axis=3) == ((None, 8, 8, 8), 3)


def test_shapes_of_wrappers() -> None:
    convolution = Layer("Conv2D", "linear", config=configure("Conv2D", (4, 3), {}))
    recurrent = Layer("LSTM", "recurrent", config=configure("LSTM", (4,), {"return_sequences": True}))
    assert leaving("TimeDistributed", ((None, 10, 32, 32, 3), None), layer=convolution) == ((None, 10, 30, 30, 4), 4)
    assert leaving("Bidirectional", ((None, 10, 3), 2), layer=recurrent) == ((None, 10, 8), 2)
    assert leaving("TimeDistributed", IMAGE, layer=Unknown("a layer")) == (None, None)


def test_shapes_of_functions() -> None:
    assert leaving("relu", IMAGE) == IMAGE
    assert leaving("reduce_mean", ((None, 8, 8, 3), 3), axis=[1, 2]) == ((None, 3), 1)
    assert leaving("reduce_mean", ((None, 8, 8, 3), 3), axis=[1, 2], keepdims=True) == ((None, 1, 1, 3), 3)
    assert leaving("transpose", ((None, 8, 9, 3), 3), perm=[0, 3, 1, 2]) == ((None, 3, 8, 9), 1)
    assert leaving("reshape", IMAGE, shape=(-1, 10)) == (("?", 10), 1)
    assert leaving("expand_dims", ((None, 3), 1), axis=1) == ((None, 1, 3), 2)
    assert leaving("squeeze", ((None, 1, 3), 2), axis=1) == ((None, 3), 1)


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_no_layer_trips_over_what_is_unknown(kind: str) -> None:
    unknown = Unknown("anything")
    config = dict.fromkeys(layer_spec(kind).parameters, unknown)
    for given in ((), (NOTHING,), (IMAGE,), (((unknown, unknown), None),), (IMAGE, NOTHING)):
        shape, channels = output(kind, config, given)
        assert channels is None or shape is None or 0 <= channels < len(shape)


def test_the_tables_load_no_library() -> None:
    code = (
        "import sys, bnlint.keras_api.names, bnlint.keras_api.shapes, bnlint.keras_api.tf1; "
        "print([m for m in ('keras', 'tensorflow', 'numpy', 'libcst', 'h5py') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
