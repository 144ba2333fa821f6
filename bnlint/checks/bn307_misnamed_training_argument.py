"""`call` has a parameter for the mode under a name that Keras does not know, or is given a text for it."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import following, given_training, has_mode, kinds, label, misnamed, told
from bnlint.findings import Fix, Hit, Related, RenameParameter, Safety
from bnlint.graph import query
from bnlint.graph.model import ClassInfo, Method, Project


def check(project: Project) -> Iterator[Hit]:
    for module in project.modules:
        for cls in module.classes:
            method = cls.methods.get("call")
            name = _misnamed(cls, method) if method is not None else None
            if method is not None and name is not None and (layers := told(project, cls)):
                values = {"cls": cls.name, "parameter": name, "layers": kinds(layers)}
                yield Hit("name", method.origin, values=values, related=(Related(layers[0].origin, "layer"),), fix=_fix(cls, method, name))
    yield from _texts(project)


def _misnamed(cls: ClassInfo, method: Method) -> str | None:
    """The parameter, where some caller leaves it out (Keras itself in `fit`), or none is seen."""
    if cls.base not in ("Layer", "Model") or not cls.complete or method.parameter("training") is not None:
        return None
    if any(parameter.kind == "**" for parameter in method.parameters) or ("train_step" in cls.methods and "fit" not in cls.used):
        return None
    if cls.used and not cls.used & {"fit", "untold"}:
        return None
    parameter = misnamed(method)
    return None if parameter is None else parameter.name


def _texts(project: Project) -> Iterator[Hit]:
    for graph in project.models:
        for call in graph.calls:
            if isinstance(call.training, str) and has_mode(call.layer):
                yield Hit("text", call.origin, call.layer, {"text": call.training, "layer": call.layer.kind})
    for event in query.events(project, "call"):
        given = given_training(event)
        if isinstance(given, str) and following(project, event.target):
            yield Hit("text", event.origin, values={"text": given, "layer": label(event.target)})


def _fix(cls: ClassInfo, method: Method, name: str) -> Fix | None:
    if method.origin.span is None:
        return None
    if "told" in cls.used:
        return Fix(Safety.UNSAFE, refused="callers")
    return Fix(Safety.UNSAFE, (RenameParameter(method.origin.span, name, "training", "None"),))
