"""Whether two calls of a function are the same: it cannot tell their arguments apart, but for names of layers."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any, Final

from bnlint.graph.model import Call, Choice, Join, Layer, Shape, Unknown
from bnlint.records import dataclass, field
from bnlint.source import surroundings, trees
from bnlint.source.machine import Machine
from bnlint.source.spelling import Hole
from bnlint.source.values import (
    MISSING,
    Bound,
    Class,
    Dict,
    Dotted,
    Fields,
    Function,
    Instance,
    List,
    Model,
    Partial,
    Placed,
    Scope,
    Splice,
    is_constant,
)

STEPS = 256
"""What a function is taken to cost that was not entered yet."""

CLOSURES = 8
"""Inner functions among the arguments of a call that are looked into."""


class _Strange(Exception):
    """A value by which two calls cannot be compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """A name in an object or a dict. `owner` is the class, or the function that got the dict."""

    owner: object
    fields: Fields
    name: object
    hole: Hole


@dataclass(slots=True, eq=False)
class Asked:
    """A call: its `key` is that of every call that is the same.

    `holes` are the names that it was given, by parameter, or by object and attribute; `things` are the tensors, layers, lists, dicts and
    objects in its arguments, and the unknown values there, in the order in which they were met. `noted` are the ids of unknown values that
    are no others in another call, `scopes` those of what inner functions can write to. `around` is what is taken for granted besides, and
    has nothing to do with the arguments.
    """

    m: Machine
    function: Function
    patience: int
    """Values that may be looked at."""
    key: tuple[object, ...] = ()
    holes: dict[object, Hole] = field(default_factory=dict)
    things: list[object] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    noted: set[int] = field(default_factory=set)
    scopes: set[int] = field(default_factory=set)
    named: list[Named] = field(default_factory=list)
    closures: int = 0
    around: dict[Unknown, bool] = field(default_factory=dict)

    def place(self, thing: object) -> int:
        """The number of a thing."""
        found = self.places.get(id(thing))
        if found is None:
            found = self.places[id(thing)] = len(self.things)
            self.things.append(thing)
        return found

    def part(self, value: object) -> object:
        """What is equal for two values that cannot be told apart."""
        if value is None or isinstance(value, (bool, int, float, str)):
            return type(value), value
        self.patience -= 1
        if self.patience < 0:
            raise _Strange
        known = self.places.get(id(value))
        if known is not None:
            return "seen", known
        of = PARTS.get(type(value)) or next((PARTS[base] for base in type(value).__mro__ if base in PARTS), None)
        if of is not None:
            return of(self, value)
        if is_constant(value):
            return type(value), value
        raise _Strange

    def of_call(self, value: Call) -> object:
        kind = value.layer.kind, value.channels, value in self.m.symbolic, value in self.m.foreign
        return "call", self.place(value), kind, self.of_shape(value.shape)

    def of_join(self, value: Join) -> object:
        return "join", self.place(value), value.channels, self.of_shape(value.shape)

    def of_tuple(self, value: tuple[object, ...]) -> object:
        return ("tuple", *[self.part(item) for item in value])

    def of_list(self, value: List) -> object:
        return ("list", self.place(value), *[self.part(item) for item in value.items])

    def of_dict(self, value: Dict) -> object:
        if value.factory is not None:
            raise _Strange
        number = self.place(value)
        return ("dict", number, value.open, value.presumed, *self.of_fields(number, value.fields, self.function.node))

    def of_layer(self, value: Layer) -> object:
        varying = [self.part(each) for each in value.config.values() if isinstance(each, (Unknown, Choice))]
        return ("layer", self.place(value), self.m.recordings.model_of(value), *varying)

    def of_model(self, value: Model) -> object:
        if value.kind != "sequential" or value.derived is not None:
            raise _Strange
        fields = [(key, self.part(content)) for key, content in value.fields.items()]
        return ("model", self.place(value), value.called, value.epoch < self.m.epoch, *fields)

    def of_placed(self, value: Placed) -> object:
        return "placed", self.place(value), value.decided - self.m.decided, self.part(value.value)

    def of_bound(self, value: Bound) -> object:
        if not isinstance(value.owner, Instance):
            raise _Strange
        return "bound", self.part(value.owner), value.name, value.function

    def of_choice(self, value: Choice | Splice) -> object:
        number = self.place(value)
        kind = "splice" if isinstance(value, Splice) else "choice"
        return kind, number, self.part(value.condition), self.part(value.if_true), self.part(value.if_false)

    def of_dotted(self, value: Dotted) -> object:
        return "dotted", value.name, value.canonical, value.file

    def of_function(self, value: Function) -> object:
        if not value.is_inner:
            return value
        if self.closures >= CLOSURES:
            raise _Strange
        self.closures += 1
        return ("closure", value.node, *[(name, self.part(content)) for name, content in self.free(value).items()])

    def of_itself(self, value: object) -> object:
        return value

    def of_shape(self, shape: Shape) -> object:
        return shape and tuple([self.part(size) for size in shape])

    def of_unknown(self, value: Unknown) -> object:
        """An unknown value is told by what is said and known of it: it is another one in each call."""
        if self.m.is_noted(value):
            self.noted.add(id(value))
            return value
        number, opened, test = self.place(value), self.m.open.get(value), value.test
        said = value.reason, value.mode, value in self.m.parameters, value in self.m.foreign
        tested = test and (test[0], self.part(test[1]), test[2])
        return "unknown", number, said, tested, None if opened is None else self.part(opened)

    def assumed(self) -> Iterator[object]:
        """The tests whose outcomes are taken for granted, told by the unknown values in the arguments where they are about such.

        Others may stand around the call, unless the function is running: whether it may be entered once more depends on them.
        """
        running = self.function in self.m.running
        for condition, outcome in self.m.under.items():
            if self._is_about(condition):
                yield self.part(condition), outcome
            elif running or self._follows(condition):
                yield condition, outcome
            else:
                self.around[condition] = outcome

    def _is_about(self, condition: Unknown) -> bool:
        if id(condition) in self.places:
            return True
        return condition.test is not None and self._is_about(condition.test[1])

    def _follows(self, condition: Unknown) -> bool:
        """Whether a test follows, in any way, from an unknown value in the arguments."""
        if id(condition) in self.places:
            return True
        how = self.m.derivations.get(condition, ())
        return any(self._follows(part) for part in how if isinstance(part, Unknown))

    def of_instance(self, value: Instance) -> object:
        """An object is told by its class and what it holds; a member of an enumeration is the only one of its kind."""
        if value.constant is not MISSING or value.cls.plain == "enum":
            return value
        if value.cls.keras == "keras.Model" and value.epoch < self.m.epoch:
            raise _Strange
        number = self.place(value)
        state = value.called, value.built, value.open, value.layer is None, len(value.layers), value.epoch < self.m.epoch
        return ("object", number, value.cls, state, *self.of_fields(number, value.fields, value.cls))

    def of_fields(self, number: int, fields: Fields, owner: object) -> Iterator[object]:
        """What an object or a dict holds; `owner` is what makes something of the names there."""
        for name, content in fields.items():
            if isinstance(content, str) and content and holds_name(str(name)) and (owner, name) not in self.m.recordings.told:
                self.holes[number, name] = Hole(content)
                self.named.append(Named(owner, fields, name, self.holes[number, name]))
                yield name, "a name"
            else:
                yield self.part(name), self.part(content)

    def free(self, function: Function) -> dict[str, object]:
        """What an inner function finds in the functions around it: the names that it mentions, and what they are bound to now."""
        place = ("names", function.node)
        mentioned = self.m.derived.get(place)
        if not isinstance(mentioned, frozenset):
            names = (node.id for node in trees.walk(function.node) if isinstance(node, ast.Name))
            mentioned = self.m.derived[place] = frozenset(names)
        found: dict[str, object] = {}
        scope: Scope | None = function.scope
        while scope is not None and scope.parent is not None:
            self.scopes.add(id(scope.names))
            for name, value in scope.names.items():
                if name in mentioned and name not in found and not scope.is_class:
                    found[name] = value
            scope = scope.parent
        return dict(sorted(found.items()))


