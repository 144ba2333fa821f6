"""A frozen graph (`.pb`): TensorFlow's operations, with the weights as constants among them. Nothing is left that could be assigned."""

from __future__ import annotations

import os
from typing import Final

from bnlint.graph.model import Artifact, ModelGraph, Origin
from bnlint.saved import SAVED_MODEL, Unreadable, frames, wire
from bnlint.saved.assembly import assemble, unread
from bnlint.saved.graphdef import Graph
from bnlint.saved.tensorflow_ops import Description
from bnlint.saved.wire import Message, WireError

FORMAT: Final = "frozen graph"
NOTE: Final = "this format records operations, not layers: of BatchNormalization it tells epsilon and axis, not momentum nor trainable"
NONE_LEFT: Final = "no BatchNormalization is left in this file: it was folded into the layers before, if there was any"
SILENT: Final = frozenset({"Assert", "Const", "NoOp", "Placeholder"})
"""Operations that are no output though nothing takes what they give."""


def read(path: str, weights: bool = True) -> ModelGraph:
    """The graph of a `.pb` file. Raises OSError, Unreadable."""
    beside = os.path.join(os.path.dirname(path), SAVED_MODEL)
    if os.path.basename(path) != SAVED_MODEL and os.path.basename(path) in PARTS and os.path.isfile(beside):
        raise Unreadable("is a part of a SavedModel: name the folder")
    try:
        message = wire.read(wire.load(path))
        if not message.has(1) and not message.has(2):
            raise WireError("holds no nodes")
        if message.fields.get(1) and isinstance(message.fields[1][0], int):
            raise Unreadable(f"is a SavedModel, which stands in a file named {SAVED_MODEL}: name its folder")
        return _read(path, message, weights)
    except WireError as problem:
        raise Unreadable(f"is no frozen graph: it {problem}") from None


PARTS: Final = frozenset({"fingerprint.pb", "keras_metadata.pb"})


def _read(path: str, message: Message, weights: bool) -> ModelGraph:
    graph = Graph(message)
    used = {given.removeprefix("^").partition(":")[0] for node in graph.nodes.values() for given in node.inputs}
    ends = [node.name for node in graph.nodes.values() if node.name not in used and node.kind not in SILENT]
    run = frames.run(graph, ends, lambda name, count: {})
    made = assemble(run.outputs, Description(run), read=weights)
    layers = [layer for layer in made.arrays if layer.role != "unknown" and not layer.is_function]
    batchnorms = sum(layer.role == "batchnorm" for layer in layers)
    notes = (NOTE if batchnorms else NONE_LEFT, *unread(made.problems))
    artifact = Artifact(path, FORMAT, layers=len(layers), batchnorms=batchnorms, weights=weights and not made.problems, notes=notes)
    name = os.path.basename(path).removesuffix(".pb") or "model"
    return ModelGraph(name, "open", made.calls, made.outputs, gaps=made.gaps, artifact=artifact, origin=Origin(key=""))
