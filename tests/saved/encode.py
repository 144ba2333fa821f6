"""Bytes of the formats that bnlint reads, made by hand: protocol buffers, the index of a checkpoint, SavedModels of a few nodes.

proto({1: "a text", 2: [3, 4], 5: {1: 1.5}})      # field number -> value; a list is a repeated field, a dict a nested message
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

MAGIC = bytes.fromhex("57fb808b247547db")
Node = dict[int, Any]


def varint(number: int) -> bytes:
    number &= 2**64 - 1
    made = bytearray()
    while number >= 0x80:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])


def proto(fields: Mapping[int, Any]) -> bytes:
    """A message: an int is a varint, a float a fixed32, text and bytes and dicts have a length, a list is repeated."""
    return b"".join(field(number, each) for number, value in fields.items() for each in (value if isinstance(value, list) else [value]))


def field(number: int, value: Any) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    data = proto(value) if isinstance(value, Mapping) else value.encode() if isinstance(value, str) else bytes(value)
    return varint(number << 3 | 2) + varint(len(data)) + data


def floats(values: Iterable[float]) -> bytes:
    return b"".join(struct.pack("<f", value) for value in values)


def mapping(items: Mapping[str, Any]) -> list[Node]:
    """A `map<string, …>`."""
    return [{1: key, 2: value} for key, value in items.items()]


# The index of a checkpoint


def block(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A block of a table, with one restart point; no key shares its beginning with the one before."""
    body = b"".join(varint(0) + varint(len(key)) + varint(len(value)) + key + value for key, value in entries)
    return body + struct.pack("<II", 0, 1)


