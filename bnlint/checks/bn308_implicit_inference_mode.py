"""A model is put to use without `training=False`: the default of Keras, but four things change it."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import following, given_training, label, mode_of, set_training, takes_training
from bnlint.checks.purposes import inference
from bnlint.findings import Fix, Hit, Related, Safety
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Event, Layer, ModelGraph, Module, Project

TRAINING = ("fit", "train_on_batch", "load_weights", "gradient", "apply_gradients")


def check(project: Project) -> Iterator[Hit]:
    for module in project.modules:
        for event in module.events:
            if event.kind != "call" or given_training(event) is not ABSENT or event.args.get("direct") is True:
                continue
            recorded = _recorded(project, event.target)
            layers = following(project, event.target) or recorded
            case = _case(project, event, bool(recorded)) if layers and _infers(project, module, event, layers) else None
            if case is not None:
                related = (Related(layers[0].origin, "batchnorm", layers[0]),)
                yield Hit(case, event.origin, values={"model": label(event.target)}, related=related, fix=_fix(event, case))


def _infers(project: Project, module: Module, event: Event, layers: tuple[Layer, ...]) -> bool:
    """Whether the call infers: its function's name tells, or its function has fitted or loaded its layers before and takes no gradient."""
    if inference(project, event):
        return True
    around = [other for other in module.events if other.kind in TRAINING and other.origin.scope == event.origin.scope]
    earlier = (other for other in around if other.order < event.order and other.under == event.under)
    ready = any(other.target is event.target or _holds(project, other.target, layers) for other in earlier)
    return event.tape is None and ready and not any(other.kind in ("gradient", "apply_gradients") for other in around)


def _holds(project: Project, model: object, layers: tuple[Layer, ...]) -> bool:
    """Whether a model holds all of these layers, as that from which a model of its features was made."""
    held = {id(layer) for layer in following(project, model)}
    return all(id(layer) in held for layer in layers)


def _case(project: Project, event: Event, recorded: bool) -> str | None:
    """Which of the four conditions holds; "default" for none, None where the mode is unknown."""
    mode = mode_of(event)
    phases = {other.args.get("value") for other in query.events(project, "learning_phase")} - {0}
    if event.args.get("owner") is not None:
        return "inside-call"
    if mode is None and phases and project.keras.major < 3:
        return "learning-phase" if phases == {1} else None
    if mode is True:
        return "default-true"
    if mode is not None and mode is not False:
        return None
    return "recorded-true" if recorded else "default"


def _recorded(project: Project, target: object) -> tuple[Layer, ...]:
    """The layers of a functional model that were built with `training=True`."""
    if not isinstance(target, ModelGraph) or target.kind != "functional":
        return ()
    built = (call.layer for call in query.calls_of(target, "batchnorm") if call.training is True)
    return tuple(layer for layer in built if query.frozen(project, layer) is False)


def _fix(event: Event, case: str) -> Fix | None:
    """Safe where the call infers already. Inside a `call`, the constant would leak to the layers that follow (Keras 3)."""
    refused = "leak" if case == "inside-call" else "" if takes_training(event.target) else "no-parameter"
    if refused:
        return Fix(Safety.UNSAFE, refused=refused)
    return set_training(event, "False", Safety.SAFE if case == "default" else Safety.UNSAFE)
