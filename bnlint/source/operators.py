"""Operators and comparisons, on constants, unknown values and tensors."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from bnlint.graph.model import Arguments, Call, Choice, Layer, Tensor, Unknown
from bnlint.keras_api.functions import OPERATORS
from bnlint.keras_api.shapes import output
from bnlint.keras_api.tables import words
from bnlint.source import arrays, protocols, surroundings, texts, training, trees, weights
from bnlint.source.machine import Handler, Machine
from bnlint.source.spelling import length, unmarked
from bnlint.source.texts import SIZE_LIMIT
from bnlint.source.values import (
    MISSING,
    TENSORS,
    Array,
    Class,
    Dataset,
    Dict,
    Dotted,
    Function,
    Instance,
    LayerList,
    List,
    Splice,
    Variables,
    first_argument,
    hashable_key,
    is_constant,
    sequence,
)

BITS: Final = 4096
"""Longest number that an operator may compute."""


def binary(m: Machine, node: ast.expr | ast.stmt, op: ast.operator, left: object, right: object) -> object:
    """`left op right`."""
    method = METHODS.get(type(op), "").replace("__", "__r", 1)
    if isinstance(right, Instance) and not isinstance(left, Instance) and isinstance(right.cls.find(method), Function):
        return protocols.special(m, right, method, node, left)
    if isinstance(left, TENSORS) or isinstance(right, TENSORS):
        return tensor_operation(m, node, op, left, right)
    return m.each(left, lambda a: m.each(right, lambda b: _binary(m, node, op, a, b)))


def _binary(m: Machine, node: ast.expr | ast.stmt, op: ast.operator, left: object, right: object) -> object:
    left, right = m.opaque(left), m.opaque(right)
    if isinstance(left, Instance) and (found := protocols.special(m, left, METHODS.get(type(op), ""), node, right)) is not MISSING:
        return found
    if isinstance(left, TENSORS) or isinstance(right, TENSORS):
        return tensor_operation(m, node, op, left, right)
    if isinstance(left, Unknown) and left in m.open and isinstance(right, Unknown) and right in m.open:
        return tensor_operation(m, node, op, left, right)
    if isinstance(left, Array) or isinstance(right, Array):
        return arrays.elementwise(m, node, op, left, right)
    if isinstance(op, ast.Add):
        added = _add(m, left, right)
        if added is not None:
            return added
    if type(op) in SETS and isinstance(left, (Dict, List)) and type(left) is type(right):
        return _combined(op, left, right)
    if isinstance(op, ast.Pow):
        training.squared(m, left)
    if isinstance(op, ast.Mult):
        left, right = (right, left) if isinstance(left, int) and isinstance(right, (str, bytes, tuple, List)) else (left, right)
        surroundings.multiplied(m, left, right, node)
        if isinstance(left, List):
            _repeated(m, node, left, right)
    if _too_large(op, left, right):
        return Unknown("a value too large to compute")
    if isinstance(op, ast.Mult) and isinstance(left, (tuple, List)) and isinstance(right, int):
        return m.listed(left.items * right) if isinstance(left, List) else left * right
    if isinstance(op, ast.Mod) and isinstance(left, str):
        template = left
        return m.combined(right if isinstance(right, tuple) else (right,), lambda given: texts.percent(m, template, tuple(given)))
    return _of_constants(m, op, left, right)


def _of_constants(m: Machine, op: ast.operator, left: object, right: object) -> object:
    """What an operator makes of constants; of one that is not known, the same unknown value each time."""
    if not (is_constant(left) and is_constant(right)) or (
        isinstance(left, tuple) != isinstance(right, tuple) and not isinstance(right, int)
    ):
        if isinstance(left, Unknown) and is_constant(right):
            return m.derive(left, type(op).__name__, right)
        if isinstance(right, Unknown) and is_constant(left):
            return m.derive(right, type(op).__name__, "reversed", left)
        return weights.computed(m, Unknown("an operand that is not known"), left, right)
    function = BINARY.get(type(op))
    return Unknown("an operator that is not followed") if function is None else computed(function, left, right)


def _repeated(m: Machine, node: ast.expr | ast.stmt, items: List, times: object) -> None:
    """Note a layer that a list is to hold several times. A bool, or what may be one, makes a list of one or none."""
    several = type(times) is int and times > 1
    if not several and isinstance(times, Unknown) and isinstance(node, ast.BinOp):
        counts = [side for side in (node.left, node.right) if not isinstance(side, ast.List)]
        several = bool(counts) and not NUMBERS.isdisjoint(_words(counts[0]))
    for item in items.items if several and len(items.items) == 1 else ():
        if isinstance(item, Layer):
            m.event("repeated", item, {}, node)


NUMBERS: Final = words("n num number count depth len length layers levels blocks stages steps")
"""Words of names that stand for a number."""


def _words(node: ast.expr) -> set[str]:
    named = (part for part in trees.walk(node) if isinstance(part, (ast.Name, ast.Attribute)))
    names = (part.id if isinstance(part, ast.Name) else part.attr for part in named)
    return {word for name in names for word in name.lower().split("_")}


def _combined(op: ast.operator, left: object, right: object) -> object:
    """`dict | dict`, and the operators on sets of constants."""
    if isinstance(left, Dict) and isinstance(right, Dict) and isinstance(op, ast.BitOr):
        return Dict({**left.fields, **right.fields}, left.open or right.open, left.presumed and right.presumed)
    sides = [sequence(side) for side in (left, right)]
    if isinstance(left, Dict) or not all(side is not None and all(map(is_constant, side)) for side in sides):
        return Unknown("a combination of sets that are not known")
    first, second = (dict.fromkeys(side or ()) for side in sides)
    return List({"items": tuple(SETS[type(op)](first, second))})


SETS: Final[dict[type[ast.operator], Callable[[Mapping[object, None], Mapping[object, None]], Iterable[object]]]] = {
    ast.BitAnd: lambda first, second: (key for key in first if key in second),
    ast.BitOr: lambda first, second: {**first, **second},
    ast.BitXor: lambda first, second: (key for key in {**first, **second} if (key in first) is not (key in second)),
    ast.Sub: lambda first, second: (key for key in first if key not in second),
}


def _too_large(op: ast.operator, left: object, right: object) -> bool:
    """Whether the result would be a number, text or list of a size that no program means."""
    if isinstance(left, int) and isinstance(right, int):
        match op:
            case ast.Pow():
                return left.bit_length() * abs(right) > BITS
            case ast.LShift():
                return left.bit_length() + right > BITS
            case ast.Mult():
                return left.bit_length() + right.bit_length() > BITS
    size = _size(left)
    if isinstance(op, ast.Mult) and isinstance(right, int):
        return size * right > SIZE_LIMIT
    return isinstance(op, ast.Add) and isinstance(right, (str, bytes)) and size + _size(right) > SIZE_LIMIT


def _size(value: object) -> int:
    if isinstance(value, str):
        return length(value)
    return len(value.items) if isinstance(value, List) else len(value) if isinstance(value, (bytes, tuple)) else 0


def _add(m: Machine, left: object, right: object) -> object | None:
    if isinstance(left, Variables) or isinstance(right, Variables):
        parts = [side.targets for side in (left, right) if isinstance(side, Variables)]
        return Variables(tuple(target for part in parts for target in part), True)
    if isinstance(left, LayerList) and left.known:
        left = List({"items": tuple(left.layers)})
    if isinstance(right, LayerList) and right.known:
        right = tuple(right.layers)
    if isinstance(left, List) and isinstance(right, (List, tuple)):
        return m.listed(m.chain(left.items, right.items if isinstance(right, List) else right))
    if isinstance(left, tuple) and isinstance(right, tuple):
        return m.chain(left, right)
    return None


def computed(function: Callable[..., object], *values: object) -> object:
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


def operation(
    m: Machine, node: ast.AST, inputs: tuple[Tensor, ...], kind: str, role: str, how: Mapping[str, object] = MappingProxyType({})
) -> Call:
    """A node for an operator or for indexing; `how` decides the shape."""
    origin = m.origin(node)
    layer = Layer(kind, role, is_function=True, family="tf", origin=origin)
    shape, channels = output(kind, how, [(tensor.shape, tensor.channels) for tensor in inputs])
    return m.call(layer, tuple(dict.fromkeys(inputs)), origin, shape=shape, channels=channels)


MIRRORED: Final[Mapping[type[ast.cmpop], type[ast.cmpop]]] = MappingProxyType(
    {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}
)


def compare(m: Machine, op: ast.cmpop, left: object, right: object) -> object:
    """One comparison of two settled values; a test of an unknown against a constant is remembered."""
    negated = isinstance(op, (ast.NotEq, ast.IsNot, ast.NotIn))
    if right is not None and not (isinstance(left, Dotted) and isinstance(right, Dotted)):
        left = m.opaque(left)
    if isinstance(right, Instance):
        right = m.opaque(right)
    if isinstance(op, (ast.In, ast.NotIn)):
        return _member(m, left, right, negated)
    if isinstance(op, (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)):
        equal = _equal(m, left, right, isinstance(op, (ast.Is, ast.IsNot)))
        if isinstance(equal, Unknown):
            return Choice(equal, False, True) if negated else equal
        return equal is not negated
    if is_constant(left) and is_constant(right):
        return computed(COMPARE[type(op)], unmarked(left), unmarked(right))
    if isinstance(right, Unknown) and right in m.places:
        left, right, op = right, left, MIRRORED[type(op)]()
    if isinstance(left, Unknown) and (is_constant(right) or left in m.places):
        found = m.derive(left, type(op).__name__, right)
        if left in m.places:
            m.places.add(found)
        return found
    return Unknown("a comparison with an unknown value")


def _equal(m: Machine, left: object, right: object, identity: bool) -> bool | Unknown:
    if is_constant(left) and is_constant(right):
        return left is right if left is None or right is None else left == right
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Unknown):
            if isinstance(other, Dotted) and other.foreign:
                other = f"<{other.name}>"
            if other is None or isinstance(other, (bool, int, float, str)):
                return m.test("is" if other is None else "==", one, other)
            return Unknown("a comparison with an unknown value")
    if isinstance(left, Dotted) and isinstance(right, Dotted):
        return left.name == right.name or (left.canonical is not None and left.canonical == right.canonical)
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Dotted) and one.canonical is not None and not one.foreign and isinstance(other, (Class, Function)):
            return False
    if isinstance(left, (Dotted, Array, Dataset)) or isinstance(right, (Dotted, Array, Dataset)):
        return (
            False
            if left is None or right is None or isinstance(left, (str, bool)) or isinstance(right, (str, bool))
            else Unknown("an object that is not known")
        )
    if isinstance(left, Instance) and isinstance(right, Instance) and left is not right and "enum" not in (left.cls.plain, right.cls.plain):
        return False if identity else Unknown("a comparison of objects")
    if isinstance(left, List) and isinstance(right, List):
        items = (left.items, right.items)
        return items[0] == items[1] if all(is_constant(part) for part in items) else Unknown("a comparison of lists")
    return left is right


def _member(m: Machine, item: object, container: object, negated: bool) -> object:
    if isinstance(container, Dict) and hashable_key(item) and (not container.open or container.presumed or item in container.fields):
        return (item in container.fields) is not negated
    if isinstance(container, str) and isinstance(item, str):
        return (str(unmarked(item)) in str(unmarked(container))) is not negated
    items = sequence(container)
    if items is None or any(isinstance(part, (Splice, Unknown, Choice)) for part in items):
        return Unknown("membership of a container that is not known")
    if is_constant(item) or isinstance(item, (Dotted, Instance)):
        answers = [_equal(m, item, m.opaque(part) if isinstance(part, Instance) else part, False) for part in items]
        if not any(isinstance(answer, Unknown) for answer in answers):
            return (True in answers) is not negated
    if isinstance(item, Unknown) and all(is_constant(part) for part in items):
        test = m.test("in", item, tuple(items))
        return Choice(test, False, True) if negated else test
    return Unknown("membership of a value that is not known")


UNARY: Final[dict[type[ast.unaryop], Callable[[Any], object]]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}


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


def _function(op: ast.operator) -> Handler:
    def apply(m: Machine, arguments: Arguments, node: ast.Call) -> object:
        return binary(m, node, op, first_argument(arguments), first_argument(arguments, 1))

    return apply


HANDLERS: Final[dict[str, Handler]] = {f"operator.{function.__name__}": _function(op()) for op, function in BINARY.items()}
"""The operators as functions."""


METHODS: Final[dict[type[ast.operator], str]] = {
    **{op: f"__{function.__name__.rstrip('_')}__" for op, function in BINARY.items()},
    ast.MatMult: "__matmul__",
}
"""The special methods of the operators."""


COMPARE: Final[dict[type[ast.cmpop], Callable[[Any, Any], object]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
