"""What is frozen and what is trained: which layers an assignment to `trainable` reaches, in which order, and what a backbone is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bnlint.checks.modes import is_backbone
from bnlint.graph import query
from bnlint.graph.model import Event, Layer, ModelGraph, Module, Unknown

NORMS = ("", "batchnorms", "unclear")
"""What an assignment may be limited to that still reaches BatchNormalization."""

Backbone = Layer | ModelGraph
"""A model of keras.applications, or one of the user's that other models are built on."""


def value_of(event: Event) -> object:
    """The value that an assignment to `trainable` gives, 0 and 1 as what they stand for."""
    value = query.resolve(event.args.get("value"), dict(event.under))
    return bool(value) if isinstance(value, int) and value in (0, 1) else value


def is_whole(event: Event) -> bool:
    """Whether `trainable` is set on the target itself, not on its layers one by one."""
    return event.kind == "set_trainable" and "of" not in event.args


def possible(first: Event, second: Event) -> bool:
    """Whether one run of the code may do both."""
    return query.merge(dict(first.under), second.under) is not None


def precedes(first: Event, second: Event) -> bool:
    """Whether the first is certainly done before the second, where both are: in one run of the code, or by the constructor of a class."""
    if first.run.number == second.run.number:
        return first.order < second.order
    cls, _, method = first.run.name.rpartition(".")
    return method == "__init__" and second.run.name.startswith(f"{cls}.")


def before(first: Event, second: Event) -> bool:
    """Whether the first is done before the second, also in a cell above, if the notebook ran as its cells are numbered."""
    one, other = first.run.execution, second.run.execution
    in_turn = one is not None and other is not None and one < other and first.order < second.order
    return in_turn or precedes(first, second)


def pretrained(layer: Layer) -> bool:
    """Whether the layer is a backbone with BatchNormalization that is built with trained weights."""
    return is_backbone(layer) and isinstance(query.resolve(layer.config.get("weights", "imagenet")), str)


def held(target: object) -> Iterator[Layer]:
    """The pretrained backbones that a layer or model is, or holds."""
    if isinstance(target, Layer):
        yield from (target,) if pretrained(target) else ()
    else:
        for graph in query.with_parts(target):
            yield from dict.fromkeys(call.layer for call in graph.calls if pretrained(call.layer))


def norms(backbone: Backbone) -> tuple[Layer, ...]:
    """The BatchNormalization layers of a backbone, or the backbone itself where it is one layer."""
    if isinstance(backbone, Layer):
        return (backbone,)
    return tuple(call.layer for call in query.calls_of(backbone, "batchnorm") if call.layer.family == "keras")


def holds(owner: object, backbone: Backbone) -> bool:
    """Whether the variables of a model are, among others, those of a backbone."""
    return owner is backbone or any(query.covers(owner, layer) for layer in norms(backbone))


def within(container: object, part: object) -> bool:
    """Whether a layer, or all of a model, is a container or inside it."""
    if part is container:
        return True
    if isinstance(part, ModelGraph):
        owned = [call.layer for call in part.calls if call.layer.role in ("linear", "batchnorm")]
        return bool(owned) and all(query.covers(container, layer) for layer in owned)
    return isinstance(part, Layer) and query.covers(container, part)


def shares(container: object, part: object) -> bool:
    """Whether a model holds a layer, or weighted layers of a model: of a model with several outputs it may use one."""
    if part is container or not isinstance(part, ModelGraph):
        return within(container, part)
    return any(query.covers(container, call.layer) for call in part.calls if call.layer.role in ("linear", "batchnorm"))


def numbers(module: Module, event: Event) -> list[int | None]:
    """Where the layers stand that one line sets one by one, if only once; None for one of which that is not known."""
    turns = [other for other in module.events if other.kind == event.kind and other.origin.span == event.origin.span]
    cuts = [other.args.get("cut") for other in turns if other.target is event.target and other.run == event.run]
    return [cut.start if isinstance(cut, slice) and isinstance(cut.start, int) else None for cut in cuts]


def reaches(module: Module, event: Event, backbone: Backbone) -> bool:
    """Whether an assignment to `trainable` may reach the BatchNormalization of a backbone; an unknown target may be any."""
    if isinstance(event.target, Unknown):
        return True
    inside, only = any(event.target is layer for layer in norms(backbone)), event.args.get("only", "")
    if not (inside or holds(event.target, backbone)) or only not in NORMS:
        return False
    return event.args.get("of") != "one" or only != "" or (len(places := numbers(module, event)) > 1 and None in places)


def refreezes(module: Module, event: Event, backbone: Backbone) -> bool:
    """Whether an assignment may freeze the BatchNormalization of a backbone: all of it, not that of a slice of its layers."""
    if event.kind != "set_trainable" or value_of(event) is True or not reaches(module, event, backbone):
        return False
    return event.args.get("of") != "slice" or event.args.get("only") != ""


def flag_before(events: Iterable[Event], event: Event) -> object:
    """The value that the flag of the target has before an assignment to it; None where that is not known."""
    value: object = True
    for other in events:
        if other.order >= event.order or not is_whole(other) or not possible(other, event):
            continue
        above = isinstance(other.target, ModelGraph) and isinstance(event.target, Layer) and query.contains(other.target, event.target)
        if other.target is event.target or above:
            value = value_of(other) if set(other.under) <= set(event.under) else None
        elif isinstance(other.target, Unknown):
            value = None
    return value
