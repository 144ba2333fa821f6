"""Graphs as data: the format in which `bnlint graph --output-format json` prints them."""

from bnlint import source
from bnlint.graph import dump
from bnlint.text import load

PROGRAM = b"""import keras
from keras import layers

def build(flag):
    x = keras.Input((8,))
    y = layers.Dense(4, activation="relu")(x)
    if flag:
        y = layers.BatchNormalization(name="bn")(y)
    return keras.Model(x, y)
"""


def test_nodes_say_what_and_where_they_are() -> None:
    data = dump.as_data(source.analyse([load("m.py", PROGRAM)]).models)
    assert data["version"] == 1
    (model,) = data["models"]
    shown = {name: model[name] for name in ("name", "path", "line", "gaps")}
    assert shown == {"name": "model", "path": "m.py", "line": 9, "gaps": []}
    nodes = [{name: value for name, value in node.items() if name != "config"} for node in model["nodes"]]
    place = {"path": "m.py", "activation": None}
    assert nodes == [
        {**place, "id": "1", "kind": "Input", "role": "input", "line": 5, "column": 9, "inputs": []},
        {**place, "id": "2", "kind": "Dense", "role": "linear", "activation": "relu", "line": 6, "column": 9, "inputs": ["1"]},
        {**place, "id": "3", "kind": "BatchNormalization", "role": "batchnorm", "line": 8, "column": 13, "inputs": ["2"]},
        {"id": "j1", "kind": "Join", "role": "join", "activation": None, "path": None, "line": None, "column": None, "inputs": ["3", "2"]},
    ]
    assert [node["config"].get("name") for node in model["nodes"]] == [None, None, "bn", None]
