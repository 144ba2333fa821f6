"""Writes SavedModels, checkpoints, frozen graphs and ONNX files with real Keras 3 and tf_keras, and beside them what these say of them.

`python -m tests.saved.wire_models FOLDER NAME…` writes the models of these names, and `NAME.json` each. It runs as a process of its own,
so that a test run imports TensorFlow here alone.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import tensorflow as tf
import tf_keras

PARAMETERS = ("gamma", "beta", "moving_mean", "moving_variance")
Truth = dict[str, Any]
Maker = Callable[[Path], Truth]
MAKERS: dict[str, Maker] = {}

APPLICATIONS = ("MobileNet", "MobileNetV2", "ResNet50", "DenseNet121", "EfficientNetB0", "NASNetMobile", "Xception", "InceptionV3")


def maker(function: Maker) -> Maker:
    MAKERS[function.__name__] = function
    return function


# What Keras says


def flat(model: Any) -> list[Any]:
    """The layers of a model, those of models in it among them."""
    return [inner for layer in model.layers for inner in (flat(layer) if hasattr(layer, "layers") else [layer])]


def is_batchnorm(layer: Any) -> bool:
    return type(layer).__name__ == "BatchNormalization"


def batchnorms(layers: list[Any]) -> list[Any]:
    found = [getattr(layer, "layer", layer) for layer in layers]
    return [layer for layer in found if is_batchnorm(layer)]


def randomise(layers: list[Any]) -> None:
    """Numbers that tell gamma, beta and the statistics of each layer apart."""
    random = np.random.default_rng(7)
    for layer in batchnorms(layers):
        layer.set_weights([random.uniform(0.1, 2, weight.shape).astype(weight.dtype) for weight in layer.get_weights()])


def described(layer: Any) -> Truth:
    arrays = {name: getattr(layer, name, None) for name in PARAMETERS}
    config = layer.get_config()
    return {
        "name": layer.name,
        "config": {name: config[name] for name in ("axis", "momentum", "epsilon", "center", "scale")},
        "weights": {name: np.asarray(array, "float64").ravel().tolist() for name, array in arrays.items() if array is not None},
    }


def truth(model: Any, layers: list[Any] | None = None) -> Truth:
    layers = flat(model) if layers is None else layers
    kinds = [[type(layer).__name__, layer.name] for layer in layers]
    return {"layers": kinds, "batchnorms": [described(each) for each in batchnorms(layers)]}


# Models


def functional(k: Any, training: bool | None) -> Any:
    """Three BatchNormalization layers, the second called with `training`."""
    layers = k.layers
    given = {} if training is None else {"training": training}
    inputs = k.Input((8, 8, 3))
    x = layers.BatchNormalization(name="first")(layers.Conv2D(4, 3, name="conv")(inputs))
    # bnlint: ignore[BN305] on purpose: it is what BN609 finds
    x = layers.BatchNormalization(name="second", epsilon=2e-3, momentum=0.9)(layers.ReLU()(x), **given)
    x = layers.BatchNormalization(name="third", scale=False)(layers.Conv2D(5, 3, use_bias=False)(x))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.BatchNormalization(name="fourth", center=False)(layers.Dense(6)(x))
    model = k.Model(inputs, layers.Dense(2, activation="softmax", name="end")(x))
    randomise(model.layers)
    return model


def wrapped(k: Any) -> Any:
    """TimeDistributed, and one layer on several axes where Keras has that."""
    layers = k.layers
    inputs = k.Input((3, 4, 4, 2))
    x = layers.TimeDistributed(layers.BatchNormalization(name="inner"), name="steps")(inputs)
    x = layers.BatchNormalization(name="across", axis=[1, 4])(x) if k is tf_keras else layers.BatchNormalization(name="across", axis=1)(x)
    model = k.Model(inputs, layers.Dense(1, name="end")(layers.Flatten()(x)))
    randomise(model.layers)
    return model


def nested(k: Any) -> Any:
    layers = k.layers
    inner = k.Sequential([k.Input((4,)), layers.Dense(4), layers.BatchNormalization(name="norm")], name="inner")
    inputs = k.Input((4,))
    x = layers.BatchNormalization(name="norm")(layers.Dense(4, use_bias=False)(inner(inputs, training=False)))
    model = k.Model(inputs, layers.Dense(2, name="end")(x))
    randomise(flat(model))
    return model


def subclassed(k: Any) -> Any:
    class Block(k.layers.Layer):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense, self.norm = k.layers.Dense(3), k.layers.BatchNormalization(epsilon=1e-2)

        def call(self, x: Any, training: Any = None) -> Any:
            return self.norm(self.dense(x), training=training)

    class Net(k.Model):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.head = k.layers.BatchNormalization(momentum=0.8)
            self.blocks = [Block(), Block()]

        def call(self, x: Any, training: Any = None) -> Any:
            x = self.head(x, training=training)
            for block in self.blocks:
                x = block(x, training=training)
            return x

    model = Net()
    model(np.zeros((2, 3), "float32"))
    randomise(parts(model))
    return model


def parts(net: Any) -> list[Any]:
    """The BatchNormalization layers of a subclassed model."""
    return [net.head, *(block.norm for block in net.blocks)]


# Files


@maker
def keras2_functional(path: Path) -> Truth:
    model = functional(tf_keras, True)
    model.compile("sgd", "mse")
    model.save(path, save_format="tf")
    return truth(model)


@maker
def keras2_plain(path: Path) -> Truth:
    model = functional(tf_keras, None)
    model.compile("adam", "mse")
    model.fit(np.zeros((4, 8, 8, 3)), np.zeros((4, 2)), verbose=0)
    randomise(model.layers)
    model.save(path, save_format="tf")
    return truth(model)


@maker
def keras2_wrapped(path: Path) -> Truth:
    model = wrapped(tf_keras)
    model.save(path, save_format="tf")
    return truth(model)


@maker
def keras2_nested(path: Path) -> Truth:
    model = nested(tf_keras)
    model.save(path, save_format="tf")
    return truth(model)


@maker
def keras2_subclassed(path: Path) -> Truth:
    model = subclassed(tf_keras)
    model.save(path, save_format="tf")
    return truth(model, parts(model))


@maker
def keras2_exported(path: Path) -> Truth:
    model = functional(tf_keras, True)
    model.export(path)
    return truth(model)


@maker
def keras3_leak(path: Path) -> Truth:
    model = functional(keras, True)
    model.export(path, verbose=False)
    before = [np.asarray(layer.moving_mean).tolist() for layer in batchnorms(model.layers)]
    served = tf.saved_model.load(path)
    served.signatures["serving_default"](tf.constant(np.random.default_rng(0).normal(size=(4, 8, 8, 3)), tf.float32))
    after = {variable.name.removesuffix(":0"): variable.numpy().tolist() for variable in served.variables}
    moved = [layer.name for layer, mean in zip(batchnorms(model.layers), before, strict=True) if after[f"{layer.name}/moving_mean"] != mean]
    return {**truth(model), "moved": moved}


@maker
def keras3_plain(path: Path) -> Truth:
    model = functional(keras, None)
    model.export(path, verbose=False)
    return truth(model)


@maker
def keras3_wrapped(path: Path) -> Truth:
    model = wrapped(keras)
    model.export(path, verbose=False)
    return truth(model)


@maker
def keras3_nested(path: Path) -> Truth:
    model = nested(keras)
    model.export(path, verbose=False)
    return truth(model)


@maker
def keras3_subclassed(path: Path) -> Truth:
    model = subclassed(keras)
    model.export(path, verbose=False)
    return truth(model, parts(model))


@maker
def keras3_saved_by_tensorflow(path: Path) -> Truth:
    model = nested(keras)
    tf.saved_model.save(model, path)
    return truth(model)


class Plain(tf.Module):  # type: ignore[misc]
    """A model that is none of Keras's, and trains while it serves."""

    def __init__(self) -> None:
        super().__init__()
        self.dense, self.norm = tf_keras.layers.Dense(4), tf_keras.layers.BatchNormalization()

    @tf.function(input_signature=[tf.TensorSpec((None, 3))])  # type: ignore[untyped-decorator]
    def __call__(self, x: Any) -> Any:
        return self.norm(self.dense(x), training=True)  # bnlint: ignore[BN305] on purpose: it is what BN609 finds

    @tf.function(input_signature=[tf.TensorSpec((None, 3))])  # type: ignore[untyped-decorator]
    def infer(self, x: Any) -> Any:
        return self.norm(self.dense(x), training=False)


