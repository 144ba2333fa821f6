"""Fixes in notebooks: the changed source strings change, nothing else does."""

import json
from typing import Any

import pytest

from bnlint.findings import Fix, InsertActivation, RemoveApplication, Safety, TextEdit
from bnlint.fixer import Refused, apply, edits
from bnlint.graph.model import Span
from bnlint.text import load
from tests.test_fixer_edits import applied, spot

LINES = [
    "m = keras.Sequential([\n",
    '    layers.Dense(8, activation="relu", name="größe 😀"),\n',
    "    layers.BatchNormalization(),\n",
    "])",
]


def notebook(source: list[str] | str, **how: Any) -> str:
    cells = [
        {"cell_type": "markdown", "source": ["# Title"], "metadata": {}},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "from keras import layers"], "outputs": [{"data": "größe \u2028"}]},
        {"cell_type": "code", "source": source, "metadata": {}, "outputs": [{"text": ["activation"]}], "execution_count": 3},
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, **how)


STYLES = {
    "jupyter": {"indent": 1, "ensure_ascii": False},
    "escaped": {"indent": 1},
    "compact": {"separators": (",", ":")},
    "tabs": {"indent": "\t\t", "ensure_ascii": False},
    "one-line": {},
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("one_string", [False, True])
@pytest.mark.parametrize("tail", ["", "\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_fixed_notebook_is_what_its_writer_would_have_written(style: str, one_string: bool, tail: str, bom: bytes) -> None:
    def data(lines: list[str]) -> bytes:
        return bom + (notebook("".join(lines) if one_string else lines, **STYLES[style]) + tail).encode()

    fixed = [LINES[0], LINES[1].replace(' activation="relu",', ""), LINES[2], '    layers.Activation("relu"),\n', LINES[3]]
    document = load("a.ipynb", data(LINES))
    fix = Fix(Safety.UNSAFE, (InsertActivation(applied(document, "layers.BatchNormalization()"), '"relu"', spot(document, '"relu"')),))
    assert edits.feasible(document, fix) == ""
    assert apply.apply(document, edits.render(document, fix), [fix]) == data(fixed)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("style", STYLES)
def test_a_removed_line_takes_its_string_along(style: str, last: bool) -> None:
    lines = ["m.add(A())\n", "m.add(C())"]
    where = 2 if last else 1
    before = [*lines[:where], "m.add(BN())\n", *lines[where:]]
    if last:
        before = ["m.add(A())\n", "m.add(C())\n", "m.add(BN())"]
    document = load("a.ipynb", notebook(before, **STYLES[style]).encode())
    fix = Fix(Safety.UNSAFE, (RemoveApplication(applied(document, "BN()")),))
    assert apply.apply(document, edits.render(document, fix), [fix]) == notebook(lines, **STYLES[style]).encode()


@pytest.mark.parametrize(
    ("style", "lines"),
    [
        *((style, ["f(x)"]) for style in STYLES if style != "one-line"),  # one string does not show what stands between two
        *((style, ["f(x)\n", "g(x)"]) for style in STYLES),
    ],
)
def test_a_new_line_gets_a_string_of_its_own(style: str, lines: list[str]) -> None:
    document = load("a.ipynb", notebook(lines, **STYLES[style]).encode())
    where = Span("a.ipynb", 1, 1, 1, 1, 3)
    assert apply.splice(document, [TextEdit(where, "e(x)\n")]) == notebook(["e(x)\n", *lines], **STYLES[style]).encode()


def test_what_is_inserted_at_one_place_stays_in_order() -> None:
    document = load("a.ipynb", notebook(LINES).encode())
    edits = [TextEdit(Span("a.ipynb", 1, 1, 1, 1, 3), text) for text in ("c = 1; ", "a = 1; ", "b = 1; ")]
    assert apply.splice(document, edits) == notebook(["c = 1; a = 1; b = 1; " + LINES[0], *LINES[1:]]).encode()


def test_the_way_each_character_is_escaped_stays() -> None:
    raw = notebook("X").replace('"X"', r'"s = \"\u00e9\u00E9 \ud83d\ude00\/\t\"; f(x)\r\ng(y)\r\n"')
    document = load("a.ipynb", raw.encode())
    edit = TextEdit(spot(document, "x", document.chunks[-1].original.index("f(")), 'x, "é"')
    assert apply.splice(document, [edit]).decode() == raw.replace("f(x)", r"f(x, \"\u00e9\")")
    line = TextEdit(Span("a.ipynb", 2, 5, 2, 5, 3), "\nh(z)")
    assert apply.splice(document, [line]).decode() == raw.replace("g(y)", r"g(y)\r\nh(z)")


def test_edits_in_several_cells_go_together() -> None:
    document = load("a.ipynb", notebook(LINES, indent=1).encode())
    changes = [TextEdit(Span("a.ipynb", 1, 1, 1, 2, 3), "model"), TextEdit(Span("a.ipynb", 2, 19, 2, 25, 2), "layers as L")]
    cells = json.loads(apply.splice(document, changes))["cells"]
    assert cells[1]["source"][1] == "from keras import layers as L"
    assert cells[2]["source"] == ["model = keras.Sequential([\n", *LINES[1:]]


def test_a_cell_that_does_not_parse_may_not_change() -> None:
    document = load("a.ipynb", notebook(["def f(:\n", "    x"], indent=1).encode())
    data = apply.splice(document, [TextEdit(Span("a.ipynb", 2, 5, 2, 6, 3), "y")])
    with pytest.raises(Refused, match="differ from what was planned"):
        apply.check(document, load("a.ipynb", data), [])
