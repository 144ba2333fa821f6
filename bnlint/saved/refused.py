"""Formats that are recognised and not read: what they are, and what to do instead."""

from __future__ import annotations

from typing import Final, NoReturn

from bnlint.saved import Unreadable, recognise

INSTEAD: Final = "save the model as `.keras`, which bnlint reads"

REASONS: Final = {
    "metagraph": "is a graph of TensorFlow 1 as it was trained, which bnlint does not read: name the `.index` beside it, for its variables",
    "npz": f"is an archive of numpy, which bnlint does not read: {INSTEAD}",
    "orbax": f"is a checkpoint of Orbax, which bnlint does not read: {INSTEAD}",
    "pytorch": "is a model of PyTorch (pickled code, which bnlint never runs) and not one of Keras: export it to ONNX, which bnlint reads",
    "safetensors": "holds arrays alone, which bnlint does not read: name a file that holds the model, or export it to ONNX",
    "yaml": "is YAML, which Keras no longer loads, for it can run code: save the config with `model.to_json()`, which bnlint reads",
}
"""Format -> what to say; it goes on from "this file …"."""


def read(path: str, weights: bool = True) -> NoReturn:
    """Raises Unreadable."""
    raise Unreadable(REASONS[recognise(path) or ""])