def plain_module() -> Plain:
    module = Plain()
    module(tf.zeros((2, 3)))
    randomise([module.norm])
    return module


@maker
def module_that_trains(path: Path) -> Truth:
    module = plain_module()
    tf.saved_model.save(module, path, signatures=module.__call__)
    return {"batchnorms": [described(module.norm)]}


@maker
def module_that_infers(path: Path) -> Truth:
    """The function that trains is in the file, and not in the signature."""
    module = plain_module()
    tf.saved_model.save(module, path, signatures=module.infer)
    return {"batchnorms": [described(module.norm)]}


@maker
def module_without_signature(path: Path) -> Truth:
    module = plain_module()
    tf.saved_model.save(module, path)
    return {"batchnorms": [described(module.norm)]}


@maker
def frozen(path: Path) -> Truth:
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    model = functional(tf_keras, None)
    function = tf.function(lambda x: model(x, training=False)).get_concrete_function(tf.TensorSpec((None, 8, 8, 3)))
    graph = convert_variables_to_constants_v2(function).graph
    path.mkdir()
    tf.io.write_graph(graph, str(path), "frozen.pb", as_text=False)
    return truth(model)


@maker
def lite(path: Path) -> Truth:
    model = functional(tf_keras, None)
    path.mkdir()
    (path / "model.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    return {}


@maker
def checkpoint_of_objects(path: Path) -> Truth:
    model = functional(tf_keras, None)
    tf.train.Checkpoint(model=model).write(str(path / "model"))
    return truth(model)


@maker
def checkpoint_of_keras3(path: Path) -> Truth:
    model = functional(keras, None)
    tf.train.Checkpoint(model=model).write(str(path / "model"))
    return truth(model)


@maker
def checkpoint_of_names(path: Path) -> Truth:
    v1 = tf.compat.v1
    random = np.random.default_rng(3)
    values = {name: random.uniform(0.1, 2, 8).astype("float32") for name in PARAMETERS}
    path.mkdir()
    with tf.Graph().as_default(), v1.Session() as session:
        for name, value in values.items():
            v1.get_variable(f"net/norm/{name}", initializer=value)
        v1.get_variable("net/kernel", (8, 3))
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(path / "model.ckpt"))
    return {"batchnorms": [{"name": "norm", "weights": {name: value.astype("float64").tolist() for name, value in values.items()}}]}


