"""Whether two calls of a function are the same: it cannot tell their arguments apart, but for names of layers."""

from __future__ import annotations

import ast

from bnlint.graph.model import Call, Join, Layer, Unknown
from bnlint.records import dataclass, field
from bnlint.source import trees
from bnlint.source.machine import Machine
from bnlint.source.spelling import Hole
from bnlint.source.values import Class, Dict, Dotted, Function, List, Partial, Scope

CLOSURES = 8
"""Inner functions among the arguments of a call that are looked into."""


class _Strange(Exception):
    """A value by which two calls cannot be compared."""


@dataclass(slots=True, eq=False)
class Asked:
    """A call: its `key` is that of every call that is the same, `holes` are the names that it was given, by parameter, `things` the
    tensors, layers, lists and dicts in its arguments, in the order in which they were met."""

    m: Machine
    key: tuple[object, ...] = ()
    holes: dict[str, Hole] = field(default_factory=dict)
    things: list[object] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    closures: int = 0

    def place(self, thing: object) -> int:
        """The number of a thing."""
        if id(thing) not in self.places:
            self.places[id(thing)] = len(self.things)
            self.things.append(thing)
        return self.places[id(thing)]

    def part(self, value: object) -> object:
        """What is equal for two values that cannot be told apart."""
        if value is None or isinstance(value, (bool, int, float, str)):
            return type(value), value
        match value:
            case Call():
                return "call", self.place(value), value.shape, value.channels, value.layer.kind, value in self.m.symbolic
            case Join():
                return "join", self.place(value), value.shape, value.channels
            case tuple():
                return ("tuple", *[self.part(item) for item in value])
            case List():
                return ("list", self.place(value), *[self.part(item) for item in value.items])
            case Dict(factory=None):
                items = [(self.part(key), self.part(content)) for key, content in value.fields.items()]
                return ("dict", self.place(value), value.open, value.presumed, *items)
            case Layer():
                return "layer", self.place(value), value
            case Dotted():
                return "dotted", value.name, value.canonical, value.file
            case Function() if is_inner(value) and self.closures < CLOSURES:
                self.closures += 1
                return ("closure", value.node, *[(name, self.part(content)) for name, content in free(self.m, value).items()])
            case Function() if is_inner(value):
                raise _Strange
            case Function() | Class() | Unknown() | Partial():
                return value
        raise _Strange


def asked(m: Machine, function: Function, names: dict[str, object]) -> Asked | None:
    """A call of a function with its parameters bound; None if it cannot be compared with others."""
    made = Asked(m)
    inner = is_inner(function)
    told = m.recordings.told
    parts: list[object] = []
    try:
        for name, value in (free(m, function) | names if inner else names).items():
            if isinstance(value, str) and value and holds_name(name) and (function.node, name) not in told:
                made.holes[name] = Hole(value)
                parts.append((name, "a name"))
            else:
                parts.append((name, made.part(value)))
        made.key = (function.node if inner else function, m.data_format, m.policy, tuple(m.under.items()), tuple(parts))
        hash(made.key)
    except (_Strange, TypeError):
        return None
    return made


def holds_name(parameter: str) -> bool:
    """Whether a parameter is there for the name of a layer, or for what such names begin with."""
    return "name" in parameter or "prefix" in parameter or parameter == "scope"


def is_inner(function: Function) -> bool:
    """Whether a function stands in another one."""
    return function.scope.parent is not None and not function.scope.is_class


def free(m: Machine, function: Function) -> dict[str, object]:
    """What an inner function finds in the functions around it: the names that it mentions, and what they are bound to now."""
    place = ("names", function.node)
    mentioned = m.derived.get(place)
    if not isinstance(mentioned, frozenset):
        names = (node.id for node in trees.walk(function.node) if isinstance(node, ast.Name))
        mentioned = m.derived[place] = frozenset(names)
    found: dict[str, object] = {}
    scope: Scope | None = function.scope
    while scope is not None and scope.parent is not None:
        for name, value in scope.names.items():
            if name in mentioned and name not in found and not scope.is_class:
                found[name] = value
        scope = scope.parent
    return dict(sorted(found.items()))
