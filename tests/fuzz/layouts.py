"""The same program laid out anew: other blanks, line breaks, brackets, commas, comments, encodings and line ends, the same tree."""

from __future__ import annotations

import ast
import io
import random
import tokenize
from collections.abc import Callable

OPENING, CLOSING = "([{", ")]}"


def dressed(dice: random.Random, text: str) -> str:
    """Comments, blanks and line breaks wherever Python allows them."""
    rate = dice.choice((0.02, 0.1, 0.4))
    pieces: list[str] = []
    row, column, depth, notes, fresh = 1, 0, 0, 0, True
    lines = [*text.split("\n"), ""]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        (first, start), (last, end) = token.start, token.end
        blank = "" if (first, start) == (row, column) else _between(lines, row, column, first, start)
        row, column = last, end
        pieces.append(blank)
        if token.type in (tokenize.NEWLINE, tokenize.NL):
            fresh = True
            if not _commented(pieces) and dice.random() < rate:
                notes += 1
                pieces.append(f"{dice.choice(('', ' ', '  '))}# note {notes}{dice.choice(('', ' ', ' ö'))}")
            pieces.append(token.string)
            if depth == 0 and dice.random() < rate / 2:
                notes += 1
                pieces.append(dice.choice(("\n", "   \n", f"# note {notes}\n", f"      # note {notes}\n", "\f\n")))
            continue
        if token.type in (tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER):
            pieces.append(token.string)
            continue
        if not fresh and dice.random() < rate:
            notes += 1
            pieces.append(_noise(dice, depth, notes))
        fresh = False
        if token.string in CLOSING and token.string:
            depth -= 1
        pieces.append(token.string)
        if token.string in OPENING and token.string:
            depth += 1
    return "".join(pieces)


def _between(lines: list[str], row: int, column: int, last: int, end: int) -> str:
    if row == last:
        return lines[row - 1][column:end]
    return "\n".join([lines[row - 1][column:], *lines[row : last - 1], lines[last - 1][:end]])


def _commented(pieces: list[str]) -> bool:
    return any(piece.lstrip().startswith("#") for piece in pieces[-3:])


def _noise(dice: random.Random, depth: int, number: int) -> str:
    if depth == 0:
        return dice.choice((" ", "  ", "\t", " \\\n", " \\\n        "))
    return dice.choice((" ", "\t", "\n", "\n\n", "  # note {}\n", "# note {}\n ", "\n# note {}\n", " \\\n", "\f", "\n\t ")).format(number)


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
