"""Every question that a check may ask of the order in which things are done, and of what is frozen and trained by then."""

from __future__ import annotations

from collections.abc import Iterable

from bnlint.graph import query
from bnlint.graph.model import Event, Layer, ModelGraph, Module, Unknown

# Order


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


def updates(module: Module, call: Event) -> list[Event]:
    """The updates to which a call of a model leads where no tape records (torch, JAX): a step differentiates what its optimizer is given.

    Outside of a `train_step` it is the last call of the model before `backward` that does so: others may validate. One that comes before a
    call in training mode may be for the gradients of data, as an attack is.
    """
    local = [other for other in module.events if other.origin.scope == call.origin.scope]
    if any(other.kind == "gradient" for other in local):
        return []
    found = [other for other in local if other.kind == "apply_gradients"]
    if call.origin.scope.endswith("train_step"):
        return found
    later = [other for other in local if other.order > call.order and other.run == call.run]
    following = (other for other in later if other.kind == "backward" or (other.kind == "call" and other.target is call.target))
    backward = next(following, call)
    if backward.kind != "backward":
        return []
    calls = (other for other in later if other.kind == "call" and other.target is call.target)
    trained = [other.order for other in calls if other.args.get("training") is True]
    after = [other for other in found if other in later and other.order > backward.order]
    return [other for other in after if not any(order < other.order for order in trained)]


# What an assignment to `trainable` concerns


def value_of(event: Event) -> object:
    """The value that an assignment to `trainable` gives, 0 and 1 as what they stand for."""
    value = query.resolve(event.args.get("value"), dict(event.under))
    return bool(value) if isinstance(value, int) and value in (0, 1) else value


def is_whole(event: Event) -> bool:
    """Whether `trainable` is set on the target itself, not on its layers one by one."""
    return event.kind == "set_trainable" and "of" not in event.args


def numbers(module: Module, event: Event) -> list[int | None]:
    """Where the layers stand that one line sets one by one, if only once; None for one of which that is not known."""
    turns = [other for other in module.events if other.kind == event.kind and other.origin.span == event.origin.span]
    cuts = [other.args.get("cut") for other in turns if other.target is event.target and other.run == event.run]
    return [cut.start if isinstance(cut, slice) and isinstance(cut.start, int) else None for cut in cuts]


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


def meets(event: Event, part: object) -> bool:
    """Whether what is done concerns all of a part, or may do so: an unknown target may be any."""
    return isinstance(event.target, Unknown) or within(event.target, part)


def undoes(event: Event, other: Event) -> bool:
    """Whether an assignment gives what another one concerns a value that is, or may be, another one."""
    return event.kind == "set_trainable" and value_of(event) is not value_of(other) and meets(event, other.target)


def toggles(module: Module, event: Event) -> bool:
    """Whether an assignment comes round again in a loop that also does the opposite: each step sets what it needs."""
    rounds = [other.order for other in module.events if other.kind == event.kind and other.origin.span == event.origin.span]
    first, last = min(rounds), max(rounds)
    return first < last and any(undoes(other, event) for other in module.events if first < other.order < last)


# What `trainable` is


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


def flag_at(module: Module, event: Event, compiled: Event) -> object:
    """What `trainable` was, at a compilation, for all that an assignment concerns; None where that is not known."""
    part = event.target
    value: object = part.trainable if isinstance(part, Layer) else True
    for other in module.events:
        if other.kind != "set_trainable" or before(compiled, other):
            continue
        if not before(other, compiled):
            value = None if compiled.run.execution is not None and meets(other, part) else value
            continue
        if isinstance(other.target, Unknown):
            value = None
        elif meets(other, part):
            whole = is_whole(other) or (other.args.get("of") == "each" and other.args.get("only") == "")
            value = value_of(other) if whole and possible(other, event) else value if value_of(other) is value else None
        elif within(part, other.target) and value_of(other) is not value:
            value = None
    return value


def is_settled(module: Module, event: Event, step: Event, model: object) -> bool:
    """Whether something between an assignment and a training compiles the model again, undoes the assignment, or may do so."""
    cells = event.run.number != step.run.number
    for other in module.events:
        again = other.kind == "compile" and other.target is model
        may = other.kind in ("compile", "escape") and (other.target is model or isinstance(other.target, Unknown))
        if not (may or undoes(other, event)) or before(other, event):
            continue
        elsewhere = other.run.number not in (event.run.number, step.run.number)
        if elsewhere and (again or (cells and not before(step, other))):
            return True
        if before(event, other) and before(other, step):
            return True
    return False
