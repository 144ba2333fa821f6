"""The same program laid out anew: other blanks, line breaks, brackets, commas, comments, encodings and line ends, the same tree."""

from __future__ import annotations

import ast
import io
import random
import tokenize
from collections.abc import Callable
from itertools import accumulate

BLANK_LINES = ("\n", "   \n", "# note {}\n", "      # note {}\n", "\f\n")
BEHIND = ("# note {}", " # note {} ", "  # note {} ö")
IN_BRACKETS = (" ", "\t", "\n", "\n\n", "  # note {}\n", "# note {}\n ", "\n# note {}\n", " \\\n", "\f", "\n\t ")
BETWEEN = (" ", "  ", "\t", " \\\n", " \\\n        ")


def dressed(dice: random.Random, text: str) -> str:
    """Comments, blanks and line breaks wherever Python allows them."""
    rate = dice.choice((0.02, 0.1, 0.4))
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    pieces, position, depth, fresh, commented = list[str](), 0, 0, True, False
    for number, token in enumerate(tokenize.generate_tokens(io.StringIO(text).readline)):
        (row, column), ends = token.start, token.type in (tokenize.NEWLINE, tokenize.NL)
        begin = starts[row - 1] + column
        end = begin + len(token.string)
        pieces.append(text[position:begin])
        if not fresh and not (ends and commented) and token.type != tokenize.COMMENT and dice.random() < rate:
            pieces.append(dice.choice(BEHIND if ends else IN_BRACKETS if depth else BETWEEN).format(number))
        pieces.append(text[begin:end])
        position = end
        if ends and depth == 0 and dice.random() < rate / 2:
            pieces.append(dice.choice(BLANK_LINES).format(number))
        fresh = ends or token.type in (tokenize.INDENT, tokenize.DEDENT)
        commented = token.type == tokenize.COMMENT
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
    return "".join(pieces)


def bracketed(dice: random.Random, text: str) -> str:
    """Brackets around some expressions, and commas behind last arguments."""
    lines = text.encode().split(b"\n")
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.expr) and not isinstance(node, ast.Slice | ast.Starred)]
    for node in dice.sample(nodes, min(len(nodes), dice.randint(1, 6))):
        changed = [*lines]
        row, column = (node.end_lineno or 1) - 1, node.end_col_offset or 0
        if isinstance(node, ast.Call) and (node.args or node.keywords) and dice.random() < 0.4:
            changed[row] = changed[row][: column - 1] + b"," + changed[row][column - 1 :]
        else:
            changed[row] = changed[row][:column] + b")" + changed[row][column:]
            row, column = node.lineno - 1, node.col_offset
            changed[row] = changed[row][:column] + b"(" + changed[row][column:]
        if alike(text, b"\n".join(changed).decode()):
            return b"\n".join(changed).decode()
    return text


def tabbed(dice: random.Random, text: str) -> str:
    """Tabs, or more or fewer blanks, at the start of lines."""
    to = dice.choice(("\t", "  ", " ", "        "))
    return "\n".join(to * ((len(line) - len(line.lstrip(" "))) // 4) + line.lstrip(" ") for line in text.split("\n"))


def trimmed(dice: random.Random, text: str) -> str:
    """Another end."""
    return text.rstrip("\n") + dice.choice(("", "\n", "\n\n\n", "\n    ", "  # end", "\n# end", "\\\n", ";", ";\n", "\n\f"))


CHANGES: tuple[Callable[[random.Random, str], str], ...] = (dressed, dressed, bracketed, bracketed, tabbed, trimmed)


def alike(one: str, other: str) -> bool:
    """Whether two texts are the same program."""
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


def layout(seed: int, text: str) -> str:
    """A text in the layout of a seed."""
    dice = random.Random(seed)
    for _ in range(dice.randint(1, 4)):
        try:
            changed = dice.choice(CHANGES)(dice, text)
        except (tokenize.TokenError, IndentationError):
            continue
        if alike(text, changed):
            text = changed
    return text


ENCODINGS: tuple[tuple[str, Callable[[str], bytes]], ...] = (
    ("crlf", lambda text: text.replace("\n", "\r\n").encode()),
    ("cr", lambda text: text.replace("\n", "\r").encode()),
    ("bom", lambda text: b"\xef\xbb\xbf" + text.encode()),
    ("bom and crlf", lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()),
)
"""How a text is written that holds no such line end of its own."""
