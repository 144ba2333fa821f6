"""`trainable` is set on what is compiled already: how that is trained was settled, or is not yet."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import is_backbone, label
from bnlint.findings import Hit, Related
from bnlint.graph import query
from bnlint.graph.course import before, flag_at, is_settled, possible, precedes, shares, toggles, value_of, within
from bnlint.graph.model import Event, Layer, ModelGraph, Module, Project
from bnlint.keras_api.layers import layer_spec

TRAINING = ("fit", "train_on_batch")


def check(project: Project) -> Iterator[Hit]:
    for module in project.modules:
        for event in module.events:
            if event.kind != "set_trainable" or not isinstance(value_of(event), bool) or not _has_weights(event.target):
                continue
            for compiled in () if toggles(module, event) else _compiled(module, event):
                case = _case(project, module, event, compiled)
                if case is not None:
                    values = {"model": label(compiled.target), "part": label(event.target), "value": value_of(event)}
                    yield Hit(case, event.origin, values=values, related=(Related(compiled.origin, "compiled"),))


def _has_weights(target: object) -> bool:
    """Whether there is anything to train in what an assignment concerns: an input, or a pooling layer, is as it is."""
    if not isinstance(target, Layer):
        return isinstance(target, ModelGraph)
    spec = layer_spec(target.kind)
    return target.role != "input" and (spec is None or "weightless" not in spec.traits)


def _compiled(module: Module, event: Event) -> Iterator[Event]:
    """The last compilation before the assignment of each model that it concerns."""
    last: dict[int, Event] = {}
    for other in module.events:
        if other.kind == "compile" and before(other, event) and possible(other, event) and _concerns(other.target, event.target):
            last[id(other.target)] = other
    yield from last.values()


def _concerns(model: object, part: object) -> bool:
    """Whether a model holds the part; one with a training step of its own is judged by nobody."""
    return isinstance(model, ModelGraph) and (model.cls is None or "train_step" not in model.cls.methods) and within(model, part)


def _normalises(model: object) -> bool:
    """Whether a model holds some BatchNormalization."""
    calls = (call for graph in query.with_parts(model) for call in graph.calls)
    return any(call.layer.role == "batchnorm" or is_backbone(call.layer) for call in calls)


def _case(project: Project, module: Module, event: Event, compiled: Event) -> str | None:
    model, part = compiled.target, event.target
    if flag_at(module, event, compiled) is not (not value_of(event)):
        return None
    used = [other for other in module.events if other.kind in TRAINING and other.target is model and before(event, other)]
    step = next((other for other in used if possible(event, other)), None)
    if step is None or is_settled(module, event, step, model):
        return None
    certain = precedes(compiled, event) and precedes(event, step)
    traced = any(
        other.kind in TRAINING and other.target is model and before(compiled, other) and before(other, event) for other in module.events
    )
    later = [other for other in module.events if other.kind == "compile" and other.target is not model and before(event, other)]
    others = [other.target for other in later if shares(other.target, part)]
    if not any(map(_normalises, (model, *others))):
        return None
    if others:  # it is meant for the other model
        leaks = not traced and project.keras.major >= 3
        if model is part:
            return ("gan" if certain else "gan-cells") if leaks and value_of(event) is False else None
        return "shared" if leaks and certain else None
    if traced or project.keras.major < 3:
        return "ignored" if certain else "cells"
    return "untraced" if certain else None
