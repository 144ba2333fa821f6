"""Fine-tuning sets a backbone trainable, and with it the BatchNormalization whose statistics were trained on far more data."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.freezing import Backbone, flag_before, held, holds, is_whole, norms, numbers, possible, refreezes, value_of
from bnlint.checks.modes import label
from bnlint.findings import Fix, FreezeNorms, Hit, Related, Safety
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Event, ModelGraph, Module, Project, Unknown

LARGE = 32
"""Samples in a batch from which on an explicit choice of full fine-tuning is worth a remark only."""

TOP = 4
"""Layers at the end of a backbone among which there may be no BatchNormalization."""


def check(project: Project) -> Iterator[Hit]:
    yield from _recorded(project)
    for module in project.modules:
        for event in module.events:
            if event.kind != "set_trainable" or value_of(event) is not True or event.args.get("only", "") != "":
                continue
            for backbone in _backbones(module, event):
                case = _case(project, module, event, backbone) if _thaws(project, module, event, backbone) else None
                if case is not None:
                    at = event.origin.span
                    fix = None if at is None else Fix(Safety.UNSAFE, (FreezeNorms(at),))
                    related = (Related(backbone.origin, "backbone"),)
                    yield Hit(case, event.origin, values={"backbone": label(backbone)}, related=related, fix=fix)


def _recorded(project: Project) -> Iterator[Hit]:
    """Models of a file that are ready to train a model which they call in inference mode."""
    compiled = query.is_recorded(project) and any(query.events(project, "compile"))
    for event in query.events(project, "apply") if compiled else ():
        thawed = [query.frozen(project, layer) is False for layer in norms(event.target)] if isinstance(event.target, ModelGraph) else []
        if event.args.get("training") is False and thawed and all(thawed):
            yield Hit("saved", event.origin, values={"backbone": label(event.target)})


def _backbones(module: Module, event: Event) -> Iterator[Backbone]:
    """The models that hold pretrained statistics, or are to keep theirs, among what an assignment reaches."""
    yield from held(event.target)
    if isinstance(event.target, ModelGraph) and norms(event.target):
        before = [other for other in module.events if other.order < event.order and other.target is event.target]
        loaded = any(other.kind == "load_weights" for other in before)
        frozen = any(is_whole(other) and value_of(other) is False for other in before)
        if (loaded and frozen) or any(other.kind == "apply" and other.args.get("training") is False for other in before):
            yield event.target


def _thaws(project: Project, module: Module, event: Event, backbone: Backbone) -> bool:
    """Whether the assignment leaves BatchNormalization of the backbone trainable, as far as it is the last word."""
    before = [
        other for other in module.events if other.order < event.order and refreezes(module, other, backbone) and possible(other, event)
    ]
    if is_whole(event):
        # Keras 3 does nothing where the flag is True already: what was frozen layer by layer, or inside, stays frozen.
        idle = project.keras.major >= 3 and flag_before(module.events, event) is not False
        return not (idle and before) and (event.target is backbone or bool(before))
    above = TOP + (len(event.target.calls) if isinstance(event.target, ModelGraph) else 0)
    if event.args.get("of") == "one":
        return _are_many(numbers(module, event), above)
    cut = event.args.get("cut")
    if isinstance(cut, slice) and isinstance(cut.start, int) and cut.start < 0:
        return -cut.start > above
    return event.args.get("of") in ("each", "slice")


def _are_many(places: list[int | None], above: int) -> bool:
    """Whether a loop that sets layers by their numbers certainly comes to some that are not the last ones."""
    known = {place for place in places if place is not None}
    if not known or min(known) < 0:
        return len(places) > 1 and min(known, default=0) < -above
    return None in places or len(known) > TOP


def _case(project: Project, module: Module, event: Event, backbone: Backbone) -> str | None:
    """The case by how the model that is compiled next calls the backbone; None where that keeps its statistics, or nothing is proven."""
    later = [other for other in module.events if other.order > event.order and possible(event, other)]
    compiled = next((other for other in later if other.kind == "compile" and holds(other.target, backbone)), None)
    if (
        compiled is None
        or compiled.target is backbone
        or any(other.order < compiled.order and refreezes(module, other, backbone) for other in later)
    ):
        return None
    modes = list(_modes(module, backbone, compiled.target))
    if any(mode is False for mode, _ in modes):
        # Only in a functional model does `fit` override the recorded value.
        return "recorded" if all(functional for _, functional in modes) else None
    if not modes or any(not (mode is ABSENT or mode is None or isinstance(mode, Unknown)) for mode, _ in modes):
        return None
    fits = [other for other in later if other.order > compiled.order and other.kind == "fit" and other.target is compiled.target]
    if is_whole(event) and fits and all(_is_large(fit) for fit in fits):
        return "deliberate"
    return "bare"


def _modes(module: Module, backbone: Backbone, model: object) -> Iterator[tuple[object, bool]]:
    """How a model calls a backbone: with which `training`, and whether it is a functional model that does so."""
    if isinstance(backbone, ModelGraph):
        told = [event for event in module.events if event.kind == "apply" and event.target is backbone]
        yield from ((event.args.get("training"), event.args.get("owner") is None) for event in told)
        if not told:
            yield ABSENT, True
        return
    for graph in query.with_parts(model):
        yield from ((call.training, graph.kind == "functional" and call.owner is None) for call in graph.calls if call.layer is backbone)


def _is_large(fit: Event) -> bool:
    size = fit.args.get("batch_size")
    stated = fit.arguments.keyword("batch_size") is not None or fit.args.get("batch") is not None
    return stated and isinstance(size, int) and size >= LARGE
