"""BN in a TimeDistributed: under Keras 3 every time step is normalised by itself, and moves the statistics."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import follows, is_tuned, normalises
from bnlint.checks.written import is_plain
from bnlint.findings import Edit, Fix, Hit, Related, Safety, SetArgument, Unwrap
from bnlint.graph import query
from bnlint.graph.model import Layer, ModelGraph, Project


def check(project: Project) -> Iterator[Hit]:
    for wrapper in query.layers(project):
        layer = wrapper.inner
        applied = wrapper.kind == "TimeDistributed" and any(query.applications(project, wrapper))
        if applied and layer is not None and _trains(project, layer) and _runs(project, wrapper):
            yield Hit("default", layer.origin, layer, related=(Related(wrapper.origin, "wrapper"),), fix=_fix(wrapper, layer))
    for event in query.events(project, "wrapped"):
        model = event.args.get("model")
        if not isinstance(event.target, Layer) or not _runs(project, event.target):
            continue
        for call in query.calls_of(model, "batchnorm") if isinstance(model, ModelGraph) else ():
            if _trains(project, call.layer) and follows(call):
                yield Hit("submodel", call.layer.origin, call.layer, related=(Related(event.origin, "wrapper"),))
        if isinstance(model, Layer) and is_tuned(project, model):
            values = {"backbone": model.kind}
            yield Hit("backbone", model.origin, model, values, related=(Related(event.origin, "wrapper"),))


def _runs(project: Project, wrapper: Layer) -> bool:
    """Whether what the wrapper holds is run in training mode, wherever it is applied, and not frozen with it."""
    modes = (follows(call) or call.training is True for _, call in query.applications(project, wrapper))
    return query.frozen(project, wrapper) is False and all(modes)


def _trains(project: Project, layer: Layer) -> bool:
    return normalises(layer) and query.frozen(project, layer) is False


def _fix(wrapper: Layer, layer: Layer) -> Fix | None:
    """Without the wrapper an axis that is counted from the front counts the time axis, too."""
    axis, at = query.config(layer, "axis"), wrapper.origin.span
    if type(axis) is not int or at is None or layer.origin.span is None:
        return None
    shift: tuple[Edit, ...] = ()
    if axis >= 0:
        if not is_plain(layer, layer.arguments.keyword("axis")):
            return Fix(Safety.UNSAFE, refused="axis")
        shift = (SetArgument(layer.origin.span, "axis", str(axis + 1)),)
    return Fix(Safety.UNSAFE, (Unwrap(at), *shift), touches=(wrapper, layer))
