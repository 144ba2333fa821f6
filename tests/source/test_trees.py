"""Going through the nodes of a tree."""

import ast
from collections.abc import Iterator
from itertools import islice

import pytest

from bnlint import lint_source
from bnlint.source import trees

SOURCE = "import keras\nx = keras.layers.Dense(2 + 3 * 4)\ny = not x and (x < 3 or x is None)\n"


def test_all_nodes_are_met_but_contexts() -> None:
    tree = ast.parse(SOURCE)
    met = [type(node) for node in trees.walk(tree)]
    there = [type(node) for node in ast.walk(tree) if not isinstance(node, ast.expr_context)]
    assert sorted(met, key=str) == sorted(there, key=str)


@pytest.fixture
def _marked() -> Iterator[None]:
    """`executing`, by which IPython shows tracebacks, tells each node its parent: also the operators, which are shared by all trees."""
    other = ast.parse("a + b * c\nnot a and (b < c or b is c)\n")
    shared = []
    for node in ast.walk(other):
        for child in ast.iter_child_nodes(node):
            child.parent = node  # type: ignore[attr-defined]
            shared.append(child)
    yield
    for child in shared:
        child.__dict__.pop("parent", None)


@pytest.mark.usefixtures("_marked")
def test_marks_on_operators_lead_into_no_other_tree() -> None:
    tree = ast.parse(SOURCE)
    assert len(list(islice(trees.walk(tree), 1000))) == sum(not isinstance(node, ast.expr_context) for node in ast.walk(tree))
    found = lint_source("import keras\nx = keras.layers.BatchNormalization(0.8)(2 + 3 * keras.Input((4,)))\n", isolated=True)
    assert [finding.code for finding in found] == ["BN405"]
