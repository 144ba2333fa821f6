"""Lists are taken apart so that they can be put together again, whatever stands in them."""

import ast

import pytest

from bnlint.fixer import Refused, commas, lines, rows
from bnlint.fixer.locate import Part, read
from bnlint.text import load


def arguments(source: str) -> rows.Row:
    part = read(load("m.py", source.encode())).parts[None]
    call = next(node for node in ast.walk(part.tree) if isinstance(node, ast.Call))
    start, end = rows.opened(part.text, part.range(call.func)[1]), part.range(call)[1] - 1
    return rows.split(part.text, start, end, sorted(map(part.range, [*call.args, *call.keywords])))


ROWS = {
    "nothing": ("f()", ()),
    "blanks": ("f( )", ()),
    "comment": ("f(  # (\n)", ()),
    "several": ("f(1, b = 2)", ("1", "b = 2")),
    "brackets": ("f((1), ((b)), c=(2))", ("(1)", "((b))", "c=(2)")),
    "brackets-with-comments": ("f(( # )\n1 # ),\n), 2)", ("( # )\n1 # ),\n)", "2")),
    "commas-inside": ("f(lambda a, b: a, [1, 2], {1: 2, 3: 4}, g(1, 2))", ("lambda a, b: a", "[1, 2]", "{1: 2, 3: 4}", "g(1, 2)")),
    "strings": ("f(',(', b='#', c=\")\")", ("',('", "b='#'", 'c=")"')),
    "stars": ("f(*a, b, *c, d=1, **e, f=2)", ("*a", "b", "*c", "d=1", "**e", "f=2")),
    "comments-before-commas": ("f(\n  1  # one\n  , b=2  # two\n  ,\n)", ("1  # one\n  ", "b=2  # two\n  ")),
    "continued": ("f(1, \\\n  b=2)", ("1", "b=2")),
    "generator": ("f(x for x in y)", ("x for x in y",)),
    "generator-in-brackets": ("f((x for x in y), 1)", ("(x for x in y)", "1")),
    "function-in-brackets": ("(f)  (1)", ("1",)),
    "wide-characters": ("é('😀', b='é')", ("'😀'", "b='é'")),
}


@pytest.mark.parametrize(("source", "items"), ROWS.values(), ids=ROWS)
def test_the_items_of_a_call(source: str, items: tuple[str, ...]) -> None:
    row = arguments(source)
    assert row.items == items
    assert str(row) in source


PARAMETERS = {
    "none": ("def f(): pass", "def f(z=None)"),
    "some": ("def f(a, b=1): pass", "def f(a, b=1, z=None)"),
    "positional": ("def f(a, /): pass", "def f(a, /, z=None)"),
    "positional-and-others": ("def f(a, /, b, *, c): pass", "def f(a, /, b, z=None, *, c)"),
    "named": ("def f(a, *, c): pass", "def f(a, z=None, *, c)"),
    "variadic": ("def f(a, *b, c, **d): pass", "def f(a, *b, c, z=None, **d)"),
    "annotated": ("def f(a: 'g(,)' = (1), *b: int) -> h(1): pass", "def f(a: 'g(,)' = (1), *b: int, z=None)"),
    "default": ("def f(a, z=(True), *, c): pass", "def f(a, z=None, *, c)"),
    "default-and-comment": ("def f(\n    a,\n    z=True  # why\n    ,\n): pass", "def f(\n    a,\n    z=None  # why\n    ,\n)"),
    "no-default": ("def f(a, z, /): pass", "def f(a, z=None, /)"),
    "annotation-without-default": ("async def f(a, *, z: bool): pass", "async def f(a, *, z: bool = None)"),
}


@pytest.mark.parametrize(("source", "expected"), PARAMETERS.values(), ids=PARAMETERS)
def test_the_parameters_of_a_function(source: str, expected: str) -> None:
    part: Part = read(load("m.py", source.encode())).parts[None]
    function = part.tree.body[0]
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    assert commas.change_parameter(part, function, lines.header(source), "z", "None") == expected


@pytest.mark.parametrize("source", ["(a, b), (c, d)", "(a), (b)", "a, b"])
def test_a_tuple_without_brackets_is_left_alone(source: str) -> None:
    part = read(load("m.py", source.encode())).parts[None]
    statement = part.tree.body[0]
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Tuple)
    with pytest.raises(Refused, match=r"without brackets|cannot be kept"):
        commas.insert_element(part, statement.value, 1, "c")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("f(  # one\n1,  \\\nb=2)", "  # one\nb=2"),
        ("f(\\\n1, \\\nb=2)", "\\\nb=2"),
        ("f(  # one\n1,  # two\nb=2)", "  # one\n# two\nb=2"),
    ],
)
def test_an_item_goes_with_what_continues_its_line(source: str, expected: str) -> None:
    assert str(rows.remove(arguments(source), 0)) == expected
