"""Which layers tell the padded steps of a sequence from the real ones."""

from __future__ import annotations

from bnlint.graph import query
from bnlint.graph.model import Layer


def makes_mask(layer: Layer) -> bool:
    """Whether a layer of Keras certainly gives its output a mask."""
    known = layer.family == "keras" and layer.subclass is None
    return known and (layer.kind == "Masking" or (layer.kind == "Embedding" and query.config(layer, "mask_zero") is True))
