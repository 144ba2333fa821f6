"""What stands in which order: the rules that need certainty about it."""

import json
from itertools import zip_longest

import pytest

from bnlint.api import lint_source

MODEL = """import keras
from keras import layers

model = keras.Sequential([keras.Input((4,)), layers.Dense(8), layers.BatchNormalization(), layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(x, y)
"""
FREEZE = "model.layers[1].trainable = False\n"
FIT = "model.fit(x, y)\n"


def notebook(*cells: str, counts: tuple[int | None, ...] = ()) -> str:
    made = [
        {"cell_type": "code", "execution_count": count, "metadata": {}, "outputs": [], "source": cell.splitlines(keepends=True)}
        for cell, count in zip_longest(cells, counts)
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ((MODEL + FREEZE + FIT,), [(1, 7)]),
        ((MODEL, f"def run():\n    net = make()\n    {FREEZE}", FIT), []),
        ((MODEL, FREEZE, FIT), []),
        ((MODEL, FREEZE + FIT), []),
        ((MODEL + FREEZE, FIT), []),
    ],
)
def test_cells_may_be_run_in_another_order(cells: tuple[str, ...], found: list[tuple[int, int]]) -> None:
    findings = lint_source(notebook(*cells), path="book.ipynb", isolated=True, select=["BN310"], target_keras="3")
    assert [(each.span.cell, each.span.line) for each in findings if each.span is not None] == found


COMPILE = 'model.compile("sgd", "mse")\n'
UNDO = "model.trainable = True\n"
CELLS = (MODEL, FREEZE, FIT)


@pytest.mark.parametrize(
    ("cells", "counts", "found"),
    [
        (CELLS, (1, 2, 3), [(2, "info")]),
        (CELLS, (4, 7, 9), [(2, "info")]),
        ((MODEL, FREEZE + FIT), (1, 2), [(2, "info")]),
        ((MODEL + FREEZE, FIT), (1, 2), [(1, "info")]),
        ((MODEL + FREEZE + FIT, FIT), (1, 2), [(1, "warning")]),
        ((FREEZE, MODEL, FIT), (3, 2, 4), []),  # run as they are numbered, not as they stand
        (CELLS, (1, 3, 2), []),
        (CELLS, (1, None, 3), []),
        (CELLS, (1, 2, None), []),
        (CELLS, (1, 1, 2), []),
        ((MODEL, FREEZE, COMPILE, FIT), (1, 2, 3, 4), []),
        ((MODEL, FREEZE, COMPILE, FIT), (1, 2, None, 4), []),
        ((MODEL, FREEZE, FIT, COMPILE), (1, 2, 3, 4), []),  # the last cell may have run before
        ((MODEL, FREEZE, UNDO, FIT), (1, 2, 3, 4), []),
        ((MODEL, FREEZE, UNDO, FIT), (1, 2, None, 4), []),
        ((MODEL, FREEZE, FIT, UNDO), (1, 2, 3, 4), [(2, "info")]),
        ((MODEL, FREEZE, "prepare(model)\n", FIT), (1, 2, 3, 4), []),
        ((MODEL, FREEZE, "prepare(model)\n", FIT), (1, 2, None, 4), []),
        ((MODEL, FREEZE, FIT, FREEZE), (1, 2, 3, None), []),  # it may be frozen already
        ((MODEL, FREEZE, f"def train():\n    {FIT}"), (1, 2, 3), []),
    ],
)
def test_execution_counts_tell_the_order(cells: tuple[str, ...], counts: tuple[int | None, ...], found: list[tuple[int, str]]) -> None:
    text = notebook(*cells, counts=counts)
    findings = lint_source(text, path="book.ipynb", isolated=True, select=["BN310"], target_keras="3")
    assert [(each.span.cell, str(each.severity)) for each in findings if each.span is not None] == found
