"""ONNX: one graph of operations, whose weights are its initializers. What they keep in other files is not looked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bnlint.graph.model import Artifact, Gap, ModelGraph, Origin
from bnlint.saved import Unreadable, wire
from bnlint.saved.arrays import Array, decode
from bnlint.saved.assembly import assemble, unread
from bnlint.saved.onnx_ops import NATIVE, SHAPES, Description
from bnlint.saved.operations import Operation, Source, fed
from bnlint.saved.wire import Message, WireError

FORMAT: Final = "ONNX"
NODES: Final = 200_000
DEPTH: Final = 16
"""Graphs in graphs, as the branches of an `If`."""

NOTE: Final = "this format does not record momentum (but in training mode) nor trainable"
NONE_LEFT: Final = "no BatchNormalization is left in this file: what wrote it folded them into the layers before, if there were any"
ELSEWHERE: Final = "keeps its numbers in another file, which bnlint does not open"

DTYPES: Final = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    16: "bfloat16",
}
"""ONNX's numbers of types."""


def read(path: str, weights: bool = True) -> ModelGraph:
    """The graph of an ONNX file. Raises OSError, Unreadable."""
    try:
        return _read(path, wire.read(wire.load(path)), weights)
    except WireError as problem:
        raise Unreadable(f"is no ONNX model: it {problem}") from None


def _read(path: str, model: Message, weights: bool) -> ModelGraph:
    graph = model.message(7)
    if not graph.has(1) and not graph.has(12):
        raise WireError("holds no graph")
    operations, entries, outputs, inner = _operations(graph)
    live = fed(operations, entries, lambda operation: operation.kind in SHAPES)
    made = assemble(outputs, Description(live, entries), read=weights)
    layers = [layer for layer in made.arrays if layer.role != "unknown" and not layer.is_function]
    batchnorms = sum(layer.role == "batchnorm" for layer in layers)
    gaps = [*made.gaps]
    if inner:
        gaps.append(Gap(f"{inner} BatchNormalization in the branches of `If`, `Loop` or `Scan`", Origin(key="")))
    notes = (*((NOTE,) if batchnorms else () if inner else (NONE_LEFT,)), *unread(made.problems))
    artifact = Artifact(path, FORMAT, layers=len(layers), batchnorms=batchnorms, weights=weights and not made.problems, notes=notes)
    return ModelGraph(
        graph.text(2) or "model", "open", made.calls, made.outputs, gaps=tuple(gaps), artifact=artifact, origin=Origin(key="")
    )


def _operations(graph: Message) -> tuple[list[Operation], frozenset[Operation], list[Source], int]:
    """The operations of a graph, its inputs among them, its outputs, and how many BatchNormalization stand in graphs within."""
    known: dict[str, Source] = {}
    operations: list[Operation] = []
    for tensor in graph.messages(5):
        array = _tensor(tensor)
        operation = Operation(array.name, "Constant", array=array)
        known[array.name] = Source(operation)
        operations.append(operation)
    entries = []
    for info in graph.messages(11):
        name = info.text(1)
        if name not in known:  # up to version 3 initializers were listed as inputs, too
            entries.append(Operation(name, "Input", {"shape": _shape(info.message(2).message(1))}))
            known[name] = Source(entries[-1])
    operations += entries
    nodes = list(graph.messages(1))
    if len(nodes) > NODES:
        raise WireError(f"holds more than {NODES:,} nodes")
    given: list[tuple[Operation, list[str]]] = []
    inner = 0
    for node in nodes:
        operation, inputs, outputs, within = _node(node)
        inner += within
        operations.append(operation)
        given.append((operation, inputs))
        known.update({name: Source(operation, port) for port, name in enumerate(outputs) if name})
    for operation, inputs in given:
        operation.inputs = tuple(known.get(name) for name in inputs)
    found = [known[name] for info in graph.messages(12) if (name := info.text(1)) in known]
    return operations, frozenset(entries), found, inner


def _node(node: Message) -> tuple[Operation, list[str], list[str], int]:
    """A node, the names of what goes in and out, and how many BatchNormalization stand in the graphs that it holds."""
    attributes: dict[str, object] = {}
    array = None
    captured: list[str] = []
    inner = 0
    for attribute in node.messages(5):
        name = attribute.text(1)
        if attribute.has(6) or attribute.has(11):
            for within in _within(attribute):
                captured += within.texts(1)
                inner += within.text(4) == "BatchNormalization"
        elif attribute.has(5):
            array = _tensor(attribute.message(5))
        else:
            attributes[name] = _value(attribute)
    domain, kind = node.text(7), node.text(4)
    outputs = node.texts(2)
    label = node.text(3) or (outputs[0] if outputs else kind)
    if kind == "BatchNormalization" and sum(map(bool, outputs)) > 1 and "training_mode" not in attributes:
        attributes["training_mode"] = 1  # up to opset 13 this is how it is said
    operation = Operation(label, kind if domain in NATIVE else f"{domain}:{kind}", attributes, array if kind == "Constant" else None)
    return operation, [*node.texts(1), *captured], outputs, inner


def _within(attribute: Message, depth: int = DEPTH) -> Iterator[Message]:
    """The nodes of the graphs that an attribute holds, and of the graphs that these hold."""
    level = [attribute]
    for _ in range(depth):
        graphs = [graph for each in level for number in (6, 11) for graph in each.messages(number)]
        nodes = [node for graph in graphs for node in graph.messages(1)]
        yield from nodes
        level = [inner for node in nodes for inner in node.messages(5)]
    if any(each.has(6) or each.has(11) for each in level):
        raise WireError(f"holds graphs in graphs, more than {DEPTH} deep")


def _value(attribute: Message) -> object:
    """An attribute in Python's terms."""
    if attribute.has(2):
        return attribute.real(2)
    if attribute.has(3):
        return attribute.integer(3)
    if attribute.has(4):
        return attribute.text(4)
    return tuple(attribute.integers(8))


def _shape(tensor: Message) -> tuple[int | None, ...] | None:
    """A declared shape: None for a size that is open, or only named."""
    if not tensor.has(2):
        return None
    return tuple(dimension.integer(1) if dimension.has(1) else None for dimension in tensor.message(2).messages(1))


def _tensor(message: Message) -> Array:
    """A TensorProto. Whether it is whole is told when its numbers are asked for."""
    shape = tuple(message.integers(1))
    dtype = DTYPES.get(message.integer(2), f"number {message.integer(2)}")
    name = message.text(8)
    if any(size < 0 for size in shape):
        raise WireError("gives an array a size below zero")

    def load() -> bytes | memoryview | list[float]:
        if message.has(13) or message.integer(14):
            raise Unreadable(ELSEWHERE)
        if message.has(9):
            return message.views(9)[-1]
        listed = [float(value) for number in (5, 7, 11) for value in message.integers(number)]
        if dtype in ("float16", "bfloat16"):
            return b"".join((int(value) & 0xFFFF).to_bytes(2, "little") for value in listed)
        for number, kind in ((4, "float32"), (10, "float64")):
            for view in message.views(number):
                listed += decode(view, kind)
        return listed

    return Array(name, shape, dtype, load)
