"""Weight decay pulls the scale and the offset of BN to zero, too."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.batches import trained
from bnlint.checks.modes import normalises
from bnlint.findings import Hit, Related
from bnlint.graph import query
from bnlint.graph.model import Event, Project, Unknown

DECAYS = ("AdamW",)
"""Optimizers that decay weights unless they are told not to."""


def check(project: Project) -> Iterator[Hit]:
    for layer in query.batchnorms(project):
        given = [name for name in ("gamma_regularizer", "beta_regularizer") if not _is_absent(query.config(layer, name))]
        if given and normalises(layer) and query.frozen(project, layer) is not True:
            yield Hit("regularizer", layer.origin, layer, values={"name": given[0]})
    for optimizer in query.events(project, "optimizer"):
        excluded = any(each.target is optimizer.target for each in query.events(project, "exclude"))
        recorded = optimizer.origin.span is None  # a model file does not tell what is excluded
        if not excluded and not recorded and _decays(optimizer):
            for model in query.compiled_with(project, optimizer):
                for call in trained(project, model):
                    yield Hit("optimizer", call.layer.origin, call.layer, related=(Related(optimizer.origin, "optimizer"),))


def _is_absent(value: object) -> bool:
    return value is None or isinstance(value, Unknown)


def _decays(optimizer: Event) -> bool:
    rate = optimizer.args.get("weight_decay")
    if rate is None:
        return optimizer.args.get("class") in DECAYS and "weight_decay" not in optimizer.args and optimizer.arguments.complete
    return isinstance(rate, float) and rate > 0
