"""Fine-tuning sets a backbone trainable, and with it the BatchNormalization whose statistics were trained on far more data."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.freezing import Backbone, backbones, holds, keeps_some, modes, norms, refreezes, thaws
from bnlint.checks.modes import label
from bnlint.findings import Fix, FreezeNorms, Hit, Related, Safety
from bnlint.graph import query
from bnlint.graph.course import is_whole, possible, value_of
from bnlint.graph.model import ABSENT, Event, ModelGraph, Module, Project, Unknown

LARGE = 32
"""Samples in a batch from which on an explicit choice of full fine-tuning is worth a remark only."""


def check(project: Project) -> Iterator[Hit]:
    yield from _recorded(project)
    for module in project.modules:
        for event in module.events:
            if event.kind != "set_trainable" or value_of(event) is not True or event.args.get("only", "") != "":
                continue
            for backbone in backbones(module, event):
                case = _case(project, module, event, backbone) if thaws(project, module, event, backbone) else None
                if case is not None:
                    at = event.origin.span
                    fix = None if at is None else Fix(Safety.UNSAFE, (FreezeNorms(at, _flat(event, backbone)),))
                    related = (Related(backbone.origin, "backbone"),)
                    yield Hit(case, event.origin, values={"backbone": label(backbone)}, related=related, fix=fix)


def _flat(event: Event, backbone: Backbone) -> str:
    """A model of keras.applications that has BatchNormalization holds no other models."""
    if isinstance(backbone, ModelGraph) or event.target is not backbone:
        return ""
    return "itself" if is_whole(event) else "whole"


def _recorded(project: Project) -> Iterator[Hit]:
    """Models of a file that are ready to train a model which they call in inference mode."""
    compiled = query.is_recorded(project) and any(query.events(project, "compile"))
    for event in query.events(project, "apply") if compiled else ():
        thawed = [query.frozen(project, layer) is False for layer in norms(event.target)] if isinstance(event.target, ModelGraph) else []
        if event.args.get("training") is False and thawed and all(thawed):
            yield Hit("saved", event.origin, values={"backbone": label(event.target)})


def _case(project: Project, module: Module, event: Event, backbone: Backbone) -> str | None:
    """The case by how the model that is compiled next calls the backbone; None where that keeps its statistics, or nothing is proven."""
    later = [other for other in module.events if other.order > event.order and possible(event, other)]
    compiled = next((other for other in later if other.kind == "compile" and holds(other.target, backbone)), None)
    if compiled is None or compiled.target is backbone:
        return None
    between = [other for other in later if other.order < compiled.order]
    if any(refreezes(module, other, backbone) for other in between):
        return None
    told = list(modes(module, backbone, compiled.target))
    if any(mode is False for mode, _ in told):
        # Only in a functional model does `fit` override the recorded value.
        return "recorded" if all(functional for _, functional in told) else None
    if not told or any(not (mode is ABSENT or mode is None or isinstance(mode, Unknown)) for mode, _ in told):
        return None
    fits = [other for other in later if other.order > compiled.order and other.kind == "fit" and other.target is compiled.target]
    full = is_whole(event) and not any(keeps_some(other, backbone) for other in between)
    if full and fits and all(_is_large(fit) for fit in fits):
        return "deliberate"
    return "bare"


def _is_large(fit: Event) -> bool:
    size = fit.args.get("batch_size")
    stated = fit.arguments.keyword("batch_size") is not None or fit.args.get("batch") is not None
    return stated and isinstance(size, int) and size >= LARGE