@maker
def graph_of_tensorflow1(path: Path) -> Truth:
    """A SavedModel without objects: variables by name, and the statistics updated in what is fetched."""
    v1 = tf.compat.v1
    random = np.random.default_rng(3)
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, (None, 4, 4, 3), name="x")
        kernel = v1.get_variable("conv/kernel", (3, 3, 3, 8), use_resource=True)
        made = {name: v1.get_variable(f"norm/{name}", (8,), use_resource=True) for name in PARAMETERS}
        convolved = tf.nn.conv2d(x, kernel, 1, "SAME", name="conv/Conv2D")
        order = (made["gamma"], made["beta"], made["moving_mean"], made["moving_variance"])
        y, _, _ = v1.nn.fused_batch_norm(convolved, *order, epsilon=1e-3, is_training=False, name="norm/fused")
        session.run(v1.global_variables_initializer())
        values = {name: random.uniform(0.1, 2, 8).astype("float32") for name in PARAMETERS}
        for name, variable in made.items():
            session.run(variable.assign(values[name]))
        v1.saved_model.simple_save(session, str(path), {"x": x}, {"y": tf.nn.relu(y)})
    return {"batchnorms": [{"name": "norm", "weights": {name: value.astype("float64").tolist() for name, value in values.items()}}]}


