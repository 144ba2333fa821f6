"""Broken relatives of real programs: lines deleted, doubled, swapped and spliced, names and constants exchanged."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```python[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
LONGEST = 6000


@cache
def originals() -> tuple[str, ...]:
    """The programs of the fixtures, and the examples of the rule pages."""
    files = [path.read_text("utf-8") for path in sorted((ROOT / "fixtures").rglob("*.py")) if path.stat().st_size < LONGEST]
    pages = [path.read_text("utf-8") for path in sorted((ROOT / "rules").glob("BN*.md"))]
    return (*files, *(fence for page in pages for fence in FENCE.findall(page)))


def mutants(seed: int, count: int) -> Iterator[str]:
    """Texts that are nearly programs; most of them parse."""
    dice = random.Random(seed)
    programs = originals()
    made = 0
    while made < count:
        changed = change_tree(dice, dice.choice(programs)) if dice.random() < 0.6 else _change_lines(dice, programs)
        if changed is not None:
            made += 1
            yield changed


def _change_lines(dice: random.Random, programs: tuple[str, ...]) -> str:
    lines = dice.choice(programs).splitlines()
    for _ in range(dice.randint(1, 6)):
        if not lines:
            break
        first, second = dice.randrange(len(lines)), dice.randrange(len(lines))
        match dice.randrange(5):
            case 0:
                del lines[first]
            case 1:
                lines.insert(second, lines[first])
            case 2:
                lines[first], lines[second] = lines[second], lines[first]
            case 3:
                lines.insert(first, dice.choice(dice.choice(programs).splitlines() or [""]))
            case _:
                lines[first] = lines[first][4:] if lines[first].startswith("    ") else "    " + lines[first]
    return "\n".join(lines)


def change_tree(dice: random.Random, program: str) -> str | None:
    """A program with some of its expressions and statements exchanged for others of its own: it always parses."""
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError):
        return None
    expressions = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
    blocks = [
        block
        for node in ast.walk(tree)
        for name in ("body", "orelse", "finalbody")
        if isinstance(block := getattr(node, name, None), list) and block
    ]
    for _ in range(dice.randint(1, 5)):
        if expressions and dice.random() < 0.7:
            _exchange(dice, tree, expressions)
        elif blocks:
            block, other = dice.choice(blocks), dice.choice(blocks)
            block.insert(dice.randint(0, len(block)), deepcopy(dice.choice(other)))
    try:
        text = ast.unparse(ast.fix_missing_locations(tree))
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, AttributeError, TypeError):
        return None
    return text if len(text) < 2 * LONGEST else None


def _exchange(dice: random.Random, tree: ast.Module, expressions: list[ast.expr]) -> None:
    old, new = dice.choice(expressions), deepcopy(dice.choice(expressions))
    if dice.random() < 0.3:
        new = ast.parse(dice.choice(ODDITIES), mode="eval").body
    if isinstance(getattr(old, "ctx", None), (ast.Store, ast.Del)) and not isinstance(new, ast.Name):
        return
    for node in ast.walk(tree):
        for name, value in ast.iter_fields(node):
            if value is old:
                setattr(node, name, new)
            elif isinstance(value, list) and any(item is old for item in value):
                value[:] = [new if item is old else item for item in value]


ODDITIES = (
    "None", "()", "[]", "{}", "-1", "1e400", "10 ** 400", "'x' * 3", "b'x'", "...", "1j", "[x] * 3", "lambda *a, **k: a", "(yield)", "{**{}}",
    "{1: 2, 'a': 3}", "[1, 2][::-1]", "range(5)", "slice(1)", "not x", "x if x else y", "f'{x!r:>{10}}'", "[y for x in x for y in x if y]",
    "{x: y for x, y in zip('ab', 'cd')}", "super()", "type(x)", "x[0]", "x[..., None]", "x[1:, ::2]", "self", "(x := 3)", "(*x, 1)", "print", "len(x)",
    "getattr(x, 'y')", "getattr(x, x)", "setattr(x, 'y', x)", "isinstance(x, (int, str))", "x.layers[0]", "x.output", "x.layers", "x.trainable_variables",
    "keras.Model(x, x)", "keras.Sequential([x, x])", "model(model.input)", "tf.GradientTape()", "dict(x, y=1)", "list(x)", "tuple(x)", "sum(x, [])", "x @ y",
    "x << 1000", "x in x", "x is not x", "1 < x < 3", "x.shape[1]", "max(x, default=1)", "sorted(x, key=len)", "map(x, x)", "zip(*x)", "functools.partial(x, x)",
    "functools.reduce(x, x)", "locals()", "vars(x)['y']", "__import__('keras').layers", "open('f').read()", "x.__class__", "x()()", "x(*x, **x)", "await_",
)  # fmt: skip
"""Expressions that are put where others stood."""
