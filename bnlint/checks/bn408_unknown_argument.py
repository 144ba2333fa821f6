"""Keywords that the constructor of BatchNormalization never had."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.written import in_call
from bnlint.findings import Fix, Hit, RenameArgument, Safety
from bnlint.graph import query
from bnlint.graph.model import Layer, Project
from bnlint.keras_api.layers import accepted, once_accepted

RENAMED = {"eps": "epsilon", "moving_var_initializer": "moving_variance_initializer"}
"""Other spellings of one argument, with the same meaning."""

CASES = {
    **dict.fromkeys(RENAMED, "renamed"),
    "activation": "activation",
    "affine": "affine",
    "data_format": "format",
    "decay": "decay",
    "input": "input",
    "inputs": "input",
    "is_training": "training",
    "num_features": "size",
    "training": "training",
    "x": "input",
}
"""Which advice a foreign argument gets."""


def check(project: Project) -> Iterator[Hit]:
    for layer in query.batchnorms(project):
        if layer.subclass is not None or layer.attempted:
            continue
        known = accepted(layer.kind, project.keras.major) | once_accepted(layer.kind)
        names = [item.name for item in layer.arguments.items if item.name is not None and item.name not in known and item.certain]
        if names:
            case = CASES.get(names[0], "default") if len(names) == 1 else "several"
            values = {"argument": "`, `".join(names), "replacement": RENAMED.get(names[0], "")}
            yield Hit(case, layer.origin, layer, values, fix=_fix(layer, names))


def _fix(layer: Layer, names: list[str]) -> Fix | None:
    at, arguments = layer.origin.span, layer.arguments
    if at is None or not arguments.complete:
        return None
    edits = tuple(
        RenameArgument(at, name, RENAMED[name])
        for name in names
        if name in RENAMED and arguments.keyword(RENAMED[name]) is None and in_call(layer, arguments.keyword(name))
    )
    return Fix(Safety.SAFE, edits, (layer,)) if edits else None
