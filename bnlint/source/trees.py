"""Syntax trees: going through all nodes of one."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator


def walk(*roots: ast.AST) -> Iterator[ast.AST]:
    """All nodes of some trees but the contexts of names, in no order. (`ast.walk` takes three times as long.)"""
    stack = list(roots)
    while stack:
        node = stack.pop()
        yield node
        stack.extend(children(node))


def children(node: ast.AST) -> Iterable[ast.AST]:
    """The nodes right below a node, in no order."""
    found: list[ast.AST] = []
    for value in node.__dict__.values():
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
            found.append(value)
    return found
