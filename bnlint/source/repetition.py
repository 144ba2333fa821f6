"""Calls of helpers and methods that are made once more from what the same call made before, where that is all that they do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from bnlint.graph.model import Call, Choice, Event, Join, Span, Tensor, Unknown
from bnlint.graph.query import Assumption
from bnlint.records import replace
from bnlint.source import copies
from bnlint.source.comparison import Asked, asked
from bnlint.source.holdings import CONSTANT
from bnlint.source.machine import Machine
from bnlint.source.recordings import MAKEABLE, PATIENCE, Left, Recording
from bnlint.source.spelling import Text, held
from bnlint.source.values import (
    MISSING,
    Bound,
    Class,
    Dict,
    Fields,
    Function,
    Instance,
    List,
    Model,
    Placed,
    Splice,
)

Enter = Callable[[dict[str, object]], object]
"""Runs the body of a function with its parameters bound."""


def run(m: Machine, function: Function, names: dict[str, object], site: Span, enter: Enter) -> object:
    """Enter a function, or make once more what it made when it was entered with such arguments."""
    call = asked(m, function, names) if _may_repeat(m, function) else None
    found = _known(m, call) if call is not None else None
    if call is not None and found is not None:
        m.mark_called(function)
        return copies.again(m, found, call, site)
    before = m.steps
    result = enter(names) if call is None else _recorded(m, function, names, call, enter)
    m.recordings.steps[function.node] = m.steps - before
    return result


def _known(m: Machine, call: Asked) -> Recording | None:
    """What the same call has made, under tests that do not decide otherwise what it asked for."""
    found = m.recordings.found.get(call.key, ())
    return next((made for made in found if made.relied == _related(call.around, made.consulted)), None)


def _related(around: Assumption, consulted: Iterable[Unknown]) -> Assumption:
    """What of that which is taken for granted may decide one of some tests: it is one, or is about the same."""
    if not around:
        return {}
    subjects = set(consulted)
    subjects.update([condition.test[1] for condition in consulted if condition.test is not None])
    return {c: outcome for c, outcome in around.items() if c in subjects or (c.test is not None and c.test[1] in subjects)}


def _may_repeat(m: Machine, function: Function) -> bool:
    """Whether what a function makes depends on its arguments alone, as far as can be told before."""
    if m.tapes or m.arg_scope or m.attempts or m.within:
        return False
    return m.recordings.patience.get(function.node, PATIENCE) > 0


def _recorded(m: Machine, function: Function, names: dict[str, object], call: Asked, enter: Enter) -> object:
    """Enter a function and keep what it makes, if it did nothing else."""
    book, node = m.recordings, function.node
    layers, calls, events, functions = len(m.constructions), len(m.calls), len(m.events), len(m.functions)
    instances, models, exposed, log, consulted, touched = (
        len(each) for each in (m.instances, m.models, m.exposed, m.log, m.consulted, m.touched)
    )
    before, built, decided, under = _effects(m), m.built, m.decided, m.under
    owned = {number: len(thing.layers) for number, thing in enumerate(call.things) if isinstance(thing, Instance)}
    with _marked(call):
        result = enter({**names, **{name: held(hole) for name, hole in call.holes.items() if isinstance(name, str)}})
    changes = _changes(m, call, log, owned)
    asked_for = tuple(dict.fromkeys(m.consulted[consulted:]))
    made = Recording(
        tuple(m.constructions[layers:]),
        tuple(m.calls[calls:]),
        tuple(m.events[events:]),
        tuple([_left(thing, thing.fields.items()) for thing in m.instances[instances:]])
        + tuple([_left(model, model.fields.items()) for model in m.models[models:]]),
        changes or (),
        tuple(m.exposed[exposed:]),
        result,
        tuple(call.things),
        tuple(call.holes.values()),
        len(m.stack) + 1,
        decided,
        m.built - built,
        asked_for,
        m.tests(),
        _related(call.around, asked_for),
    )
    alone = before == _effects(m) and m.under == under and all(inner.called for inner in m.functions[functions:])
    survey = _surveyed(m, made, call, m.touched[touched:]) if alone and changes is not None else None
    told: set[tuple[object, object]] = {(node, name) for name, hole in call.holes.items() if hole.seen and isinstance(name, str)}
    told |= {(each.owner, each.name) for each in call.named if each.hole.seen}
    book.told |= told
    if survey is not None and not told:
        _keep(m, call, replace(made, contents=survey.contents), tuple(survey.unknowns))
    book.patience[node] = book.patience.get(node, PATIENCE) + (2 if survey is not None else -1)
    return result


@contextmanager
def _marked(call: Asked) -> Iterator[None]:
    """Put texts that tell when they are read in the places of the names that objects hold."""
    before = [(each, each.fields[each.name], held(each.hole)) for each in call.named]
    for each, _, text in before:
        each.fields[each.name] = text
    try:
        yield
    finally:
        for each, name, text in before:
            if each.fields.get(each.name) is text:
                each.fields[each.name] = name


def _keep(m: Machine, call: Asked, made: Recording, unknowns: tuple[Unknown, ...]) -> None:
    """Keep what a call made for others that are the same. Where unknown values are in it that follow from none that it was given, the
    call must be made twice: then it is known which of them are those of any such call, and which are new in each."""
    if unknowns:
        place = call.key, *made.relied.items()
        before = m.recordings.met.get(place, ())
        m.recordings.met[place] = unknowns
        if len(before) != len(unknowns):
            return
        fresh = frozenset(id(one) for one, other in zip(unknowns, before, strict=True) if one is not other)
        made = replace(made, fresh=fresh)
    m.recordings.found.setdefault(call.key, []).append(made)


def _effects(m: Machine) -> tuple[object, ...]:
    """What a function that only builds layers leaves as it is."""
    state = m.effects, m.roots, m.tapes_made, m.data_format, m.policy
    made = m.classes, m.applications, m.open, m.parameters, m.symbolic, m.captures
    return (*state, *(len(each) for each in made))


# What was written


def _changes(m: Machine, call: Asked, mark: int, owned: dict[int, int]) -> tuple[Left, ...] | None:
    """What was done to the things of a call; None if something was written that others see.

    Then what was recorded may have seen it, too, and is forgotten.
    """
    written: dict[int, dict[object, Fields]] = {}
    for fields, key, _ in m.log[mark:]:
        written.setdefault(id(fields), {})[key] = fields
    if m.recordings.held.writable(m, written):
        m.recordings.found.clear()
        return None
    if not written.keys().isdisjoint(call.scopes):
        return None
    found: list[Left] = []
    for number, thing in enumerate(call.things):
        if isinstance(thing, (Instance, Model)) or (isinstance(thing, (List, Dict)) and id(thing.fields) in written):
            contents = [(key, thing.fields.get(key, MISSING)) for key in written.get(id(thing.fields), ())]
            found.append(_left(thing, contents, owned.get(number, 0)))
    return tuple(found)


def _left(thing: Instance | Model | List | Dict, fields: Iterable[tuple[object, object]], start: int = 0) -> Left:
    match thing:
        case Instance():
            return Left(thing, tuple(fields), thing.called, thing.built, tuple(thing.layers[start:]), thing.layer)
        case Model():
            current = thing.derived is not None and thing.derived[0] is thing.fields.get("items")
            return Left(thing, tuple(fields), thing.called, ends=thing.derived[1:] if current and thing.derived else None)
    return Left(thing, tuple(fields))


# What was made


def _surveyed(m: Machine, made: Recording, call: Asked, touched: Iterable[object]) -> _Survey | None:
    """What was made, looked through; None if it hangs together in other ways than those in which it is made once more."""
    objects = {id(thing) for thing in (*(each.thing for each in made.objects), *made.things)}
    if any(id(each) not in objects for each in touched):
        return None
    calls = {id(each) for each in made.calls}
    survey = _Survey(m, objects | calls | {id(layer) for layer in made.layers} | call.noted | {id(m.training)})
    known = survey.known
    for layer in (*made.layers, *(each.layer for each in made.calls if each.layer.is_function)):
        if layer.inner is not None and id(layer.inner) not in known:
            return None
        if not layer.is_function and any(copies.holds(argument.value, calls) for argument in layer.arguments.items):
            return None
        if any(isinstance(part, Text) for value in layer.config.values() if isinstance(value, (list, tuple)) for part in value):
            return None
    values: list[object] = [made.result, *(condition for condition in made.consulted if condition not in m.under)]
    for event in made.events:
        if not _is_makeable(event):
            return None
        values += (event.target, *event.args.values())
    for left in (*made.objects, *made.changes):
        values += (content for _, content in left.fields)
    for each in made.calls:
        if not all(map(survey.meets, each.inputs)):
            return None
        values += _varying((*(each.shape or ()), each.training))
    for under in {id(each.under): each.under for each in made.calls}.values():
        values += [condition for condition, _ in copies.within(under, made.under)]
    return survey if all(map(survey.takes, values)) else None


def _is_makeable(event: Event) -> bool:
    return event.kind in MAKEABLE and (event.kind != "data_format" or event.args["value"] is None)


PLAIN = CONSTANT | {Class, Text}
"""Types of values that are the same in every call, or texts."""


def _varying(values: Iterable[object]) -> list[object]:
    """What of some values may be another one in another call."""
    return [value for value in values if isinstance(value, (Unknown, Choice))]


class _Survey:
    """Whether values are made of things that are known, of constants, and of lists of these; which are unknown, what lists hold now."""

    def __init__(self, m: Machine, known: set[int]) -> None:
        self.m, self.known, self.optional = m, known, m.optional
        self.met: set[int] = set()
        self.unknowns: list[Unknown] = []
        self.contents: dict[int, Fields] = {}

    def meets(self, tensor: Tensor) -> bool:
        """Whether the tests are such that decide where a tensor comes from."""
        if isinstance(tensor, Call) or id(tensor) in self.known or id(tensor) in self.met:
            return True
        self.met.add(id(tensor))
        tests = (tensor.condition, *_varying(tensor.shape or ()))
        return all(map(self.takes, tests)) and all(map(self.meets, tensor.alternatives))

    def takes(self, value: object) -> bool:
        if type(value) in PLAIN or id(value) in self.known:
            return True
        match value:
            case Unknown() if (how := self.m.derivations.get(value)) is not None:
                good = all(self.takes(part) for part in how if isinstance(part, Unknown))
            case Unknown() if self.m.recordings.held.is_constant(value):
                good = True
            case Unknown():
                self.unknowns.append(value)
                good = not self.m.is_noted(value)
            case tuple():
                good = all(map(self.takes, value))
            case Join():
                good = self.meets(value) and all(map(self.takes, value.alternatives))
            case List():
                self.contents[id(value)] = dict(value.fields)
                good = all(map(self.takes, value.items))
            case Dict(factory=None):
                self.contents[id(value)] = dict(value.fields)
                apart = any((id(value.fields), key) in self.optional for key in value.fields)
                good = not apart and all(map(self.takes, value.fields.values()))
            case Choice():
                good = all(map(self.takes, (value.condition, value.if_true, value.if_false)))
            case Splice():
                good = all(map(self.takes, (value.condition, *value.if_true, *value.if_false)))
            case Placed():
                good = self.takes(value.value)
            case Bound():
                good = self.takes(value.owner)
            case Function():
                good = not value.is_inner
            case _:
                good = False
        if good:
            self.known.add(id(value))
        return good
