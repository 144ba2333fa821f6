"""Values that depend on tests, and what is known of unknown ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from bnlint.graph.model import Call, Choice, Tensor, Unknown
from bnlint.source.budget import Budget
from bnlint.source.joins import WEIGHT, weight
from bnlint.source.values import MISSING, Cell, Dataset, Dict, Dotted, Function, Instance, List, Part, Splice, Variables

if TYPE_CHECKING:
    from bnlint.source.surroundings import Within

SPLICES = 8
"""Elements of a list, each there under a test of its own, beyond which it is not known whether the list is empty."""


class Unknowns(Budget):
    """Decides tests, runs what depends on them on each path, and keeps what is known of unknown values."""

    def __init__(self) -> None:
        super().__init__()
        self.derived: dict[tuple[object, ...], object] = {}
        self.derivations: dict[Unknown, tuple[object, ...]] = {}
        """Under which key of `derived` an unknown value stands that follows from others."""
        self.open: dict[Unknown, Tensor] = {}
        self.parameters: set[Unknown] = set()
        self.batches: dict[Unknown, Dataset] = {}
        self.gradients: dict[Unknown, dict[str, object]] = {}
        self.steppers: dict[Unknown, Variables] = {}
        """Optimizers of torch, which are made for the variables that their `step` changes."""
        self.parts: dict[Unknown, Part] = {}
        self.cells: dict[Unknown, Cell] = {}
        self.places: set[Unknown] = set()
        """Where a layer stands in a model, as a number, and how that compares with other numbers."""
        self.turns: dict[Unknown, tuple[Unknown, int]] = {}
        """Of a test whether a loop goes on: how often it runs, and how often it did."""
        self.lengths: dict[Unknown, Unknown] = {}
        """How often the loop ran that made lists of such lengths."""
        self.slices: set[Unknown] = set()
        self.widths: dict[Unknown, int] = {}
        """How many samples unknown parts of data hold."""
        self.outputs: set[Unknown] = set()
        self.weights: set[Unknown] = set()
        """What `get_weights` gave of models that were not given any from elsewhere, and what is computed of it."""
        self.foreign: set[Unknown | Call] = set()
        """What code that is not followed made of nothing from here but inputs."""
        self.replicas: set[Unknown] = set()
        self.strategies: dict[Unknown, Within] = {}
        self.training = Unknown("whether the model is training", mode=True)

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
        if math.prod(map(weight, settled)) > WEIGHT:
            return Unknown("too many alternatives")
        return self._combined(settled, [], operation)

    def _combined(self, rest: list[object], done: list[object], operation: Callable[[list[object]], object]) -> object:
        if not rest:
            return operation(done)
        return self.each(rest[0], lambda value: self._combined(rest[1:], [*done, value], operation))

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
        return value in self.replicas or value in self.strategies or value in self.weights or value in self.steppers

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
