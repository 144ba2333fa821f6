"""TensorFlow's GraphDef as it is written: nodes, functions, and the values of their attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Final

from bnlint.keras_api.tables import words
from bnlint.records import dataclass, field
from bnlint.saved.arrays import LONGEST, Array, decode
from bnlint.saved.bundle import DTYPES
from bnlint.saved.wire import Message

ATTRIBUTES: Final = words(
    "body cond data_format dilations else_branch epsilon f is_training keep_dims ksize padding shape shared_name strides then_branch "
    "transpose_b value"
)
"""What is read of an operation; all else is not looked at."""

BARE: Final = words("Add AddV2 AssignVariableOp BiasAdd Identity Mul NoOp ReadVariableOp Relu Relu6 Rsqrt Shape Sigmoid Sub")
"""The operations that are most frequent, of which no attribute is read at all."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A node as written."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A function, or the main graph: nodes by name, the positions of the arguments, and the inputs that are its results."""

    nodes: Mapping[str, Node]
    arguments: Mapping[str, int] = field(default_factory=dict)
    results: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Graph:
    """A GraphDef."""

    message: Message
    bodies: dict[str, Body] = field(default_factory=dict)
    """By name the functions that were read."""

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        return {node.name: node for node in map(_node, self.message.messages(1))}

    @cached_property
    def functions(self) -> Mapping[str, Message]:
        """By name the functions, unread but for that."""
        return {found.message(1).text(1): found for found in self.message.message(2).messages(1)}

    def body(self, name: str) -> Body:
        """What a function does."""
        if name not in self.bodies:
            function = self.functions[name]
            signature = function.message(1)
            returned = {entry.text(1): entry.text(2) for entry in function.messages(4)}
            self.bodies[name] = Body(
                {node.name: node for node in map(_node, function.messages(3))},
                {argument.text(1): position for position, argument in enumerate(signature.messages(2))},
                tuple(returned.get(result.text(1), "") for result in signature.messages(3)),
            )
        return self.bodies[name]


def _node(message: Message) -> Node:
    name, kind = message.text(1), message.text(2)
    wanted = {}
    for entry in message.messages(5) if kind not in BARE else ():
        key = entry.text(1)
        if key in ATTRIBUTES:
            wanted[key] = _attribute(entry.message(2), name)
    return Node(name, kind, tuple(message.texts(3)), wanted)


def _attribute(value: Message, name: str) -> object:
    """An AttrValue in Python's terms; a tensor as an Array, a function as its name, None for what is not read."""
    if value.has(1):
        listed = value.message(1)
        return tuple(listed.texts(2) or listed.integers(3))
    if value.has(7):
        return shape(value.message(7))
    if value.has(8):
        return tensor(value.message(8), name)
    readers: tuple[tuple[int, Callable[[int], object]], ...] = (
        (2, value.text),
        (3, value.integer),
        (4, value.real),
        (5, lambda number: bool(value.integer(number))),
        (10, lambda number: value.message(number).text(1)),
    )
    return next((reader(number) for number, reader in readers if value.has(number)), None)


def shape(message: Message) -> tuple[int | None, ...] | None:
    """A TensorShapeProto: None for a size that is open, and for an unknown rank."""
    if message.integer(3):
        return None
    return tuple(None if size < 0 else size for size in (dimension.integer(1) for dimension in message.messages(2)))


def tensor(message: Message, name: str) -> Array:
    """A TensorProto."""
    sizes = tuple(size or 0 for size in shape(message.message(2)) or ())
    dtype = DTYPES.get(message.integer(1), "unknown")
    if message.has(4):
        return Array(name, sizes, dtype, lambda: message.views(4)[-1])

    def load() -> list[float]:
        listed = [*_reals(message, 5, "float32"), *_reals(message, 6, "float64")]
        listed += [float(value) for number in (7, 10, 11) for value in message.integers(number)]
        missing = min(array.length, LONGEST) - len(listed)
        return listed + listed[-1:] * missing  # what is left out is as the last one

    array = Array(name, sizes, dtype, load)
    return array


def _reals(message: Message, number: int, dtype: str) -> Iterator[float]:
    """Floats, packed or not."""
    for view in message.views(number):
        yield from decode(view, dtype)
