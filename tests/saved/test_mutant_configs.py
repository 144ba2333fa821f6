"""Seeded mutants of configs: each gives a graph that is legal and can be linted, or is refused in one line."""

import copy
import json
import math
import random
from collections.abc import Iterator
from typing import Any

import pytest

from bnlint import api, models
from bnlint.graph import dump
from bnlint.graph.model import ModelGraph
from bnlint.graph.verify import verify
from bnlint.saved import Unreadable
from bnlint.saved.config import read_config
from tests.saved.configs import chain, functional, layer, node, old, sequential, start, tensor

JUNK: tuple[object, ...] = (
    None,
    1,
    -1,
    0,
    True,
    1.5,
    math.nan,
    "",
    "x",
    "\ud800\x1b\n",
    [],
    {},
    [1, None],
    {"class_name": "BatchNormalization"},
    ["a", 0, 0],
    10**400,
    [[[]]],
)


def bn(name: str, *nodes: object, **config: Any) -> dict[str, Any]:
    return layer("BatchNormalization", name, *nodes, axis=-1, momentum=0.99, epsilon=0.001, **config)


def seeds() -> list[Any]:
    """What is mutated: every notation, models in models, wrappers, functions."""
    wrapped = {"module": "keras.layers", "class_name": "BatchNormalization", "config": {"name": "norm", "axis": -1}}
    inner = functional(
        [start("i", (None, 4)), layer("Dense", "d", node(tensor("i")), units=4), bn("bn", node(tensor("d")))],
        ["i", 0, 0],
        ["bn", 0, 0],
        "inner",
    )
    new = functional(
        [
            start("x", (None, 4)),
            {**inner, "inbound_nodes": [node(tensor("x"), training=False)]},
            bn("shared", node(tensor("inner")), node(tensor("act"), training=True)),
            layer("ReLU", "act", node(tensor("shared"))),
            layer("Add", "op", node(tensor("shared", 1), tensor("act"), axis=-1), module="keras.src.ops.numpy"),
            layer("TimeDistributed", "td", node(tensor("op")), layer=wrapped),
        ],
        ["x", 0, 0],
        [["td", 0, 0], ["inner", 1, 0]],
    )
    layers = [
        old("InputLayer", "x", batch_input_shape=[None, 8, 8, 3]),
        old("Conv2D", "conv", [["x", 0, 0, {}]], filters=4, kernel_size=[3, 3], activation="relu"),
        {**inner, "class_name": "Model", "inbound_nodes": [[["conv", 0, 0, {"training": True}]]]},
        old("BatchNormalization", "bn", [["inner", 1, 0, {}]], axis=[3]),
        old("TFOpLambda", "op", ["bn", 0, 0, {"y": ["conv", 0, 0], "name": None}], function="math.multiply"),
        old(
            "SlicingOpLambda",
            "cut",
            ["op", 0, 0, {"slice_spec": [{"start": None, "stop": 1, "step": None}]}],
            function="__operators__.getitem",
        ),
    ]
    second = {
        "class_name": "Functional",
        "config": {"name": "m", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["cut", 0, 0]]},
    }
    compiled = {"compile_config": {"optimizer": {"class_name": "AdamW", "config": {"weight_decay": 0.1}}, "loss": "mse"}}
    return [
        {**new, **compiled},
        second,
        sequential(start(), bn("a"), bn("b")),
        chain(layer("Conv2D", "c", filters=3, kernel_size=3), bn("n")),
    ]


def paths(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every place in a structure, outermost first."""
    yield path
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from paths(value[key], (*path, key))  # type: ignore[index]


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def mutant(seed: int, originals: list[Any]) -> Any:
    dice = random.Random(seed)
    made = copy.deepcopy(dice.choice(originals))
    for _ in range(dice.choice((1, 1, 2, 3, 8))):
        places = [path for path in paths(made) if path]
        if not places:
            break
        *before, key = dice.choice(places)
        above = at(made, tuple(before))
        how = dice.random()
        if how < 0.6:
            above[key] = copy.deepcopy(dice.choice(JUNK))
        elif how < 0.75:
            del above[key]
        else:
            above[key] = copy.deepcopy(at(made, dice.choice(places)))
    return made


def attempted(config: Any) -> ModelGraph | str:
    """The graph of a config, or why it is refused."""
    try:
        return read_config(config, "m.keras", "Keras archive").finish()
    except Unreadable as problem:
        return problem.message


@pytest.mark.parametrize(
    "numbers",
    [
        range(600),
        pytest.param(range(600, 5000), marks=pytest.mark.slow),
    ],
    ids=lambda numbers: f"{numbers.start}-{numbers.stop}",
)
def test_a_mutant_gives_a_graph_or_a_line(numbers: range) -> None:
    plan = api.Plans(isolated=True).of("m.keras")
    originals = seeds()
    read = 0
    for seed in numbers:
        graph = attempted(mutant(seed, originals))
        if isinstance(graph, str):
            assert "\n" not in graph, seed
            continue
        read += 1
        verify(graph)
        assert models.examine(graph, "m.keras", plan).failures == (), seed
        json.dumps(dump.as_data([graph]))
        assert dump.as_text([graph])
    assert 0.3 < read / len(numbers) < 1
