"""Keras 3 takes a constant `training` on one layer over to the layers that are called after it."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import has_mode
from bnlint.checks.steps import Step, is_step, step_of, steps_of
from bnlint.findings import Edit, Fix, Hit, Related, Safety, SetArgument, SetParameter
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Method, Project


def check(project: Project) -> Iterator[Hit]:
    for module in project.modules:
        for cls in module.classes:
            method = cls.methods.get("call")
            if cls.base in ("Layer", "Model") and method is not None and method.origin.span is not None:
                for calls in query.runs_of(project, cls):
                    yield from _leaks(project, steps_of(project, calls, method, method.origin.span), method)
    for graph in project.models:
        if graph.kind == "functional" and any(call.training is not ABSENT for call in graph.calls):
            yield from _leaks(project, [step_of(call) for call in graph.calls if is_step(call)], None)


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
            source = step if isinstance(step.training, bool) else None


def _suffers(project: Project, step: Step, source: Step) -> bool:
    """Whether the layer would run otherwise, and the constant does not depend on a test that the layer escapes, or on the mode itself."""
    assert step.layer is not None
    depends = dict(source.under)
    if not depends.items() <= dict(step.under).items() or any(condition.mode for condition in depends):
        return False
    if not has_mode(step.layer):
        return False
    return step.layer.role == "dropout" or query.frozen(project, step.layer) is False


def _fix(step: Step, method: Method | None) -> Fix | None:
    at = step.origin.span
    if at is None or method is None or method.origin.span is None:
        return None
    edits: tuple[Edit, ...] = (SetArgument(at, "training", "training"),)
    if method.parameter("training") is None:
        edits = (SetParameter(method.origin.span, "training", "None"), *edits)
    return Fix(Safety.UNSAFE, edits, touches=(step.layer,) if step.layer is not None else ())
