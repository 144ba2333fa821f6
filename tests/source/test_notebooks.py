"""Notebooks: cells in order, magics, broken cells, positions."""

import json
from contextlib import suppress

import pytest

from bnlint import text
from bnlint.source import analyse
from tests.source.programs import notebook, read_bytes

HEAD = "from keras.layers import *\nfrom keras import Model, Sequential\n"


def test_cells_share_one_scope() -> None:
    program = notebook(HEAD, "def block(x):\n    return BatchNormalization()(Dense(n)(x))", "n = 4\ny = block(Input((8,)))")
    assert program.flow == "Input > Dense > BatchNormalization"
    assert program.layer("Dense").config["units"] == 4


def test_positions_count_all_cells() -> None:
    program = notebook(["# Title"], HEAD, ["text"], "\nx = Input((8,))\ny = Dense(1)(x)")
    span = program.layer("Dense").origin.span
    assert span is not None
    assert (span.cell, span.line, span.column) == (4, 3, 5)


def test_a_broken_cell_is_a_gap_and_the_others_go_on() -> None:
    program = notebook(HEAD, "x = Input((8,))\nthis is no Python", "x = Input((8,))\ny = Dense(1)(x)")
    assert program.flow == "Input > Dense"
    assert any("cell 2 does not parse" in gap for gap in program.gaps)


@pytest.mark.parametrize(
    "line",
    ["%matplotlib inline", "!pip install keras", "%%time", "files = !ls", "?Dense", "Dense?", "%%bash\nls -l\nif then", "x = %time 3"],
)
def test_magics_do_not_break_a_cell(line: str) -> None:
    program = notebook(f"{line}\n", HEAD, "y = Dense(1)(Input((8,)))")
    assert program.flow == "Input > Dense"
    assert not program.gaps


def test_a_model_that_grows_from_cell_to_cell() -> None:
    program = notebook(
        HEAD,
        "model = Sequential()\nmodel.add(Dense(4))",
        ["and"],
        "model.add(BatchNormalization())",
        "model.compile('adam', 'mse')\nmodel.fit(a, b)",
    )
    assert program.flow == "Input > Dense > BatchNormalization"
    assert [call.origin.span.cell for call in program.models[0].calls[1:] if call.origin.span] == [2, 4]
    assert [event.kind for event in program.module.events] == ["compile", "fit"]


def test_a_cell_that_is_run_again_by_its_copy() -> None:
    program = notebook(HEAD, "x = Input((8,))\nm = Model(x, Dense(1)(x))", "x = Input((8,))\nm = Model(x, BatchNormalization()(x))")
    assert sorted(program.flows) == ["Input > BatchNormalization", "Input > Dense"]


def test_await_at_the_top_of_a_cell() -> None:
    assert notebook(HEAD, "y = await f()\n", "y = Dense(1)(Input((8,)))").flow == "Input > Dense"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"cells": 3}',
        b'{"cells": [3, null, {}]}',
        b'{"cells": [{"cell_type": "code", "source": 5}]}',
        b"\xff\xfe\x00",
        b'{"cells": []}',
    ],
)
def test_a_broken_notebook_is_unreadable_or_empty(content: bytes) -> None:
    with suppress(text.Unreadable):
        assert not read_bytes(content, "broken.ipynb").models


def test_every_cell_broken() -> None:
    content = json.dumps(
        {
            "cells": [{"cell_type": "code", "source": "("}, {"cell_type": "code", "source": ["def"]}],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
    found = analyse([text.load("n.ipynb", content.encode())])
    assert not found.models
    assert len(found.modules[0].gaps) == 2
