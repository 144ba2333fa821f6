"""Small model files as Keras writes them, made without Keras: a convolution, a BatchNormalization, an activation."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

CHANNELS = 4
ARRAYS = {
    "gamma": [1.0, 0.5, 2.0, 1.5],
    "beta": [0.0, -1.0, 0.25, 3.0],
    "moving_mean": [0.5, -0.5, 7.0, 1.25],
    "moving_variance": [1.0, 0.75, 0.5, 9.0],
}
NAMES = tuple(ARRAYS)


def _layer(kind: str, config: Mapping[str, Any], source: str | None, shape: tuple[int | None, ...]) -> dict[str, Any]:
    tensor = {"class_name": "__keras_tensor__", "config": {"shape": shape, "dtype": "float32", "keras_history": [source, 0, 0]}}
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": dict(config),
        "registered_name": None,
        "name": config["name"],
        "inbound_nodes": [{"args": [tensor], "kwargs": {}}] if source else [],
    }


def config() -> dict[str, Any]:
    """The config of a Functional model of Keras 3."""
    outer, inner = (None, 8, 8, 3), (None, 6, 6, CHANNELS)
    layers = [
        _layer("InputLayer", {"batch_shape": outer, "dtype": "float32", "name": "input"}, None, outer),
        _layer("Conv2D", {"name": "conv", "filters": CHANNELS, "kernel_size": [3, 3], "use_bias": True}, "input", outer),
        _layer("BatchNormalization", {"name": "bn", "axis": -1, "momentum": 0.99, "epsilon": 0.001}, "conv", inner),
        _layer("ReLU", {"name": "relu"}, "bn", inner),
    ]
    inside = {"name": "model", "trainable": True, "layers": layers, "input_layers": [["input", 0, 0]], "output_layers": [["relu", 0, 0]]}
    return {"module": "keras", "class_name": "Functional", "config": inside, "registered_name": "Functional"}


def old_config() -> dict[str, Any]:
    """The same in the notation of Keras 2."""
    found = config()
    found["class_name"] = "Functional"
    for layer in found["config"]["layers"]:
        del layer["module"], layer["registered_name"]
        layer["inbound_nodes"] = [
            [[argument["config"]["keras_history"][0], 0, 0, {}] for argument in node["args"]] for node in layer["inbound_nodes"]
        ]
        if layer["class_name"] == "BatchNormalization":
            layer["config"]["axis"] = [3]
    return found


Spoil = Callable[[Any], None]
"""Changes an open HDF5 file."""


def write_store(target: Path | BinaryIO, spoil: Spoil | None = None) -> None:
    """Weights as Keras 3 writes them."""
    import h5py
    import numpy

    with h5py.File(target, "w") as file:
        conv = file.create_group("layers/conv2d/vars")
        conv.attrs["name"] = "conv"
        conv["0"] = numpy.ones((3, 3, 3, CHANNELS), "float32")
        conv["1"] = numpy.arange(CHANNELS, dtype="float32")
        bn = file.create_group("layers/batch_normalization/vars")
        bn.attrs["name"] = "bn"
        for number, values in enumerate(ARRAYS.values()):
            bn[str(number)] = numpy.array(values, "float32")
        if spoil is not None:
            spoil(file)


def write_layers(target: Path, model: Mapping[str, Any] | str | None, spoil: Spoil | None = None) -> None:
    """A model, or its weights alone, as Keras 2 writes it."""
    import h5py
    import numpy

    with h5py.File(target, "w") as file:
        root = file if model is None else file.create_group("model_weights")
        if model is not None:
            file.attrs["model_config"] = (model if isinstance(model, str) else json.dumps(model)).encode()
        for owner in {file, root}:
            owner.attrs["keras_version"], owner.attrs["backend"] = b"2.15.0", b"tensorflow"
        root.attrs["layer_names"] = numpy.array([b"input", b"conv", b"bn", b"relu"])
        for name in ("input", "relu"):
            root.create_group(name).attrs["weight_names"] = []
        conv, bn = root.create_group("conv"), root.create_group("bn")
        conv["conv/kernel:0"] = numpy.ones((3, 3, 3, CHANNELS), "float32")
        conv["conv/bias:0"] = numpy.arange(CHANNELS, dtype="float32")
        conv.attrs["weight_names"] = numpy.array([b"conv/kernel:0", b"conv/bias:0"])
        for name, values in ARRAYS.items():
            bn[f"bn/{name}:0"] = numpy.array(values, "float32")
        bn.attrs["weight_names"] = numpy.array([f"bn/{name}:0".encode() for name in ARRAYS])
        if spoil is not None:
            spoil(root)


def write_archive(
    target: Path, model: Any = None, spoil: Spoil | None = None, method: int = zipfile.ZIP_STORED, members: Mapping[str, Any] | None = None
) -> None:
    """A `.keras` archive. `members` replace those of the same name, or leave them out (None)."""
    weights = io.BytesIO()
    write_store(weights, spoil)
    contents = {
        "metadata.json": json.dumps({"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}).encode(),
        "config.json": json.dumps(config() if model is None else model).encode(),
        "model.weights.h5": weights.getvalue(),
        **(members or {}),
    }
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, data in contents.items():
            if data is not None:
                archive.writestr(name, data)
