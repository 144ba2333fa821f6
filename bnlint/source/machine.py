"""The state of one analysis: where execution stands and what it has built."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bnlint.graph.model import ABSENT, Arguments, Call, Choice, Event, Gap, Join, Layer, Origin, Shape, Span, Tensor, Turn, Under, Unknown
from bnlint.keras_api.tables import words
from bnlint.keras_api.training import mode
from bnlint.records import dataclass
from bnlint.source.budget import IDLING
from bnlint.source.files import File, Files
from bnlint.source.joins import join
from bnlint.source.recordings import MAKEABLE, Exposed, Recordings
from bnlint.source.unknowns import Unknowns
from bnlint.source.values import (
    MISSING,
    TENSORS,
    Class,
    Deferred,
    Function,
    Instance,
    List,
    Model,
    Options,
    Scope,
)
from bnlint.text import Chunk

if TYPE_CHECKING:
    from bnlint.source.modules import Run
    from bnlint.source.rounds import Rounds
    from bnlint.source.surroundings import Within

DEPTH = 48
"""Nested calls of user functions."""

EASY = 8
"""Things done to models, in one file, for which one more costs a step more: what comes before what is asked of each pair of them."""

OF_LAYERS = MAKEABLE | {"built", "captured"}
"""Events that tell of layers, and of nothing that is done to a model."""

SUSPENDED = words(
    "attempts budget consulted decided depth entries epoch frame grace home landings limit log patient policy progress root rounds running "
    "stack steps tapes under within"
)
"""What of a machine belongs to the running root."""


@dataclass(slots=True, eq=False)
class Frame:
    """One running function, class body or module."""

    scope: Scope
    chunk: Chunk
    qualified: str
    function: Function | None = None
    owner: Class | None = None
    self: object = None


class Machine(Unknowns):
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
        self.scopes: set[Scope] = set()
        """Those in which functions and classes were made."""
        self.called: list[Function] = []
        self.sites: dict[tuple[str, ...], list[Any]] = {}  # calls by their names, as analysis finds them: those that it has not seen run
        self.leading: dict[int, Function | Class] = {}  # what was opened alone when the function of this node (its id) was called first
        self.classes: list[Class] = []
        self.instances: list[Instance] = []
        self.touched: list[object] = []
        """Objects and models to which something was done, as often as that was."""
        self.exposed: list[Exposed] = []
        """Layers that a loop around would build in each of its rounds."""
        self.models: list[Model] = []
        self.applications: list[Model] = []
        self.symbolic: set[Call] = set()
        self.epoch = 0
        self.decided = self.attempts = 0
        self.effects = 0
        """What was done so far that no list shows: objects made and called, imports."""
        self.recordings = Recordings()
        self.flags = Options({})
        self.data_format = "channels_last"
        self.policy: object = None
        self.within: tuple[tuple[Within, bool], ...] = ()

    @property
    def file(self) -> File:
        """The file whose code is running."""
        return self.files.by_path[self.frame.chunk.path]

    def close(self) -> None:
        """Take apart what holds itself: all of it is freed at once then, which takes a tenth of the time that it takes to look for it."""
        for file in self.files.by_path.values():
            file.scope.names.clear()
            file.imported.clear()
            for chunk in file.chunks:
                chunk.forget()
        for scope in self.scopes:
            scope.names.clear()
        for cls in self.classes:
            for instance in cls.instances:
                instance.fields.clear()
            cls.instances.clear()
            cls.order.clear()

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
        if name in self.frame.scope.globals:
            self.recordings.held.written([(scope.names, name)])

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
        self.entries = []
        try:
            yield
        finally:
            for name, value in saved.items():
                setattr(self, name, value)

    def here(self) -> tuple[int, tuple[object, ...]]:
        """What is to be restored where a call is given up that begins now."""
        return len(self.log), (self.attempts, self.decided, self.policy, self.tapes, self.under, self.within)

    def return_to(self, here: tuple[int, tuple[object, ...]]) -> None:
        """Go on behind a call that began `here` and is given up: all that it wrote is undone."""
        mark, (self.attempts, self.decided, self.policy, self.tapes, self.under, self.within) = here  # type: ignore[assignment]
        self.rollback(mark)
        self.extend()

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

    def one_of(self, test: object, first: Callable[[], object], second: Callable[[], object]) -> object:
        """Run one of two parts of the code, both where the test is not known; what they build is an option, even where it is known."""
        self.decided += 1
        try:
            return self.branch(test, first, second)
        finally:
            self.decided -= 1

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
        if kind not in OF_LAYERS:
            self.home.done += 1
            self.spend(self.home.done // EASY)
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
