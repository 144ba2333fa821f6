"""No regular expression of the program takes time with more than the length of what it is asked about."""

import ast
import re
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import bnlint

PACKAGE = Path(bnlint.__file__).parent
LEFT_OUT = ("server", "survey", "magic", "__main__", "hdf5-worker", "picture")
"""Modules that need what may not be installed, run when they are imported, or read nothing but what is ours."""
LENGTH = 10_000
SECONDS = 0.15
"""Of the processor; what grows with the square takes more than that for one of these texts, what grows faster never ends."""
UNITS = (
    " ", "\t", "\n", "\\\n", "a", "A", "Aa", "1", "_", "a_", "_1", ".", "a.", "keras.", "# ", "#a ", "# bnlint: ", "# noqa ", "coding: ", "= ", "? ",
    "a?", "%", "!", "!a ", "/", "[", "]", "[a]", "(", "{", "{a{", ", ", "a, ", "from ", "from a ", "import ", "import a ", "name = ", "keras", ">=1,", "* ", "'", '"', "-",
)  # fmt: skip


def modules() -> Iterator[str]:
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if not set(parts) & set(LEFT_OUT):
            yield ".".join(("bnlint", *parts)).removesuffix(".__init__")


Asked = Callable[[str], object]


def asked(pattern: "re.Pattern[Any]", how: str) -> Asked:
    """A pattern, asked as the program does: at one place, or anywhere. One on bytes as if it were on text."""
    if isinstance(pattern.pattern, bytes):
        pattern = re.compile(pattern.pattern.decode("latin-1"), pattern.flags)
    return getattr(pattern, how) if how in ("match", "fullmatch") else lambda text: sum(1 for _ in pattern.finditer(text))


def patterns() -> dict[str, Asked]:
    """All of them by where they stand: what modules hold, and what is written where it is asked."""
    found: dict[str, Asked] = {}
    for name in modules():
        module = import_module(name)
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        for key, value in vars(module).items():
            held = getattr(value, "__self__", value)
            if isinstance(held, re.Pattern):
                ways = [value.__name__] if held is not value else re.findall(rf"\b{key}\.([a-z]+)\(", source)
                found |= {f"{name} {key} {how}": asked(held, how) for how in ways}
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(ast.Attribute(ast.Name("re"), how), [ast.Constant(written), *_]) if how not in ("compile", "escape"):
                    found[f"{name} line {node.lineno}"] = asked(re.compile(written, re.MULTILINE), how)
                case ast.Call(ast.Attribute(ast.Call(ast.Attribute(ast.Name("re"), "compile"), [ast.Constant(written)]), how)):
                    found[f"{name} line {node.lineno}"] = asked(re.compile(written), how)
    return found


def texts() -> Iterator[str]:
    for unit in UNITS:
        text = unit * (LENGTH // len(unit))
        yield text
        yield f"{text}\0"
        yield f"x = {text}\0"


PATTERNS = patterns()


def longest(ask: Asked) -> tuple[float, str]:
    """The most time that a text takes, and how it begins."""
    spent = []
    for text in texts():
        began = time.process_time()
        ask(text)
        spent.append((time.process_time() - began, text[:20]))
        if spent[-1][0] > SECONDS:
            break
    return max(spent)


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_takes_time_with_the_length_of_a_text(name: str) -> None:
    seconds, text = longest(PATTERNS[name])
    assert seconds < SECONDS, text


def test_the_patterns_are_found() -> None:
    assert len(PATTERNS) > 40
    assert "bnlint.cells _suspect search" in PATTERNS


def test_a_pattern_with_the_square_is_told() -> None:
    assert longest(asked(re.compile(r"\s+$"), "search"))[0] > SECONDS
