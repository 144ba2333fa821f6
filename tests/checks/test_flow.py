"""What stands in which order: the rules that need certainty about it."""

import json

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


def notebook(*cells: str) -> str:
    made = [
        {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": cell.splitlines(keepends=True)}
        for cell in cells
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
