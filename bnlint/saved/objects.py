"""The graph of Python objects that TensorFlow saves beside the graph of operations: who holds which variable under which name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from bnlint.records import dataclass, field
from bnlint.saved import Unreadable
from bnlint.saved.arrays import Array
from bnlint.saved.bundle import DTYPES, Checkpoint
from bnlint.saved.graphdef import shape
from bnlint.saved.groups import PARAMETERS, STATISTICS
from bnlint.saved.wire import Message, WireError

VALUE: Final = "VARIABLE_VALUE"
OBJECTS: Final = 1_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Objects:
    """By their numbers the objects: whom each holds under which name, and the arrays of those that are variables. 0 is the root."""

    children: tuple[Mapping[str, int], ...]
    variables: Mapping[int, Array] = field(default_factory=dict)
    metadata: Mapping[int, str] = field(default_factory=dict)
    """What Keras 2 wrote of an object, as JSON (TensorFlow up to 2.4)."""
    bound: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """By the name of a function the objects that its last arguments stand for."""

    def held(self, number: int) -> Mapping[str, int]:
        """Whom an object holds; nobody where there is no such object."""
        return self.children[number] if 0 <= number < len(self.children) else {}

    def walk(self) -> Iterator[tuple[int, str]]:
        """Every object that the root leads to, once, with the shortest path there."""
        seen = {0} if self.children else set()
        level = [(0, "")] if self.children else []
        while level:
            deeper: list[tuple[int, str]] = []
            for number, path in level:
                yield number, path
                for name, child in self.children[number].items():
                    if child not in seen:
                        seen.add(child)
                        deeper.append((child, f"{path}/{name}" if path else name))
            level = deeper

    def arguments(self, function: str, count: int) -> Mapping[int, Array]:
        """The variables that stand for the last of the `count` arguments of a function, by the positions of these."""
        objects = self.bound.get(function, ())
        start = count - len(objects)
        return {start + position: self.variables[number] for position, number in enumerate(objects) if number in self.variables}

    def holders(self) -> Iterator[tuple[int, str, dict[str, Array]]]:
        """The objects that hold moving statistics: number, path, and their arrays by name."""
        for number, path in self.walk():
            held = self.children[number]
            arrays = {name: self.variables[held[name]] for name in PARAMETERS if held.get(name) in self.variables}
            if all(name in arrays for name in STATISTICS):
                yield number, path, arrays


def of_savedmodel(message: Message, checkpoint: Checkpoint | None, missing: str) -> Objects:
    """The SavedObjectGraph of a SavedModel. `missing` says why there is no checkpoint. Raises WireError."""
    nodes = list(message.messages(1))
    children = _children(nodes)
    keys = {} if checkpoint is None else _keys(children, checkpoint.objects)
    variables: dict[int, Array] = {}
    metadata: dict[int, str] = {}
    for number, node in enumerate(nodes):
        if node.has(7):
            variable = node.message(7)
            name = variable.text(6).removesuffix(":0")
            found = None if checkpoint is None else checkpoint.array(keys.get(number, ""), name)
            sizes = tuple(size or 0 for size in shape(variable.message(2)) or ())
            variables[number] = found or absent(name, sizes, DTYPES.get(variable.integer(1), "unknown"), missing)
        elif node.has(4):
            metadata[number] = node.message(4).text(3)
    bound = {name: tuple(function.integers(2)) for name, function in message.mapping(2).items()}
    return Objects(children, variables, {number: text for number, text in metadata.items() if text}, bound)


def of_checkpoint(checkpoint: Checkpoint) -> Objects:
    """The TrackableObjectGraph that a checkpoint holds; nothing where it goes by names only. Raises WireError, Unreadable."""
    nodes = list(checkpoint.objects.messages(1))
    variables = {}
    for number, node in enumerate(nodes):
        for attribute in node.messages(2):
            array = checkpoint.array(attribute.text(3), attribute.text(2)) if attribute.text(1) == VALUE else None
            if array is not None:
                variables[number] = array
    return Objects(_children(nodes), variables)


def _children(nodes: list[Message]) -> tuple[Mapping[str, int], ...]:
    if len(nodes) > OBJECTS:
        raise WireError(f"holds more than {OBJECTS:,} objects")
    children = tuple({child.text(2): child.integer(1) for child in node.messages(1)} for node in nodes)
    if any(not 0 <= child < len(nodes) for held in children for child in held.values()):
        raise WireError("holds an object that holds one which does not exist")
    return children


def _keys(children: tuple[Mapping[str, int], ...], message: Message) -> dict[int, str]:
    """By the number of an object in a SavedModel the key of its value in the checkpoint, whose objects may be numbered otherwise."""
    nodes = list(message.messages(1))
    saved = _children(nodes)
    pairs = {0: 0} if children and saved else {}
    stack = list(pairs)
    while stack:
        mine = stack.pop()
        theirs = saved[pairs[mine]]
        for name, child in children[mine].items():
            if name in theirs and child not in pairs:
                pairs[child] = theirs[name]
                stack.append(child)
    return {
        mine: attribute.text(3) for mine, theirs in pairs.items() for attribute in nodes[theirs].messages(2) if attribute.text(1) == VALUE
    }


def absent(name: str, sizes: tuple[int, ...], dtype: str, missing: str) -> Array:
    """A variable whose value is not there."""

    def load() -> bytes:
        raise Unreadable(missing or f"holds no value of {name!r}")

    return Array(name, sizes, dtype, load)
