"""Real models of Keras 3 and of tf_keras, and their BatchNormalization layers as Keras itself has them."""

import importlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
KERAS = {2: "tf_keras", 3: "keras"}
VARIABLES = ("gamma", "beta", "moving_mean", "moving_variance", "moving_stddev", "renorm_mean", "renorm_stddev")

Arrays = dict[tuple[str, ...], dict[str, list[float]]]
"""By the names of the models and wrappers around a layer and its own: its variables."""


def keras_of(major: int) -> Any:
    return importlib.import_module(KERAS[major])


def batchnorms(model: Any, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for layer in model.layers:
        own = (*names, layer.name)
        while type(layer).__name__ == "TimeDistributed":
            layer = layer.layer
            own = (*own, layer.name)
        if hasattr(layer, "moving_variance"):
            yield own, layer
        elif hasattr(layer, "layers"):
            yield from batchnorms(layer, own)


def scramble(model: Any, seed: int = 0) -> Any:
    """Random values in every BatchNormalization, so that no two arrays are equal."""
    import numpy

    rng = numpy.random.default_rng(seed)
    for _, layer in batchnorms(model):
        for weight in layer.weights:
            weight.assign(rng.uniform(0.5, 1.5, tuple(weight.shape)).astype("float32").astype(str(numpy.dtype("float32"))))
    return model


def arrays(model: Any) -> Arrays:
    found: Arrays = {}
    for names, layer in batchnorms(model):
        variables = ((name, getattr(layer, name, None)) for name in VARIABLES)
        found[names] = {name: [float(value) for value in _numpy(variable)] for name, variable in variables if variable is not None}
    return found


def _numpy(variable: Any) -> Any:
    return (variable.numpy() if hasattr(variable, "numpy") else variable).astype("float64")


# Small models, each with something that is easily read wrong


def _block(layers: Any, x: Any, name: str, **arguments: Any) -> Any:
    return layers.ReLU()(layers.BatchNormalization(name=name, **arguments)(layers.Conv2D(4, 3, padding="same")(x)))


def plain(keras: Any) -> Any:
    x = inputs = keras.Input((8, 8, 3))
    for number, arguments in enumerate(({}, {"scale": False}, {"center": False}, {"scale": False, "center": False}, {"trainable": False})):
        x = _block(keras.layers, x, f"norm_{number}", **arguments)
    return keras.Model(inputs, x)


def sequential(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Dense(5), layers.BatchNormalization()]
    )


def nested(keras: Any) -> Any:
    inside = keras.Input((8, 8, 4))
    deepest = keras.Sequential([keras.Input((8, 8, 4)), keras.layers.BatchNormalization(name="deep")], name="deepest")
    inner = keras.Model(inside, deepest(_block(keras.layers, inside, "norm")), name="inner")
    inputs = keras.Input((8, 8, 3))
    x = inner(_block(keras.layers, inputs, "outer_norm"))
    return keras.Model(inputs, keras.layers.BatchNormalization(name="last")(x))


def frozen(keras: Any) -> Any:
    model = nested(keras)
    model.get_layer("inner").trainable = False
    model.get_layer("last").trainable = False
    return model


def shared(keras: Any) -> Any:
    norm = keras.layers.BatchNormalization(name="twice")
    inside = keras.Input((8, 8, 4))
    inner = keras.Model(inside, keras.layers.BatchNormalization(name="norm")(inside), name="inner")
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, inner(norm(inner(norm(keras.layers.Conv2D(4, 3, padding="same")(inputs))))))


def shared_inside(keras: Any) -> Any:
    both = keras.layers.BatchNormalization(name="both")  # bnlint: ignore[BN104] what two models share is read
    inside = keras.Input((8, 8, 4))
    inner = keras.Model(inside, both(inside), name="inner")
    inputs = keras.Input((8, 8, 4))
    return keras.Model(inputs, both(inner(inputs)))


def wrapped(keras: Any) -> Any:
    layers = keras.layers
    inside = keras.Input((6, 4))
    inner = keras.Model(inside, layers.BatchNormalization(name="deep")(layers.Dense(4)(inside)), name="inner")
    inputs = keras.Input((5, 6, 4))
    x = layers.TimeDistributed(layers.BatchNormalization(name="norm"), name="time")(inputs)
    return keras.Model(inputs, layers.TimeDistributed(inner, name="models")(x))


def channels_first(keras: Any) -> Any:
    inputs = keras.Input((8, 6, 3))
    return keras.Model(inputs, keras.layers.BatchNormalization(axis=1, name="norm")(keras.layers.BatchNormalization(axis=2)(inputs)))


def renorm(keras: Any) -> Any:
    inputs = keras.Input((8,))
    return keras.Model(inputs, keras.layers.BatchNormalization(renorm=True, name="norm")(keras.layers.Dense(4)(inputs)))


def types(keras: Any) -> Any:
    x = inputs = keras.Input((8,))
    for dtype in ("float64", "float16", "mixed_float16", *(("bfloat16",) if keras.__name__ == "keras" else ())):
        policy = keras.mixed_precision.Policy(dtype) if keras.__name__ == "tf_keras" else dtype
        x = keras.layers.BatchNormalization(dtype=policy)(keras.layers.Dense(4)(x))
    return keras.Model(inputs, x)


SMALL: dict[str, Callable[[Any], Any]] = {
    made.__name__: made for made in (plain, sequential, nested, frozen, shared, wrapped, channels_first, renorm, types)
}


def application(name: str) -> Callable[[Any], Any]:
    def build(keras: Any) -> Any:
        return getattr(keras.applications, name)(weights=None, input_shape=(96, 96, 3), classes=10)

    return build


def save(model: Any, path: Path) -> Path:
    """As the name says: a whole model, or (`weights` in it) its weights alone."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save_weights(str(path)) if "weights" in path.name else model.save(str(path))
    return path
