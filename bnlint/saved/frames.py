"""What a fetch of some outputs runs: the operations of the main graph and of the functions that it calls.

A function is entered where it is called: its arguments are what the call gives it, its results are what the call gives back. So a
frame stands for one call, and an input is found by going from frame to frame. Of the main graph that is run on which the outputs
depend; of a function everything, for what it does on the side (assignments) is why it is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from bnlint.records import dataclass, field
from bnlint.saved.arrays import Array, small
from bnlint.saved.graphdef import Body, Graph, Node
from bnlint.saved.operations import Operation, Source
from bnlint.saved.wire import WireError

OPERATIONS: Final = 100_000
"""No more are entered. InceptionResNetV2 has 5,000; a function that calls two that call two … has as many as one likes."""

STEPS: Final = 10_000
"""From frame to frame, for one input. More is a circle."""

CALLS: Final[Mapping[str, str]] = {"PartitionedCall": "f", "StatefulPartitionedCall": "f", "RemoteCall": "f"}
"""Operations that stand for what a function does, and the attribute that names it."""

BRANCHES: Final[Mapping[str, tuple[str, ...]]] = {
    "If": ("then_branch", "else_branch"),
    "StatelessIf": ("then_branch", "else_branch"),
    "While": ("cond", "body"),
    "StatelessWhile": ("cond", "body"),
}
"""Operations that run functions, perhaps, or again and again: they stay operations, and their functions feed them."""

TESTS: Final = ("If", "StatelessIf")
"""Those whose first input says which."""


@dataclass(slots=True, eq=False)
class Frame:
    """A function as one call enters it, or the main graph.

    `caller` and `call` say from where, `skip` how many inputs the call keeps for itself; `certain` is False below a test that is open.
    `bound` are the variables that arguments stand for; `callees` the frames of the calls within; `known` the inputs that were found.
    """

    body: Body
    caller: Frame | None = None
    call: Node | None = None
    skip: int = 0
    certain: bool = True
    bound: Mapping[int, Array] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    callees: dict[str, Frame] = field(default_factory=dict)
    known: dict[str, Source | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What a fetch runs: its operations, where the fetched outputs come from, and what is done under a test only."""

    operations: tuple[Operation, ...]
    outputs: tuple[Source, ...]
    uncertain: frozenset[Operation]


Bound = Callable[[str, int], Mapping[int, Array]]
"""By the name of a function and the number of its arguments the variables that these stand for, by their positions."""


def run(graph: Graph, outputs: Iterable[str], bound: Bound) -> Run:
    """The operations that give the outputs ("node:0"), and all that they do beside. Raises WireError."""
    fetched = tuple(outputs)
    frames = [Frame(Body(_needed(graph.nodes, fetched)))]
    branches: list[tuple[Operation, Frame]] = []
    count = known = 0
    for frame in frames:  # grows
        count += len(frame.body.nodes)
        if count > OPERATIONS:
            raise WireError(f"runs more than {OPERATIONS:,} operations")
        for node in frame.body.nodes.values():
            frame.operations[node.name] = Operation(node.name, node.kind, node.attributes)
        for node in frame.body.nodes.values():
            name, skip = _function(graph, frame, node)
            if name is not None:
                frame.callees[node.name] = _enter(graph, name, frame, node, bound, skip)
            else:
                branches += [(frame.operations[node.name], branch) for branch in _branches(graph, frame, node, bound)]
        for name in frame.callees:
            del frame.operations[name]
        frames += frame.callees.values()
        frames += [branch for _, branch in branches[known:]]
        known = len(branches)
    for frame in frames:
        frame.known.clear()  # what was found before all calls were entered
        for name, operation in frame.operations.items():
            operation.inputs = tuple(_source(frame, given) for given in _data(frame.body.nodes[name]))
    for operation, branch in branches:
        operation.inputs += tuple(_source(branch, given) for given in branch.body.results)
    found = [_source(frames[0], output) for output in fetched]
    return Run(
        tuple(operation for frame in frames for operation in frame.operations.values()),
        tuple(source for source in found if source is not None),
        frozenset(operation for frame in frames if not frame.certain for operation in frame.operations.values()),
    )


