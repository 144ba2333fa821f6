"""Models small enough to be damaged many times, one or more of every format."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.saved import samples
from tests.saved.encode import (
    NAMES,
    call,
    checkpoint,
    constant,
    inference,
    node,
    onnx_model,
    onnx_node,
    onnx_tensor,
    placeholder,
    proto,
    savedmodel,
    training,
)
from tests.saved.test_onnx import NORM, norm
from tests.saved.test_savedmodel import END, lite, serving


def hdf5(folder: Path) -> Path:
    """As Keras 2 writes it."""
    samples.write_layers(folder / "m.h5", samples.old_config())
    return folder / "m.h5"


def keras(folder: Path) -> Path:
    samples.write_archive(folder / "m.keras")
    return folder / "m.keras"


def store(folder: Path) -> Path:
    """Weights alone, as Keras 3 writes them."""
    samples.write_store(folder / "m.weights.h5")
    return folder / "m.weights.h5"


def operations(folder: Path) -> Path:
    """Functions in functions, both modes, a branch and a loop."""
    branch = node("if", "If", "x", "x", "gamma", then_branch={10: {1: "train"}}, else_branch={10: {1: "infer"}})
    loop = node("loop", "While", "x", "gamma", body={10: {1: "train"}}, cond={10: {1: "infer"}})
    outer = [call("inner", "train", "x", "gamma", "beta", "mean", "variance"), branch, loop, node("end", "Identity", "inner:output:0")]
    savedmodel(folder, serving(*outer, train=[*training("bn", "x"), END], infer=[*inference("bn", "x"), END]))
    return folder


def configured(folder: Path) -> Path:
    """As Keras 2 writes it."""
    operations(folder)
    config = samples.old_config()
    root = {**config, "is_graph_network": True, "name": "net", "keras_version": "2.15.0"}
    layer = {"name": "bn", **next(each for each in config["config"]["layers"] if each["class_name"] == "BatchNormalization")}
    entries = [{3: "root", 5: json.dumps(root)}, {2: 1, 3: "root.norm", 5: json.dumps(layer)}]
    (folder / "keras_metadata.pb").write_bytes(proto({1: entries}))
    return folder


def variables(folder: Path) -> Path:
    checkpoint(folder / "m", {f"net/bn{number}/{name}": [1.0, 2.0] for number in range(4) for name in NAMES})
    return folder / "m.index"


def frozen(folder: Path) -> Path:
    arrays = [constant(name, 1.0, 2.0) for name in ("g", "b", "m", "v")]
    fused = node("bn/F", "FusedBatchNormV3", "x", "g", "b", "m", "v", is_training={5: 0}, epsilon={4: 0.5})
    (folder / "m.pb").write_bytes(proto({1: [placeholder("x", -1, 4, 4, 2), *arrays, fused, node("out", "Relu", "bn/F")]}))
    return folder / "m.pb"


def onnx(folder: Path) -> Path:
    branch = {1: [norm("before", ["inner"])], 12: {1: "inner"}}
    conv = onnx_node("Conv", ["x", "w", "c"], ["h"], strides=(1, 1), pads=(1, 1, 1, 1), kernel_shape=(3, 3), group=1)
    weights = [*NORM, onnx_tensor("w", [0.0] * 36, 2, 2, 3, 3), onnx_tensor("c", [0.0, 1.0])]
    test = onnx_node("If", ["before"], ["z"], then_branch=branch)
    nodes = [conv, norm("h", ["before"], epsilon=0.5), test, onnx_node("Relu", ["z"], ["y"])]
    (folder / "m.onnx").write_bytes(onnx_model(nodes, weights, "y"))
    return folder / "m.onnx"


def tflite(folder: Path) -> Path:
    (folder / "m.tflite").write_bytes(lite("FlexErf", "Other"))
    return folder / "m.tflite"


HDF5: dict[str, tuple[Callable[[Path], Path], str]] = {
    "hdf5": (hdf5, "m.h5"),
    "keras": (keras, "m.keras"),
    "store": (store, "m.weights.h5"),
}
WIRE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "operations": (operations, "saved_model.pb"),
    "configured": (configured, "keras_metadata.pb"),
    "values": (operations, "variables/variables.data-00000-of-00001"),
    "index": (operations, "variables/variables.index"),
    "variables": (variables, "m.index"),
    "frozen": (frozen, "m.pb"),
    "onnx": (onnx, "m.onnx"),
    "tflite": (tflite, "m.tflite"),
}
"""What makes a model, and the file of it that is damaged: those that a process of their own reads, and the others."""
