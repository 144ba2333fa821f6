"""Subclasses of BatchNormalization that lose something: the class when a model is loaded, the mode, the mask."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.masks import makes_mask
from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import ABSENT, ClassInfo, Project, Unknown


def check(project: Project) -> Iterator[Hit]:
    masked = project.keras.major >= 3 and any(map(makes_mask, query.layers(project)))
    for module in project.modules:
        for cls in module.classes:
            case = _case(cls, masked)
            if case and cls.base in ("BatchNormalization", "SyncBatchNormalization") and not _is_frozen(project, cls):
                yield Hit(case, cls.origin, values={"name": cls.name})


def _case(cls: ClassInfo, masked: bool) -> str:
    """What the class loses; the mask only where there is one, and a Keras that does something with it."""
    call = cls.methods.get("call")
    if call is not None and cls.passed is not None:
        if "training" not in cls.passed:
            return "training"
        if masked and "mask" not in cls.passed and not any(parameter.kind == "**" for parameter in call.parameters):
            return "mask"
    return "" if cls.reloads else "unregistered"


def _is_frozen(project: Project, cls: ClassInfo) -> bool:
    """Whether the class is there to be kept in inference mode, by its default or by its callers, as in Mask R-CNN."""
    call = cls.methods.get("call")
    training = call.parameter("training") if call is not None else None
    if training is None:
        return False
    layers = (layer for layer in query.batchnorms(project) if layer.subclass == cls.name)
    told = [call for layer in layers for _, call in query.applications(project, layer) if call.training is not ABSENT]
    # An unknown mode is a switch of the builder, off unless its default is True; inside a `call` it is the mode of the model.
    return training.default is False or any(
        value is False or (isinstance(value, Unknown) and call.owner is None and value.presumed is not True)
        for call in told
        for value in query.alternatives(call.training)
    )
