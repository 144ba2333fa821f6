"""SECURITY.md: each promise names the tests that keep it, and they exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", TEXT, re.MULTILINE)


@cache
def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_there_are_ten_promises() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(range(1, 11))


@pytest.mark.parametrize(("number", "kept"), [(number, kept) for number, _, kept in ROWS])
def test_the_tests_that_keep_a_promise_exist(number: str, kept: str) -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", kept)
    assert named
    assert kept.count("::") == len(named)
    assert [f"{file}::{test}" for file, test in named if test not in names_in(file)] == []


def test_limits_are_those_of_the_program() -> None:
    from bnlint import regular, text, toml

    assert f"{text.SIZE_LIMIT >> 20} MB and a million words of Python" in TEXT
    assert text.TOKEN_LIMIT == 1_000_000
    assert f"{regular.LARGEST >> 20} MB of a notebook" in TEXT
    assert f"{toml.SIZE_LIMIT >> 20} MB of settings" in TEXT
