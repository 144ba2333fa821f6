"""Decorators: those of the user are called as Python does, those of libraries are taken to pass on what they decorate."""

from __future__ import annotations

import ast

from bnlint.graph.model import Argument, Arguments, Unknown
from bnlint.source import expressions, invoke, surroundings
from bnlint.source.machine import Machine
from bnlint.source.trees import walk
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
        seen_through = []
        for decorator in reversed(node.decorator_list):
            callee = _callee(m, decorator)
            seen_through.append(_keeps(callee))
            made = _applied(m, decorator, callee, made)
        if isinstance(value, Class):
            value.handed = not all(seen_through)
    if isinstance(made, Function) and made is not value:
        # What it wraps is analysed if nobody calls it, not the wrapper.
        made.called = True
    return made


def _callee(m: Machine, decorator: ast.expr) -> object:
    """What a decorator calls with what it decorates; None where it is not followed."""
    callee = expressions.evaluate(m, decorator.func if isinstance(decorator, ast.Call) else decorator)
    if _followed(callee) and isinstance(decorator, ast.Call):
        callee = invoke.invoke(m, callee, invoke.collect(m, decorator), decorator)
    return callee if _followed(callee) else None


def _applied(m: Machine, decorator: ast.expr, callee: object, value: object) -> object:
    if callee is None:
        return value
    made = m.settle(invoke.invoke(m, callee, Arguments((Argument(None, value, None),)), invoke.Site(m.span(decorator))))
    return value if isinstance(made, Unknown) else made


def _keeps(callee: object) -> bool:
    """Whether a decorator is a function of the user that gives what it decorates to nobody but whoever named it."""
    parameters = (*callee.node.args.posonlyargs, *callee.node.args.args) if isinstance(callee, Function) else ()
    if not isinstance(callee, Function) or not parameters:
        return False
    nodes = tuple(walk(callee.node))
    kept = {id(node.value) for node in nodes if isinstance(node, (ast.Attribute, ast.Return))}
    return all(id(node) in kept for node in nodes if isinstance(node, ast.Name) and node.id == parameters[0].arg)


def _followed(callee: object) -> bool:
    if isinstance(callee, Dotted):
        return callee.canonical in surroundings.REMAT
    return isinstance(callee, (Function, Class, Instance, Partial)) or (isinstance(callee, Bound) and callee.function is not None)
