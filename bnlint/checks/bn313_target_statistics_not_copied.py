"""A copy of a network (a target, a teacher, an average) gets the trainable variables only: its statistics stay what they were."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.freezing import norms
from bnlint.checks.modes import label
from bnlint.findings import Fix, Hit, Related, RenameAttribute, Safety
from bnlint.graph import query
from bnlint.graph.model import Event, Layer, ModelGraph, Module, Project, Unknown


def check(project: Project) -> Iterator[Hit]:
    for module in project.modules:
        for event in module.events:
            if event.kind != "copy" or not _partial(event) or _elsewhere(module, event):
                continue
            seen = _batchnorm(event.target)
            case = "seen" if seen else "unseen" if isinstance(event.target, Unknown) and _anywhere(project, module) else None
            if case is not None:
                related = tuple(Related(layer.origin, "batchnorm", layer) for layer in seen[:1])
                edits = tuple(RenameAttribute(item.span, "weights") for item in event.arguments.items if item.span is not None)
                yield Hit(case, event.origin, values={"model": label(event.target)}, related=related, fix=Fix(Safety.UNSAFE, edits))
    yield from _averaged(project)


def _averaged(project: Project) -> Iterator[Hit]:
    """Optimizers that average the trainable variables of a model with BatchNormalization, and swap the averages in."""
    for optimizer in query.events(project, "optimizer"):
        if optimizer.args.get("use_ema") is not True:
            continue
        for target in query.compiled_with(project, optimizer):
            for layer in _batchnorm(target)[:1]:
                related = (Related(layer.origin, "batchnorm", layer),)
                yield Hit("averaged", optimizer.origin, values={"model": label(target)}, related=related)


def _partial(event: Event) -> bool:
    """Whether the loop goes over trainable variables, and nothing but these."""
    return str(event.args.get("which")).startswith("trainable")


def _elsewhere(module: Module, event: Event) -> bool:
    """Whether another loop copies the rest: into the same model, or in the same function."""
    others = (other for other in module.events if other.kind == "copy" and not _partial(other))
    return any(other.target is event.target or other.origin.scope == event.origin.scope for other in others)


def _batchnorm(target: object) -> tuple[Layer, ...]:
    return tuple(layer for graph in query.with_parts(target) for layer in norms(graph)) if isinstance(target, ModelGraph) else ()


def _anywhere(project: Project, module: Module) -> bool:
    """Whether the file builds BatchNormalization at all."""
    return any(layer.role == "batchnorm" and layer.family == "keras" for layer in module.constructions)
