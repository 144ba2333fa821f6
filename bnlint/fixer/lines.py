"""Statements and trailing comments as stretches of text."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Sequence

from bnlint.findings import TextEdit
from bnlint.fixer import Refused
from bnlint.fixer.locate import Part


def starts_line(part: Part, start: int) -> bool:
    return not part.text[part.line_start(start) : start].strip()


def tail(part: Part, end: int, separator: str = "") -> tuple[int, int] | None:
    """The blanks and the comment that end the line after a `separator`; None if code follows."""
    line_end = part.line_end(end)
    found = re.fullmatch(rf"({separator})[ \t\f]*(#.*)?", part.text[end:line_end])
    return (end + found.end(1), line_end) if found else None


def alone(part: Part, node: ast.AST) -> bool:
    """Whether nothing but a comment shares the lines of a node."""
    start, end = part.range(node)
    return starts_line(part, start) and tail(part, end) is not None


def insert_after(part: Part, node: ast.stmt, code: str) -> TextEdit:
    """Another statement after one: on a line of its own, or behind a semicolon where lines are shared."""
    start, end = part.range(node)
    if not alone(part, node):
        return part.edit(end, end, f"; {code}")
    line_end = part.line_end(end)
    return part.edit(line_end, line_end, f"\n{part.indent(start)}{code}")


def remove(part: Part, node: ast.stmt, block: Sequence[ast.stmt]) -> TextEdit:
    """Take a statement out, with its lines and the comment that trails it."""
    if len(block) == 1:
        raise Refused("it is the only statement of its block")
    start, end = part.range(node)
    if alone(part, node):
        start, end = part.line_start(start), part.line_end(end)
        return part.edit(start, end + 1, "") if end < len(part.text) else part.edit(max(start - 1, 0), end, "")
    index = next(index for index, other in enumerate(block) if other is node)
    if index + 1 < len(block) and not starts_line(part, part.range(block[index + 1])[0]):
        return part.edit(start, part.range(block[index + 1])[0], "")
    return part.edit(part.range(block[index - 1])[1], end, "")


def trimmed(part: Part, start: int, old: str, new: str) -> TextEdit:
    """The smallest edit that makes `new` of `old`, which stands at `start`; whole words, whole lines where it can."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    if head + tail == len(old):
        at, text = _rotated(old, head, new[head : len(new) - tail])
        return part.edit(start + at, start + at, text)
    if head + tail == len(new):
        at, text = _rotated(new, head, old[head : len(old) - tail])
        return part.edit(start + at, start + at + len(text), "")
    while head and _word(old[head - 1]) and (_word(old[head : head + 1]) or _word(new[head : head + 1])):
        head -= 1
    while tail and _word(old[-tail]) and (_word(old[-tail - 1]) or _word(new[-tail - 1])):
        tail -= 1
    return part.edit(start + head, start + len(old) - tail, new[head : len(new) - tail])


def _rotated(rest: str, at: int, text: str) -> tuple[int, str]:
    """What is put into, or taken out of, the rest: moved left to a new line, or else a comma, if that says the same."""
    best, mark, turned = (at, text), text[:1], text
    while at and turned and rest[at - 1] == turned[-1] and mark != "\n":
        turned, at = turned[-1] + turned[:-1], at - 1
        if turned[0] == "\n" or (turned[0] == "," and mark != ","):
            best, mark = (at, turned), turned[0]
    return best


def _word(character: str) -> bool:
    return bool(character) and (character.isalnum() or character in "_.-")


def header(function: str) -> str:
    """The source of a function up to the closing parenthesis of its parameters."""
    reader = tokenize.generate_tokens(io.StringIO(function).readline)
    depth, parameters = 0, False
    rows = function.split("\n")
    for token in reader:
        if token.type != tokenize.OP:
            continue
        if token.string in "([{":
            parameters = parameters or (depth == 0 and token.string == "(")
            depth += 1
        elif token.string in ")]}":
            depth -= 1
            if parameters and depth == 0:
                row, column = token.end
                return "\n".join((*rows[: row - 1], rows[row - 1][:column]))
    raise Refused("the function has no parameters that can be rewritten")
