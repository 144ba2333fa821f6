"""Programs that nobody wrote: those of the fixtures, of the pages and of the generator, cut up, nested, mixed and renamed. By a seed."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable
from functools import cache
from textwrap import indent

from tests.oracle.generated import generate
from tests.source import mutants

GENERATED = 40
"""Programs of the generator that are taken, for each Keras."""
LONGEST = 8000


@cache
def originals() -> tuple[str, ...]:
    """What is changed; each parses."""
    generated = ["\n".join(generate(seed, major).files.values()) for seed in range(GENERATED) for major in (2, 3)]
    return tuple(text for text in (*mutants.originals(), *generated) if statements(text))


def program(seed: int) -> str:
    """The program of a seed; it parses, and is not empty."""
    dice = random.Random(seed)
    text = dice.choice(originals())
    for _ in range(dice.choice((0, 1, 2, 3, 5, 8))):
        changed = dice.choice(CHANGES)(dice, text)
        if changed is not None and len(changed) < LONGEST and statements(changed):
            text = changed
    return text


def parses(text: str) -> bool:
    """Whether Python can parse it."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


# Statements as lines

Stretch = tuple[int, int]
"""The first line of a statement and the one behind it, from 0."""


def statements(text: str) -> list[Stretch]:
    """The statements that share their lines with no other one."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    lines = text.split("\n")
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))]) - 1
            last = node.end_lineno or node.lineno
            if not lines[first][: node.col_offset].strip() and ";" not in lines[last - 1]:
                found.append((first, last))
    return found


def drop(dice: random.Random, text: str) -> str | None:
    lines, (first, last) = text.split("\n"), dice.choice(statements(text))
    return "\n".join([*lines[:first], *lines[last:]])


def repeat(dice: random.Random, text: str) -> str | None:
    lines, (first, last) = text.split("\n"), dice.choice(statements(text))
    return "\n".join([*lines[:last], *lines[first:last], *lines[last:]])


def swap(dice: random.Random, text: str) -> str | None:
    """Two statements of one depth change places."""
    lines, found = text.split("\n"), statements(text)
    one = dice.choice(found)
    others = [each for each in found if _depth(lines, each) == _depth(lines, one) and (each[0] >= one[1] or each[1] <= one[0])]
    if not others:
        return None
    (first, end), (start, last) = sorted((one, dice.choice(others)))
    return "\n".join([*lines[:first], *lines[start:last], *lines[end:start], *lines[first:end], *lines[last:]])


def move(dice: random.Random, text: str) -> str | None:
    """A statement of this program, or of another one, goes behind any other."""
    other = text if dice.random() < 0.6 else dice.choice(originals())
    source, (first, last) = other.split("\n"), dice.choice(statements(other))
    lines, place = text.split("\n"), dice.choice(statements(text))
    moved = _indented(source[first:last], _depth(lines, place) - _depth(source, (first, last)))
    return "\n".join([*lines[: place[1]], *moved, *lines[place[1] :]])


HEADS = (
    "if flag:", "if not flag:", "for _ in range(2):", "for each in things:", "while True:", "with scope:",
    "def inner(x, training=None):", "class Inner:", "class Inner(keras.layers.Layer):", "async def inner():", "try:",
    "match flag:\n    case 1:", "if __name__ == '__main__':", "if flag: pass\nelse:", "with tf.GradientTape() as tape:",
    "def inner(self, *args, **kwargs):", "for epoch in range(10):", "@tf.function\ndef inner(x):",
)  # fmt: skip
TAILS = {"try:": "\nfinally:\n    pass"}


def nest(dice: random.Random, text: str) -> str | None:
    """Some statements go into a block of their own."""
    lines, (first, last) = text.split("\n"), dice.choice(statements(text))
    depth, head = _depth(lines, (first, last)), dice.choice(HEADS)
    for _ in range(dice.randint(0, 3)):
        following = [each for each in statements(text) if each[0] >= last and not "".join(lines[last : each[0]]).strip()]
        last = next((each[1] for each in sorted(following) if _depth(lines, each) == depth), last)
    inside = _indented(lines[first:last], 4 + (4 if "\n    " in head else 0))
    block = [*_indented(head.split("\n"), depth), *inside, *_indented(TAILS.get(head, "").split("\n")[1:], depth)]
    return "\n".join([*lines[:first], *block, *lines[last:]])


def join(dice: random.Random, text: str) -> str | None:
    """A statement goes onto the line of the one before it."""
    lines, (first, _) = text.split("\n"), dice.choice(statements(text))
    if not first or not lines[first - 1].strip():
        return None
    mark = "" if lines[first - 1].rstrip().endswith(":") else ";"
    return "\n".join([*lines[: first - 1], f"{lines[first - 1]}{mark} {lines[first].lstrip()}", *lines[first + 1 :]])


def mix(dice: random.Random, text: str) -> str | None:
    """A second program stands behind this one, or in a function of it."""
    other = dice.choice(originals())
    return f"{text}\n{other}" if dice.random() < 0.5 else f"def outer(x):\n{indent(other, '    ')}\n\n{text}"


def inserted(dice: random.Random, other: str, text: str) -> str:
    """Another program stands in this one, behind one of its statements."""
    lines, place = text.split("\n"), dice.choice(statements(text))
    return "\n".join([*lines[: place[1]], *_indented(other.split("\n"), _depth(lines, place)), *lines[place[1] :]])


def _depth(lines: list[str], at: Stretch) -> int:
    return len(lines[at[0]]) - len(lines[at[0]].lstrip())


def _indented(lines: list[str], by: int) -> list[str]:
    return [" " * by + line if by >= 0 else line[min(-by, len(line) - len(line.lstrip())) :] for line in lines if line.strip()]


# Words

NAME = re.compile(r"(?<![\w'\"])[A-Za-z_]\w*")
CALL = re.compile(r"(?<=[\w\])])\((?=[\w'\"\[(])")


def rename(dice: random.Random, text: str) -> str | None:
    """A name becomes another one of the program: here, or wherever it stands."""
    names = sorted(set(NAME.findall(text)))
    old, new = dice.choice(names), dice.choice([*names, "größe", "x", "self", "keras"])
    places = list(re.finditer(rf"\b{old}\b", text))
    if dice.random() < 0.5:
        return re.sub(rf"\b{old}\b", new, text)
    place = dice.choice(places)
    return text[: place.start()] + new + text[place.end() :]


ARGUMENTS = (
    "training=True", "training=False", "training=training", "trainable=False", "use_bias=False", "use_bias=True", "axis=1", "axis=-1",
    "momentum=0.1", "momentum=0.99", "epsilon=1", "scale=False", "center=False", "name='größe'", "activation='relu'", "activation=None",
    "fused=True", "*args", "**kwargs", "**dict(use_bias=True)", "x", "renorm=True", "synchronized=True", "virtual_batch_size=8",
    "batch_size=1", "weights=None", "padding='same'", "kernel_regularizer=l2", "dtype='float16'", "mask=None",
)  # fmt: skip


def argue(dice: random.Random, text: str) -> str | None:
    """A call gets an argument more, as its first or its last."""
    try:
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    except (RecursionError, MemoryError):
        return None
    if not calls:
        return None
    call, given = dice.choice(calls), dice.choice(ARGUMENTS)
    line, column = (call.end_lineno or 1) - 1, (call.end_col_offset or 1) - 1
    lines = text.encode().split(b"\n")
    before = lines[line][:column].rstrip()
    comma = b"" if before.endswith((b"(", b",")) or (not before and lines[line - 1].rstrip().endswith((b"(", b","))) else b", "
    lines[line] = lines[line][:column] + comma + given.encode() + lines[line][column:]
    return b"\n".join(lines).decode()


CHANGES: tuple[Callable[[random.Random, str], str | None], ...] = (
    drop, repeat, swap, move, move, nest, nest, nest, join, mix, rename, rename, argue, argue, argue, mutants.change_tree,
)  # fmt: skip
"""How a program is changed; what stands here twice is done twice as often."""
