"""Keras 3 takes a constant `training` on one layer over to the layers that are called after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bnlint.checks.modes import has_mode, inside
from bnlint.findings import Edit, Fix, Hit, Related, Safety, SetArgument, SetParameter
from bnlint.graph import query
from bnlint.graph.model import ABSENT, ClassInfo, Layer, Method, Origin, Project, Under, Unknown


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One call of a layer or model inside a `call`. `layer` is None for what is told its mode and is not looked into."""

    origin: Origin
    training: object
    under: Under
    layer: Layer | None


def check(project: Project) -> Iterator[Hit]:
    for module in project.modules:
        for cls in module.classes:
            method = cls.methods.get("call")
            if cls.base in ("Layer", "Model") and method is not None:
                yield from _leaks(project, _steps(project, cls, method), method)
    for graph in project.models:
        if graph.kind == "functional":
            yield from _leaks(project, [Step(call.origin, call.training, call.under, call.layer) for call in graph.calls], None)


def _steps(project: Project, cls: ClassInfo, method: Method) -> list[Step]:
    """What stands in the body of a `call`, in order."""
    body = method.origin.span
    steps = [
        Step(call.origin, call.training, call.under, call.layer) for call in query.calls_in(project, cls) if not call.layer.is_function
    ]
    told = [event for event in query.events(project, "apply") if event.origin.scope == method.origin.scope]
    steps += [Step(event.origin, event.args.get("training"), event.under, None) for event in told]
    return sorted((step for step in steps if body is not None and inside(step.origin.span, body)), key=_place)


def _place(step: Step) -> tuple[int, int]:
    """Of calls within calls the inner one comes first: it ends first."""
    span = step.origin.span
    assert span is not None
    return span.end_line, span.end_column


def _leaks(project: Project, steps: list[Step], method: Method | None) -> Iterator[Hit]:
    source: Step | None = None
    for step in steps:
        if step.training is ABSENT:
            if source is not None and step.layer is not None and _suffers(project, step, source):
                mode = source.training
                case = "functional" if method is None else "default" if mode is not None else "none"
                related = (Related(source.origin, "source"),)
                yield Hit(case, step.origin, step.layer, {"layer": step.layer.kind, "mode": mode}, related, _fix(step, method))
        elif step.training is None and method is not None:
            source = step
            if step.layer is not None and has_mode(step.layer) and query.frozen(project, step.layer) is not True:
                yield Hit("itself", step.origin, step.layer, {"layer": step.layer.kind}, fix=_fix(step, method))
        else:
            source = step if step.training in (True, False) and isinstance(step.training, bool) else None


def _suffers(project: Project, step: Step, source: Step) -> bool:
    """Whether the layer would run otherwise, and the constant does not depend on a test that the layer escapes, or on the mode itself."""
    assert step.layer is not None
    depends = dict(source.under)
    if not depends.items() <= dict(step.under).items() or any(_is_mode(condition) for condition in depends):
        return False
    if not has_mode(step.layer):
        return False
    return step.layer.role == "dropout" or query.frozen(project, step.layer) is False


def _is_mode(condition: Unknown) -> bool:
    return "training" in condition.reason or (condition.test is not None and "training" in condition.test[1].reason)


def _fix(step: Step, method: Method | None) -> Fix | None:
    at = step.origin.span
    if at is None or method is None or method.origin.span is None:
        return None
    edits: tuple[Edit, ...] = (SetArgument(at, "training", "training"),)
    if method.parameter("training") is None:
        edits = (SetParameter(method.origin.span, "training", "None"), *edits)
    return Fix(Safety.UNSAFE, edits, touches=(step.layer,) if step.layer is not None else ())
