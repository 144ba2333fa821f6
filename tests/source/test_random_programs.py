"""The front end against Python itself: on random builders, under every outcome of their flags, the graphs are equal."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping

import pytest

from bnlint.graph.model import Call, ModelGraph, Tensor, Unknown
from tests.source.programs import read
from tests.source.random_programs import FLAGS, INPUT, Node, Writer, run

PARAMETER = re.compile(r"the parameter `(\w+)` of build is not known")
HEAD = "from keras import Sequential\nfrom keras.layers import *\nclass Bag:\n    pass\n"


def outcome(condition: Unknown, flags: Mapping[str, bool]) -> bool:
    """The truth of a test where the flags are these."""
    if condition.test is not None:
        operator, subject, constant = condition.test
        value = outcome(subject, flags)
        return value is constant if operator == "is" else value == constant
    named = PARAMETER.fullmatch(condition.reason)
    assert named is not None, condition.reason
    return flags[named[1]]


def node(tensor: Tensor, flags: Mapping[str, bool], known: dict[int, Node]) -> Node:
    """A tensor of the graph as the stand-ins write it, where the flags are these."""
    if id(tensor) in known:
        return known[id(tensor)]
    if not isinstance(tensor, Call):
        first, second = tensor.alternatives
        return node(first if outcome(tensor.condition, flags) else second, flags, known)
    if not tensor.inputs:
        return INPUT
    assert all(outcome(condition, flags) is held for condition, held in tensor.under), "a call on a path that is not taken"
    key = tensor.layer.config["units"] if tensor.layer.kind == "Dense" else tensor.layer.name
    known[id(tensor)] = (tensor.layer.kind, key, tuple(dict.fromkeys(node(part, flags, known) for part in tensor.inputs)))
    return known[id(tensor)]


def compare(program: str, graph: ModelGraph) -> None:
    for values in itertools.product((True, False), repeat=len(FLAGS)):
        flags = dict(zip(FLAGS, values, strict=True))
        (output,) = graph.outputs
        assert node(output, flags, {}) == run(program, flags), f"{flags}\n{program}"


@pytest.mark.parametrize("seed", range(150))
def test_random_builders(seed: int) -> None:
    program = Writer(seed).program()
    found = read(program, head=HEAD)
    graph = next(graph for graph in found.models if graph.name == "build")  # a second one shows what no outcome reaches
    compare(program, graph)
    assert not found.gaps
