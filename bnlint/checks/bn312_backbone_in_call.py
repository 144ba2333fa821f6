"""A `call` runs a pretrained model in the mode of the whole: training it overwrites its statistics."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.freezing import pretrained
from bnlint.checks.modes import inside
from bnlint.findings import Fix, Freeze, Hit, Related, Safety
from bnlint.graph import query
from bnlint.graph.model import ABSENT, ClassInfo, Layer, Method, Project


def check(project: Project) -> Iterator[Hit]:
    for module in project.modules:
        for cls in module.classes:
            method = cls.methods.get("call")
            body = method.origin.span if method is not None and cls.base in ("Layer", "Model") else None
            if method is None or body is None or cls.used == {"called"} or _infers(project, cls, method):
                continue
            for call in query.calls_in(project, cls):
                bare = call.training is ABSENT and pretrained(call.layer) and inside(call.origin.span, body)
                if bare and query.frozen(project, call.layer) is False:
                    values = {"backbone": call.layer.kind, "cls": cls.name}
                    related = (Related(call.layer.origin, "backbone", call.layer),)
                    yield Hit("default", call.origin, call.layer, values, related, _fix(call.layer))


def _infers(project: Project, cls: ClassInfo, method: Method) -> bool:
    """Whether `fit` runs the model in inference mode, since its `call` takes no `training` (BN301): then nothing moves yet."""
    own = "train_step" in cls.methods or "sublayer" in cls.used
    return project.keras.major >= 3 and cls.base == "Model" and method.parameter("training") is None and not own


def _fix(layer: Layer) -> Fix | None:
    return None if layer.origin.span is None else Fix(Safety.UNSAFE, (Freeze(layer.origin.span),), touches=(layer,))