def table(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A table of one block, its index, and the footer."""
    data = block(entries)
    index = block([(b"~", varint(0) + varint(len(data)))])
    return data + bytes(5) + index + bytes(5) + footer(len(data) + 5, len(index))


def footer(offset: int, size: int) -> bytes:
    """What a table ends in: where the index stands."""
    return (varint(0) + varint(0) + varint(offset) + varint(size)).ljust(40, b"\0") + MAGIC


def entry(shape: Sequence[int], offset: int, size: int, dtype: int = 1, shard: int = 0) -> bytes:
    return proto({1: dtype, 2: {2: [{1: side} for side in shape]}, 3: shard, 4: offset, 5: size})


def checkpoint(prefix: Path, arrays: Mapping[str, Sequence[float]], objects: bytes = b"", shards: int = 1) -> None:
    """`PREFIX.index` and `PREFIX.data-00000-of-00001` with vectors, and the graph of objects where one is given."""
    data, entries = b"", [(b"", proto({1: shards}))]
    if objects:
        text = varint(len(objects)) + bytes(4) + objects
        entries.append((b"_CHECKPOINTABLE_OBJECT_GRAPH", entry((), 0, len(text), dtype=7)))
        data = text
    for name, values in sorted(arrays.items()):
        raw = floats(values)
        entries.append((name.encode(), entry((len(values),), len(data), len(raw))))
        data += raw
    prefix.parent.mkdir(parents=True, exist_ok=True)
    prefix.with_name(f"{prefix.name}.index").write_bytes(table(entries))
    prefix.with_name(f"{prefix.name}.data-00000-of-{shards:05d}").write_bytes(data)


# Operations of TensorFlow


def node(name: str, kind: str, *inputs: str, **attributes: Node) -> Node:
    return {1: name, 2: kind, 3: list(inputs), 5: mapping(attributes)}


def constant(name: str, *values: float) -> Node:
    shape = {2: [{1: len(values)}]} if len(values) > 1 else {}
    return node(name, "Const", value={8: {1: 1, 2: shape, 4: floats(values)}})


def integers(name: str, *values: int) -> Node:
    return node(name, "Const", value={8: {1: 3, 2: {2: [{1: len(values)}]}, 4: struct.pack(f"<{len(values)}i", *values)}})


def placeholder(name: str, *shape: int) -> Node:
    return node(name, "Placeholder", shape={7: {2: [{1: side} for side in shape]}})


def function(name: str, arguments: Sequence[str], results: Mapping[str, str], nodes: Sequence[Node]) -> Node:
    signature = {1: name, 2: [{1: argument} for argument in arguments], 3: [{1: result} for result in results]}
    return {1: signature, 3: list(nodes), 4: mapping(results)}


def call(name: str, callee: str, *inputs: str) -> Node:
    return node(name, "StatefulPartitionedCall", *inputs, f={10: {1: callee}})


def batchnorm(scope: str, x: str, mean: str, variance: str, gamma: str = "gamma:0", beta: str = "beta:0") -> list[Node]:
    """BatchNormalization as Keras 3 writes it out. Its output is `SCOPE/batchnorm/add_1:z:0`."""
    at = f"{scope}/batchnorm"
    return [
        constant(f"{at}/add/y", 0.25),
        node(f"{at}/add", "AddV2", variance, f"{at}/add/y:output:0"),
        node(f"{at}/Rsqrt", "Rsqrt", f"{at}/add:z:0"),
        node(f"{at}/mul", "Mul", f"{at}/Rsqrt:y:0", gamma),
        node(f"{at}/mul_1", "Mul", x, f"{at}/mul:z:0"),
        node(f"{at}/mul_2", "Mul", mean, f"{at}/mul:z:0"),
        node(f"{at}/sub", "Sub", beta, f"{at}/mul_2:z:0"),
        node(f"{at}/add_1", "AddV2", f"{at}/mul_1:z:0", f"{at}/sub:z:0"),
    ]


def training(scope: str, x: str) -> list[Node]:
    """BatchNormalization in training: moments, the assignments of moving averages, and what is written out above."""
    return [
        integers(f"{scope}/axes", 0),
        node(f"{scope}/mean", "Mean", x, f"{scope}/axes:output:0"),
        node(f"{scope}/difference", "SquaredDifference", x, f"{scope}/mean:output:0"),
        node(f"{scope}/variance", "Mean", f"{scope}/difference:z:0", f"{scope}/axes:output:0"),
        node(f"{scope}/assign", "AssignVariableOp", "mean", f"{scope}/mean:output:0"),
        node(f"{scope}/assign_1", "AssignVariableOp", "variance", f"{scope}/variance:output:0"),
        *batchnorm(scope, x, f"{scope}/mean:output:0", f"{scope}/variance:output:0", f"{scope}/gamma:value:0", f"{scope}/beta:value:0"),
        node(f"{scope}/gamma", "ReadVariableOp", "gamma"),
        node(f"{scope}/beta", "ReadVariableOp", "beta"),
    ]


def inference(scope: str, x: str) -> list[Node]:
    """BatchNormalization that reads its variables: the arguments gamma, beta, mean and variance of a function."""
    read = {name: f"{scope}/{name}" for name in ("gamma", "beta", "mean", "variance")}
    order = (read[name] + ":value:0" for name in ("mean", "variance", "gamma", "beta"))
    return [*(node(at, "ReadVariableOp", name) for name, at in read.items()), *batchnorm(scope, x, *order)]


NAMES = ("gamma", "beta", "moving_mean", "moving_variance")
ARGUMENTS = ("x", "gamma", "beta", "mean", "variance")


def savedmodel(
    folder: Path,
    functions: Sequence[Node],
    served: str = "serve",
    values: Mapping[str, Sequence[float]] | None = None,
    metadata: Sequence[str] = (),
    **more: Any,
) -> Path:
    """A SavedModel whose signature calls a function with the input and the four variables of an object `norm`.

    `metadata`: what Keras wrote of the root and of `norm`. `more`: fields of the MetaGraph by their numbers, as `f5={…}`.
    """
    values = dict(zip(NAMES, ([1.5, 2.5], [0.5, 0.25], [3.0, 4.0], [5.0, 6.0]), strict=True)) if values is None else values
    keys = {name: f"norm/{name}/.ATTRIBUTES/VARIABLE_VALUE" for name in NAMES}
    tree = [{1: [{1: 1, 2: "norm"}]}, {1: [{1: number, 2: name} for number, name in enumerate(NAMES, 2)]}]
    told = [*metadata, "", ""]
    saved = [
        *({**each, 4: {1: "object", 3: told[number]}} for number, each in enumerate(tree)),
        *({7: {1: 1, 2: {2: [{1: 2}]}, 6: f"bn/{name}"}} for name in NAMES),
    ]
    tracked = [*tree, *({2: [{1: "VARIABLE_VALUE", 2: f"bn/{name}", 3: keys[name]}]} for name in NAMES)]
    bound = {4: list(range(2, 6)), 2: varint(2) + varint(3) + varint(4) + varint(5)}
    main = [placeholder("input", -1, 2), *(node(name, "VarHandleOp") for name in NAMES), call("called", served, "input", *NAMES)]
    meta = {
        1: {4: "serve"},
        2: {1: main, 2: {1: list(functions)}},
        5: mapping({"serving_default": {1: mapping({"x": {1: "input:0"}}), 2: mapping({"y": {1: "called:0"}})}}),
        7: {1: saved, 2: mapping({served: {2: bound[2]}})},
    }
    meta |= {int(name.removeprefix("f")): value for name, value in more.items()}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "saved_model.pb").write_bytes(proto({1: 1, 2: meta}))
    checkpoint(folder / "variables" / "variables", {keys[name]: array for name, array in values.items()}, proto({1: tracked}))
    return folder


# ONNX


def onnx_node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> Node:
    given = []
    for name, value in attributes.items():
        number = 2 if isinstance(value, float) else 3 if isinstance(value, int) else 4 if isinstance(value, str) else 8
        if isinstance(value, Mapping):
            number = 6
        given.append({1: name, number: list(value) if isinstance(value, tuple) else value})
    return {1: list(inputs), 2: list(outputs), 3: f"node_{outputs[0]}", 4: kind, 5: given}


def onnx_tensor(name: str, values: Sequence[float], *shape: int) -> Node:
    return {1: list(shape or (len(values),)), 2: 1, 8: name, 9: floats(values)}


def onnx_model(nodes: Sequence[Node], tensors: Sequence[Node], output: str, shape: Sequence[int] = (1, 2, 4, 4)) -> bytes:
    graph = {
        1: list(nodes),
        2: "net",
        5: list(tensors),
        11: {1: "x", 2: {1: {1: 1, 2: {1: [{1: side} for side in shape]}}}},
        12: {1: output, 2: {1: {1: 1}}},
    }
    return proto({1: 8, 7: graph, 8: {1: "", 2: 17}})
