"""Converted weights in real Keras: the model without biases computes what the trained one did, and goes on training as it would."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bnlint import api
from bnlint.saved import process
from tests.conftest import needs
from tests.saved import real

needs("h5py", "tensorflow", "keras", "tf_keras")
pytestmark = pytest.mark.keras

FILES = {3: ("keras", "h5", "weights.h5"), 2: ("h5", "keras", "weights.h5", "old_weights.h5")}
KINDS = {
    "conv": lambda layers, **given: layers.Conv2D(6, 3, name="conv", **given),
    "separable": lambda layers, **given: layers.SeparableConv2D(5, 3, padding="same", name="separable", **given),
    "transposed": lambda layers, **given: layers.Conv2DTranspose(4, 3, name="transposed", **given),
    "depthwise": lambda layers, **given: layers.DepthwiseConv2D(3, name="depthwise", **given),
    "dense": lambda layers, **given: layers.Dense(7, name="dense", **given),
}
"""Each followed by a BatchNormalization; each name is that of the layer."""

SOURCE = """
from tensorflow import keras

model = keras.Sequential([
    keras.Input((9, 9, 3)),
    {layers},
    keras.layers.LeakyReLU(),
])
"""
WRITTEN = {
    "conv": "keras.layers.Conv2D(6, 3, name='conv', use_bias=False)",
    "separable": "keras.layers.SeparableConv2D(5, 3, padding='same', name='separable', use_bias=False)",
    "transposed": "keras.layers.Conv2DTranspose(4, 3, name='transposed', use_bias=False)",
    "depthwise": "keras.layers.DepthwiseConv2D(3, name='depthwise', use_bias=False)",
    "dense": "keras.layers.Dense(7, name='dense', use_bias=False)",
}


@pytest.fixture(autouse=True, scope="module")
def _fresh() -> Iterator[None]:
    yield
    process.close()


def build(keras: Any, **given: Any) -> Any:
    """A line of all kinds, one behind the other."""
    layers = keras.layers
    stack = [part for name, kind in KINDS.items() for part in (kind(layers, **given), layers.BatchNormalization(name=f"{name}_norm"))]
    model = keras.Sequential([keras.Input((9, 9, 3)), *stack, layers.LeakyReLU()])
    model.compile("adam", "mse")
    return model


def build_inner(keras: Any, **given: Any) -> Any:
    """A model in a model, with branches, built without names that a file could go by."""
    inside = keras.Input((9, 9, 6))
    inner = keras.Model(
        inside, keras.layers.BatchNormalization(name="deep_norm")(keras.layers.Conv2D(6, 1, name="deep", **given)(inside)), name="inner"
    )
    inputs = keras.Input((9, 9, 3))
    x = keras.layers.BatchNormalization(name="norm")(keras.layers.Conv2D(6, 3, padding="same", name="conv", **given)(inputs))
    model = keras.Model(inputs, keras.layers.add([x, keras.layers.ReLU()(inner(x))]))
    model.compile("adam", "mse")
    return model


def trained(keras: Any, model: Any) -> Any:
    """With weights that are all different, and an optimizer that has state."""
    import numpy

    rng = numpy.random.default_rng(1)
    model.optimizer.build(model.trainable_variables)
    model.set_weights([rng.uniform(0.5, 1.5, weight.shape).astype("float32") for weight in model.get_weights()])
    return model


def same(first: Any, second: Any, training: bool = False) -> float:
    """The largest difference of what two models make of the same, by the largest number."""
    import numpy

    x = numpy.random.default_rng(2).normal(size=(8, *first.input_shape[1:])).astype("float32")
    one, other = (numpy.asarray(model(x, training=training), "float64") for model in (first, second))
    return float(numpy.abs(one - other).max() / numpy.abs(one).max())


def load(keras: Any, path: Path, fixed: Any) -> Any:
    """What the converted file gives: the model that it holds, or its weights in the model of the fixed source."""
    if "weights" not in path.name:
        return keras.models.load_model(str(path), compile=path.suffix == ".keras")  # Keras 3 cannot load its own "mse" from .h5
    fixed.load_weights(str(path))
    return fixed


@pytest.mark.parametrize("builder", [build, build_inner])
@pytest.mark.parametrize(("major", "file"), [(major, file) for major, files in FILES.items() for file in files])
def test_the_model_computes_what_it_did(major: int, file: str, builder: Any, tmp_path: Path) -> None:
    keras = real.keras_of(major)
    model = trained(keras, builder(keras))
    old, new = real.save(model, tmp_path / f"old.{file}"), tmp_path / f"new.{file}"
    fixed = builder(keras, use_bias=False)
    like = str(real.save(fixed, tmp_path / "fixed.keras"))
    done = api.convert_weights(str(old), str(new), like=like)
    biased = [layer.name for layer in model.layers if getattr(layer, "bias", None) is not None]
    assert {name for name, _ in done.folded} == {*biased, *(("inner/deep",) if builder is build_inner else ())}
    converted = load(keras, new, fixed)
    assert same(model, converted) <= 1e-5
    assert same(model, converted, training=True) <= 1e-5
    assert len(converted.weights) == len(model.weights) - len(done.folded)
    assert done.optimizer is (file != "old_weights.h5")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("major", [2, 3])
def test_each_kind_of_layer_alone(major: int, kind: str, tmp_path: Path) -> None:
    keras = real.keras_of(major)
    model = trained(keras, build(keras))
    old, new = real.save(model, tmp_path / "old.keras"), tmp_path / "new.keras"
    assert api.convert_weights(str(old), str(new), [kind]).folded == ((kind, f"{kind}_norm"),)
    assert same(model, keras.models.load_model(str(new))) <= 1e-5


@pytest.mark.parametrize("file", ["keras", "weights.h5"])
def test_the_fixed_source_says_which_biases_go(file: str, tmp_path: Path) -> None:
    keras = real.keras_of(3)
    model = trained(keras, build(keras))
    lines = [line for name, kind in WRITTEN.items() for line in (kind, f"keras.layers.BatchNormalization(name='{name}_norm')")]
    (tmp_path / "model.py").write_text(SOURCE.format(layers=",\n    ".join(lines)))
    old, new = real.save(model, tmp_path / f"old.{file}"), tmp_path / f"new.{file}"
    done = api.convert_weights(str(old), str(new), like=str(tmp_path / "model.py"))
    assert len(done.folded) == len(KINDS)
    assert same(model, load(keras, new, build(keras, use_bias=False))) <= 1e-5


def test_to_drop_the_bias_without_that_changes_the_model(tmp_path: Path) -> None:
    """What the folding is for."""
    keras = real.keras_of(3)
    model, fixed = trained(keras, build(keras)), build(keras, use_bias=False)
    biases = {id(layer.bias) for layer in model.layers if getattr(layer, "bias", None) is not None}
    fixed.set_weights([weight.numpy() for weight in model.weights if id(weight) not in biases])
    assert same(model, fixed) > 1e-2


def test_a_converted_model_goes_on_training(tmp_path: Path) -> None:
    import numpy

    keras = real.keras_of(3)
    model = trained(keras, build(keras))
    old, new = real.save(model, tmp_path / "old.keras"), tmp_path / "new.keras"
    api.convert_weights(str(old), str(new), list(KINDS))
    converted = keras.models.load_model(str(new))
    x = numpy.random.default_rng(3).normal(size=(16, 9, 9, 3)).astype("float32")
    for each in (model, converted):
        each.compile(keras.optimizers.SGD(1e-3), "mse", run_eagerly=True)
        for _ in range(3):
            each.train_on_batch(x, numpy.zeros((16, *model.output_shape[1:]), "float32"))
    assert same(model, converted) <= 1e-4
