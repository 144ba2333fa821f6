"""Statements: one handler per `ast` node. A handler answers None, or the Completion with which the block ends early."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, Final

from bnlint.graph.model import Choice, Layer, Unknown
from bnlint.source import (
    attributes,
    classes,
    decorators,
    expressions,
    imports,
    invoke,
    loops,
    operators,
    patterns,
    protocols,
    subscripts,
    surroundings,
)
from bnlint.source.machine import Machine
from bnlint.source.state import Completion
from bnlint.source.values import MISSING, TENSORS, ArgScope, Dict, List, Splice, Tape, elements, sequence


def execute(m: Machine, body: Sequence[ast.stmt]) -> Completion | None:
    """Run a block."""
    for statement in body:
        m.step()
        completion = HANDLERS.get(type(statement), exec_other)(m, statement)
        if completion is not None:
            return completion
    return None


def exec_other(m: Machine, node: ast.stmt) -> None:
    return None


def exec_Expr(m: Machine, node: ast.Expr) -> None:
    value = expressions.evaluate(m, node.value)
    if isinstance(value, Layer) and value.role == "batchnorm" and value.origin.span == m.span(node.value):
        m.event("discarded", value, {}, node)


def exec_Assign(m: Machine, node: ast.Assign) -> None:
    value = expressions.evaluate(m, node.value)
    for target in node.targets:
        assign(m, target, value)


def exec_AnnAssign(m: Machine, node: ast.AnnAssign) -> None:
    if node.value is not None:
        assign(m, node.target, expressions.evaluate(m, node.value))


def exec_AugAssign(m: Machine, node: ast.AugAssign) -> None:
    target = node.target
    present = expressions.evaluate(m, _loaded(target))
    value = expressions.evaluate(m, node.value)
    if isinstance(present, List) and isinstance(node.op, ast.Add):
        m.write(present.fields, "items", m.chain(present.items, elements(value)))
        return
    if isinstance(present, Dict) and isinstance(value, Dict) and isinstance(node.op, ast.BitOr):
        for key, content in value.fields.items():
            m.write(present.fields, key, content)
        present.open = present.open or value.open
        return
    assign(m, target, operators.binary(m, node, node.op, present, value))


def _loaded(target: ast.expr) -> ast.expr:
    match target:
        case ast.Name(id=name):
            made: ast.expr = ast.Name(name, ast.Load())
        case ast.Attribute(value=value, attr=attr):
            made = ast.Attribute(value, attr, ast.Load())
        case ast.Subscript(value=value, slice=part):
            made = ast.Subscript(value, part, ast.Load())
        case _:
            made = target
    return ast.copy_location(made, target)


def assign(m: Machine, target: ast.expr, value: object) -> None:
    """Bind a target of any form."""
    match target:
        case ast.Name(id=name):
            m.bind(name, value)
        case ast.Attribute(value=base, attr=attr):
            m.each(expressions.evaluate(m, base), lambda owner: attributes.put(m, owner, attr, value, target))
        case ast.Subscript(value=base, slice=part):
            key = expressions.index(m, part)
            m.each(expressions.evaluate(m, base), lambda owner: subscripts.put_item(m, owner, key, value, target))
        case ast.Starred(value=inner):
            assign(m, inner, value)
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            for part_target, part_value in zip(targets, unpack(m, value, targets, target), strict=True):
                assign(m, part_target, part_value)


def unpack(m: Machine, value: object, targets: list[ast.expr], node: ast.expr) -> list[object]:
    """The values for the targets of a tuple assignment."""
    count = len(targets)
    value = m.settle(value)
    if isinstance(value, Choice):
        choice = value
        parts = m.fork(
            choice.condition,
            lambda: tuple(unpack(m, choice.if_true, targets, node)),
            lambda: tuple(unpack(m, choice.if_false, targets, node)),
        )
        return list(parts) if isinstance(parts, tuple) and len(parts) == count else [Unknown("a part of a value that is not known")] * count
    if isinstance(value, TENSORS):
        return [subscripts.part(m, value, position, node) for position in range(count)]
    items = sequence(value)
    if items is not None and not any(isinstance(item, Splice) for item in items):
        starred = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), None)
        if starred is None and len(items) == count:
            return list(items)
        if starred is not None and len(items) >= count - 1:
            tail = count - starred - 1
            return [*items[:starred], List({"items": items[starred : len(items) - tail]}), *items[len(items) - tail :]]
    if isinstance(value, Unknown):
        parts_unknown: list[object] = []
        for position in range(count):
            derived = m.derive(value, "item", position)
            if value in m.open:
                m.tensor(derived, node)
            parts_unknown.append(derived)
        return parts_unknown
    return [Unknown("a part of a value that is not known") for _ in targets]


def exec_Delete(m: Machine, node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            m.bind(target.id, MISSING)
        elif isinstance(target, ast.Subscript):
            key = expressions.index(m, target.slice)
            m.each(expressions.evaluate(m, target.value), lambda owner, key=key: subscripts.delete_item(m, owner, key))  # type: ignore[misc]


def exec_Global(m: Machine, node: ast.Global) -> None:
    m.frame.scope.globals.update(node.names)


def exec_Nonlocal(m: Machine, node: ast.Nonlocal) -> None:
    m.frame.scope.nonlocals.update(node.names)


def exec_FunctionDef(m: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    function = invoke.make_function(m, node, node.name)
    m.functions.append(function)
    access = decorators.access(node)
    m.bind(f"{node.name}.{access}" if access else node.name, function if access else decorators.decorated(m, node, function))


def exec_ClassDef(m: Machine, node: ast.ClassDef) -> None:
    m.bind(node.name, decorators.decorated(m, node, classes.make_class(m, node)))


def exec_Return(m: Machine, node: ast.Return) -> Completion:
    return Completion("return", None if node.value is None else expressions.evaluate(m, node.value))


def exec_Raise(m: Machine, node: ast.Raise) -> Completion:
    return Completion("raise")


def exec_Break(m: Machine, node: ast.Break) -> Completion:
    return Completion("break")


def exec_Continue(m: Machine, node: ast.Continue) -> Completion:
    return Completion("continue")


def exec_Assert(m: Machine, node: ast.Assert) -> None:
    expressions.evaluate(m, node.test)


def exec_If(m: Machine, node: ast.If) -> Completion | None:
    ended = _if(m, node)
    if ended is not None and ended.kind == "raise" and (refused := _refused(m, node)):
        for name in refused:
            made = Unknown(f"the parameter `{name}` of {m.frame.qualified} is not known")
            m.parameters.add(made)
            m.bind(name, made)
        ended = _if(m, node)
    return ended


def _if(m: Machine, node: ast.If) -> Completion | None:
    test = expressions.evaluate(m, node.test)

    def otherwise() -> Completion | None:
        match node.orelse:
            case [ast.If() as further]:
                m.step()
                return _if(m, further)
        return execute(m, node.orelse)

    result = m.one_of(test, lambda: execute(m, node.body), otherwise)
    return result if isinstance(result, Completion) else None


def _refused(m: Machine, node: ast.If) -> list[str]:
    """Parameters whose defaults a function that is analysed on its own does not take (`if kind not in KINDS: raise`), and its switches:
    nobody calls it with its defaults alone, thus these decide nothing."""
    function = m.frame.function
    if function is None or m.stack:
        return []
    tests = [node.test]
    while len(node.orelse) == 1 and isinstance(further := node.orelse[0], ast.If):
        node = further
        tests.append(node.test)
    tested = {part.id for test in tests for part in ast.walk(test) if isinstance(part, ast.Name)}
    held = [name for name, default in function.defaults.items() if m.frame.scope.names.get(name, MISSING) is default]
    if tested.isdisjoint(held):
        return []
    return [name for name in held if name in tested or isinstance(function.defaults[name], bool)]


def exec_For(m: Machine, node: ast.For | ast.AsyncFor) -> Completion | None:
    iterable = expressions.evaluate(m, node.iter)

    def body(item: object) -> Completion | None:
        assign(m, node.target, item)
        return execute(m, node.body)

    return loops.loop(m, iterable, body, node, node.orelse)


def exec_While(m: Machine, node: ast.While) -> Completion | None:
    return loops.repeat(m, node)


def exec_With(m: Machine, node: ast.With | ast.AsyncWith) -> Completion | None:
    outer, scope, attempts, within = m.tapes, m.arg_scope, m.attempts, m.within
    managers: list[tuple[object, ast.expr]] = []
    for item in node.items:
        value = expressions.evaluate(m, item.context_expr)
        managers.insert(0, (value, item.context_expr))
        m.attempts += _names_refusal(item.context_expr)
        if isinstance(value, Tape):
            m.tapes = (*m.tapes, value.number)
        elif isinstance(value, ArgScope):
            m.arg_scope = value.given
        surroundings.entered(m, value)
        entered = protocols.entered(m, value, item.context_expr)
        if item.optional_vars is not None:
            assign(m, item.optional_vars, entered)
    try:
        ended = execute(m, node.body)
    finally:
        m.tapes, m.arg_scope, m.attempts, m.within = outer, scope, attempts, within
    for value, place in managers:
        protocols.left(m, value, place)
    return ended


def exec_Try(m: Machine, node: ast.Try) -> Completion | None:
    ended = _try(m, node)
    if ended is None and node.orelse:
        ended = execute(m, node.orelse)
    if node.finalbody:
        final = execute(m, node.finalbody)
        ended = final or ended
    return ended


def _try(m: Machine, node: ast.Try) -> Completion | None:
    if all(isinstance(statement, (ast.Import, ast.ImportFrom)) for statement in node.body):
        execute(m, node.body)
        return None if imports.resolves(m, node.body) else _rescue(m, node.handlers[:1])
    if not node.handlers:
        return execute(m, node.body)

    prepared = any(_names_refusal(handler.type) for handler in node.handlers)

    def attempt() -> Completion | None:
        m.attempts += prepared
        try:
            ended = execute(m, node.body)
        finally:
            m.attempts -= prepared
        return _rescue(m, node.handlers) if ended is not None and ended.kind == "raise" else ended

    result = m.fork(Unknown("whether an exception is raised"), attempt, lambda: _rescue(m, node.handlers))
    return result if isinstance(result, Completion) else None


REFUSALS = frozenset({"TypeError", "ValueError"})
"""What Keras raises at arguments that it does not know or like."""


def _names_refusal(node: ast.AST | None) -> bool:
    return node is not None and any(isinstance(part, ast.Name) and part.id in REFUSALS for part in ast.walk(node))


def _rescue(m: Machine, handlers: Sequence[ast.ExceptHandler]) -> Completion | None:
    """Run one of the handlers, whichever it is."""
    if not handlers:
        return None
    first = handlers[0]

    def caught() -> Completion | None:
        if first.name:
            m.bind(first.name, Unknown("an exception"))
        return execute(m, first.body)

    if len(handlers) == 1:
        return caught()
    result = m.fork(Unknown("which exception is raised"), caught, lambda: _rescue(m, handlers[1:]))
    return result if isinstance(result, Completion) else None


HANDLERS: Final[dict[type[ast.stmt], Callable[[Machine, Any], Completion | None]]] = {
    ast.Expr: exec_Expr,
    ast.Assign: exec_Assign,
    ast.AnnAssign: exec_AnnAssign,
    ast.AugAssign: exec_AugAssign,
    ast.Delete: exec_Delete,
    ast.Global: exec_Global,
    ast.Nonlocal: exec_Nonlocal,
    ast.Import: imports.plain,
    ast.ImportFrom: imports.from_module,
    ast.FunctionDef: exec_FunctionDef,
    ast.AsyncFunctionDef: exec_FunctionDef,
    ast.ClassDef: exec_ClassDef,
    ast.Return: exec_Return,
    ast.Raise: exec_Raise,
    ast.Break: exec_Break,
    ast.Continue: exec_Continue,
    ast.Assert: exec_Assert,
    ast.If: exec_If,
    ast.For: exec_For,
    ast.AsyncFor: exec_For,
    ast.While: exec_While,
    ast.With: exec_With,
    ast.AsyncWith: exec_With,
    ast.Try: exec_Try,
    ast.TryStar: exec_Try,
    ast.Match: patterns.run,
}
