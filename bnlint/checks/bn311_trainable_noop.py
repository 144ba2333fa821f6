"""Keras 3 does nothing where `trainable` has the value already, whatever was done to the layers inside."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.freezing import norms
from bnlint.checks.modes import is_backbone, label
from bnlint.findings import Hit, Related
from bnlint.graph.course import flag_before, is_whole, possible, precedes, value_of, within
from bnlint.graph.model import Event, Layer, ModelGraph, Module, Project, Unknown


def check(project: Project) -> Iterator[Hit]:
    for module in project.modules:
        for event in module.events:
            value = value_of(event) if is_whole(event) else None
            if not isinstance(value, bool) or not _has_norms(event.target) or flag_before(module.events, event) is not value:
                continue
            child = _left_behind(module, event)
            if child is not None and not _is_completed(module, event, child):
                values = {"model": label(event.target), "value": value}
                yield Hit("default", event.origin, values=values, related=(Related(child.origin, "child"),))


def _has_norms(target: object) -> bool:
    if isinstance(target, ModelGraph):
        return bool(norms(target)) or any(is_backbone(call.layer) for call in target.calls)
    return isinstance(target, Layer) and is_backbone(target)


def _is_completed(module: Module, event: Event, child: Event) -> bool:
    """Whether the same run goes on to give the layers inside the value one by one."""
    later = (other for other in module.events if other.kind == "set_trainable" and other.run == event.run and other.order > event.order)
    return any(value_of(other) is value_of(event) and within(other.target, child.target) for other in later)


def _left_behind(module: Module, event: Event) -> Event | None:
    """The last assignment before the event that gave layers inside the other value, where no later one may have undone it."""
    found: Event | None = None
    for other in module.events:
        if other.kind != "set_trainable" or not precedes(other, event):
            continue
        if isinstance(other.target, Unknown) or (is_whole(other) and within(other.target, event.target)):
            found = None
        elif (other.target is event.target) is not is_whole(other) and within(event.target, other.target):
            undoes = found is not None and other.target is found.target and value_of(other) is not value_of(found)
            opposite = value_of(other) is (not value_of(event)) and possible(other, event)
            found = other if opposite else None if undoes or not isinstance(value_of(other), bool) else found
    return found
