"""A gradient step runs a model in inference mode: its statistics are neither the batch's nor ever learnt."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Fix, Hit, Related, Safety, SetArgument
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Call, Event, Layer, ModelGraph, Module, Project, Unknown
from bnlint.keras_api.applications import APPLICATIONS


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
    steps = [other for other in taken if other.tape in recording]
    if event.tape is None and event.origin.scope.endswith("train_step"):
        # Without a tape (torch, JAX), a step differentiates what it hands to the optimizer.
        local = [other for other in module.events if other.origin.scope == event.origin.scope]
        steps = [] if any(other.kind == "gradient" for other in local) else [e for e in local if e.kind == "apply_gradients"]
    for step in steps:
        trained = tuple(layer for layer in layers if any(_covers(source, layer) for source in _sources(step)))
        if trained and query.merge(dict(event.under), step.under) is not None:
            return step, trained
    return None, ()


def _sources(event: Event) -> tuple[object, ...]:
    sources = event.args.get("sources")
    return sources if isinstance(sources, tuple) else ()


def _covers(source: object, layer: Layer) -> bool:
    """Whether the variables of a model (or layer) are, among others, those of this layer."""
    if not isinstance(source, ModelGraph):
        return source is layer
    owned = source.cls is not None and any(known is layer for known in source.cls.layers)
    return owned or query.contains(source, layer) or any(_covers(part, layer) for part in source.parts)


def _tunes(project: Project, target: object) -> bool:
    """Whether `training=False` may be the fine-tuning of a pretrained model that keeps its statistics, on purpose."""
    pretrained = not isinstance(target, ModelGraph) or any(_is_backbone(call.layer) for call in target.calls)
    return pretrained or any(query.events(project, "load_weights"))


def _learning_phase(project: Project) -> bool:
    """Whether a global learning phase may put bare calls into training mode (Keras 2 only)."""
    return project.keras.major < 3 and any(event.args.get("value") not in (0, False) for event in query.events(project, "learning_phase"))


def _fix(event: Event, case: str, shared: bool) -> Fix | None:
    refused = "direct" if case == "direct" else "no-parameter" if not takes_training(event.target) else "other-mode" if shared else ""
    return Fix(Safety.UNSAFE, refused=refused) if refused else set_training(event, "True", Safety.UNSAFE)


# What is asked of a call on data by BN303 and BN308, too


def label(target: object) -> str:
    """What a message calls a model."""
    return (target.kind if isinstance(target, Layer) else target.name if isinstance(target, ModelGraph) else "") or "model"


def following(project: Project, target: object) -> tuple[Layer, ...]:
    """The BatchNormalization layers, and backbones that hold some, that certainly take the mode in which a model is called.

    Left out are layers that may be frozen, that are given a mode of their own, and users' subclasses.
    """
    calls = target.calls if isinstance(target, ModelGraph) else (Call(target),) if isinstance(target, Layer) else ()
    return tuple(
        call.layer
        for call in calls
        if (_is_backbone(call.layer) or _normalises(call.layer)) and _follows(call) and query.frozen(project, call.layer) is False
    )


def _follows(call: Call) -> bool:
    # Inside `call`, what is unknown is its parameter `training`; elsewhere an unknown flag proves nothing.
    return call.training is ABSENT or call.training is None or (call.owner is not None and isinstance(call.training, Unknown))


def _normalises(layer: Layer) -> bool:
    return layer.role == "batchnorm" and layer.family == "keras" and layer.subclass is None


def _is_backbone(layer: Layer) -> bool:
    return layer.family == "keras" and APPLICATIONS.get(layer.kind) is True


def given_training(event: Event) -> object:
    """The `training` of a call on data as given, ABSENT where it is not."""
    return query.resolve(event.args.get("training", ABSENT), dict(event.under))


def mode_of(event: Event) -> object:
    """The `training` that a call on data gets: as given, else the default of the callee's `call`; None where there is neither."""
    given = given_training(event)
    if given is not ABSENT and given is not None:
        return given
    cls = event.target.cls if isinstance(event.target, ModelGraph) else None
    parameter = cls.methods["call"].parameter("training") if cls is not None and "call" in cls.methods else None
    return None if parameter is None or parameter.default is ABSENT else parameter.default


def takes_training(target: object) -> bool:
    """Whether a model can be called with `training=`."""
    cls = target.cls if isinstance(target, ModelGraph) else None
    if cls is None or "call" not in cls.methods:
        return True
    call = cls.methods["call"]
    return call.parameter("training") is not None or any(parameter.kind == "**" for parameter in call.parameters)


def set_training(event: Event, code: str, safety: Safety) -> Fix | None:
    """The edit that gives a call `training=`; None where it has one by position or by `**`."""
    at, arguments = event.origin.span, event.arguments
    by_position = given_training(event) is not ABSENT and arguments.keyword("training") is None
    return None if at is None or by_position or not arguments.complete else Fix(safety, (SetArgument(at, "training", code),))
