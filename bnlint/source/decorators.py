"""Decorators: those of the user are called as Python does, those of libraries are taken to pass on what they decorate."""

from __future__ import annotations

import ast

from bnlint.graph.model import Argument, Arguments, Unknown
from bnlint.source import expressions, invoke, surroundings
from bnlint.source.machine import Machine
from bnlint.source.values import Bound, Class, Dotted, Function, Instance, Partial

Defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def access(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """What a function is of a property whose name stays bound to the getter, "setter" or "deleter"; else ""."""
    found = (part.attr for part in node.decorator_list if isinstance(part, ast.Attribute) and part.attr in ("setter", "deleter"))
    return next(found, "")


def decorated(m: Machine, node: Defined, value: Function | Class) -> object:
    """What the name of a definition is bound to. The methods of Keras classes stay what they are: Keras calls them."""
    owner = m.frame.owner if m.frame.scope.is_class else None
    made: object = value
    if owner is None or owner.keras is None:
        for decorator in reversed(node.decorator_list):
            made = _applied(m, decorator, made)
    if isinstance(made, Function) and made is not value:
        # What it wraps is analysed if nobody calls it, not the wrapper.
        made.called = True
    return made


def _applied(m: Machine, decorator: ast.expr, value: object) -> object:
    callee = expressions.evaluate(m, decorator.func if isinstance(decorator, ast.Call) else decorator)
    if not _followed(callee):
        return value
    if isinstance(decorator, ast.Call):
        callee = invoke.invoke(m, callee, invoke.collect(m, decorator), decorator)
        if not _followed(callee):
            return value
    made = m.settle(invoke.invoke(m, callee, Arguments((Argument(None, value, None),)), invoke.Site(m.span(decorator))))
    return value if isinstance(made, Unknown) else made


def _followed(callee: object) -> bool:
    if isinstance(callee, Dotted):
        return callee.canonical in surroundings.REMAT
    return isinstance(callee, (Function, Class, Instance, Partial)) or (isinstance(callee, Bound) and callee.function is not None)
