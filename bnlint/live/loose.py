"""Networks that are made up to hold layers of which nothing is known but that a model owns them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bnlint.live.values import Json
from bnlint.live.weights import Names

INPUT = "(input)"
"""The input of such a network."""

Entry = tuple[dict[str, Json], int, int]
"""A layer as an entry of `layers`, with the numbers of its inputs and outputs."""


def apart(layers: Iterable[Any]) -> list[list[Any]]:
    """The layers in groups in which each name occurs once."""
    groups: list[list[Any]] = []
    for layer in layers:
        group = next((group for group in groups if all(other.name != layer.name for other in group)), None)
        if group is None:
            groups.append(group := [])
        group.append(layer)
    return groups


def network(enclosing: Names, inside: Sequence[Entry]) -> Json:
    """A network that applies each of these layers to its input, within networks that are named as what encloses them."""
    made = _around(enclosing[-1] if enclosing else INPUT, inside)
    for name in reversed((INPUT, *enclosing[:-1]) if enclosing else ()):
        made = _around(name, [(made, 1, len(made["config"]["output_layers"]))])
    return made


def _around(name: str, inside: Sequence[Entry]) -> dict[str, Json]:
    layers: list[dict[str, Json]] = [
        {"module": "keras.layers", "class_name": "InputLayer", "config": {"name": INPUT}, "name": INPUT, "inbound_nodes": []}
    ]
    outputs: list[Json] = []
    for entry, inputs, results in inside:
        known = entry["config"]["name"]
        layers.append({**entry, "name": known, "inbound_nodes": [_on_input(inputs)]})
        outputs += [[known, int(entry["class_name"] == "Functional"), index] for index in range(results)]
    config = {"name": name, "layers": layers, "input_layers": [[INPUT, 0, 0]], "output_layers": outputs}
    return {"module": "keras", "class_name": "Functional", "registered_name": "Functional", "config": config}


def _on_input(times: int) -> Json:
    """A call on the input, as many times as the layer has inputs, in a mode that nobody knows."""
    tensor = {"class_name": "__keras_tensor__", "config": {"shape": None, "dtype": None, "keras_history": [INPUT, 0, 0]}}
    return {"args": [[tensor] * times if times > 1 else tensor], "kwargs": {"training": {"class_name": "__unknown__", "config": {}}}}
