"""What becomes of a name's value: read, replaced, or neither. Two layers change places only where nothing else reads what is between."""

import ast

import pytest

from bnlint.fixer import flow

READ = (
    "f(x)",
    "y = x",
    "x = f(x)",
    "x += 1",
    "x: int = x",
    "return x",
    "if x: pass",
    "if a: f(x)",
    "if a: pass\nelse: f(x)",
    "if a: x = 1\nelse: f(x)",
    "while x: pass",
    "while a: f(x)",
    "for y in x: pass",
    "for y in a: f(x)",
    "for x in x: pass",
    "for x in a: pass\nelse: f(x)",  # where the loop finds nothing to do
    "with x: pass",
    "with a as b: f(x)",
    "try: f(x)\nfinally: pass",
    "try: pass\nexcept A: f(x)",
    "try: pass\nfinally: f(x)",
    "match x:\n    case 1: pass",
    "match a:\n    case 1: f(x)",
    "match a:\n    case 1 if x: pass",
    "[y for y in x]",
    "f = lambda y=x: y",
    "def f(y=x): pass",
    "def f(x=x): pass",
    "def f(*, y=x): pass",
    "@x\ndef f(): pass",
    "@x.y\nclass A: pass",
    "class A(x): pass",
    "class A(metaclass=x): pass",
    "class A:\n    y = x",
    "a = 1\nf(x)",
    "x.y = 1",
    "x[0] = 1",
    "del x.y",
)
REPLACED = (
    "x = 1\nf(x)",
    "x = y = 1",
    "x: int = 1",
    "def x(): pass",
    "if a: x = 1\nelse: x = 2",
    "with a: x = 1",
    "a = 1\nx = 2",
)
NEITHER = (
    "f(y)",
    "x: int",
    "if a: x = 1",
    "if a: x = 1\nelse: pass",
    "while a: x = 1",
    "for x in a: f(x)",
    "for y in a: x = 1",
    "try: x = 1\nfinally: pass",
    "try: pass\nfinally:\n    x = 1\n    f(x)",
    "try: pass\nexcept A:\n    x = 1\n    f(x)",
    "match a:\n    case 1: x = 1",
    "match a:\n    case 1:\n        x = 1\n        f(x)",
    "def f():\n    return x",  # this is asked of closures
    "def f(x): pass",
    "class A:\n    x = 1",
    "y.x = 1",
)


@pytest.mark.parametrize(
    ("code", "expected"),
    [*((code, True) for code in READ), *((code, False) for code in REPLACED), *((code, None) for code in NEITHER)],
)
def test_what_becomes_of_a_value(code: str, expected: bool | None) -> None:
    assert flow.fate(ast.parse(code).body, "x") is expected


CLOSURES = {
    "def f(): return x": True,
    "f = lambda: x": True,
    "def f(x): return x": False,
    "def f():\n    x = 1\n    return x": False,
    "def f():\n    def g(): return x": True,
    "def f():\n    def g(x=x): return x": True,
    "def f():\n    return lambda x=x: x": True,
    "class A:\n    def f(self): return x": True,
    "def f(y): return y": False,
    "x": False,
    "def f(x=x): return x": False,  # read where it stands, and no later
}


@pytest.mark.parametrize("code", CLOSURES)
def test_closures_read_what_is_not_their_own(code: str) -> None:
    assert flow._read_by_closure(ast.parse(code), "x") is CLOSURES[code]
