"""Saved models: files of Keras and of other formats, read into the same graph. Nothing of a file is ever executed."""

from __future__ import annotations

import os
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from bnlint.graph.model import ModelGraph


class Unreadable(Exception):
    """A file that is no model, or a damaged one. The message goes on from "this file …", in one line."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MissingExtra(Exception):
    """What the file needs to be read is not installed: the name of the extra, and what it is needed for."""

    def __init__(self, extra: str, what: str) -> None:
        super().__init__(f"{what}: pip install 'bnlint[{extra}]'")
        self.extra, self.what = extra, what


READERS: Final = {
    "keras": "archive",
    "hdf5": "hdf5",
    "json": "document",
    "savedmodel": "savedmodel",
    "onnx": "onnx",
    "tflite": "tflite",
    "frozen": "frozen",
    "checkpoint": "checkpoint",
    "metagraph": "refused",
    "npz": "refused",
    "orbax": "refused",
    "pytorch": "refused",
    "safetensors": "refused",
    "yaml": "refused",
}
"""Format -> the module that reads it: its `read(path, weights)` gives the graph."""

SUFFIXES: Final = {
    ".keras": "keras",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".onnx": "onnx",
    ".tflite": "tflite",
    ".pb": "frozen",
    ".index": "checkpoint",
    ".data-00000-of-00001": "checkpoint",
    ".meta": "metagraph",
    ".npz": "npz",
    ".pt": "pytorch",
    ".pth": "pytorch",
    ".safetensors": "safetensors",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".weights.json": "hdf5",
    ".json": "json",
}
"""What the name of a file says of its format; the first that fits."""

WALKED: Final = (".keras", ".h5", ".hdf5", ".onnx", ".tflite")
"""What a walk takes: files whose names are those of models and of nothing else."""

MAGIC: Final = {b"PK\x03\x04": "keras", b"\x89HDF\r\n\x1a\n": "hdf5"}
"""How files begin whose name says nothing."""

TFLITE: Final = b"TFL3"
"""What stands behind the first four bytes of a file of TensorFlow Lite."""

SAVED_MODEL: Final = "saved_model.pb"
"""The file that makes a folder a SavedModel."""

ORBAX: Final = ("_CHECKPOINT_METADATA", "manifest.ocdbt")
"""Files that make a folder a checkpoint of Orbax."""


def recognise(path: str) -> str | None:
    """The format of a model file or folder, by its name, else by how it begins; None for what is none."""
    if os.path.isdir(path):
        if os.path.isfile(os.path.join(path, SAVED_MODEL)):
            return "savedmodel"
        return "orbax" if any(os.path.isfile(os.path.join(path, name)) for name in ORBAX) else None
    name = os.path.basename(path).lower()
    if name == SAVED_MODEL:
        return "savedmodel"
    if name.endswith((".py", ".pyi", ".ipynb")):
        return None
    found = next((format for suffix, format in SUFFIXES.items() if name.endswith(suffix)), None)
    return found or _by_content(path)


def _by_content(path: str) -> str | None:
    from bnlint.saved.files import open_file

    try:
        with open_file(path) as file:
            start = file.read(8)
    except (OSError, Unreadable):
        return None
    if start[4:] == TFLITE:
        return "tflite"
    return next((format for magic, format in MAGIC.items() if start.startswith(magic)), None)


def read(path: str, weights: bool = True) -> ModelGraph:
    """The graph of a model file or folder. Raises Unreadable; MissingExtra where the format cannot be read without it at all."""
    found = recognise(path)
    if found is None:
        raise Unreadable("is no model in a format that bnlint reads")
    try:
        graph: ModelGraph = import_module(f"bnlint.saved.{READERS[found]}").read(path, weights)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from None
    except RecursionError:
        raise Unreadable("is nested too deeply to be a model") from None
    return graph
