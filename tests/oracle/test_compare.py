"""The comparison itself, on graphs written by hand: a referee who cannot say "wrong" proves nothing."""

from typing import Any

import pytest

from tests.oracle.compare import Verdict, answer, judge, merge
from tests.oracle.roles import Neighbour
from tests.oracle.truth import Sides

CONV, RELU, ADD, UNKNOWN = ("linear", None), ("activation", "relu"), ("merge", None), ("unknown", None)


def sides(feeding: set[Neighbour], fed: set[Neighbour]) -> Sides:
    return Sides(frozenset(feeding), frozenset(fed))


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (sides({CONV}, {RELU, ADD}), Verdict.EXACT),
        (sides({CONV, ADD}, {RELU, ADD}), Verdict.COVERS),
        (sides({CONV, UNKNOWN}, {RELU, ADD}), Verdict.COVERS),
        (sides({UNKNOWN}, {RELU, ADD}), Verdict.UNKNOWN),
        (sides({CONV}, {RELU}), Verdict.WRONG),
        (sides({UNKNOWN}, {RELU}), Verdict.WRONG),
        (sides({("linear", "relu")}, {RELU, ADD}), Verdict.WRONG),
        (sides({CONV}, {("activation", None), ADD}), Verdict.UNKNOWN),
        (None, Verdict.MISSING),
    ],
)
def test_the_verdicts(found: Sides | None, verdict: Verdict) -> None:
    assert judge(sides({CONV}, {RELU, ADD}), found) is verdict


def node(name: str, neighbour: Neighbour, *inputs: str, line: int = 1) -> dict[str, Any]:
    role, activation = neighbour
    return {"id": name, "role": role, "activation": activation, "path": "/m.py", "line": line, "inputs": list(inputs)}


def test_joins_are_looked_through_on_both_sides() -> None:
    nodes = [
        node("1", CONV),
        node("2", ADD),
        node("j1", ("join", None), "1", "j2"),
        node("j2", ("join", None), "2", "j1"),
        node("3", ("batchnorm", None), "j1", line=7),
        node("j3", ("join", None), "3", "1"),
        node("4", RELU, "j3"),
    ]
    assert answer({"models": [{"nodes": nodes}]}) == {("/m.py", 7): sides({CONV, ADD}, {RELU})}


def test_an_edge_that_leads_nowhere_covers_nothing() -> None:
    nodes = [node("1", ("batchnorm", None), "gone", line=7), node("2", RELU, "1")]
    assert answer({"models": [{"nodes": nodes}]}) == {("/m.py", 7): sides({("lost", None)}, {RELU})}


def test_all_nodes_of_a_site_count_also_those_of_other_models() -> None:
    first = [node("1", CONV), node("2", ("batchnorm", None), "1", line=7), node("3", RELU, "2")]
    second = [node("1", ADD), node("2", ("batchnorm", None), "1", line=7)]
    assert answer({"models": [{"nodes": first}, {"nodes": second}]}) == {("/m.py", 7): sides({CONV, ADD}, {RELU})}


def test_truths_of_several_models_unite() -> None:
    site = ("/m.py", 7)
    assert merge([{site: sides({CONV}, {RELU})}, {site: sides({ADD}, set())}]) == {site: sides({CONV, ADD}, {RELU})}
