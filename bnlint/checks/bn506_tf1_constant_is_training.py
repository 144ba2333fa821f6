"""`is_training=True` for ever, in contrib and slim."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.written import is_plain
from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import Layer, Project


def check(project: Project) -> Iterator[Hit]:
    for layer in query.layers(project):
        case = _case(project, layer) if layer.family == "contrib" and layer.role == "batchnorm" else ""
        if case and not query.guarded(project, layer.origin):
            yield Hit(case, layer.origin, layer, {"name": (layer.path or "").rpartition(".")[2]})


def _case(project: Project, layer: Layer) -> str:
    given = layer.arguments.keyword("is_training")
    if given is not None:
        return "constant" if given.value is True and is_plain(layer, given) else ""
    # An arg_scope may set it, here or around the caller of a builder.
    alone = layer.arguments.complete and len(layer.arguments.positional) < 10 and not query.mentions(project, ("arg_scope",))
    return "omitted" if alone else ""
