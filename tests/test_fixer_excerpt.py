"""A fix of arguments alone: the calls are read for themselves, and the result is held to them, and to all that stands around them."""

import ast
import json

import pytest

from bnlint.findings import DropArgument, Edit, Fix, Instantiate, RenameArgument, Safety, SetArgument, TextEdit
from bnlint.fixer import Refused, apply, edits, excerpt, locate
from bnlint.graph.model import Span
from bnlint.text import Chunk, Document, load
from tests.test_fixer_edits import spot

SOURCES = {
    "plain": "import k\n\ny = k.f(a=1)(x)\n",
    "first-line": "k.f(a=1)\n",
    "in-the-first-line": "y = k.f(a=1)\n",
    "over-lines": "y = (\n    k\n    .f(\n        a=1,  # why\n    )\n)\n",
    "behind-wide-characters": "é = '😀'; y = k.f(a=1)\n",
    "wide-characters": "def é(x):\n    return k.f(b='😀', a=1)\n",
    "windows": "x = 1\r\ny = k.f(\r\n    a=1,\r\n)\r\n",
    "byte-order-mark": "\ufeffx = 1\ny = k.f(a=1)\n",
    "form-feed": "x = 1\n\f\ny = k.f(a=1)\n",
}


def fix(*changes: Edit) -> Fix:
    return Fix(Safety.SAFE, changes)


def call(document: Document) -> Span:
    """Where the call `k.f(…)` stands."""
    for chunk in document.chunks:
        for node in ast.walk(chunk.parse()):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "k.f":
                return chunk.span(node)
    raise AssertionError("there is none")


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The chunks that are parsed."""
    parsed: list[str] = []
    parse = Chunk.parse

    def note(chunk: Chunk) -> ast.Module:
        parsed.append(chunk.text)
        return parse(chunk)

    monkeypatch.setattr(Chunk, "parse", note)
    return parsed


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_only_the_result_is_parsed_whole(source: str, whole: list[str]) -> None:
    document = load("m.py", source.encode())
    wanted = fix(SetArgument(call(document), "a", "2"), SetArgument(call(document), "z", "3"))
    whole.clear()
    assert edits.feasible(document, wanted) == ""
    changes = edits.render(document, wanted)
    changed = apply.apply(document, changes, [wanted], parse=False)
    assert whole == []
    assert apply.apply(document, changes, [wanted]) == changed
    assert whole == [load("m.py", changed).chunks[0].text]
    apply.check(document, load("m.py", changed), [wanted])
    assert b"a=2" in changed


def test_a_notebook_is_no_different(whole: list[str]) -> None:
    cells = [{"cell_type": "code", "source": text} for text in ("!ls", "%time y = 1\ny = k.f(a=1)", "é")]
    document = load("m.ipynb", json.dumps({"cells": cells}).encode())
    wanted = fix(DropArgument(call(document), "a"))
    whole.clear()
    changes = edits.render(document, wanted)
    assert not whole
    after = json.loads(apply.apply(document, changes, [wanted]))
    assert [cell["source"] for cell in after["cells"]] == ["!ls", "%time y = 1\ny = k.f()", "é"]


def test_calls_in_calls_are_changed_together() -> None:
    document = load("m.py", b"y = f(g(1, a=2), b=3)\nz = g(1)\n")
    inner, outer, other = (spot(document, code) for code in ("g(1, a=2)", "f(g(1, a=2), b=3)", "g(1)\n"))
    fixes = [fix(DropArgument(inner, "a")), fix(RenameArgument(outer, "b", "c")), fix(SetArgument(_shorter(other), "d", "4"))]
    changes = [change for each in fixes for change in edits.render(document, each)]
    assert apply.apply(document, changes, fixes) == b"y = f(g(1), c=3)\nz = g(1, d=4)\n"


def _shorter(span: Span) -> Span:
    return Span(span.path, span.line, span.column, span.line, span.column + 4, span.cell)


@pytest.mark.parametrize(
    ("source", "at"),
    [("y = f(1)\n", (1, 5, 1, 8)), ("y = f(1)\n", (1, 5, 9, 1)), ("y = f\n", (1, 5, 1, 6)), ("y = f(1) \n", (1, 5, 1, 10))],
    ids=["cut-off", "beyond-the-end", "no-call", "more-than-a-call"],
)
def test_what_is_no_call_is_not_read(source: str, at: tuple[int, int, int, int]) -> None:
    assert excerpt.read(load("m.py", source.encode()), [fix(SetArgument(Span("m.py", *at), "a", "1"))]) is None


def test_a_fix_that_changes_more_needs_the_whole_file() -> None:
    document = load("m.py", b"y = f(1)\n")
    at = spot(document, "f(1)")
    assert excerpt.read(document, [fix(SetArgument(at, "a", "1")), fix(Instantiate(at))]) is None


@pytest.mark.parametrize(
    "change",
    [
        TextEdit(Span("m.py", 2, 8, 2, 8), ", a=2"),
        TextEdit(Span("m.py", 2, 8, 2, 8), ", b=1"),
        TextEdit(Span("m.py", 2, 8, 2, 8), ", a=1) + (1"),
        TextEdit(Span("m.py", 1, 5, 1, 6), "2"),
        TextEdit(Span("m.py", 2, 5, 2, 6), "f\n"),
    ],
    ids=["other-value", "other-name", "more-than-a-call", "elsewhere", "line-ended"],
)
def test_what_was_not_planned_is_not_shown(change: TextEdit) -> None:
    document = load("m.py", b"x = 1\ny = f(1)\n")
    wanted = fix(SetArgument(spot(document, "f(1)"), "a", "1"))
    right = edits.render(document, wanted)
    with pytest.raises(Refused, match=r"would differ from what was planned|the result would be wrong"):
        apply.apply(document, [change], [wanted])
    assert apply.apply(document, right, [wanted]) == b"x = 1\ny = f(1, a=1)\n"


@pytest.mark.parametrize("string", ['f"{f(1)=}"', 'f"{f(1)}"', 'f"""\n{f(1)=}"""'])
def test_a_string_that_may_quote_its_own_code_is_checked_whole(string: str, whole: list[str]) -> None:
    """`{f(1)=}` is text, too: more changes than was planned."""
    document = load("m.py", f"x = 1\ny = {string}\n".encode())
    wanted = fix(SetArgument(spot(document, "f(1)"), "a", "1"))
    changes = edits.render(document, wanted)
    whole.clear()
    if "=}" in string:
        with pytest.raises(Refused):
            apply.apply(document, changes, [wanted], parse=False)
    else:
        apply.apply(document, changes, [wanted], parse=False)
    assert whole


def test_the_trees_of_an_excerpt_hold_the_calls_alone_where_they_stand() -> None:
    document = load("m.py", b"import k\nif x:\n    y = k.f(k.g(1))\nz = k.f(2)\n")
    inner, outer = spot(document, "k.g(1)"), spot(document, "k.f(k.g(1))")
    source = excerpt.read(document, [fix(SetArgument(at, "a", "1")) for at in (inner, outer)])
    assert source is not None
    assert [ast.unparse(statement) for statement in source.parts[None].tree.body] == ["k.f(k.g(1))"]
    for at in (inner, outer):
        assert ast.dump(source.find(at).node) == ast.dump(locate.read(document).find(at).node)
        assert source.parts[None].chunk.span(source.find(at).node) == at
