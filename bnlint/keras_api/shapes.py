"""Shapes: what leaves a layer, from its arguments and what enters it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bnlint.graph.model import Shape
from bnlint.keras_api.layers import layer_spec

Sized = tuple[Shape, int | None]
"""A shape and the index of its channel axis; None for what is not known."""


def output(kind: str, config: Mapping[str, object], inputs: Sequence[Sized]) -> Sized:
    """The shape and the channel axis of the output of a layer (or wrapper) of this kind."""
    spec = layer_spec(kind)
    if spec is not None and spec.role in ("batchnorm", "norm", "activation", "dropout") and inputs:
        return inputs[0]
    return None, None
