"""Small configs written by hand, as Keras 3 and Keras 2 write them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bnlint.graph.model import Call, ModelGraph, Tensor
from bnlint.graph.verify import verify
from bnlint.saved.config import read_config

Json = dict[str, Any]


def tensor(layer: str, node: int = 0, index: int = 0, shape: list[int | None] | None = None) -> Json:
    """A tensor in the notation of Keras 3."""
    return {"class_name": "__keras_tensor__", "config": {"shape": shape, "dtype": "float32", "keras_history": [layer, node, index]}}


def node(*args: object, **kwargs: object) -> Json:
    """An application in the notation of Keras 3."""
    return {"args": list(args), "kwargs": kwargs}


def layer(kind: str, name: str, *nodes: object, module: str | None = "keras.layers", **config: object) -> Json:
    """A layer in the notation of Keras 3; without a module, of Keras 2."""
    where = {} if module is None else {"module": module, "registered_name": None}
    return {**where, "class_name": kind, "name": name, "config": {"name": name, **config}, "inbound_nodes": list(nodes)}


def old(kind: str, name: str, *nodes: object, **config: object) -> Json:
    """A layer in the notation of Keras 2."""
    return layer(kind, name, *nodes, module=None, **config)


def start(name: str = "x", shape: tuple[int | None, ...] = (None, 8, 8, 3)) -> Json:
    return layer("InputLayer", name, batch_shape=list(shape))


def functional(layers: list[Json], inputs: object, outputs: object, name: str = "net", **config: object) -> Json:
    """A Functional model."""
    inner = {"name": name, "trainable": True, "layers": layers, "input_layers": inputs, "output_layers": outputs, **config}
    return {"module": "keras.src.models.functional", "class_name": "Functional", "name": name, "config": inner, "inbound_nodes": []}


def sequential(*layers: Json, name: str = "net", **config: object) -> Json:
    """A Sequential model."""
    return {"module": "keras", "class_name": "Sequential", "name": name, "config": {"name": name, "layers": list(layers), **config}}


def chain(*layers: Json, shape: tuple[int | None, ...] = (None, 8, 8, 3)) -> Json:
    """A Functional model of layers that are each applied to what leaves the one before."""
    before, placed = "x", [start("x", shape)]
    for each in layers:
        placed.append({**each, "inbound_nodes": [node(tensor(before), **each.get("given", {}))]})
        before = each["name"]
    return functional(placed, ["x", 0, 0], [before, 0, 0])


def archive(
    path: Path, config: object, version: str = "3.15.1", method: int = zipfile.ZIP_STORED, members: Mapping[str, bytes] = {}
) -> Path:
    """A `.keras` file."""
    with zipfile.ZipFile(path, "w", method) as file:
        file.writestr("metadata.json", json.dumps({"keras_version": version}))
        file.writestr("config.json", json.dumps(config))
        for name, data in members.items():
            file.writestr(name, data)
    return path


def graph_of(config: object, **given: Any) -> ModelGraph:
    """The graph of a config, which is legal."""
    graph = read_config(config, "model.json", "model JSON", **given).finish()
    verify(graph)
    return graph


def calls(graph: ModelGraph) -> Mapping[str, Call]:
    """The last call of each layer, by the key of the layer."""
    return {call.layer.origin.key or "": call for call in graph.calls}


def edges(graph: ModelGraph) -> list[tuple[str, ...]]:
    """Each call with what feeds it, by keys."""
    return [(_key(call), *map(_key, call.inputs)) for call in graph.calls]


def _key(tensor: Tensor) -> str:
    return tensor.layer.origin.key or "" if isinstance(tensor, Call) else "a join"
