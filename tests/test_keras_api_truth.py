"""The tables of the Keras API against the installed Keras 3 and tf_keras (Keras 2)."""

import importlib
import inspect
import os
import re
from collections.abc import Callable
from types import ModuleType

import pytest

from bnlint.keras_api.applications import APPLICATIONS, ENDS, application, leaving
from bnlint.keras_api.functions import _TABLES, function_spec
from bnlint.keras_api.layers import accepted, base_arguments, canonical_kind, configure, kinds, layer_spec
from bnlint.keras_api.names import canonical, exports
from bnlint.keras_api.shapes import output
from bnlint.keras_api.sizes import OPEN
from bnlint.keras_api.tables import by_word
from tests.conftest import needs

needs("tensorflow", "keras", "tf_keras")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

pytestmark = pytest.mark.keras

MAJORS = {"keras": 3, "tf_keras": 2}
NOT_IN_TABLES = {"args", "kwargs", "name", "dtype", "trainable", "dynamic", "autocast"}
"""Arguments of the base layer, which tables leave out."""


@pytest.fixture(scope="module", params=sorted(MAJORS))
def keras(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(request.param)


def major(keras: ModuleType) -> int:
    return MAJORS[keras.__name__]


def constructor(cls: type) -> dict[str, object]:
    """The parameters of a class with their defaults (inspect's `empty` where there is none), in order."""
    parameters = inspect.signature(cls).parameters.values()
    return {parameter.name: parameter.default for parameter in parameters if parameter.name not in NOT_IN_TABLES}


def layers_of(keras: ModuleType) -> dict[str, type]:
    found = {name: getattr(keras.layers, name) for name in dir(keras.layers) if not name.startswith("_")}
    return {name: value for name, value in found.items() if inspect.isclass(value) and name not in ("Layer", "InputSpec")}


def plain(value: object) -> object:
    return tuple(plain(item) for item in value) if isinstance(value, (tuple, list)) else value


def test_every_layer_is_in_the_table_with_its_arguments(keras: ModuleType) -> None:
    found = layers_of(keras)
    assert len(found) > 120
    wrong = {}
    for name, cls in found.items():
        spec = layer_spec(name, major(keras))
        real = constructor(cls)
        defaults = {key: plain(value) for key, value in real.items() if value is not inspect.Parameter.empty}
        if spec is None or spec.parameters != tuple(real) or dict(spec.defaults) != defaults:
            wrong[name] = (spec, real)
    assert not wrong


def test_aliases_are_the_same_class(keras: ModuleType) -> None:
    found = layers_of(keras)
    for name, cls in found.items():
        if canonical_kind(name) != name:
            assert found[canonical_kind(name)] is cls


def test_where_a_layer_is_implemented_leads_to_its_kind(keras: ModuleType) -> None:
    for name, cls in layers_of(keras).items():
        assert canonical(f"{cls.__module__}.{cls.__name__}") == f"keras.layers.{canonical_kind(name)}"
        assert canonical(f"tensorflow.keras.layers.{name}") == f"keras.layers.{canonical_kind(name)}"


@pytest.mark.parametrize(
    "place", ["Model", "Sequential", "Input", "models.Model", "models.Sequential", "layers.Input", "layers.Layer", "layers.InputSpec"]
)
def test_models_and_inputs(keras: ModuleType, place: str) -> None:
    found: object = keras
    for part in place.split("."):
        found = getattr(found, part)
    written = canonical(f"{keras.__name__}.{place}")
    assert written == canonical(f"{found.__module__}.{found.__name__}")  # type: ignore[attr-defined]
    assert written in ("keras.Model", "keras.Sequential", "keras.Input", "keras.layers.Layer", "keras.layers.InputSpec")


@pytest.mark.parametrize(
    "module", ["layers", "models", "activations", "backend", "applications", "callbacks", "optimizers", "regularizers"]
)
def test_exports_hold_the_public_names(keras: ModuleType, module: str) -> None:
    real = getattr(keras, module)
    public = {name for name in dir(real) if not name.startswith("_") and not inspect.ismodule(getattr(real, name))}
    aside = {"deserialize", "serialize", "experimental", "MultiOptimizer", "OptimizerMap"}
    assert public - aside <= set(exports(f"keras.{module}"))


def test_exports_hold_the_public_operations() -> None:
    import keras

    for module in ("ops", "random"):
        real = getattr(keras, module)
        public = {name for name in dir(real) if inspect.isfunction(getattr(real, name)) and not name.startswith("_")}
        assert public - {"custom_gradient", "jvp", "vectorize"} <= set(exports(f"keras.{module}")), module


def test_functions_of_keras_have_these_parameters() -> None:
    import keras
    import tf_keras

    places = {
        "keras.ops": [keras.ops, keras.ops.image],
        "keras.activations": [keras.activations],
        "keras.random": [keras.random],
        "keras.backend": [tf_keras.backend],
        "keras.layers": [tf_keras.layers],
    }
    for namespace, modules in places.items():
        for module in modules:
            for name in dir(module):
                if inspect.isfunction(getattr(module, name)) and not name.startswith("_"):
                    compare(f"{namespace}.{name}", getattr(module, name), namespace)


def test_functions_of_tensorflow_have_these_parameters() -> None:
    import tensorflow as tf

    for namespace, modules in {
        "tf": [tf, tf.nn, tf.math, tf.image],
        "tf.compat.v1": [tf.compat.v1, tf.compat.v1.nn, tf.compat.v1.image],
    }.items():
        compared = 0
        for name in by_word(_TABLES[namespace][1]):
            function = next((getattr(module, name) for module in modules if hasattr(module, name)), None)
            if function is not None:
                compare(f"{namespace}.{name}", function, namespace)
                compared += 1
        assert compared > 50


def compare(name: str, function: object, namespace: str) -> None:
    """The table's parameters are the first ones of the function (those that only name or place an operation aside)."""
    last = name.rpartition(".")[2]
    if not any(last in by_word(table) for table in _TABLES[namespace]):
        return
    aside = {"name", "kwargs", "layout", "grad_a", "grad_b"}
    real = [parameter for parameter in inspect.signature(function).parameters if parameter not in aside]  # type: ignore[arg-type]
    spec = function_spec(name)
    assert spec is not None
    ours = [parameter for parameter in spec.parameters if parameter not in aside]
    assert ours == real[: len(ours)], name


def test_arguments_that_batchnormalization_takes(keras: ModuleType) -> None:
    values: dict[str, object] = {
        "input_shape": (4,),
        "input_dim": 4,
        "batch_input_shape": (None, 4),
        "batch_size": 2,
        "weights": None,
        "fused": None,
        "virtual_batch_size": None,
        "adjustment": None,
        "implementation": 1,
        "dynamic": False,
        "autocast": True,
        "activity_regularizer": None,
        "name": "bn",
        "dtype": "float32",
        "trainable": True,
        "renorm_momentum": 0.9,
        "mode": 0,
        "gamma_init": "one",
        "eps": 1e-3,
        "decay": 0.9,
    }
    taken = accepted("BatchNormalization", major(keras))
    defaults = layer_spec("BatchNormalization", major(keras)).defaults
    for argument in {*values, *taken}:
        try:
            keras.layers.BatchNormalization(**{argument: values.get(argument, defaults.get(argument))})
        except (TypeError, ValueError):
            assert argument not in taken, argument
        else:
            assert argument in taken, argument


def test_base_arguments(keras: ModuleType) -> None:
    values = {
        "name": "d",
        "dtype": "float32",
        "trainable": True,
        "input_shape": (4,),
        "input_dim": 4,
        "batch_input_shape": (None, 4),
        "batch_size": 2,
    }
    values |= {"weights": None, "autocast": True, "dynamic": False, "implementation": 1, "activity_regularizer": None}
    for argument in base_arguments(major(keras)):
        keras.layers.Dropout(0.5, **{argument: values[argument]})


SHAPED = [
    ("Conv2D", (None, 17, 18, 3), {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same"}),
    ("Conv2D", (None, 17, 18, 3), {"filters": 4, "kernel_size": (3, 2), "dilation_rate": 2}),
    ("Conv1D", (None, 17, 3), {"filters": 4, "kernel_size": 4, "padding": "causal"}),
    ("Conv3D", (None, 7, 8, 9, 3), {"filters": 4, "kernel_size": 3, "strides": (1, 2, 3)}),
    ("Conv2DTranspose", (None, 7, 8, 3), {"filters": 4, "kernel_size": 5, "strides": 2}),
    ("Conv2DTranspose", (None, 7, 8, 3), {"filters": 4, "kernel_size": 2, "strides": 3, "padding": "same"}),
    ("DepthwiseConv2D", (None, 7, 8, 3), {"kernel_size": 3, "depth_multiplier": 2}),
    ("SeparableConv2D", (None, 7, 8, 3), {"filters": 4, "kernel_size": 3, "padding": "same"}),
    ("MaxPooling2D", (None, 7, 8, 3), {}),
    ("AveragePooling1D", (None, 7, 3), {"pool_size": 3, "strides": 2, "padding": "same"}),
    ("MaxPooling2D", (None, None, None, 3), {"pool_size": 3}),
    ("GlobalAveragePooling2D", (None, 7, 8, 3), {}),
    ("GlobalMaxPooling2D", (None, 7, 8, 3), {"keepdims": True}),
    ("ZeroPadding2D", (None, 7, 8, 3), {"padding": ((1, 2), (3, 4))}),
    ("ZeroPadding1D", (None, 7, 3), {"padding": (1, 2)}),
    ("ZeroPadding3D", (None, 7, 8, 9, 3), {"padding": (1, 2, 3)}),
    ("Cropping2D", (None, 7, 8, 3), {"cropping": (1, 2)}),
    ("UpSampling2D", (None, 7, 8, 3), {"size": (2, 3)}),
    ("UpSampling1D", (None, 7, 3), {"size": 2}),
    ("Dense", (None, 5, 3), {"units": 4}),
    ("Flatten", (None, 7, 8, 3), {}),
    ("Reshape", (None, 24), {"target_shape": (2, -1, 3)}),
    ("Permute", (None, 5, 6, 7), {"dims": (3, 1, 2)}),
    ("RepeatVector", (None, 5), {"n": 3}),
    ("Embedding", (None, 5), {"input_dim": 9, "output_dim": 4}),
    ("LSTM", (None, 5, 3), {"units": 4}),
    ("GRU", (None, 5, 3), {"units": 4, "return_sequences": True}),
    ("ConvLSTM2D", (None, 5, 7, 8, 3), {"filters": 4, "kernel_size": 3}),
    ("ConvLSTM2D", (None, 5, 7, 8, 3), {"filters": 4, "kernel_size": 3, "return_sequences": True}),
    ("BatchNormalization", (None, 7, 8, 3), {}),
    ("SpatialDropout1D", (None, 7, 8), {"rate": 0.5}),
]


@pytest.mark.parametrize(("kind", "shape", "arguments"), SHAPED, ids=lambda value: value if isinstance(value, str) else "")
def test_shapes_are_those_of_keras(keras: ModuleType, kind: str, shape: tuple[int | None, ...], arguments: dict[str, object]) -> None:
    inputs = keras.Input(shape[1:])
    real = tuple(getattr(keras.layers, kind)(**arguments)(inputs).shape)
    assert output(kind, configure(kind, (), arguments, major(keras)), [(shape, None)])[0] == real


def builders(keras: ModuleType) -> dict[str, Callable[..., object]]:
    """The public functions of keras.applications that build models."""
    return {name: builder for name, builder in vars(keras.applications).items() if inspect.isfunction(builder)}


def test_every_application_is_listed(keras: ModuleType) -> None:
    found = builders(keras)
    assert set(found) <= set(APPLICATIONS)
    for name, builder in found.items():
        parameters = inspect.signature(builder).parameters
        real = [parameter for parameter in parameters if parameter != "kwargs"]
        ours = list(application(f"keras.applications.{name}").parameters)
        # Keras 2 lacks the last ones of some, and has `model_name` in front of those of ConvNeXt.
        assert ours == real or (major(keras) == 2 and (ours[: len(real)] == real or real[:1] == ["model_name"])), name
        assert [parameters[key].default for key in ("include_top", "weights", "pooling")] == [True, "imagenet", None], name
        assert parameters["classes"].default == 1000, name


def test_no_application_is_invented() -> None:
    real = {name for keras in MAJORS for name in builders(importlib.import_module(keras))}
    once = {"ResNeXt50", "ResNeXt101"}
    bases = {name for name in APPLICATIONS if not application(f"keras.applications.{name}").parameters} | {"ConvNeXt"}
    assert set(APPLICATIONS) - real == once | bases


@pytest.mark.parametrize(
    "arguments", [{}, {"include_top": False}, {"include_top": False, "pooling": "avg"}, {"pooling": "max", "classes": 7}]
)
def test_what_leaves_an_application(keras: ModuleType, arguments: dict[str, object]) -> None:
    model = keras.applications.MobileNet(weights=None, alpha=0.25, **arguments)
    shape, channels = leaving(arguments)
    assert shape is not None
    assert len(shape) == len(model.output_shape)
    assert channels == len(shape) - 1
    assert {(mine, real) for mine, real in zip(shape, model.output_shape, strict=True) if mine not in (real, OPEN)} == set()


SMALLEST = [
    "ConvNeXtTiny",
    "DenseNet121",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Small",
    "NASNetMobile",
    "RegNetX002",
    "RegNetY002",
    "ResNet50",
    "ResNet50V2",
    "ResNetRS50",
    "VGG16",
    "Xception",
]
"""One application of each family: within a family all hold BatchNormalization or none does."""


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALLEST)
def test_which_applications_hold_batchnormalization(keras: ModuleType, name: str) -> None:
    builder = getattr(keras.applications, name, None)
    if builder is None:
        pytest.skip(f"{keras.__name__} has no {name}")
    model = builder(weights=None, include_top=False)
    norms = [number for number, layer in enumerate(model.layers) if isinstance(layer, keras.layers.BatchNormalization)]
    behind = model.layers[norms[-1] + 1 :] if norms else []
    named = {layer.name for layer in behind if re.sub(r"[_\d]", "", layer.name) != re.sub(r"\d", "", type(layer).__name__.lower())}
    given = {name for name in named if not re.fullmatch(r"tf\.[\w.]+", name)}  # tf_keras: a function, by its own name
    keras.backend.clear_session()
    assert bool(norms) is APPLICATIONS[name]
    assert given <= ENDS or name.startswith(("RegNet", "ResNetRS"))
    assert len(model.output_shape) == len(leaving({"include_top": False})[0])


def test_a_family_of_applications_agrees() -> None:
    def held(family: str) -> set[bool]:
        return {held for name, held in APPLICATIONS.items() if name.startswith(family)}

    families = (
        "ConvNeXt",
        "DenseNet",
        "EfficientNet",
        "Inception",
        "MobileNet",
        "NASNet",
        "RegNet",
        "ResNeXt",
        "ResNet",
        "VGG",
        "Xception",
    )
    assert [family for family in families if held(family) != {family not in ("ConvNeXt", "VGG")}] == []
    assert all(name.startswith(families) for name in APPLICATIONS)


def test_the_table_invents_no_layer() -> None:
    import keras
    import tf_keras

    real = set(layers_of(keras)) | set(layers_of(tf_keras)) | set(dir(tf_keras.layers.experimental))
    gone = {
        "AbstractRNNCell", "CuDNNGRU", "CuDNNLSTM", "Highway", "LRN2D", "MaxoutDense", "Merge", "ParametricSoftplus", "SReLU",
    }  # fmt: skip
    inner = {name for name in kinds() - real - gone if not hasattr(tf_keras.layers.experimental.preprocessing, name)}
    assert inner <= {"DynamicEmbedding", "DynamicLookup", "RandomFourierFeatures"}