def _needed(nodes: Mapping[str, Node], fetched: Iterable[str]) -> dict[str, Node]:
    """The nodes on which outputs depend."""
    found: dict[str, Node] = {}
    stack = [output.partition(":")[0] for output in fetched]
    while stack:
        name = stack.pop()
        if name in nodes and name not in found:
            found[name] = nodes[name]
            stack += [given.removeprefix("^").partition(":")[0] for given in nodes[name].inputs]
    return found


def _function(graph: Graph, frame: Frame, node: Node) -> tuple[str | None, int]:
    """The function for which a node stands whole, and how many inputs it keeps for itself: a call, or a test of a constant."""
    name: object = node.attributes.get(CALLS[node.kind]) if node.kind in CALLS else node.kind
    skip = 0
    if node.kind in TESTS:
        truth = _constant(frame, next(iter(_data(node)), ""))
        name = None if truth is None else node.attributes.get(BRANCHES[node.kind][0 if truth else 1])
        skip = 1
    return (name if isinstance(name, str) and name in graph.functions else None), skip


def _constant(frame: Frame, given: str) -> bool | None:
    """The truth of a constant; None for what is none."""
    source = _source(frame, given)
    array = source.operation.attributes.get("value") if source is not None and source.operation.kind == "Const" else None
    values = small(array) if isinstance(array, Array) else ()
    return bool(values[0]) if len(values) == 1 else None


def _branches(graph: Graph, frame: Frame, node: Node, bound: Bound) -> Iterator[Frame]:
    """The frames of the functions that an operation runs, perhaps."""
    tests = node.kind in TESTS
    for attribute in BRANCHES.get(node.kind, ()):
        name = node.attributes.get(attribute)
        if isinstance(name, str) and name in graph.functions:
            yield _enter(graph, name, frame, node, bound, int(tests), certain=not tests)


def _enter(graph: Graph, name: str, caller: Frame, call: Node, bound: Bound, skip: int = 0, certain: bool = True) -> Frame:
    body = graph.body(name)
    return Frame(body, caller, call, skip, caller.certain and certain, bound(name, len(body.arguments)))


def _data(node: Node) -> list[str]:
    """The inputs of a node that are data: not what must only have run before."""
    return [given for given in node.inputs if not given.startswith("^")]


def _source(frame: Frame, given: str) -> Source | None:
    """Where an input comes from: out of functions that were called, and to the callers of this one. None where it does not exist."""
    way: list[tuple[Frame, str]] = []
    while given not in frame.known:
        way.append((frame, given))
        if len(way) > STEPS:
            raise WireError("hands a value round in a circle")
        found = _step(frame, given)
        if not isinstance(found, tuple):
            break
        frame, given = found
    else:
        found = frame.known[given]
    for each, name in way:
        each.known[name] = found
    return found


def _step(frame: Frame, given: str) -> tuple[Frame, str] | Source | None:
    """Where an input is found, or in which frame to look for what."""
    name, _, port = given.partition(":")
    label, _, index = port.rpartition(":")
    position = int(index) if index.isdecimal() and len(index) < 10 else 0
    if name in frame.body.arguments:
        argument = frame.body.arguments[name]
        if argument in frame.bound:
            array = frame.bound[argument]
            return Source(Operation(array.name, "VarHandleOp", array=array))
        inputs = _data(frame.call) if frame.call is not None else []
        argument += frame.skip
        return (frame.caller, inputs[argument]) if frame.caller is not None and argument < len(inputs) else None
    if name in frame.callees:
        callee = frame.callees[name]
        return (callee, callee.body.results[position]) if position < len(callee.body.results) else None
    return Source(frame.operations[name], label or position) if name in frame.operations else None
