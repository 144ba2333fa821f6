"""Expressions: one handler per `ast` node."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from bnlint.graph.model import Choice, Unknown
from bnlint.keras_api.migration import gone
from bnlint.source import arrays, attributes, invoke, loops, operators, protocols, subscripts, texts
from bnlint.source.machine import Machine
from bnlint.source.values import MISSING, TENSORS, Dict, Dotted, Instance, LayerList, List, Splice, Variables, elements, hashable_key


def evaluate(m: Machine, node: ast.expr) -> object:
    """The value of an expression in the running frame."""
    m.steps += 1
    if m.steps > m.limit:
        m.exceed()
    value = HANDLERS.get(type(node), eval_other)(m, node)
    return m.settle(value) if isinstance(value, Choice) else value


def eval_other(m: Machine, node: ast.expr) -> object:
    return Unknown(f"{type(node).__name__} is not followed")


def eval_Constant(m: Machine, node: ast.Constant) -> object:
    return node.value


def eval_Name(m: Machine, node: ast.Name) -> object:
    found = m.lookup(node.id)
    return found if found is not MISSING else attributes.unbound(m, node.id)


def eval_Attribute(m: Machine, node: ast.Attribute) -> object:
    found = attributes.get(m, evaluate(m, node.value), node.attr, node)
    if isinstance(found, Dotted) and found.canonical in NORMALIZATIONS and gone(found.name) is not None:
        m.event("named", None, {"path": found.name}, node)
    return found


NORMALIZATIONS: Final = ("keras.layers.BatchNormalization", "keras.layers.SyncBatchNormalization")
"""Classes of which it matters by which attributes they are reached, where these are gone from some Keras."""


def eval_Tuple(m: Machine, node: ast.Tuple) -> object:
    items = listed(m, node.elts)
    return items if not any(isinstance(item, Splice) for item in items) else List({"items": items})


def eval_List(m: Machine, node: ast.List | ast.Set) -> object:
    return m.listed(listed(m, node.elts))


def listed(m: Machine, nodes: list[ast.expr]) -> tuple[object, ...]:
    """The elements of a display, stars expanded."""
    if not any(isinstance(node, ast.Starred) for node in nodes):
        return tuple([evaluate(m, node) for node in nodes])
    return m.chain(
        *(
            elements(protocols.iterated(m, evaluate(m, node.value), node)) if isinstance(node, ast.Starred) else (evaluate(m, node),)
            for node in nodes
        )
    )


def eval_Dict(m: Machine, node: ast.Dict) -> object:
    made = Dict({})
    m.arise(made.fields)
    for key, value in zip(node.keys, node.values, strict=True):
        content = evaluate(m, value)
        name = MISSING if key is None else evaluate(m, key)
        if key is None and isinstance(content, Dict):
            made.fields.update(content.fields)
            made.presumed = content.presumed and (made.presumed or not made.open)
            made.open = made.open or content.open
        elif key is not None and hashable_key(name):
            made.fields[name] = content
        else:
            made.open = True
    return made


def eval_IfExp(m: Machine, node: ast.IfExp) -> object:
    return m.one_of(evaluate(m, node.test), lambda: evaluate(m, node.body), lambda: evaluate(m, node.orelse))


def eval_BoolOp(m: Machine, node: ast.BoolOp) -> object:
    return _in_turn(m, node.values, isinstance(node.op, ast.And))


def _in_turn(m: Machine, values: list[ast.expr], conjunction: bool) -> object:
    """The operands of `and` (a conjunction) or `or`, as far as they are asked for."""
    first = evaluate(m, values[0])
    if len(values) == 1:
        return first
    if conjunction:
        return m.one_of(first, lambda: _in_turn(m, values[1:], True), lambda: _falsy(m, first))
    return m.one_of(first, lambda: _truthy(m, first), lambda: _in_turn(m, values[1:], False))


def _falsy(m: Machine, value: object) -> object:
    """What a value is where it is known to be false."""
    settled = m.settle(value)
    return False if isinstance(settled, Unknown) and settled.test is not None else settled


def _truthy(m: Machine, value: object) -> object:
    settled = m.settle(value)
    return True if isinstance(settled, Unknown) and settled.test is not None else settled


def eval_UnaryOp(m: Machine, node: ast.UnaryOp) -> object:
    def apply(value: object) -> object:
        if isinstance(node.op, ast.Not):
            return m.branch(value, lambda: False, lambda: True)
        if isinstance(value, Instance) and (found := protocols.special(m, value, protocols.UNARY[type(node.op)], node)) is not MISSING:
            return found
        if isinstance(value, TENSORS):
            return operators.operation(m, node, (value,), "negative", "other")
        if isinstance(value, (bool, int, float)):
            return operators.computed(operators.UNARY[type(node.op)], value)
        return Unknown("an operand that is not known")

    return m.each(evaluate(m, node.operand), apply)


def eval_BinOp(m: Machine, node: ast.BinOp) -> object:
    left, right = evaluate(m, node.left), evaluate(m, node.right)
    return operators.binary(m, node, node.op, left, right)


def eval_Compare(m: Machine, node: ast.Compare) -> object:
    left = evaluate(m, node.left)
    result: object = True
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = evaluate(m, comparator)
        outcome = m.each(left, lambda a, op=op, right=right: m.each(right, lambda b: _compared(m, op, a, b, node)))  # type: ignore[misc]
        if len(node.ops) == 1:
            return outcome
        result = m.branch(result, lambda outcome=outcome: outcome, lambda: False)  # type: ignore[misc]
        left = right
    return result


def _compared(m: Machine, op: ast.cmpop, left: object, right: object, node: ast.Compare) -> object:
    found = protocols.compared(m, op, left, right, node)
    return operators.compare(m, op, left, right) if found is MISSING else found


def eval_JoinedStr(m: Machine, node: ast.JoinedStr) -> object:
    parts: list[object] = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            given = evaluate(m, part.value), evaluate(m, part.format_spec) if part.format_spec else "", part.conversion
            parts.append(m.combined(given, texts.formatted))
        else:
            parts.append(evaluate(m, part))
    return m.combined(parts, lambda known: texts.together(m, known))


def eval_Lambda(m: Machine, node: ast.Lambda) -> object:
    return invoke.make_function(m, node, "<lambda>")


def eval_Call(m: Machine, node: ast.Call) -> object:
    if isinstance(node.func, ast.Name) and node.func.id == "super" and m.lookup("super") is MISSING:
        return attributes.make_super(m, [evaluate(m, argument) for argument in node.args])
    callee = evaluate(m, node.func)
    arguments = invoke.collect(m, node)
    return invoke.invoke(m, callee, arguments, node)


def eval_Subscript(m: Machine, node: ast.Subscript) -> object:
    base = evaluate(m, node.value)
    if isinstance(base, TENSORS):
        return subscripts.index_tensor(m, base, index(m, node.slice), node)
    key = index(m, node.slice)
    return m.each(base, lambda value: m.each(key, lambda k: subscripts.item(m, value, k, node)))


def index(m: Machine, node: ast.expr) -> object:
    """The value of a subscript; a slice of constants is a slice object."""
    if isinstance(node, ast.Slice):
        bounds = [None if part is None else evaluate(m, part) for part in (node.lower, node.upper, node.step)]
        if all(part is None or isinstance(part, int) for part in bounds):
            return slice(*bounds)
        return arrays.unknown_slice(m, node)
    if isinstance(node, ast.Tuple):
        return tuple(index(m, part) for part in node.elts)
    return evaluate(m, node)


def eval_NamedExpr(m: Machine, node: ast.NamedExpr) -> object:
    value = evaluate(m, node.value)
    m.bind(node.target.id, value)
    return value


def eval_Starred(m: Machine, node: ast.Starred) -> object:
    return evaluate(m, node.value)


def eval_Await(m: Machine, node: ast.Await) -> object:
    return evaluate(m, node.value)


def eval_Yield(m: Machine, node: ast.Yield | ast.YieldFrom) -> object:
    value = None if node.value is None else evaluate(m, node.value)
    yielded = m.frame.scope.names.get("yield")
    if isinstance(yielded, List):
        more = elements(value) if isinstance(node, ast.YieldFrom) else (value,)
        m.write(yielded.fields, "items", m.chain(yielded.items, more))
    return Unknown("what a generator is sent")


def eval_comprehension(m: Machine, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> object:
    if isinstance(node, ast.DictComp):
        made = Dict({})
        m.arise(made.fields)

        loops.comprehend(
            m, node, node.generators, lambda: subscripts.put_item(m, made, evaluate(m, node.key), evaluate(m, node.value), node)
        )
        return made
    if isinstance(whole := _copied(m, node), (LayerList, Variables)):
        return whole
    found = m.listed(())
    element = node.elt
    loops.comprehend(m, node, node.generators, lambda: m.write(found.fields, "items", m.chain(found.items, (evaluate(m, element),))))
    return found


def _copied(m: Machine, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> object:
    """What `[each for each in model.layers]` goes through, and keeps as it is; MISSING for others."""
    match node.elt, node.generators:
        case ast.Name(id=kept), [ast.comprehension(target=ast.Name(id=each), iter=ast.Attribute() as listed, ifs=[])] if kept == each:
            return evaluate(m, listed)
    return MISSING


HANDLERS: Final[dict[type[ast.expr], Callable[[Machine, Any], object]]] = {
    ast.Constant: eval_Constant,
    ast.Name: eval_Name,
    ast.Attribute: eval_Attribute,
    ast.Tuple: eval_Tuple,
    ast.List: eval_List,
    ast.Set: eval_List,
    ast.Dict: eval_Dict,
    ast.IfExp: eval_IfExp,
    ast.BoolOp: eval_BoolOp,
    ast.UnaryOp: eval_UnaryOp,
    ast.BinOp: eval_BinOp,
    ast.Compare: eval_Compare,
    ast.JoinedStr: eval_JoinedStr,
    ast.Lambda: eval_Lambda,
    ast.Call: eval_Call,
    ast.Subscript: eval_Subscript,
    ast.NamedExpr: eval_NamedExpr,
    ast.Starred: eval_Starred,
    ast.Await: eval_Await,
    ast.Yield: eval_Yield,
    ast.YieldFrom: eval_Yield,
    ast.ListComp: eval_comprehension,
    ast.SetComp: eval_comprehension,
    ast.GeneratorExp: eval_comprehension,
    ast.DictComp: eval_comprehension,
}
