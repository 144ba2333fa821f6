"""Expressions: one handler per `ast` node."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any, Final

from bnlint.graph.model import Call, Choice, Layer, Tensor, Unknown
from bnlint.keras_api.functions import OPERATORS
from bnlint.keras_api.names import canonical
from bnlint.keras_api.shapes import output
from bnlint.source import attributes, invoke
from bnlint.source.machine import Machine, truth
from bnlint.source.values import (
    MISSING,
    TENSORS,
    Array,
    Dataset,
    Dict,
    Dotted,
    LayerList,
    List,
    Splice,
    Variables,
    hashable_key,
    is_constant,
    join,
)

SIZE_LIMIT = 100_000
"""Longest string or sequence that an operator may build."""


def evaluate(m: Machine, node: ast.expr) -> object:
    """The value of an expression in the running frame."""
    m.step()
    return m.settle(HANDLERS.get(type(node), eval_other)(m, node))


def eval_other(m: Machine, node: ast.expr) -> object:
    return Unknown(f"{type(node).__name__} is not followed")


def eval_Constant(m: Machine, node: ast.Constant) -> object:
    return node.value


def eval_Name(m: Machine, node: ast.Name) -> object:
    found = m.lookup(node.id)
    return found if found is not MISSING else attributes.unbound(m, node.id)


def eval_Attribute(m: Machine, node: ast.Attribute) -> object:
    return attributes.get(m, evaluate(m, node.value), node.attr, node)


def eval_Tuple(m: Machine, node: ast.Tuple) -> object:
    items = elements(m, node.elts)
    return items if not any(isinstance(item, Splice) for item in items) else List({"items": items})


def eval_List(m: Machine, node: ast.List | ast.Set) -> object:
    return List({"items": elements(m, node.elts)})


def elements(m: Machine, nodes: list[ast.expr]) -> tuple[object, ...]:
    found: list[object] = []
    for node in nodes:
        if not isinstance(node, ast.Starred):
            found.append(evaluate(m, node))
            continue
        items = sequence(m, evaluate(m, node.value))
        found.extend(items if items is not None else [Splice(Unknown("a starred value of unknown length"), (Unknown("an element"),), ())])
    return tuple(found)


def eval_Dict(m: Machine, node: ast.Dict) -> object:
    made = Dict({})
    for key, value in zip(node.keys, node.values, strict=True):
        content = evaluate(m, value)
        name = MISSING if key is None else evaluate(m, key)
        if key is None and isinstance(content, Dict):
            made.fields.update(content.fields)
            made.open = made.open or content.open
        elif key is not None and hashable_key(name):
            made.fields[name] = content
        else:
            made.open = True
    return made


def eval_IfExp(m: Machine, node: ast.IfExp) -> object:
    return m.branch(evaluate(m, node.test), lambda: evaluate(m, node.body), lambda: evaluate(m, node.orelse))


def eval_BoolOp(m: Machine, node: ast.BoolOp) -> object:
    conjunction = isinstance(node.op, ast.And)

    def fold(values: list[ast.expr]) -> object:
        first = evaluate(m, values[0])
        if len(values) == 1:
            return first
        rest = values[1:]
        if conjunction:
            return m.branch(first, lambda: fold(rest), lambda: _falsy(m, first))
        return m.branch(first, lambda: _truthy(m, first), lambda: fold(rest))

    return fold(node.values)


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
            if isinstance(value, Unknown):
                return Choice(value, False, True)
            known = truth(value)
            return Unknown("the truth of a value that is not known") if known is None else not known
        if isinstance(value, TENSORS):
            return operation(m, node, (value,), "negative", "other")
        if isinstance(value, (bool, int, float)):
            return _guard(UNARY[type(node.op)], value)
        return Unknown("an operand that is not known")

    return m.each(evaluate(m, node.operand), apply)


def eval_BinOp(m: Machine, node: ast.BinOp) -> object:
    left, right = evaluate(m, node.left), evaluate(m, node.right)
    return binary(m, node, node.op, left, right)


def binary(m: Machine, node: ast.expr | ast.stmt, op: ast.operator, left: object, right: object) -> object:
    """`left op right`."""
    if isinstance(left, TENSORS) or isinstance(right, TENSORS):
        return tensor_operation(m, node, op, left, right)
    return m.each(left, lambda a: m.each(right, lambda b: _binary(m, node, op, a, b)))


def _binary(m: Machine, node: ast.expr | ast.stmt, op: ast.operator, left: object, right: object) -> object:
    if isinstance(left, TENSORS) or isinstance(right, TENSORS):
        return tensor_operation(m, node, op, left, right)
    if isinstance(left, Unknown) and left in m.open and isinstance(right, Unknown) and right in m.open:
        return tensor_operation(m, node, op, left, right)
    if isinstance(op, ast.Add):
        added = _add(m, left, right)
        if added is not None:
            return added
    if isinstance(op, ast.Mult) and isinstance(left, (List, tuple)) and isinstance(right, int):
        items = left.items if isinstance(left, List) else left
        if 0 <= len(items) * right <= SIZE_LIMIT:
            return List({"items": items * right}) if isinstance(left, List) else items * right
    if isinstance(op, ast.Mod) and isinstance(left, str):
        values = right if isinstance(right, tuple) else (right,)
        if not all(is_constant(value) for value in values):
            return Unknown("a text with unknown parts")
    elif not (is_constant(left) and is_constant(right)) or isinstance(left, tuple) != isinstance(right, tuple) and not isinstance(right, int):
        if isinstance(left, Unknown) and is_constant(right):
            return m.derive(left, type(op).__name__, right)
        if isinstance(right, Unknown) and is_constant(left):
            return m.derive(right, type(op).__name__, "reversed", left)
        return Unknown("an operand that is not known")
    if isinstance(op, (ast.Pow, ast.LShift)) and isinstance(right, (int, float)) and abs(right) > 64:
        return Unknown("a number too large to compute")
    if isinstance(op, ast.Mult) and isinstance(left, int) and isinstance(right, (str, bytes)):
        left, right = right, left
    if isinstance(op, ast.Mult) and isinstance(left, (str, bytes)) and isinstance(right, int) and len(left) * right > SIZE_LIMIT:
        return Unknown("a text too long to compute")
    function = BINARY.get(type(op))
    return Unknown("an operator that is not followed") if function is None else _guard(function, left, right)


def _add(m: Machine, left: object, right: object) -> object | None:
    if isinstance(left, Variables) or isinstance(right, Variables):
        parts = [side.targets for side in (left, right) if isinstance(side, Variables)]
        return Variables(tuple(target for part in parts for target in part), True)
    if isinstance(left, List) and isinstance(right, (List, tuple)):
        return List({"items": left.items + (right.items if isinstance(right, List) else right)})
    if isinstance(left, tuple) and isinstance(right, tuple):
        return left + right
    return None


def _guard(function: Callable[..., object], *values: object) -> object:
    """Plain arithmetic on constants; what raises is unknown."""
    try:
        return function(*values)
    except Exception:  # arithmetic on user constants may raise anything (ZeroDivisionError, TypeError, OverflowError …)
        return Unknown("an operation that fails")


def tensor_operation(m: Machine, node: ast.expr | ast.stmt, op: ast.operator, left: object, right: object) -> object:
    """An operator with a tensor on at least one side."""
    kind, role = OPERATORS.get(type(op).__name__, (type(op).__name__.lower(), "other"))
    sides: list[Tensor] = []
    for side in (left, right):
        if isinstance(side, TENSORS):
            sides.append(side)
        elif isinstance(side, (Choice, Unknown)) and _holds_tensor(m, side) and (made := m.tensor(side, node)) is not None:
            sides.append(made)
    return operation(m, node, tuple(sides), kind, role if len(sides) > 1 else "other")


def _holds_tensor(m: Machine, value: object) -> bool:
    if isinstance(value, Choice):
        return _holds_tensor(m, value.if_true) or _holds_tensor(m, value.if_false)
    return isinstance(value, TENSORS) or (isinstance(value, Unknown) and value in m.open)


def operation(m: Machine, node: ast.expr | ast.stmt, inputs: tuple[Tensor, ...], kind: str, role: str) -> Call:
    """A node for an operator or for indexing."""
    origin = m.origin(node)
    layer = Layer(kind, role, is_function=True, family="tf", origin=origin)
    shape, channels = output(kind, {}, [(tensor.shape, tensor.channels) for tensor in inputs])
    return m.call(layer, inputs, origin, shape=shape, channels=channels)


def eval_Compare(m: Machine, node: ast.Compare) -> object:
    left = evaluate(m, node.left)
    result: object = True
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = evaluate(m, comparator)
        outcome = m.each(left, lambda a, op=op, right=right: m.each(right, lambda b: compare(m, op, a, b)))  # type: ignore[misc]
        if len(node.ops) == 1:
            return outcome
        result = m.branch(result, lambda outcome=outcome: outcome, lambda: False)  # type: ignore[misc]
        left = right
    return result


def compare(m: Machine, op: ast.cmpop, left: object, right: object) -> object:
    """One comparison of two settled values; a test of an unknown against a constant is remembered."""
    negated = isinstance(op, (ast.NotEq, ast.IsNot, ast.NotIn))
    if isinstance(op, (ast.In, ast.NotIn)):
        return _member(m, left, right, negated)
    if isinstance(op, (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)):
        equal = _equal(m, left, right, isinstance(op, (ast.Is, ast.IsNot)))
        if isinstance(equal, Unknown):
            return Choice(equal, False, True) if negated else equal
        return equal is not negated
    if is_constant(left) and is_constant(right):
        return _guard(COMPARE[type(op)], left, right)
    if isinstance(left, Unknown) and is_constant(right):
        return m.derive(left, type(op).__name__, right)
    return Unknown("a comparison with an unknown value")


def _equal(m: Machine, left: object, right: object, identity: bool) -> bool | Unknown:
    if is_constant(left) and is_constant(right):
        return left == right
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Unknown):
            if other is None or isinstance(other, (bool, int, float, str)):
                return m.test("is" if other is None else "==", one, other)
            return Unknown("a comparison with an unknown value")
    if isinstance(left, Dotted) and isinstance(right, Dotted):
        return left.name == right.name or (left.canonical is not None and left.canonical == right.canonical)
    if isinstance(left, (Dotted, Array, Dataset)) or isinstance(right, (Dotted, Array, Dataset)):
        return False if left is None or right is None or isinstance(left, (str, bool)) or isinstance(right, (str, bool)) else Unknown("an object that is not known")
    if isinstance(left, List) and isinstance(right, List):
        items = (left.items, right.items)
        return items[0] == items[1] if all(is_constant(part) for part in items) else Unknown("a comparison of lists")
    return left is right


def _member(m: Machine, item: object, container: object, negated: bool) -> object:
    if isinstance(container, Dict) and hashable_key(item) and (not container.open or container.presumed or item in container.fields):
        return (item in container.fields) is not negated
    if isinstance(container, str) and isinstance(item, str):
        return (item in container) is not negated
    items = sequence(m, container)
    if items is None or any(isinstance(part, (Splice, Unknown, Choice)) for part in items):
        return Unknown("membership of a container that is not known")
    if is_constant(item) or isinstance(item, Dotted):
        answers = [_equal(m, item, part, False) for part in items]
        if not any(isinstance(answer, Unknown) for answer in answers):
            return (True in answers) is not negated
    if isinstance(item, Unknown) and all(is_constant(part) for part in items):
        test = m.test("in", item, tuple(items))
        return Choice(test, False, True) if negated else test
    return Unknown("membership of a value that is not known")


def sequence(m: Machine, value: object) -> tuple[object, ...] | None:
    """The elements of an iterable, as far as its length is known (they may hold Splices); else None."""
    if isinstance(value, List):
        return value.items
    if isinstance(value, tuple):
        return value
    if isinstance(value, (str, bytes)):
        return tuple(value) if len(value) <= 4096 else None
    if isinstance(value, range):
        return tuple(value) if len(value) <= 4096 else None
    if isinstance(value, Dict) and not value.open:
        return tuple(value.fields)
    if isinstance(value, LayerList):
        return tuple(value.layers)
    return None


def eval_JoinedStr(m: Machine, node: ast.JoinedStr) -> object:
    parts: list[str] = []
    unknown: Unknown | None = None
    for part in node.values:
        value = evaluate(m, part.value) if isinstance(part, ast.FormattedValue) else evaluate(m, part)
        spec = evaluate(m, part.format_spec) if isinstance(part, ast.FormattedValue) and part.format_spec else ""
        if isinstance(value, (str, int, float)) and isinstance(spec, str):
            text = _guard(format, value, spec) if not (isinstance(part, ast.FormattedValue) and part.conversion == ord("r")) else repr(value)
            if isinstance(text, str):
                parts.append(text)
                continue
        unknown = Unknown("a text with unknown parts")
    return "".join(parts) if unknown is None else unknown


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
        return attributes.index_tensor(m, base, index(m, node.slice), node)
    key = index(m, node.slice)
    return m.each(base, lambda value: m.each(key, lambda k: attributes.item(m, value, k, node)))


def index(m: Machine, node: ast.expr) -> object:
    """The value of a subscript; a slice of constants is a slice object."""
    if isinstance(node, ast.Slice):
        bounds = [None if part is None else evaluate(m, part) for part in (node.lower, node.upper, node.step)]
        if all(part is None or isinstance(part, int) for part in bounds):
            return slice(*bounds)
        return Unknown("a slice with unknown bounds")
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


def eval_comprehension(m: Machine, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> object:
    from bnlint.source.statements import comprehend

    if isinstance(node, ast.DictComp):
        made = Dict({})

        def put() -> None:
            key, value = evaluate(m, node.key), evaluate(m, node.value)
            if hashable_key(key):
                m.write(made.fields, key, value)
            else:
                made.open = True

        comprehend(m, node.generators, put)
        return made
    found = List({"items": ()})
    element = node.elt
    comprehend(m, node.generators, lambda: m.write(found.fields, "items", (*found.items, evaluate(m, element))))
    return found


UNARY: Final[dict[type[ast.unaryop], Callable[[Any], object]]] = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Invert: operator.invert}

BINARY: Final[dict[type[ast.operator], Callable[[Any, Any], object]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}

COMPARE: Final[dict[type[ast.cmpop], Callable[[Any, Any], object]]] = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}

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
    ast.ListComp: eval_comprehension,
    ast.SetComp: eval_comprehension,
    ast.GeneratorExp: eval_comprehension,
    ast.DictComp: eval_comprehension,
}

__all__ = ["HANDLERS", "binary", "canonical", "evaluate", "hashable_key", "index", "join", "operation", "sequence"]
