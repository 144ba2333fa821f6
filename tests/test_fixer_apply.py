"""Splicing and checking: what is not meant to change does not."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bnlint.findings import Fix, InsertActivation, Safety, SetArgument, TextEdit
from bnlint.fixer import Refused, apply, edits
from bnlint.graph.model import Span
from bnlint.text import load
from tests.test_fixer_edits import applied, spot

LAYOUTS = {
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "cr": lambda text: text.replace("\n", "\r").encode(),
    "bom": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "bom-crlf": lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
    "latin-1": lambda text: ("# -*- coding: latin-1 -*-\n" + text).encode("latin-1"),
    "no-final-newline": lambda text: text.rstrip("\n").encode(),
    "tabs-and-form-feed": lambda text: ("\f\n" + text.replace("    ", "\t")).encode(),
}

BEFORE = """\
from keras import layers
m = S([
    layers.Dense(8, name='größe', activation="relu"),
    layers.BatchNormalization(),
])
"""
AFTER = """\
from keras import layers
m = S([
    layers.Dense(8, name='größe'),
    layers.BatchNormalization(),
    layers.Activation("relu"),
])
"""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_encoding_and_line_ends_stay(layout: str) -> None:
    write = LAYOUTS[layout]
    document = load("a.py", write(BEFORE))
    fix = Fix(Safety.UNSAFE, (InsertActivation(applied(document, "layers.BatchNormalization()"), '"relu"', spot(document, '"relu"')),))
    assert apply.apply(document, edits.render(document, fix), [fix]) == write(AFTER)


# Splicing

PIECES = st.text(st.sampled_from("ab é😀\"'\\#\n\t"), max_size=6)


@given(
    st.lists(st.tuples(PIECES, PIECES, PIECES), max_size=5),
    PIECES,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["py", "lines", "string"]),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_splicing_touches_nothing_but_the_edits(parts: list[tuple[str, str, str]], rest: str, newline: str, form: str) -> None:
    """The text is `keep old keep old … rest`; each old becomes new."""
    text = "".join(f"|{keep}{old}" for keep, old, _ in parts) + rest
    expected = "".join(f"|{keep}{new}" for keep, _, new in parts) + rest
    newline = newline if "\n" in text else "\n"
    document = load("a.py" if form == "py" else "a.ipynb", _file(text.replace("\n", newline), form))
    changes, offset = [], 0
    for keep, old, new in parts:
        start = offset + 1 + len(keep)
        offset = start + len(old)
        changes.append(TextEdit(Span(document.path, *_position(text, start), *_position(text, offset), document.chunks[0].cell), new))
    data = apply.splice(document, changes)
    assert load(document.path, data).chunks[0].original == expected.replace("\n", newline)
    if form != "py":
        before, after = (json.loads(notebook) for notebook in (document.data, data))
        assert before["cells"].pop(0).keys() == after["cells"].pop(0).keys()
        assert before == after


def _file(text: str, form: str) -> bytes:
    if form == "py":
        return text.encode()
    source = text if form == "string" else text.splitlines(keepends=True) or [""]
    cells = [{"cell_type": "code", "source": source}, {"cell_type": "code", "source": "é", "outputs": ["😀"]}]
    return json.dumps({"cells": cells}, indent=1, ensure_ascii="#" in text).encode()


def _position(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def test_edits_that_overlap_are_refused() -> None:
    document = load("a.py", b"abcdef\n")
    one, other = TextEdit(Span("a.py", 1, 1, 1, 4), "x"), TextEdit(Span("a.py", 1, 3, 1, 5), "y")
    with pytest.raises(Refused, match="two of its changes concern the same code"):
        apply.splice(document, [other, one])


def test_edits_may_touch_and_equal_ones_count_once() -> None:
    document = load("a.py", b"abcdef\n")
    one, other = TextEdit(Span("a.py", 1, 1, 1, 3), "x"), TextEdit(Span("a.py", 1, 3, 1, 3), "-")
    assert apply.splice(document, [other, one, other]) == b"x-cdef\n"


def test_a_character_that_the_encoding_lacks_is_refused() -> None:
    document = load("a.py", b"# coding: latin-1\nf(1)\n")
    with pytest.raises(Refused, match="the encoding of the file, latin-1, lacks"):
        apply.splice(document, [TextEdit(Span("a.py", 2, 3, 2, 4), "'✓'")])


# Checking


@pytest.mark.parametrize(
    "result",
    ["y = f(1, a=2)\n", "y = f(1, a=1)\nz\n", "y = f(a=1)\n", "y = (f(1, a=1),)\n", "y = f(1)\n"],
    ids=["other-value", "statement-more", "argument-lost", "moved", "nothing-done"],
)
def test_a_tree_that_is_not_the_planned_one_is_refused(result: str) -> None:
    before = load("a.py", b"y = f(1)\n")
    fix = Fix(Safety.SAFE, (SetArgument(spot(before, "f(1)"), "a", "1"),))
    apply.check(before, load("a.py", b"y = f(1,  # layout is free\n  a=1)\n"), [fix])
    with pytest.raises(Refused, match="would differ from what was planned"):
        apply.check(before, load("a.py", result.encode()), [fix])


def test_a_result_that_does_not_parse_is_refused() -> None:
    before = load("a.py", b"y = f(1)\n")
    with pytest.raises(Refused, match="cannot be parsed"):
        apply.apply(before, [TextEdit(Span("a.py", 1, 5, 1, 6), "f(")], [])