@maker
def onnx_by_hand(path: Path) -> Truth:
    """As the `onnx` package writes it: arrays in every form, checked by it."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(5)
    values = [{name: random.uniform(0.1, 2, 4).astype("float32") for name in PARAMETERS} for _ in range(2)]
    tensors = [numpy_helper.from_array(array, f"a{name}") for name, array in values[0].items()]
    tensors += [helper.make_tensor(f"b{name}", TensorProto.FLOAT, [4], array.tolist()) for name, array in values[1].items()]
    tensors.append(numpy_helper.from_array(random.normal(size=(4, 3, 3, 3)).astype("float32"), "kernel"))
    nodes = [
        helper.make_node("Conv", ["x", "kernel"], ["conv"], name="conv", pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        helper.make_node("BatchNormalization", ["conv", *(f"a{name}" for name in PARAMETERS)], ["one"], name="first"),
        helper.make_node("Relu", ["one"], ["relu"], name="relu"),
        helper.make_node(
            "BatchNormalization", ["relu", *(f"b{name}" for name in PARAMETERS)], ["y"], name="second", epsilon=2e-3, momentum=0.1
        ),
    ]
    shapes = {"x": ["batch", 3, 8, 8], "y": ["batch", 4, 8, 8]}
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
    model = helper.make_model(helper.make_graph(nodes, "net", ends[:1], ends[1:], tensors), opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(model, full_check=True)
    path.mkdir()
    onnx.save(model, path / "model.onnx")
    told = [
        {"name": name, "config": {"epsilon": epsilon}, "weights": {key: array.astype("float64").tolist() for key, array in made.items()}}
        for name, epsilon, made in zip(("first", "second"), (1e-5, 2e-3), values, strict=True)
    ]
    return {"batchnorms": told}


@maker
def onnx_by_converter(path: Path) -> Truth:
    """What tf2onnx makes of a model of Keras 2: it folds what stands behind a convolution, the rest stays."""
    import onnx
    import tf2onnx

    layers = tf_keras.layers
    inputs = tf_keras.Input((8, 8, 3))
    # bnlint: ignore[BN101] behind a convolution the converter would fold it
    x = layers.BatchNormalization(name="first", scale=False)(layers.ReLU()(layers.Conv2D(4, 3)(inputs)))
    x = layers.BatchNormalization(name="second", epsilon=2e-3)(layers.MaxPooling2D()(x))
    model = tf_keras.Model(inputs, layers.Dense(1)(layers.Flatten()(layers.ReLU()(x))))
    randomise(model.layers)
    path.mkdir()
    function = tf.function(lambda x: model(x, training=False))
    tf2onnx.convert.from_function(function, [tf.TensorSpec((None, 8, 8, 3), name="x")], output_path=str(path / "model.onnx"))
    kinds = [node.op_type for node in onnx.load(path / "model.onnx").graph.node]
    return {**truth(model), "kinds": kinds}


def application(name: str) -> Maker:
    def make(path: Path) -> Truth:
        side = 96 if name in ("MobileNet", "MobileNetV2") else 75 if name == "InceptionV3" else 71 if name == "Xception" else 64
        side = 224 if name == "NASNetMobile" else side
        made = getattr(tf_keras.applications, name)(weights=None, input_shape=(side, side, 3), classes=7)
        randomise(flat(made))
        made.save(path, save_format="tf")
        tf_keras.backend.clear_session()
        model = tf_keras.models.load_model(path)
        return truth(model)

    return make


MAKERS.update({name: application(name) for name in APPLICATIONS})


def main() -> None:
    folder = Path(sys.argv[1])
    for name in sys.argv[2:]:
        tf_keras.utils.set_random_seed(1)
        tf_keras.backend.clear_session()
        keras.backend.clear_session()
        found = MAKERS[name](folder / name)
        (folder / f"{name}.json").write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
