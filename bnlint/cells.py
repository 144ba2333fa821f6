"""Notebook cells: where their text stands in the raw JSON, and placeholders for what in it is not Python."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Final

from bnlint.records import dataclass


class Broken(Exception):
    """A notebook that cannot be read: why, and where in its JSON."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell: its number (all cells counted, from 1), its text, and the byte spans in the JSON of the strings that make it up.

    `execution` is the number under which it ran last, None where the notebook does not say.
    """

    number: int
    text: str
    strings: tuple[tuple[int, int], ...]
    execution: int | None = None


def read(text: str) -> tuple[str, tuple[Cell, ...]]:
    """The language of a notebook and, if that is Python, its code cells. Raises Broken."""
    if not text.strip():
        return "python", ()
    scanner = _Scanner(text)
    try:
        language = scanner.notebook()
    except json.JSONDecodeError as error:
        raise Broken(f"is not a valid notebook: {error.msg}", error.lineno, error.colno) from None
    except RecursionError:
        raise Broken("is not a valid notebook: its JSON is nested too deeply") from None
    except ValueError:  # Python turns no more than 4,300 digits into an integer
        raise Broken("is not a valid notebook: it holds a number of thousands of digits") from None
    if not re.match("i?python", language, re.IGNORECASE):
        return language, ()
    to_bytes = _byte_offsets(text)
    return "python", tuple(
        Cell(
            number, "".join(part for part, _, _ in strings), tuple((to_bytes(start), to_bytes(end)) for _, start, end in strings), execution
        )
        for number, strings, execution in scanner.code
    )


def _byte_offsets(text: str) -> Callable[[int], int]:
    """A function from offsets in code points to offsets in utf-8 bytes; to be asked in ascending order."""
    done = count = 0

    def convert(offset: int) -> int:
        nonlocal done, count
        count += len(text[done:offset].encode())
        done = offset
        return count

    return convert if not text.isascii() else lambda offset: offset


Strings = list[tuple[str, int, int]]
"""Strings with start and end in the JSON text, quotes included."""

_after_space: Final = re.compile(r"[ \t\r\n]*").match
_decode: Final = json.JSONDecoder().raw_decode


class _Scanner:
    """Descends into the JSON as far as the text of the cells; the json module skips everything else."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.cells = 0
        self.code: list[tuple[int, Strings, int | None]] = []

    def peek(self) -> str:
        found = _after_space(self.text, self.position)
        self.position = found.end() if found else self.position
        return self.text[self.position : self.position + 1]

    def take(self, expected: str) -> None:
        if self.peek() != expected:
            raise json.JSONDecodeError(f"Expecting {expected!r}", self.text, self.position)
        self.position += 1

    def value(self) -> object:
        self.peek()
        value, self.position = _decode(self.text, self.position)
        return value

    def string(self) -> tuple[str, int, int]:
        if self.peek() != '"':
            raise json.JSONDecodeError("Expecting a string", self.text, self.position)
        start = self.position
        return str(self.value()), start, self.position

    def items(self, opening: str, closing: str) -> Iterator[None]:
        """Stops at each item; the caller must take it."""
        self.take(opening)
        if self.peek() != closing:
            yield
            while self.peek() == ",":
                self.position += 1
                yield
        self.take(closing)

    def keys(self) -> Iterator[str]:
        """The keys of an object; the caller must take the value that follows."""
        for _ in self.items("{", "}"):
            key, _, _ = self.string()
            self.take(":")
            yield key

    def array(self, take: Callable[[], object]) -> None:
        if self.peek() != "[":
            raise json.JSONDecodeError("Expecting a list", self.text, self.position)
        for _ in self.items("[", "]"):
            take()

    def notebook(self) -> str:
        """Take the notebook; its language."""
        metadata: object = None
        cells = False
        for key in self.keys():
            if key == "cells":
                self.array(self.cell)
                cells = True
            elif key == "worksheets":  # nbformat 3 and before
                self.array(self.worksheet)
                cells = True
            elif key == "metadata":
                metadata = self.value()
            else:
                self.value()
        if self.peek():
            raise json.JSONDecodeError("Extra data", self.text, self.position)
        if not cells:
            raise json.JSONDecodeError("there are no `cells`", self.text, 0)
        return _language(metadata)

    def worksheet(self) -> None:
        for key in self.keys():
            if key == "cells":
                self.array(self.cell)
            else:
                self.value()

    def cell(self) -> None:
        self.cells += 1
        kind: object = None
        strings: Strings = []
        execution: object = None
        for key in self.keys():
            if key in ("source", "input"):  # `input` in nbformat 3
                strings = self.source()
            elif key == "cell_type":
                kind = self.value()
            elif key in ("execution_count", "prompt_number"):  # the latter in nbformat 3
                execution = self.value()
            else:
                self.value()
        if kind == "code":
            self.code.append((self.cells, strings, execution if type(execution) is int else None))

    def source(self) -> Strings:
        if self.peek() == '"':
            return [self.string()]
        strings: Strings = []
        self.array(lambda: strings.append(self.string()))
        return strings