def asked(m: Machine, function: Function, names: dict[str, object]) -> Asked | None:
    """A call of a function with its parameters bound; None if it cannot be compared with others, or not for less than the call costs."""
    made = Asked(m, function, m.recordings.steps.get(function.node, STEPS))
    inner = function.is_inner
    told = m.recordings.told
    parts: list[object] = []
    try:
        for name, value in (made.free(function) | names if inner else names).items():
            if isinstance(value, str) and value and holds_name(name) and (function.node, name) not in told:
                made.holes[name] = Hole(value)
                parts.append((name, "a name"))
            else:
                parts.append((name, made.part(value)))
        context = m.data_format, m.policy, surroundings.for_each_batch(m, function), not m.under, *made.assumed()
        made.key = (function.node if inner else function, context, tuple(parts))
        hash(made.key)
    except (_Strange, TypeError):
        return None
    return made


def holds_name(parameter: str) -> bool:
    """Whether a parameter is there for the name of a layer, or for what such names begin with."""
    return "name" in parameter or "prefix" in parameter or parameter == "scope"


PARTS: Final[dict[type, Callable[[Asked, Any], object]]] = {
    Bound: Asked.of_bound,
    Call: Asked.of_call,
    Choice: Asked.of_choice,
    Class: Asked.of_itself,
    Dict: Asked.of_dict,
    Dotted: Asked.of_dotted,
    Function: Asked.of_function,
    Instance: Asked.of_instance,
    Join: Asked.of_join,
    Layer: Asked.of_layer,
    List: Asked.of_list,
    Model: Asked.of_model,
    Partial: Asked.of_itself,
    Placed: Asked.of_placed,
    Splice: Asked.of_choice,
    Unknown: Asked.of_unknown,
    tuple: Asked.of_tuple,
}
"""What tells the values of a type."""
