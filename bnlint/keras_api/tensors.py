"""What a layer makes of the tensors that it is applied to, and what an input declares."""

from __future__ import annotations

from collections.abc import Mapping

from bnlint.graph.model import Dimension, Layer, Shape, Tensor, Unknown
from bnlint.keras_api.shapes import output
from bnlint.keras_api.sizes import Sized


def output_of(layer: Layer, inputs: tuple[Tensor, ...]) -> Sized:
    """Shape and channel axis of what a layer makes of its inputs."""
    return output(layer.kind, layer.config, [(tensor.shape, tensor.channels) for tensor in inputs])


def input_shape(config: Mapping[str, object]) -> Shape:
    """The shape that `shape=`, `batch_shape=`, `input_shape=` … declare, batch first."""
    for name in ("batch_shape", "batch_input_shape"):
        declared = config.get(name)
        if isinstance(declared, (tuple, list)):
            return tuple(dimension(size) for size in declared)
    batch = dimension(config.get("batch_size"))
    for name in ("shape", "input_shape"):
        declared = config.get(name)
        if isinstance(declared, int):
            declared = (declared,)
        if isinstance(declared, (tuple, list)):
            return (batch, *(dimension(size) for size in declared))
    if "input_dim" in config:
        size = dimension(config["input_dim"])
        return (batch, dimension(config["input_length"]), size) if "input_length" in config else (batch, size)
    return None


def dimension(size: object) -> Dimension:
    """A declared size: None is one that is left open."""
    return size if size is None or isinstance(size, (int, Unknown)) else Unknown("a size that is not known")
