"""Moving statistics after n steps hold 1 - momentum**n of what was seen, and momentum**n of their initial values."""

from __future__ import annotations

import math
from collections.abc import Iterator

from bnlint.checks.batches import needed, related, trained, whole
from bnlint.checks.modes import is_backbone
from bnlint.findings import Fix, Hit, Safety, SetArgument
from bnlint.graph import query, statistics
from bnlint.graph.course import before, shares
from bnlint.graph.model import Call, Event, Layer, ModelGraph, Project, Unknown

BETTER = 0.9
"""The momentum that is proposed where it suffices."""


def check(project: Project) -> Iterator[Hit]:
    yield from _recorded(project)
    for event in query.events(project, "fit"):
        steps = _steps(event)
        if steps == 0 or not _is_all(project, event) or _is_pretrained(project, event.target):
            continue
        calls = trained(project, event.target, event.under)
        fresh = [call for call in calls if not _is_handed_on(project, event, call.layer)]
        slow = [(call, momentum) for call in fresh if (momentum := _momentum(call)) and steps < needed(momentum)]
        if slow:
            call, momentum = max(slow, key=lambda pair: pair[1])
            case, values = "test" if _is_test(event) else "default", _values(steps, momentum)
            yield Hit(case, event.origin, values=values, related=related(event, event, call), fix=_fix(call, steps))


def _values(steps: int, momentum: float) -> dict[str, object]:
    return {
        "steps": f"{steps} step{'s' * (steps > 1)}",
        "momentum": momentum,
        "needed": math.ceil(needed(momentum)),
        "initial": round(momentum**steps * 100),
    }


def _recorded(project: Project) -> Iterator[Hit]:
    """Models of a file that tells how many steps their optimizer has made: all that they got, where the variance shows no more."""
    for event in query.events(project, "steps"):
        steps = whole(event.args.get("steps"))
        slow = [
            (momentum, call.layer.inner or call.layer)
            for call in (trained(project, event.target, event.under) if steps else ())
            if (momentum := _momentum(call)) is not None
            and steps < needed(momentum)
            and statistics.are_fresh(call.layer.inner or call.layer, momentum**steps)
        ]
        if slow:
            momentum, layer = max(slow, key=lambda pair: pair[0])
            yield Hit("recorded", layer.origin, layer, _values(steps, momentum))


def _momentum(call: Call) -> float | None:
    momentum = query.config(call.layer.inner or call.layer, "momentum")
    return momentum if isinstance(momentum, float) and 0 < momentum < 1 else None


def _steps(event: Event) -> int:
    """The updates that a training call makes; 0 where they are not known."""
    if event.under or not event.arguments.complete:
        return 0
    epochs = whole(event.args.get("epochs", 1))
    if (given := event.args.get("steps_per_epoch")) is not None:
        return epochs * whole(given)
    size, samples = whole(event.args.get("batch_size")), whole(event.args.get("samples"))
    return epochs * math.ceil(samples / size) if size and samples else 0


def _is_all(project: Project, event: Event) -> bool:
    """Whether this call is all the training that the model gets."""
    alone = len(query.done_to(project, event.target, "fit", "train_on_batch")) == 1
    return alone and all(_concerns_others(step, event.target) for step in query.events(project, "apply_gradients"))


def _concerns_others(step: Event, model: object) -> bool:
    """Whether a gradient step certainly trains other models."""
    sources = step.args.get("sources")
    return isinstance(sources, tuple) and not any(
        not isinstance(source, (Layer, ModelGraph)) or shares(model, source) or shares(source, model) for source in sources
    )


def _is_pretrained(project: Project, model: object) -> bool:
    loaded = any(query.events(project, "load_weights"))
    return loaded or any(is_backbone(call.layer) for graph in query.with_parts(model) for call in graph.calls)


def _is_handed_on(project: Project, event: Event, layer: Layer) -> bool:
    """Whether the training may go on from the statistics of another model, as in rounds that each build the model anew."""
    given = (other for other in query.events(project, "set_weights") if not before(event, other))
    return any(isinstance(other.target, Unknown) or query.covers(other.target, layer) for other in given)


def _is_test(event: Event) -> bool:
    path = event.origin.span.path.replace("\\", "/") if event.origin.span is not None else ""
    *folders, file = path.split("/")
    return file.startswith("test_") or file.endswith("_test.py") or not {"test", "tests"}.isdisjoint(folders)


def _fix(call: Call, steps: int) -> Fix | None:
    at = call.layer.origin.span
    if at is None or call.layer.inner is not None or steps < needed(BETTER):
        return None
    return Fix(Safety.DISPLAY, (SetArgument(at, "momentum", str(BETTER)),), touches=(call.layer,))
