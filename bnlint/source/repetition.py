"""Calls of helpers that are made once more from what the same call made before, where that is all that they do."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping

from bnlint.graph.model import Arguments, Call, Join, Layer, Origin, Span, Tensor
from bnlint.records import replace
from bnlint.source import rounds, surroundings
from bnlint.source.comparison import Asked, asked
from bnlint.source.machine import Machine
from bnlint.source.recordings import PATIENCE, Recording
from bnlint.source.spelling import Text, filled, held
from bnlint.source.state import Key
from bnlint.source.values import TENSORS, Class, Dict, Dotted, Fields, Function, Instance, List, Scope, Splice

COST = 3
"""Steps that a call costs which is made once more."""

Enter = Callable[[dict[str, object]], object]
"""Runs the body of a function with its parameters bound."""


def run(m: Machine, function: Function, names: dict[str, object], site: Span, enter: Enter) -> object:
    """Enter a function, or make once more what it made when it was entered with such arguments."""
    call = asked(m, function, names) if _may_repeat(m, function) else None
    if call is None:
        return enter(names)
    found = m.recordings.found.get(call.key)
    if found is not None:
        m.mark_called(function)
        return again(m, found, call, site)
    return _recorded(m, function, names, call, enter)


def _may_repeat(m: Machine, function: Function) -> bool:
    """Whether what a function makes depends on its arguments alone, as far as can be told before."""
    if function.scope.is_class or m.tapes or m.arg_scope or m.attempts or m.within:
        return False
    if m.recordings.patience.get(function.node, PATIENCE) <= 0:
        return False
    return not any((each.owner or each.decorators) and surroundings.runs_for_each_batch(each) for each in m.running)


def _recorded(m: Machine, function: Function, names: dict[str, object], call: Asked, enter: Enter) -> object:
    """Enter a function and keep what it makes, if it did nothing else."""
    book, node = m.recordings, function.node
    starts = len(m.constructions), len(m.calls), len(m.events), len(m.functions), len(m.log), len(m.forked)
    before, built, decided, under = _effects(m), m.built, m.decided, m.under
    result = enter({**names, **{name: held(hole) for name, hole in call.holes.items()}})
    layers, calls, events, functions, log, forked = starts
    made = Recording(
        tuple(m.constructions[layers:]),
        tuple(m.calls[calls:]),
        tuple(m.events[events:]),
        result,
        tuple(call.things),
        tuple(call.holes.values()),
        len(m.stack) + 1,
        decided,
        m.built - built,
        tuple(m.forked[forked:]),
    )
    alone = before == _effects(m) and m.under == under and all(inner.called for inner in m.functions[functions:])
    good = alone and _is_whole(m, made) and not _reaches_out(m, call.things, log)
    told = {(node, name) for name, hole in call.holes.items() if hole.seen}
    book.told |= told
    if good and not told and _is_stable(m, call, made):
        book.found[call.key] = made
    book.patience[node] = book.patience.get(node, PATIENCE) + (2 if good else -1)
    return result


def _is_stable(m: Machine, call: Asked, made: Recording) -> bool:
    """Whether the tests that decide what is made are those of any such call: none, or those that the call before this one met."""
    met = m.recordings.forked.setdefault(call.key, made.forked)
    m.recordings.forked[call.key] = made.forked
    return not made.forked or (met is not made.forked and met == made.forked)


def _effects(m: Machine) -> tuple[object, ...]:
    """What a function that only builds layers leaves as it is."""
    state = m.effects, m.tapes_made, m.data_format, m.policy
    made = m.classes, m.models, m.applications, m.open, m.parameters, m.symbolic
    return (*state, *(len(each) for each in made))


def _is_whole(m: Machine, made: Recording) -> bool:
    """Whether what was made hangs together in no other way than those in which it is made once more."""
    calls = {id(call) for call in made.calls}
    layers = {id(layer) for layer in made.layers}
    known = calls | layers | {id(thing) for thing in made.things}
    if any(event.kind != "data_format" or event.args["value"] is not None for event in made.events):
        return False
    for layer in (*made.layers, *(call.layer for call in made.calls if call.layer.is_function)):
        if layer.inner is not None and id(layer.inner) not in known:
            return False
        if not layer.is_function and any(_holds(argument.value, calls) for argument in layer.arguments.items):
            return False
        if any(isinstance(part, Text) for value in layer.config.values() if isinstance(value, (list, tuple)) for part in value):
            return False
    return _is_plain(made.result, known, m.optional)


def _holds(value: object, ids: Container[int]) -> bool:
    """Whether one of some tensors and layers is the value, or in it."""
    if isinstance(value, (List, tuple)):
        return any(_holds(item, ids) for item in (value.items if isinstance(value, List) else value))
    return isinstance(value, (Layer, *TENSORS)) and id(value) in ids


def _is_plain(value: object, known: set[int], optional: Container[Key]) -> bool:
    """Whether a result is made of things that are known, of constants, and of lists of these."""
    match value:
        case None | bool() | int() | float() | str() | Dotted():
            return True
        case tuple():
            return all(_is_plain(item, known, optional) for item in value)
        case Join():
            return id(value) in known or all(_is_plain(part, known, optional) for part in value.alternatives)
        case List():
            return id(value) in known or all(_is_plain(item, known, optional) for item in value.items)
        case Dict(factory=None) if not any((id(value.fields), key) in optional for key in value.fields):
            return id(value) in known or all(_is_plain(item, known, optional) for item in value.fields.values())
    return id(value) in known


def _reaches_out(m: Machine, things: list[object], mark: int) -> bool:
    """Whether something was written since the mark that others see: to what the arguments or the modules hold.

    Then what was recorded may have seen it, too, and is forgotten.
    """
    written = {id(fields) for fields, _, _ in m.log[mark:]}
    if written.isdisjoint(id(fields) for thing in things for fields in _fields(thing, 2)) and written.isdisjoint(_outer(m)):
        return False
    m.recordings.found.clear()
    return True


def _outer(m: Machine) -> set[int]:
    book, scopes = m.recordings, [file.scope for file in m.files.by_path.values()]
    counted = tuple(len(scope.names) for scope in scopes)
    if counted != book.counted:
        book.counted = counted
        book.outer = {id(scope.names) for scope in scopes}
        book.outer |= {id(fields) for scope in scopes for value in scope.names.values() for fields in _fields(value, 3)}
    return book.outer


def _fields(value: object, depth: int) -> Iterator[Fields]:
    """What can be written to in a value, and in its parts."""
    parts: tuple[object, ...] = ()
    match value:
        case List():
            yield value.fields
            parts = value.items
        case Dict() | Instance():
            yield value.fields
            parts = tuple(value.fields.values())
        case Function():
            yield value.fields
            parts = tuple(value.defaults.values())
            scope: Scope | None = value.scope
            while scope is not None and scope.parent is not None:
                yield scope.names
                scope = scope.parent
        case Class():
            yield value.scope.names
        case tuple():
            parts = value
        case Splice():
            parts = (*value.if_true, *value.if_false)
    for part in parts if depth else ():
        yield from _fields(part, depth - 1)


def again(m: Machine, made: Recording, call: Asked, site: Span) -> object:
    """Make once more what a call made, with other things and names in the places of those that it was given."""
    copies = _Copies(m, made, call, site)
    for layer in made.layers:
        m.constructions.append(copies.of_layer(layer))
        if layer.role == "batchnorm" and not made.forked:
            rounds.builds(m, m.constructions[-1])
    for old in made.calls:
        m.calls.append(copies.of_call(old))
    for event in made.events:
        m.event(event.kind, event.target, event.args, copies.of_origin(event.origin), event.arguments)
    m.forked += made.forked
    m.built += made.built - len(made.events)
    m.spend(COST * (1 + len(made.calls)))
    return copies.of(made.result)


class _Copies:
    """The copies of what was recorded, by the ids of the originals."""

    def __init__(self, m: Machine, made: Recording, call: Asked, site: Span) -> None:
        self.stack, self.depth, self.further = (*m.stack, site), made.depth, m.decided - made.decided
        self.names = {old: new.value for old, new in zip(made.holes, call.holes.values(), strict=True)}
        self.made: dict[int, object] = {id(old): new for old, new in zip(made.things, call.things, strict=True)}
        self.stacks: dict[int, tuple[Span, ...]] = {}

    def of_origin(self, origin: Origin) -> Origin:
        """The place, reached from here."""
        stack = self.stacks.get(id(origin.stack))
        if stack is None:
            stack = self.stacks[id(origin.stack)] = (*self.stack, *origin.stack[self.depth :])
        return Origin(origin.span, stack, origin.scope, origin.key)

    def of(self, value: object) -> object:
        """A value with copies and other names in it."""
        if id(value) in self.made:
            return self.made[id(value)]
        match value:
            case Text():
                return filled(value, self.names)
            case Join():
                return self.of_tensor(value)
            case tuple():
                return tuple([self.of(item) for item in value])
            case List():
                return List({"items": tuple([self.of(item) for item in value.items])})
            case Dict():
                return Dict({key: self.of(item) for key, item in value.fields.items()}, value.open, value.presumed)
        return value

    def of_tensor(self, old: Tensor) -> Tensor:
        copy = self.made.get(id(old))
        if copy is None and isinstance(old, Join):
            first, second = old.alternatives
            one, other = self.of_tensor(first), self.of_tensor(second)
            copy = self.made[id(old)] = old if one is first and other is second else replace(old, alternatives=(one, other))
        return copy if isinstance(copy, TENSORS) else old

    def of_layer(self, old: Layer) -> Layer:
        texts = {name: filled(value, self.names) for name, value in old.config.items() if type(value) is Text}
        config: Mapping[str, object] = {**old.config, **texts} if texts else old.config
        arguments = old.arguments
        if any(type(argument.value) is Text or _holds(argument.value, self.made) for argument in arguments.items):
            items = tuple([replace(argument, value=self.of(argument.value)) for argument in arguments.items])
            arguments = Arguments(items, arguments.complete, arguments.presumed)
        inner = self.made.get(id(old.inner), old.inner)
        assert inner is None or isinstance(inner, Layer)
        copy = Layer(
            old.kind,
            old.role,
            filled(old.name, self.names) if isinstance(old.name, str) else old.name,
            config,
            arguments,
            old.activation,
            old.trainable,
            old.weights,
            inner,
            old.is_function,
            old.family,
            old.subclass,
            old.path,
            old.attempted,
            self.of_origin(old.origin),
        )
        self.made[id(old)] = copy
        return copy

    def of_call(self, old: Call) -> Call:
        layer = self.made.get(id(old.layer), old.layer)
        assert isinstance(layer, Layer)
        if layer is old.layer and layer.is_function:
            layer = self.of_layer(layer)
        copy = Call(
            layer,
            tuple([self.of_tensor(tensor) for tensor in old.inputs]),
            old.training,
            old.shape,
            old.channels,
            old.under,
            old.hole,
            old.owner,
            old.decided + self.further,
            self.of_origin(old.origin),
        )
        self.made[id(old)] = copy
        return copy
