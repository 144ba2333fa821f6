"""A gradient step runs a model in inference mode: its statistics are neither the batch's nor ever learnt."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import following, given_training, is_backbone, label, mode_of, set_training, takes_training
from bnlint.findings import Fix, Hit, Related, Safety
from bnlint.graph import query
from bnlint.graph.course import updates
from bnlint.graph.model import Event, Layer, ModelGraph, Module, Project, Unknown


def check(project: Project) -> Iterator[Hit]:
    found: dict[int, tuple[Event, str, tuple[Related, ...]]] = {}
    for module in project.modules:
        for event in module.events:
            if event.kind == "call" and (step := _step(project, module, event)) is not None:
                found[id(event)] = (event, *step)
    for event, case, related in found.values():
        shared = any(id(other) not in found for other in query.events(project, "call") if other.origin.span == event.origin.span)
        yield Hit(case, event.origin, values={"model": label(event.target)}, related=related, fix=_fix(event, case, shared))


def _step(project: Project, module: Module, event: Event) -> tuple[str, tuple[Related, ...]] | None:
    """The case and what explains it; None where nothing is proven."""
    given, mode = given_training(event), mode_of(event)
    direct = event.args.get("direct") is True
    if mode is not None and mode is not False:
        return None
    layers = following(project, event.target)
    if direct and isinstance(event.target, Layer):
        return ("direct", (_batchnorm(layers[0]),)) if layers and mode is None else None
    gradient, trained = _gradient(module, event, layers)
    if gradient is None or (given is False and _tunes(project, event.target)) or (mode is None and _learning_phase(project)):
        return None
    case = "direct" if direct else "inference" if given is False else "omitted"
    return case, (Related(gradient.origin, "gradient"), _batchnorm(trained[0]))


def _batchnorm(layer: Layer) -> Related:
    return Related(layer.origin, "batchnorm", layer)


def _gradient(module: Module, event: Event, layers: tuple[Layer, ...]) -> tuple[Event | None, tuple[Layer, ...]]:
    """The first gradient taken through this call with respect to some of these layers, and these layers.

    A call whose innermost tape differentiates with respect to data only (saliency, penalties, attacks) belongs to no step.
    """
    tapes = event.args.get("tapes")
    recording = tapes if isinstance(tapes, tuple) else (event.tape,)
    taken = [other for other in module.events if other.kind == "gradient" and other.tape is not None]
    innermost = [other for other in taken if other.tape == event.tape]
    if innermost and not any(_sources(other) for other in innermost):
        return None, ()
    steps = [other for other in taken if other.tape in recording] if event.tape is not None else updates(module, event)
    for step in steps:
        moved = _moved(module, event, recording)
        sources = () if any(map(_is_unknown, moved)) else _sources(step)
        trained = tuple(
            layer
            for layer in layers
            if any(query.covers(source, layer) for source in sources) and not any(query.covers(other, layer) for other in moved)
        )
        if trained and query.merge(dict(event.under), step.under) is not None:
            return step, trained
    return None, ()


def _moved(module: Module, event: Event, recording: tuple[object, ...]) -> list[object]:
    """What else the same step runs in training mode: layers that it shares are updated after all. What is unknown may share any."""
    calls = (other for other in module.events if other.kind in ("call", "apply") and other.tape in recording and mode_of(other) is True)
    return [other.target for other in calls if other.target is not event.target]


def _is_unknown(model: object) -> bool:
    return isinstance(model, Unknown) or (isinstance(model, ModelGraph) and any(call.layer.role == "unknown" for call in model.calls))


def _sources(event: Event) -> tuple[object, ...]:
    sources = event.args.get("sources")
    return sources if isinstance(sources, tuple) else ()


def _tunes(project: Project, target: object) -> bool:
    """Whether `training=False` may be the fine-tuning of a pretrained model that keeps its statistics, on purpose."""
    pretrained = not isinstance(target, ModelGraph) or any(is_backbone(call.layer) for call in target.calls)
    return pretrained or any(query.events(project, "load_weights"))


def _learning_phase(project: Project) -> bool:
    """Whether a global learning phase may put bare calls into training mode (Keras 2 only)."""
    return project.keras.major < 3 and any(event.args.get("value") not in (0, False) for event in query.events(project, "learning_phase"))


def _fix(event: Event, case: str, shared: bool) -> Fix | None:
    refused = "direct" if case == "direct" else "no-parameter" if not takes_training(event.target) else "other-mode" if shared else ""
    return Fix(Safety.UNSAFE, refused=refused) if refused else set_training(event, "True", Safety.UNSAFE)
