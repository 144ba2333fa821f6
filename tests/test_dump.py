"""Graphs as data: the format in which `bnlint graph --output-format json` prints them."""

from dataclasses import replace

from bnlint import source
from bnlint.graph import dump
from bnlint.graph.model import Gap, Origin, Span
from bnlint.text import load
from tests.graphs import Net, bn, conv, unknown

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


def test_values_are_those_of_json_and_what_is_not_known_is_left_out() -> None:
    values = {"a": 1.5, "b": float("inf"), "c": (1, [None, "x"]), "d": (1, unknown()), "e": unknown(), "f": 10**400, "g": True}
    net = Net()
    (model,) = dump.as_data([net.build(net(bn(**values), net(conv(), net.input()))).graph])["models"]
    config = model["nodes"][2]["config"]
    assert {name: config[name] for name in "abcdefg" if name in config} == {"a": 1.5, "b": "inf", "c": [1, [None, "x"]], "g": True}


def test_the_text_has_a_line_for_each_node() -> None:
    graphs = source.analyse([load("m.py", PROGRAM)]).models
    assert dump.as_text([*graphs, *graphs]).split("\n\n")[0].splitlines() == TEXT
    assert dump.as_text([*graphs, *graphs]) == "\n".join(["\n".join(TEXT) + "\n"] * 2)


TEXT = [
    "model (functional)  m.py:9",
    "   1  Input (None, 8)  line 5",
    "   2  Dense[relu] (None, 4) <- 1  line 6",
    "   3  BatchNormalization (None, 4) <- 2  line 8",
    "  j1  join on the parameter `flag` of build is not known (None, 4) <- 3, 2",
    "  output j1",
]


def test_a_gap_is_told_with_its_line() -> None:
    (graph,) = source.analyse([load("m.py", PROGRAM)]).models
    gaps = (Gap("why", Origin(Span("m.py", 3, 1, 3, 9, 2))), Gap("who knows"))
    data = dump.as_data([replace(graph, gaps=gaps)])["models"][0]["gaps"]
    assert data == [
        {"reason": "why", "path": "m.py", "line": 3, "column": 1, "cell": 2},
        {"reason": "who knows", "path": None, "line": None, "column": None},
    ]
    assert dump.as_text([replace(graph, gaps=gaps)]).splitlines()[-2:] == ["  gap: why  line 3", "  gap: who knows"]


def test_what_is_not_known_of_a_shape_is_a_question_mark() -> None:
    data = load("m.py", b"import keras\nfrom elsewhere import f\nx = keras.Input((f(), 3))\nm = keras.Model(x, keras.layers.ReLU()(x))\n")
    assert "Input (None, ?, 3)" in dump.as_text(source.analyse([data]).models)
