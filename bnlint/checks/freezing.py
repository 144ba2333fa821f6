"""What a backbone is, and what freezes or thaws its BatchNormalization."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import is_backbone
from bnlint.graph import query
from bnlint.graph.course import flag_before, is_whole, numbers, possible, value_of, within
from bnlint.graph.model import ABSENT, Event, Layer, ModelGraph, Module, Project, Unknown
from bnlint.keras_api.applications import ENDS

NORMS = ("", "batchnorms", "unclear")
"""What an assignment may be limited to that still reaches BatchNormalization."""

Backbone = Layer | ModelGraph
"""A model of keras.applications, or one of the user's that other models are built on."""

TOP = 4
"""Layers at the end of a backbone among which there may be no BatchNormalization."""


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


def backbones(module: Module, event: Event) -> Iterator[Backbone]:
    """The models that hold pretrained statistics, or are to keep theirs, among what an assignment reaches."""
    yield from held(event.target)
    if isinstance(event.target, ModelGraph) and norms(event.target):
        before = [other for other in module.events if other.order < event.order and other.target is event.target]
        loaded = any(other.kind == "load_weights" for other in before)
        frozen = any(is_whole(other) and value_of(other) is False for other in before)
        if (loaded and frozen) or any(other.kind == "apply" and other.args.get("training") is False for other in before):
            yield event.target


def norms(backbone: Backbone) -> tuple[Layer, ...]:
    """The BatchNormalization layers of a backbone, or the backbone itself where it is one layer."""
    if isinstance(backbone, Layer):
        return (backbone,)
    return tuple(call.layer for call in query.calls_of(backbone, "batchnorm") if call.layer.family == "keras")


def holds(owner: object, backbone: Backbone) -> bool:
    """Whether the variables of a model are, among others, those of a backbone."""
    return owner is backbone or any(query.covers(owner, layer) for layer in norms(backbone))


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


def keeps_some(event: Event, backbone: Backbone) -> bool:
    """Whether an assignment freezes, or may freeze, a part of a backbone."""
    if event.kind != "set_trainable" or value_of(event) is True:
        return False
    return within(backbone, event.target) or (holds(event.target, backbone) and event.args.get("of") != "one")


def thaws(project: Project, module: Module, event: Event, backbone: Backbone) -> bool:
    """Whether the assignment leaves BatchNormalization of the backbone trainable, as far as it is the last word."""
    before = [
        other for other in module.events if other.order < event.order and refreezes(module, other, backbone) and possible(other, event)
    ]
    if is_whole(event):
        # Keras 3 does nothing where the flag is True already: what was frozen layer by layer, or inside, stays frozen.
        idle = project.keras.major >= 3 and flag_before(module.events, event) is not False
        return not (idle and before) and (event.target is backbone or bool(before))
    above = TOP + (len(event.target.calls) if isinstance(event.target, ModelGraph) else 0)
    if event.args.get("of") == "one":
        return _are_many(numbers(module, event), above)
    names = event.args.get("names")
    if isinstance(names, tuple) and names and ENDS.issuperset(names):
        return False
    cut = event.args.get("cut")
    if isinstance(cut, slice) and isinstance(cut.start, int) and cut.start < 0:
        return -cut.start > above
    return event.args.get("of") in ("each", "slice")


def _are_many(places: list[int | None], above: int) -> bool:
    """Whether a loop that sets layers by their numbers certainly comes to some that are not the last ones."""
    known = {place for place in places if place is not None}
    if not known or min(known) < 0:
        return len(places) > 1 and min(known, default=0) < -above
    return None in places or len(known) > TOP


def modes(module: Module, backbone: Backbone, model: object) -> Iterator[tuple[object, bool]]:
    """How a model calls a backbone: with which `training`, and whether it is a functional model that does so."""
    if isinstance(backbone, ModelGraph):
        told = [event for event in module.events if event.kind == "apply" and event.target is backbone]
        yield from ((event.args.get("training"), event.args.get("owner") is None) for event in told)
        if not told:
            yield ABSENT, True
        return
    for graph in query.with_parts(model):
        yield from ((call.training, graph.kind == "functional" and call.owner is None) for call in graph.calls if call.layer is backbone)
