"""TOML of anybody: a table, or an error of one kind, at once."""

import time

import pytest

from bnlint import toml


def test_a_table_is_read() -> None:
    assert toml.parse('a.b = 1\n[c]\nd = "1.2.3"\n') == {"a": {"b": 1}, "c": {"d": "1.2.3"}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = ", "Invalid value"),
        ("a = " + "[" * 10_000, "nested too deeply"),
        ("a = " + "9" * 10_000, "Exceeds the limit"),
        (".".join(["a"] * 50_000) + " = 1", "a key of more than 100 parts"),
        ("[" + ".".join(["a"] * 50_000) + "]", "a key of more than 100 parts"),
        (" . ".join(['"a"'] * 50_000) + " = 1", "a key of more than 100 parts"),
        ("a = {" + ".".join(["'a'"] * 50_000) + " = 1}", "a key of more than 100 parts"),
        ("#" * 2**20 + "\na = 1", "more than 1 MB"),
    ],
)
def test_anything_else_is_invalid(text: str, words: str) -> None:
    begin = time.process_time()
    with pytest.raises(toml.Invalid, match=words):
        toml.parse(text)
    assert time.process_time() - begin < 1


@pytest.mark.parametrize("unit", [".a", ".", "a.", '"a".', "a" * 1000 + ".", ".a" * 99 + "="])
def test_to_look_for_endless_keys_takes_no_time(unit: str) -> None:
    begin = time.process_time()
    toml._ENDLESS.search(unit * (2**20 // len(unit)))
    assert time.process_time() - begin < 3
