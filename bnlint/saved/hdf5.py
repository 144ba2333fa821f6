"""Files of HDF5: whole models (`.h5`), and weights alone (`.weights.h5`, several of them under a `.weights.json`)."""

from __future__ import annotations

import os
from typing import Final

from bnlint.graph.model import ModelGraph
from bnlint.saved import fields, process, weights
from bnlint.saved.config import read_config

MODEL: Final = "HDF5 model"
WEIGHTS: Final = "weights file"
ALONE: Final = "a weights file records neither the settings of layers nor what stands between them"


def read(path: str, weights_too: bool = True) -> ModelGraph:
    """The graph of an HDF5 file. Raises Unreadable; MissingExtra as nothing of it can be read without the extra."""
    is_map = path.lower().endswith(".json")
    with weights.of_shards(path) if is_map else process.begin(path, weights="some" if weights_too else "none") as pending:
        contents = pending.result()
    text = contents.attributes.get("model_config")
    if text is None:
        name = os.path.basename(path).partition(".")[0]
        return weights.graph_of(contents, path, name, WEIGHTS, (ALONE,))
    config = fields.parse(text.encode("utf-8", "surrogatepass"), "the attribute `model_config`")
    compiled = contents.attributes.get("training_config")
    trained = fields.parse(compiled.encode("utf-8", "surrogatepass"), "the attribute `training_config`") if compiled else None
    reading = read_config(config, path, MODEL, contents.attributes.get("keras_version"), trained)
    return weights.finish(reading, contents if weights_too else None)
