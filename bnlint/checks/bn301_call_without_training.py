"""Since Keras 3, `fit` asks only a `call` that takes `training` for training mode; any other model infers while it is fitted."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import has_mode, kinds, misnamed, mode_dependent, told
from bnlint.findings import Fix, Hit, Related, Safety, SetParameter
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Call, ClassInfo, Method, Project, Span


def check(project: Project) -> Iterator[Hit]:
    for module in project.modules:
        for cls in module.classes:
            method = cls.methods.get("call")
            case = "fitted" if "fit" in cls.used else "unseen" if not cls.used else None
            # A training step of the user's own calls the model as it likes: BN302.
            if cls.base != "Model" or not cls.complete or method is None or case is None or "train_step" in cls.methods:
                continue
            layers = mode_dependent(project, cls) if method.parameter("training") is None else ()
            if layers:
                values = {"cls": cls.name, "layers": kinds(layers)}
                related = (Related(layers[0].origin, "layer", layers[0]),)
                yield Hit(case, method.origin, values=values, related=related, fix=_fix(project, cls, method))


def _fix(project: Project, cls: ClassInfo, method: Method) -> Fix | None:
    at = method.origin.span
    if at is None:
        return None
    safety = Safety.UNSAFE if project.keras.major >= 3 else Safety.SAFE
    if any(call.training is None and has_mode(call.layer) for call in query.calls_in(project, cls)):
        return Fix(safety, refused="none-given")
    if misnamed(method) is not None and told(project, cls):
        return Fix(safety, refused="misnamed")
    return Fix(safety, (SetParameter(at, "training", "None", forward=_forward(project, cls, at)),))


def _forward(project: Project, cls: ClassInfo, body: Span) -> tuple[Span, ...]:
    """The calls in the body that take `training` and do not get it, each with all layers that pass through it."""
    through: dict[Span, list[Call]] = {}
    for call in query.calls_in(project, cls):
        at = call.origin.span
        if at is not None and at.path == body.path and at.cell == body.cell and body.line <= at.line and at.end_line <= body.end_line:
            through.setdefault(at, []).append(call)
    return tuple(at for at, calls in through.items() if all(has_mode(call.layer) and call.training is ABSENT for call in calls))
