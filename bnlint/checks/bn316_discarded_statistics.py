"""`stateless_call` in training mode, whose new statistics nobody keeps."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.freezing import norms
from bnlint.checks.modes import label
from bnlint.findings import Hit, Related
from bnlint.graph import query
from bnlint.graph.model import ModelGraph, Project


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "stateless_call"):
        if event.args.get("training") is not True or event.args.get("dropped") is not True or not isinstance(event.target, ModelGraph):
            continue
        seen = [layer for layer in norms(event.target) if query.frozen(project, layer) is False]
        if seen:
            yield Hit(
                "default", event.origin, values={"model": label(event.target)}, related=(Related(seen[0].origin, "batchnorm", seen[0]),)
            )
