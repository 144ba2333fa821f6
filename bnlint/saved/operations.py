"""Operations: what a graph of TensorFlow or ONNX consists of, before it is known which of them make a layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bnlint.records import dataclass, field
from bnlint.saved.arrays import Array


@dataclass(slots=True, eq=False)
class Operation:
    """One operation. `kind` is what its format calls it; `attributes` what is set, in Python's terms (absent: the format's default).

    `array` is what a constant, or a variable that is read, holds. An input is None where nothing is given, or what is given is not found.
    """

    name: str
    kind: str
    attributes: Mapping[str, object] = field(default_factory=dict)
    array: Array | None = None
    inputs: tuple[Source | None, ...] = field(default=(), repr=False)

    def input(self, position: int) -> Source | None:
        """An input by its position; None beyond the last one."""
        return self.inputs[position] if -len(self.inputs) <= position < len(self.inputs) else None


@dataclass(frozen=True, slots=True)
class Source:
    """One output of an operation."""

    operation: Operation
    port: int | str = 0


def fed(operations: Iterable[Operation], entries: Iterable[Operation], stops: Callable[[Operation], bool]) -> set[Operation]:
    """The operations through which the data flows that enters at `entries`; what is a `stop` (the shape of something) lets none through."""
    users: dict[Operation, list[Operation]] = {}
    for operation in operations:
        for source in operation.inputs:
            if source is not None:
                users.setdefault(source.operation, []).append(operation)
    found = set(entries)
    stack = list(found)
    while stack:
        for user in users.get(stack.pop(), ()):
            if user not in found and not stops(user):
                found.add(user)
                stack.append(user)
    return found
