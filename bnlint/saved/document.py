"""A model as JSON: what `model.to_json()` gives, or the `config.json` of an archive."""

from __future__ import annotations

from bnlint.graph.model import ModelGraph
from bnlint.saved import Unreadable, fields
from bnlint.saved.config import read_config
from bnlint.saved.files import open_file

FORMAT = "model JSON"


def read(path: str, weights: bool = True) -> ModelGraph:
    """The graph of a JSON file; it holds no weights."""
    with open_file(path) as file:
        data = fields.parse(file.read(fields.SIZE + 1), "it")
    if not isinstance(data, dict) or "class_name" not in data or "config" not in data:
        raise Unreadable("is JSON, and not the config of a Keras model")
    return read_config(data, path, FORMAT).finish(notes=("this format holds no weights",))
