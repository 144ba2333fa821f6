"""The state of one analysis: where execution stands and what it has built."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bnlint.graph.model import ABSENT, Arguments, Call, Choice, Event, Gap, Join, Layer, Origin, Shape, Span, Tensor, Turn, Under, Unknown
from bnlint.keras_api.tables import words
from bnlint.keras_api.training import mode
from bnlint.records import dataclass
from bnlint.source.budget import IDLING, Budget
from bnlint.source.files import File, Files
from bnlint.source.joins import WEIGHT, join, weight
from bnlint.source.recordings import Exposed, Recordings
from bnlint.source.values import (
    MISSING,
    TENSORS,
    Cell,
    Class,
    Dataset,
    Deferred,
    Dict,
    Dotted,
    Function,
    Instance,
    List,
    Model,
    Options,
    Part,
    Scope,
    Splice,
)
from bnlint.text import Chunk

if TYPE_CHECKING:
    from bnlint.source.modules import Run
    from bnlint.source.rounds import Rounds
    from bnlint.source.surroundings import Within

DEPTH = 48
"""Nested calls of user functions."""

SUSPENDED = words(
    "attempts budget consulted decided depth epoch frame home landings limit log policy progress root rounds running stack steps tapes "
    "under within"
)
"""What of a machine belongs to the running root."""

SPLICES = 8
"""Elements of a list, each there under a test of its own, beyond which it is not known whether the list is empty."""


@dataclass(slots=True, eq=False)
class Frame:
    """One running function, class body or module."""

    scope: Scope
    chunk: Chunk
    qualified: str
    function: Function | None = None
    owner: Class | None = None
    self: object = None


class Machine(Budget):
    """Holds what handlers read and change. `frame` is the running one; `stack` the call sites that led to it."""

    def __init__(self, files: Files) -> None:
        super().__init__()
        self.files = files
        self.home: File = None  # type: ignore[assignment]  # set before the first statement runs
        self.frame: Frame = None  # type: ignore[assignment]  # set before the first statement runs
        self.stack: tuple[Span, ...] = ()
        self.depth = 0
        self.tapes: tuple[int, ...] = ()
        self.tapes_made = 0
        self.arg_scope: Mapping[object, Mapping[str, object]] = {}
        self.running: list[Function] = []
        self.captures: list[tuple[Layer, dict[str, object]]] = []
        self.rounds: list[Rounds] = []
        self.loading: list[File] = []
        """The modules that are running."""
        self.runs: list[Run] = []
        self.root = Turn()
        self.roots = 0
        self.calls: list[Call] = []
        self.positions: dict[int, int] = {}
        self.events: list[Event] = []
        self.constructions: list[Layer] = []
        self.functions: list[Function] = []
        self.called: list[Function] = []
        self.sites: dict[tuple[str, ...], list[Any]] = {}  # calls by their names, as analysis finds them
        self.leading: dict[int, Function | Class] = {}  # what was opened alone when the function of this node (its id) was called first
        self.classes: list[Class] = []
        self.instances: list[Instance] = []
        self.touched: list[object] = []
        """Objects and models to which something was done, as often as that was."""
        self.exposed: list[Exposed] = []
        """Layers that a loop around would build in each of its rounds."""
        self.models: list[Model] = []
        self.applications: list[Model] = []
        self.derived: dict[tuple[object, ...], object] = {}
        self.derivations: dict[Unknown, tuple[object, ...]] = {}
        """Under which key of `derived` an unknown value stands that follows from others."""
        self.open: dict[Unknown, Tensor] = {}
        self.parameters: set[Unknown] = set()
        self.symbolic: set[Call] = set()
        self.epoch = 0
        self.decided = self.attempts = 0
        self.effects = 0
        """What was done so far that no list shows: objects made and called, imports."""
        self.recordings = Recordings()
        self.flags = Options({})
        self.batches: dict[Unknown, Dataset] = {}
        self.gradients: dict[Unknown, dict[str, object]] = {}
        self.parts: dict[Unknown, Part] = {}
        self.cells: dict[Unknown, Cell] = {}
        self.places: set[Unknown] = set()
        """Where a layer stands in a model, as a number, and how that compares with other numbers."""
        self.slices: set[Unknown] = set()
        self.widths: dict[Unknown, int] = {}
        """How many samples unknown parts of data hold."""
        self.data_format = "channels_last"
        self.policy: object = None
        self.within: tuple[tuple[Within, bool], ...] = ()
        self.outputs: set[Unknown] = set()
        self.weights: set[Unknown] = set()
        """What `get_weights` gave of models that were not given any from elsewhere, and what is computed of it."""
        self.foreign: set[Unknown] = set()
        """What code that is not followed made of nothing from here."""
        self.replicas: set[Unknown] = set()
        self.strategies: dict[Unknown, Within] = {}
        self.training = Unknown("whether the model is training", mode=True)

    @property
    def file(self) -> File:
        """The file whose code is running."""
        return self.files.by_path[self.frame.chunk.path]

    # Where we are ------------------------------------------------------------------------------------------------

    def span(self, node: ast.AST) -> Span:
        given: Span | None = getattr(node, "span", None)
        return self.frame.chunk.span(node) if given is None else given

    def origin(self, node: ast.AST) -> Origin:
        return Origin(self.span(node), self.stack, self.frame.qualified)

    def gap(self, reason: str, node: ast.AST) -> None:
        """Note, once, something that is not seen."""
        if ("gap", reason) not in self.derived:
            self.derived["gap", reason] = True
            self.home.gaps.append(Gap(reason, self.origin(node)))

    def caller(self) -> str | None:
        """The class whose `call` is running, if one is."""
        frame = self.frame
        return frame.owner.name if frame.owner is not None and frame.function is not None and frame.function.name == "call" else None

    # Values that depend on tests -----------------------------------------------------------------------------------

    def settle(self, value: object) -> object:
        """The value, with a Choice decided where the present path decides it."""
        while isinstance(value, Choice):
            outcome = self.decide(value.condition)
            if outcome is None:
                return value
            value = value.if_true if outcome else value.if_false
        return value

    def each(self, value: object, operation: Callable[[object], object]) -> object:
        """The operation on the value; on each alternative of a Choice, joined."""
        value = self.settle(value)
        if not isinstance(value, Choice):
            return operation(value)
        choice = value
        return self.fork(choice.condition, lambda: self.each(choice.if_true, operation), lambda: self.each(choice.if_false, operation))

    def combined(self, values: Iterable[object], operation: Callable[[list[object]], object]) -> object:
        """The operation on the values; on each combination of their alternatives, joined, if there are not too many."""
        settled = [self.settle(value) for value in values]

        def apply(rest: list[object], done: list[object]) -> object:
            return self.each(rest[0], lambda value: apply(rest[1:], [*done, value])) if rest else operation(done)

        return apply(settled, []) if math.prod(map(weight, settled)) <= WEIGHT else Unknown("too many alternatives")

    def opaque(self, value: object) -> object:
        """The value; for what another module holds under a name, the unknown value that it stands for; of an IntEnum, the number."""
        if isinstance(value, Instance) and value.constant is not MISSING:
            return value.constant
        if not isinstance(value, Dotted) or not value.foreign:
            return value
        place = ("foreign", value.name)
        return self.standing(place, Unknown(f"`{value.name}` is not followed"))

    def plain(self, value: object) -> object:
        """The value, settled and opaque."""
        return self.opaque(self.settle(value))

    def derive(self, subject: Unknown, *how: object) -> Unknown:
        """The unknown that an operation makes of an unknown; the same operation gives the same unknown."""
        place = (subject, *how)
        try:
            found = self.derived.get(place)
        except TypeError:
            return Unknown(subject.reason, mode=subject.mode)
        if not isinstance(found, Unknown):
            found = self.standing(place, Unknown(subject.reason, mode=subject.mode))
            if subject in self.foreign:
                self.foreign.add(found)
            if subject in self.batches:
                self.batches[found] = self.batches[subject]
            if subject in self.gradients:
                self.gradients[found] = self.gradients[subject]
            if subject in self.weights:
                self.weights.add(found)
        return found

    def test(self, operator: str, subject: Unknown, constant: object) -> Unknown:
        """The unknown outcome of `subject == constant` ("==", "is", "in")."""
        place = ("test", operator, subject, type(constant), constant)
        try:
            found = self.derived.get(place)
        except TypeError:
            return Unknown(subject.reason, mode=subject.mode)
        if not isinstance(found, Unknown):
            found = self.standing(place, Unknown(subject.reason, test=(operator, subject, constant), mode=subject.mode))
        return found

    def standing(self, place: tuple[object, ...], made: Unknown) -> Unknown:
        """The unknown value that stands for something that follows from others: the same each time."""
        found = self.derived.setdefault(place, made)
        if found is made:
            self.derivations[made] = place
        assert isinstance(found, Unknown)
        return found

    def is_noted(self, value: Unknown) -> bool:
        """Whether more is known of an unknown value than what it says itself, and that it is foreign."""
        if value is self.training or value in self.batches or value in self.outputs or value in self.gradients:
            return True
        if value in self.parts or value in self.places or value in self.cells or value in self.slices or value in self.widths:
            return True
        return value in self.replicas or value in self.strategies or value in self.weights

    def branch(self, test: object, first: Callable[[], object], second: Callable[[], object]) -> object:
        """Run `first` if the test holds, `second` if not, both (joined) if that is not known."""
        test = self.plain(test)
        if isinstance(test, Choice):
            choice = test
            return self.fork(
                choice.condition,
                lambda: self.branch(choice.if_true, first, second),
                lambda: self.branch(choice.if_false, first, second),
            )
        if isinstance(test, Unknown):
            return self.fork(test, first, second)
        known = truth(test)
        if known is None and isinstance(test, List) and len(test.items) <= SPLICES:
            # Nothing but Splices: whether there is an element is asked of one after the other.
            splice, rest = test.items[0], test.items[1:]
            assert isinstance(splice, Splice)
            return self.fork(
                splice.condition,
                lambda: self.branch(List({"items": (*splice.if_true, *rest)}), first, second),
                lambda: self.branch(List({"items": (*splice.if_false, *rest)}), first, second),
            )
        if known is None:
            return self.fork(Unknown("the truth of a value that is not known"), first, second)
        return first() if known else second()

    def chain(self, *runs: tuple[object, ...]) -> tuple[object, ...]:
        """Runs of elements as one. Long ones are charged to the budget before they are made: the log of writes keeps them all."""
        self.spend(sum(map(len, runs)) // 32)
        return tuple(item for run in runs for item in run)

    def listed(self, items: tuple[object, ...]) -> List:
        """A new list."""
        made = List({"items": items})
        self.arise(made.fields)
        return made

    # Names ---------------------------------------------------------------------------------------------------------

    def bind(self, name: str, value: object) -> None:
        scope = self.frame.scope
        if name in scope.globals:
            self.effects += 1
            self.recordings.found.clear()
            while scope.parent is not None:
                scope = scope.parent
        elif name in scope.nonlocals:
            found = scope.parent
            while found is not None and (found.is_class or name not in found.names):
                found = found.parent
            scope = found or scope
        self.write(scope.names, name, value)

    def lookup(self, name: str) -> object:
        """What a name is bound to; MISSING if nothing visible binds it but, perhaps, a star import."""
        scope = self.frame.scope
        found = scope.names.get(name, MISSING)
        while found is MISSING:
            if scope.parent is None:
                return MISSING
            scope = scope.parent
            if not scope.is_class:
                found = scope.names.get(name, MISSING)
        return found.get() if isinstance(found, Deferred) else found

    @contextmanager
    def suspended(self, home: File, frame: Frame) -> Iterator[None]:
        """Leave what runs alone and begin anew at `frame`, for the sake of `home`; in the end all is as it was, but what was built."""
        saved = {name: getattr(self, name) for name in SUSPENDED}
        self.home, self.frame, self.stack, self.depth, self.tapes, self.under, self.steps, self.decided = home, frame, (), 0, (), {}, 0, 0
        self.attempts, self.policy, self.within = 0, home.policy, ()
        self.running, self.rounds, self.log, self.consulted, self.landings = [], [], [], [], {kind: [] for kind in self.landings}
        try:
            yield
        finally:
            for name, value in saved.items():
                setattr(self, name, value)

    @contextmanager
    def entered(self, frame: Frame, site: Span | None = None) -> Iterator[None]:
        """Run in another frame; `site` is the call that leads there."""
        outer, stack = self.frame, self.stack
        self.frame = frame
        if site is not None:
            self.stack = (*stack, site)
        self.depth += 1
        try:
            yield
        finally:
            self.frame, self.stack = outer, stack
            self.depth -= 1

    def mark_called(self, function: Function) -> None:
        if not function.called:
            function.called = True
            self.called.append(function)

    # What is built ---------------------------------------------------------------------------------------------------

    def call(
        self,
        layer: Layer,
        inputs: tuple[Tensor, ...],
        origin: Origin,
        *,
        training: object = ABSENT,
        shape: Shape = None,
        channels: int | None = None,
        hole: Span | None = None,
        owner: str | None = None,
    ) -> Call:
        """Add a node to the graph."""
        self.spend()
        self.built += layer.role not in IDLING
        made = Call(layer, inputs, mode(training), shape, channels, self.tests(), hole, owner, self.decided, origin)
        self.calls.append(made)
        return made

    def in_order(self, wanted: set[int]) -> tuple[Call, ...]:
        """Those of the calls whose ids are wanted, in topological order."""
        for position in range(len(self.positions), len(self.calls)):
            self.positions[id(self.calls[position])] = position
        return tuple([self.calls[position] for position in sorted([self.positions[each] for each in wanted if each in self.positions])])

    def forget(self, start: int) -> list[Call]:
        """Take the calls since `start` out of the graph."""
        taken = self.calls[start:]
        for call in taken:
            self.positions.pop(id(call), None)
        del self.calls[start:]
        return taken

    def event(
        self,
        kind: str,
        target: object,
        args: Mapping[str, object],
        node: ast.AST | Origin,
        arguments: Arguments | None = None,
        tape: int | None = None,
        under: Under | None = None,
    ) -> Event:
        """Note something that is done; `tape` is the innermost that records, and `under` what holds now, unless given."""
        origin = node if isinstance(node, Origin) else self.origin(node)
        tape = tape if tape is not None else self.tapes[-1] if self.tapes else None
        self.built += 1
        tests = self.tests() if under is None else under
        made = Event(kind, target, args, len(self.events), tests, tape, arguments or Arguments(), origin, self.root)
        self.events.append(made)
        self.home.events.append(made)
        return made

    def tensor(self, value: object, node: ast.AST) -> Tensor | None:
        """The value as a tensor: an open input for what is unknown; None for what is certainly no tensor."""
        value = self.settle(value)
        if isinstance(value, TENSORS):
            return value
        if isinstance(value, Choice):
            first, second = self.tensor(value.if_true, node), self.tensor(value.if_false, node)
            if first is None or second is None:
                return first or second
            joined = join(value.condition, first, second)
            assert isinstance(joined, (Call, Join))
            return joined
        if isinstance(value, Unknown):
            if value not in self.open:
                under, self.under = self.under, {}
                self.open[value] = self.call(
                    Layer("unknown", "unknown", name=value.reason, is_function=True, family="unknown", origin=self.origin(node)),
                    (),
                    self.origin(node),
                )
                self.under = under
            return self.open[value]
        return None


Handler = Callable[[Machine, Arguments, ast.Call], object]
"""What runs a call of a library function."""


def truth(value: object) -> bool | None:
    """Python's truth of a value; None where that depends on something unseen."""
    if isinstance(value, List):
        if any(not isinstance(item, Splice) for item in value.items):
            return True
        return None if value.items else False
    if isinstance(value, Dict):
        return None if value.open and not value.presumed else bool(value.fields)
    if isinstance(value, (Unknown, Choice)):
        return None
    if isinstance(value, tuple):
        return len(value) > 0
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return bool(value)
    if isinstance(value, Instance) and value.cls.plain == "mapping":
        return bool(value.fields)
    if isinstance(value, Instance) and any(isinstance(value.cls.find(name), Function) for name in ("__bool__", "__len__")):
        return None
    return True
