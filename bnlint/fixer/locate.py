"""From the spans of a fix to the nodes of the syntax tree, and from nodes to offsets in the text."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, cast

from bnlint.findings import TextEdit
from bnlint.fixer import Refused
from bnlint.graph.model import Span
from bnlint.records import dataclass, field
from bnlint.text import Chunk, Document, Unreadable

Function = ast.FunctionDef | ast.AsyncFunctionDef
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Module)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
CONTROLS = (
    *(ast.If, ast.IfExp, ast.BoolOp, ast.While, ast.For, ast.AsyncFor, ast.With, ast.AsyncWith),
    *(ast.Try, ast.TryStar, ast.ExceptHandler, ast.Match, ast.match_case),
    *COMPREHENSIONS,
)


@dataclass(frozen=True, eq=False)
class Part:
    """A file, or one cell of a notebook, with its tree. `text` is what the author wrote, line ends as newlines; offsets are into it."""

    chunk: Chunk
    tree: ast.Module

    @property
    def text(self) -> str:
        return self.chunk.written

    @cached_property
    def holders(self) -> Mapping[ast.AST, ast.AST]:
        """The node in which each stands, as long as nothing is changed."""
        return {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}

    def range(self, node: ast.AST) -> tuple[int, int]:
        """Where a node starts and ends."""
        at = cast("ast.expr", node)
        ends = (at.lineno, at.col_offset), (at.end_lineno or at.lineno, at.end_col_offset or 0)
        start, end = (self.offset(line, self.chunk.column(line, offset)) for line, offset in ends)
        return start, end

    def offset(self, line: int, column: int) -> int:
        return self.chunk.starts[line - 1] + column - 1

    def slice(self, node: ast.AST) -> str:
        start, end = self.range(node)
        return self.text[start:end]

    def edit(self, start: int, end: int, text: str) -> TextEdit:
        return TextEdit(self.span(start, end), text)

    def span(self, start: int, end: int) -> Span:
        return Span(self.chunk.path, *self._position(start), *self._position(end), self.chunk.cell)

    def _position(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.chunk.starts, offset)
        return line, offset - self.chunk.starts[line - 1] + 1

    def line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """The offset of the newline that ends the line (of the end of the text, on the last line)."""
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end

    def indent(self, offset: int) -> str:
        line = self.text[self.line_start(offset) : self.line_end(offset)]
        return line[: len(line) - len(line.lstrip(" \t\f"))]

    def find(self, span: Span) -> Place:
        """The node that stands at a span."""
        try:
            target = self._key(span.line, span.column), self._key(span.end_line, span.end_column)
        except IndexError:
            raise _missing(span) from None
        path = [self.tree, *_descend(self.tree, *target)]
        while path and _range(path[-1]) != target:
            path.pop()
        if not path:
            raise _missing(span)
        return Place(self, tuple(path))

    def _key(self, line: int, column: int) -> tuple[int, int]:
        """Line and utf-8 offset, as `ast` counts."""
        return line, len(self.chunk.lines[line - 1][: column - 1].encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, eq=False)
class Place:
    """A node and the nodes around it, outermost first."""

    part: Part
    path: tuple[ast.AST, ...]

    @property
    def node(self) -> ast.AST:
        return self.path[-1]

    @property
    def parent(self) -> ast.AST:
        return self.path[-2]

    def up(self, node: ast.AST) -> Place:
        """The place of an enclosing node."""
        return Place(self.part, self.path[: self.path.index(node) + 1])

    @cached_property
    def statement(self) -> ast.stmt:
        return next(node for node in reversed(self.path) if isinstance(node, ast.stmt))

    @cached_property
    def block(self) -> list[ast.stmt]:
        """The statements among which `statement` stands."""
        owner = self.path[self.path.index(self.statement) - 1]
        for _, value in ast.iter_fields(owner):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                index = bisect_left(value, _start(self.statement), key=_start)
                if index < len(value) and value[index] is self.statement:
                    return value
        raise Refused("the statement stands in no block")

    @property
    def index(self) -> int:
        """How many statements of the block stand before it."""
        return bisect_left(self.block, _start(self.statement), key=_start)

    @cached_property
    def scope(self) -> ast.AST:
        """The function, class or module in which the node is evaluated."""
        return next(node for node in reversed(self.path[:-1]) if isinstance(node, SCOPES))

    @cached_property
    def controls(self) -> tuple[tuple[ast.AST, str], ...]:
        """What decides, within the scope, whether and how often the node is evaluated: branches, loops, and which arm of them."""
        found: list[tuple[ast.AST, str]] = []
        for outer, inner in zip(self.path, self.path[1:], strict=False):
            if isinstance(outer, SCOPES):
                found.clear()
            elif isinstance(outer, CONTROLS):
                found.append((outer, _field(outer, inner)))
        return tuple(found)

    @property
    def call(self) -> ast.Call:
        if not isinstance(self.node, ast.Call):
            raise Refused("it is not a call that can be rewritten")
        return self.node


@dataclass(frozen=True, eq=False)
class Source:
    """A document with the trees of all that parses in it."""

    document: Document
    parts: dict[int | None, Part] = field(default_factory=dict)

    def find(self, span: Span) -> Place:
        if span.cell not in self.parts:
            raise _missing(span)
        return self.parts[span.cell].find(span)

    def walk(self) -> Iterator[ast.AST]:
        return (node for part in self.parts.values() for node in ast.walk(part.tree))


def read(document: Document) -> Source:
    """The document's trees; a cell that cannot be parsed is left out."""
    parts: dict[int | None, Part] = {}
    for chunk in document.chunks:
        try:
            parts[chunk.cell] = Part(chunk, chunk.parse())
        except Unreadable as error:
            if document.kind == "python":
                raise Refused(f"the file {error.message}") from None
    return Source(document, parts)


def _missing(span: Span) -> Refused:
    return Refused(f"nothing that can be rewritten stands at line {span.line}, column {span.column}")


def _start(statement: ast.stmt) -> tuple[int, int]:
    return statement.lineno, statement.col_offset


def _range(node: ast.AST) -> tuple[tuple[int, int], tuple[int, int]] | None:
    at = cast("Any", node)
    return ((at.lineno, at.col_offset), (at.end_lineno, at.end_col_offset)) if hasattr(node, "end_lineno") else None


def _descend(node: ast.AST, start: tuple[int, int], end: tuple[int, int]) -> list[ast.AST]:
    for child in _children(node, start):
        at = _range(child)
        if at is None:
            below = _descend(child, start, end)
            if below:
                return [child, *below]
        elif at[0] <= start and end <= at[1]:
            return [child, *_descend(child, start, end)]
    return []


def _children(node: ast.AST, start: tuple[int, int]) -> Iterator[ast.AST]:
    """The children that may hold a position: of a list of statements the last that does not start behind it."""
    for _, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            last = bisect_right(value, start, key=_start)
            yield from value[max(last - 1, 0) : last]
        else:
            yield from (item for item in (value if isinstance(value, list) else (value,)) if isinstance(item, ast.AST))


def _field(outer: ast.AST, inner: ast.AST) -> str:
    for name, value in ast.iter_fields(outer):
        if value is inner or (isinstance(value, list) and any(item is inner for item in value)):
            return name
    return ""
