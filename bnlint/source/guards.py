"""Code that is ready for another version of a library: `try … except ImportError`, tests of versions, what only type checkers run."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from bnlint.graph.model import Span
from bnlint.records import replace
from bnlint.source.trees import walk
from bnlint.text import Chunk

_CAUGHT: Final = frozenset({"AttributeError", "BaseException", "Exception", "ImportError", "ModuleNotFoundError", "suppress"})
"""What Python raises where a name is gone, and what lets it pass."""

_VERSION: Final = re.compile(
    r"version|hasattr|find_spec|importlib|type_checking|legacy|compat|(?:^|_)(?:keras|tf|k|v)_?[123](?:_|$)|keras_?core", re.IGNORECASE
)
"""Names in tests of what is installed."""

_BLOCKS: Final = ("body", "orelse", "finalbody", "handlers", "cases")


def guarded(chunk: Chunk, tree: ast.Module) -> Iterator[Span]:
    """The stretches of a file of which it depends on what is installed whether they run, or that may fail."""
    stack: list[Sequence[ast.AST]] = [tree.body]
    while stack:
        block = stack.pop()
        for statement in block:
            if isinstance(statement, ast.If) and _names(statement.test, _VERSION.search):
                ends = any(arm and isinstance(arm[-1], (ast.Return, ast.Raise, ast.Continue)) for arm in (statement.body, statement.orelse))
                last = chunk.span(block[-1] if ends else statement)
                yield replace(chunk.span(statement), end_line=last.end_line, end_column=last.end_column)
            elif _requires(statement):
                last = chunk.span(block[-1])
                yield replace(chunk.span(statement), end_line=last.end_line, end_column=last.end_column)
            elif _is_ready(statement) or (isinstance(statement, ast.ClassDef) and any(map(_requires, _initialised(statement)))):
                yield chunk.span(statement)
            stack.extend(inner for name in _BLOCKS if (inner := getattr(statement, name, None)) and isinstance(inner, list))


def _requires(statement: ast.AST) -> bool:
    """`assert IS_TF_1`, `IS_TF_1 or fail()`: nothing behind it runs on another version. A least version bars no later one."""
    match statement:
        case ast.Assert(test=test) | ast.Expr(value=ast.BoolOp(op=ast.Or(), values=[test, *_])):
            return _names(test, _VERSION.search) and not any(isinstance(part, (ast.Gt, ast.GtE)) for part in walk(test))
    return False


def _initialised(cls: ast.ClassDef) -> Iterator[ast.AST]:
    """The statements of the `__init__` of a class."""
    for method in cls.body:
        if isinstance(method, ast.FunctionDef) and method.name == "__init__":
            yield from method.body


def _is_ready(statement: ast.AST) -> bool:
    match statement:
        case ast.Try(handlers=handlers) | ast.TryStar(handlers=handlers):
            return any(handler.type is None or _names(handler.type, _CAUGHT.__contains__) for handler in handlers)
        case ast.With(items=items):
            return any(_names(item.context_expr, _CAUGHT.__contains__) for item in items)
    return False


def _names(node: ast.AST, wanted: Callable[[str], object]) -> bool:
    """Whether a name or attribute in an expression is one of those that are wanted."""
    names = (part.id if isinstance(part, ast.Name) else part.attr for part in walk(node) if isinstance(part, (ast.Name, ast.Attribute)))
    return any(wanted(name) for name in names)