def _language(metadata: object) -> str:
    """What the kernel speaks; Python where nothing is said."""
    if isinstance(metadata, dict):
        for section, key in (("kernelspec", "language"), ("language_info", "name")):
            told = metadata.get(section)
            if isinstance(told, dict) and isinstance(told.get(key), str) and told[key]:
                return str(told[key])
    return "python"


# Magics

_PYTHON_BODIED: Final = frozenset(("time", "timeit", "capture", "prun", "bnlint"))
_UNKNOWN: Final = "__"
"""Stands for a value: a name that nobody binds."""

_suspect: Final = re.compile(r"^[ \t]*(?:[%!?,;/]|pip|conda)|=[ \t]*[%!]|\?[ \t]*$", re.MULTILINE).search
_cell_magic: Final = re.compile(r"\s*%%(\w*)").match
_line_magic: Final = re.compile(r"[%!?,;/]|(?:pip|conda)[ \t]+(?:install|uninstall|list)\b|[^\n#'\"]*[\w*\]]\?{1,2}[ \t]*(?:\n|\Z)").match
_assignment: Final = re.compile(r"[\w.,:*\[\] \t]+=[ \t]*(?=[%!])").match
_timed: Final = re.compile(r"%time[ \t]+(?=[^-\s])").match
_indent: Final = re.compile(r"[ \t]*").match
_rest: Final = re.compile(r"(?:[^\n\\]|\\\n|\\)*").match
"""The rest of a line, with those that it continues in."""

_token: Final = re.compile(
    r"""
    (?P<string> \"\"\"(?:[^\\]|\\.)*?(?:\"\"\"|\Z) | '''(?:[^\\]|\\.)*?(?:'''|\Z) | "(?:[^"\\\n]|\\.)*"? | '(?:[^'\\\n]|\\.)*'? )
    | (?P<comment> \#[^\n]* ) | (?P<open> [(\[{] ) | (?P<close> [)\]}] ) | (?P<continued> \\\n ) | (?P<end> \n ) | [^"'\#()\[\]{}\\\n]+ | \\
    """,
    re.VERBOSE | re.DOTALL,
).match


def mask(text: str, parses: Callable[[str], bool]) -> str:
    """The text of a cell with magics, shell lines and help requests replaced by placeholders: every line keeps its length.

    What parses as it is holds no magic, whatever its lines begin with.
    """
    if not _suspect(text) or parses(text):
        return text
    found = _cell_magic(text)
    if found:
        if found[1] not in _PYTHON_BODIED:
            return _blank(text)
        at = found.start(1) - 2
        line_end = text.find("\n", at)
        line_end = len(text) if line_end < 0 else line_end
        return _blank(text[:line_end]) + mask(text[line_end:], parses)
    return "".join(_logical_lines(text))


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _statement(text: str) -> str:
    """A placeholder for a whole logical line."""
    first, newline, rest = text.partition("\n")
    return ("pass" if len(first) > 3 else "0").ljust(len(first)) + newline + _blank(rest)


def _expression(text: str) -> str:
    first, newline, rest = text.partition("\n")
    return _UNKNOWN[: len(first)].ljust(len(first)) + newline + _blank(rest)


def _logical_lines(text: str) -> Iterator[str]:
    """The text in pieces that begin where a logical line does, magics replaced."""
    position = 0
    while position < len(text):
        start = _end(_indent(text, position))
        yield text[position:start]
        position = _end(_rest(text, start))
        line = text[start:position]
        if timed := _timed(line):
            yield "0;".ljust(timed.end())
            position = start + timed.end()
        elif assigned := _assignment(line):
            yield assigned[0] + _expression(line[assigned.end() :])
        elif _line_magic(text, start):
            yield _statement(line)
        else:
            position = _logical_end(text, start)
            yield text[start:position]


def _logical_end(text: str, position: int) -> int:
    """Where the logical line ends that begins at `position`, its newline included."""
    depth = 0
    while position < len(text):
        token = _token(text, position)
        position = _end(token)
        kind = token.lastgroup if token else None
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth = max(depth - 1, 0)
        elif kind == "end" and not depth:
            break
    return position


def _end(found: re.Match[str] | None) -> int:
    assert found is not None
    return found.end()
