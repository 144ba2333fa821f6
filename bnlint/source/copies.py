"""Making once more what a call has made, with other things and names in the places of those that it was given."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Final, cast

from bnlint.graph.model import Arguments, Call, Choice, Event, Join, Layer, Origin, Shape, Span, Tensor, Under, Unknown
from bnlint.records import replace
from bnlint.source import classes, rounds
from bnlint.source.comparison import Asked
from bnlint.source.machine import Machine
from bnlint.source.recordings import Left, Recording
from bnlint.source.spelling import Text, filled
from bnlint.source.values import TENSORS, Bound, Dict, Fields, Instance, List, Model, Placed, Splice

COST = 3
"""Steps that a call costs which is made once more."""

VARYING: Final = (Text, Unknown, Choice)
"""What in the configuration of a layer may be another one in the copy."""


def again(m: Machine, made: Recording, call: Asked, site: Span) -> object:
    """Make once more what a call made."""
    copies, built = _Copies(m, made, call, site), m.built + made.built
    for left in made.objects:
        copies.shell(left)
    for layer in made.layers:
        m.constructions.append(copies.of_layer(layer))
    for left in made.objects:
        copies.core(left)
    for left in made.changes:
        copies.opaque_layer(left)
    for old in made.calls:
        m.calls.append(copies.of_call(old))
    for each in made.exposed:
        under = copies.tests(tuple(each.under.items()))
        rounds.builds(m, copies.layer(each.layer), each.decided + copies.further, dict(under))
    for left in made.objects:
        copies.leave(left, new=True)
    for left in made.changes:
        copies.leave(left)
    for event in made.events:
        copies.of_event(event)
    m.consulted += map(copies.of_unknown, made.consulted)
    m.built = built
    m.spend(COST * (1 + len(made.calls)))
    return copies.of(made.result)


def within(under: Under, outer: Under) -> Under:
    """What of the tests over a call came after those around it; all of them where it does not stand under those."""
    return under[len(outer) :] if outer and under[: len(outer)] == outer else under


def holds(value: object, ids: Container[int]) -> bool:
    """Whether one of some tensors, layers and objects is the value, or in it."""
    if isinstance(value, (List, tuple)):
        return any(holds(item, ids) for item in (value.items if isinstance(value, List) else value))
    return id(value) in ids and isinstance(value, (Layer, Instance, Model, *TENSORS))


class _Copies:
    """The copies of what was recorded, by the ids of the originals."""

    def __init__(self, m: Machine, made: Recording, call: Asked, site: Span) -> None:
        self.m, self.fresh, self.contents = m, made.fresh, made.contents
        self.stack, self.depth, self.further = (*m.stack, site), made.depth, m.decided - made.decided
        self.names = {old: new.value for old, new in zip(made.holes, call.holes.values(), strict=True)}
        self.made: dict[int, object] = {}
        self.origins: dict[int, Origin] = {}
        for old, new in zip(made.things, call.things, strict=True):
            self.made[id(old)] = new
            if isinstance(old, (Layer, Placed)) and isinstance(new, (Layer, Placed)):
                self.origins[id(old.origin)] = new.origin
        self.outer, self.under = made.under, m.tests()
        self.unders: dict[int, Under] = {}
        self.stacks: dict[int, tuple[Span, ...]] = {}

    def of_origin(self, origin: Origin) -> Origin:
        """The place, reached from here. (Elements of a model that was given stand where that was made.)"""
        known = self.origins.get(id(origin))
        if known is not None:
            return known
        stack = self.stacks.get(id(origin.stack))
        if stack is None:
            stack = self.stacks[id(origin.stack)] = (*self.stack, *origin.stack[self.depth :])
        return Origin(origin.span, stack, origin.scope, origin.key)

    def of(self, value: object) -> object:
        """A value with copies and other names in it."""
        if id(value) in self.made:
            return self.made[id(value)]
        made = self._of(value)
        if not isinstance(made, str):
            self.made[id(value)] = made
        return made

    def _of(self, value: object) -> object:
        match value:
            case Text():
                return filled(value, self.names)
            case Join():
                return self.of_tensor(value)
            case tuple():
                return tuple([self.of(item) for item in value])
            case List():
                return List({"items": self.of(self._contents(value)["items"])})
            case Dict():
                return Dict({key: self.of(item) for key, item in self._contents(value).items()}, value.open, value.presumed)
            case Choice():
                first, second = self.of(value.if_true), self.of(value.if_false)
                condition = self.of_unknown(value.condition)
                same = first is value.if_true and second is value.if_false and condition is value.condition
                return value if same else replace(value, condition=condition, if_true=first, if_false=second)
            case Splice():
                return Splice(self.of_unknown(value.condition), tuple(map(self.of, value.if_true)), tuple(map(self.of, value.if_false)))
            case Placed():
                return Placed(self.of(value.value), self.of_origin(value.origin), value.decided + self.further)
            case Bound():
                return Bound(self.of(value.owner), value.name, value.function)
            case Unknown():
                return self.of_unknown(value)
        return value

    def of_unknown(self, old: Unknown) -> Unknown:
        """What follows from an unknown value in whose place there is another follows from that; one that is new in each call is new."""
        known = self.made.get(id(old))
        if known is None:
            how, test = self.m.derivations.get(old), old.test
            place = how and tuple([self.of(part) for part in how])
            if place is not None and place != how:
                tested = test and (test[0], self.of_unknown(test[1]), test[2])
                known = self.m.standing(place, replace(old, test=tested))
            else:
                known = replace(old) if id(old) in self.fresh else old
            self.made[id(old)] = known
            self._tell(old, known)
            if old in self.m.foreign:
                self.m.foreign.add(known)
        assert isinstance(known, Unknown)
        return known

    def _tell(self, old: Unknown, new: Unknown) -> None:
        """Tell of a copy how often loops run, as of the original."""
        if old is not new and old in self.m.turns:
            count, done = self.m.turns[old]
            self.m.turns[new] = self.of_unknown(count), done
        if old is not new and old in self.m.lengths:
            self.m.lengths[new] = self.of_unknown(self.m.lengths[old])

    def of_shape(self, old: Shape) -> Shape:
        if old is None or not any(isinstance(size, Unknown) for size in old):
            return old
        return tuple([self.of_unknown(size) if isinstance(size, Unknown) else size for size in old])

    def of_under(self, old: Under) -> Under:
        """The tests over something that was made, which shares them with others."""
        made = self.unders.get(id(old))
        if made is None:
            made = self.unders[id(old)] = self.tests(old)
        return made

    def tests(self, old: Under) -> Under:
        """Tests with those in the place of the ones around the original that are around the copy."""
        inner = within(old, self.outer)
        here = self.under if inner is not old else ()
        return (*here, *[self.m.outcome(self.of_unknown(condition), known) for condition, known in inner])

    def _contents(self, value: List | Dict) -> Fields:
        return self.contents.get(id(value), value.fields)

    def of_tensor(self, old: Tensor) -> Tensor:
        copy = self.made.get(id(old))
        if copy is None and isinstance(old, Join):
            first, second = old.alternatives
            ends, condition = (self.of_tensor(first), self.of_tensor(second)), self.of_unknown(old.condition)
            copy = Join(ends, condition, self.of_shape(old.shape), old.channels, old.origin)
            self.made[id(old)] = copy
        return copy if isinstance(copy, TENSORS) else old

    def of_arguments(self, old: Arguments) -> Arguments:
        """Arguments with copies in them; the same ones if there is nothing to change."""
        if not any(type(argument.value) is Text or holds(argument.value, self.made) for argument in old.items):
            return old
        items = tuple([replace(argument, value=self.of(argument.value)) for argument in old.items])
        return Arguments(items, old.complete, old.presumed)

    def of_layer(self, old: Layer) -> Layer:
        varying = {name: self.of(value) for name, value in old.config.items() if isinstance(value, VARYING)}
        config: Mapping[str, object] = {**old.config, **varying} if varying else old.config
        inner = self.made.get(id(old.inner), old.inner)
        assert inner is None or isinstance(inner, Layer)
        copy = Layer(
            old.kind,
            old.role,
            filled(old.name, self.names) if isinstance(old.name, str) else old.name,
            config,
            self.of_arguments(old.arguments),
            cast("str | Unknown | Choice | None", self.of(old.activation)),
            self.of(old.trainable),
            old.weights,
            inner,
            old.is_function,
            old.family,
            old.subclass,
            old.stock,
            old.path,
            old.attempted,
            self.of_origin(old.origin),
        )
        self.made[id(old)] = copy
        if not old.is_function:
            self.m.recordings.models[id(copy)] = self.m.recordings.model_of(old)
        return copy

    def of_call(self, old: Call) -> Call:
        layer = self.made.get(id(old.layer), old.layer)
        assert isinstance(layer, Layer)
        if layer is old.layer and layer.is_function:
            layer = self.of_layer(layer)
        copy = Call(
            layer,
            tuple([self.of_tensor(tensor) for tensor in old.inputs]),
            self.of(old.training) if isinstance(old.training, VARYING) else old.training,
            self.of_shape(old.shape),
            old.channels,
            self.of_under(old.under),
            old.hole,
            old.owner,
            old.decided + self.further,
            self.of_origin(old.origin),
        )
        self.made[id(old)] = copy
        if old in self.m.foreign:
            self.m.foreign.add(copy)
        return copy

    def of_event(self, old: Event) -> None:
        args = {name: self.of(value) for name, value in old.args.items()}
        self.m.event(
            old.kind,
            self.of(old.target),
            args,
            self.of_origin(old.origin),
            self.of_arguments(old.arguments),
            under=self.of_under(old.under),
        )

    # Objects and models: first there is an empty one of each, then what each holds

    def shell(self, left: Left) -> None:
        old, m = left.thing, self.m
        if isinstance(old, Instance):
            copy = Instance(old.cls, {}, self.of_origin(old.origin), old.arguments, open=old.open, epoch=m.epoch, root=old.root)
            classes.register(m, copy)
            self.made[id(old)] = copy
        elif isinstance(old, Model):
            model = Model(old.kind, filled(old.name, self.names), self.of_origin(old.origin), {}, old.layer, epoch=m.epoch)
            m.models.append(model)
            self.made[id(old)] = model

    def core(self, left: Left) -> None:
        """What an object was made of, and the layer as which it appears."""
        copy = self.made[id(left.thing)]
        if isinstance(copy, Instance):
            copy.arguments = self.of_arguments(copy.arguments)
            copy.layer = None if left.layer is None else self.of_layer(left.layer)

    def opaque_layer(self, left: Left) -> None:
        """The layer as which an object appears that was given."""
        copy = self.made[id(left.thing)]
        if left.layer is not None and isinstance(copy, Instance):
            self.made[id(left.layer)] = classes.opaque_layer(copy)

    def leave(self, left: Left, new: bool = False) -> None:
        """Leave the thing that is in the place of another as that was left."""
        old, copy, m = left.thing, self.made[id(left.thing)], self.m
        assert isinstance(copy, (Instance, Model, List, Dict))
        for key, value in left.fields:
            if new and isinstance(copy, Model):
                copy.fields[key] = self.of(value)  # it is built with them: no end of a path undoes that
            else:
                m.write(copy.fields, key, self.of(value))
            if (id(old.fields), key) in m.optional:
                m.optional[id(copy.fields), key] = copy.fields
        if isinstance(copy, Instance):
            copy.called, copy.built = left.called, left.built
            copy.layers += [self.layer(layer) for layer in left.layers]
        elif isinstance(copy, Model):
            copy.called = left.called
            if left.ends is not None:
                copy.derived = copy.fields["items"], *map(self.of_tensor, left.ends)

    def layer(self, old: Layer) -> Layer:
        copy = self.made.get(id(old), old)
        assert isinstance(copy, Layer)
        return copy
