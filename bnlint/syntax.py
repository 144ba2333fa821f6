"""Source becomes syntax trees, in whatever thread."""

from __future__ import annotations

from _ast import PyCF_ONLY_AST

from bnlint.shared import QUIET, Turns

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from typing import Any, Final

ATTEMPTS: Final = 8

_TURNS: Final = Turns()


def parse(source: str) -> ast.Module:
    """The tree of a program. Raises what `compile` raises."""
    tree: ast.Module = _tree(source, "exec")
    return tree


def parse_expression(source: str) -> ast.expr:
    """The tree of an expression. Raises what `compile` raises."""
    tree: ast.Expression = _tree(source, "eval")
    return tree.body


def _tree(source: str, mode: str) -> Any:
    """CPython before 3.11.8 and 3.12.2 keeps one count for the trees of all threads, and may take a tree for damaged where another one
    parses, too (SystemError, gh-106905): so ours take turns. Where it is other code that parses, the next attempt gives the tree."""
    with _TURNS, QUIET:
        for _ in range(ATTEMPTS):
            try:
                return compile(source, "<source>", mode, PyCF_ONLY_AST, dont_inherit=True)
            except SystemError:
                continue
        return compile(source, "<source>", mode, PyCF_ONLY_AST, dont_inherit=True)
