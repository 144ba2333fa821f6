"""Keras 3 takes a constant `training` on one layer over to the layers that are called after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from bnlint.checks.modes import has_mode, inside
from bnlint.findings import Edit, Fix, Hit, Related, Safety, SetArgument, SetParameter
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Call, Layer, Method, Origin, Project, Span, Under, Unknown


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One call of a layer or model inside a `call`.

    `layer` is None for what is told its mode and is not looked into. `within`: the call stands in a block that this `call` applies.
    """

    origin: Origin
    training: object
    under: Under
    layer: Layer | None
    within: bool = False


def check(project: Project) -> Iterator[Hit]:
    for module in project.modules:
        for cls in module.classes:
            method = cls.methods.get("call")
            if cls.base in ("Layer", "Model") and method is not None and method.origin.span is not None:
                for calls in query.runs_of(project, cls):
                    yield from _leaks(project, _steps(project, calls, method, method.origin.span), method)
    for graph in project.models:
        if graph.kind == "functional":
            yield from _leaks(project, [_step(call) for call in graph.calls], None)


def _step(call: Call, within: bool = False) -> Step:
    return Step(call.origin, call.training, call.under, call.layer, within)


def _steps(project: Project, calls: tuple[Call, ...], method: Method, body: Span) -> list[Step]:
    """What the body of a `call` sets off, in order: also in the blocks that it applies, of which the mode that they leave behind counts."""
    events = (event for event in query.events(project, "apply") if event.origin.scope == method.origin.scope)
    told = [Step(event.origin, event.args.get("training"), event.under, None) for event in events]
    placed = [(_place(step.origin.span), step) for step in told if inside(step.origin.span, body)]
    left: dict[tuple[int, int], Call] = {}
    for call in calls:
        if inside(call.origin.span, body) and (not call.layer.is_function or call.training is not ABSENT):
            placed.append((_place(call.origin.span), _step(call)))
        elif call.training is not ABSENT:
            site = next((span for span in call.origin.stack if inside(span, body)), None)
            left |= {_place(site): call} if site is not None else {}
    placed += [(place, _step(call, within=True)) for place, call in left.items() if isinstance(call.training, bool)]
    return [step for _, step in sorted(placed, key=itemgetter(0))]


def _place(span: Span | None) -> tuple[int, int]:
    """Of calls within calls the inner one comes first: it ends first."""
    assert span is not None
    return span.end_line, span.end_column


def _leaks(project: Project, steps: list[Step], method: Method | None) -> Iterator[Hit]:
    source: Step | None = None
    for step in steps:
        if step.within:
            source = step
        elif step.training is ABSENT:
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
            source = step if isinstance(step.training, bool) else None


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
