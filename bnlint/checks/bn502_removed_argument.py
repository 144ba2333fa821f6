"""Arguments of BatchNormalization that the Keras of the file no longer takes."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.written import in_call
from bnlint.findings import DropArgument, Edit, Fix, Hit, RenameArgument, Safety
from bnlint.graph import query
from bnlint.graph.model import Argument, Layer, Project
from bnlint.keras_api.migration import ARGUMENTS, HARMLESS, INITIALIZERS, Removed, follows, is_gone

CASES = {
    "adjustment": "adjustment",
    "batch_input_shape": "input",
    "batch_size": "input",
    "beta_init": "renamed",
    "dynamic": "default",
    "fused": "fused",
    "gamma_init": "renamed",
    "implementation": "idle",
    "input_dtype": "input",
    "mode": "mode",
    "renorm": "renorm",
    "renorm_clipping": "renorm",
    "renorm_momentum": "renorm",
    "virtual_batch_size": "ghost",
    "weights": "weights",
}
"""Which advice an argument gets."""


def check(project: Project) -> Iterator[Hit]:
    if project.keras.major < 3:
        return
    for layer in query.batchnorms(project):
        if layer.subclass is not None or layer.attempted or not follows(layer.path) or query.guarded(project, layer.origin):
            continue
        for argument in layer.arguments.items:
            removed = ARGUMENTS.get(argument.name or "")
            if removed is not None and argument.certain and is_gone(removed, project.keras):
                values = {"argument": argument.name, "replacement": removed.replacement}
                yield Hit(CASES[argument.name or ""], layer.origin, layer, values, fix=_fix(layer, argument, removed))


def _fix(layer: Layer, argument: Argument, removed: Removed) -> Fix | None:
    at, name = layer.origin.span, argument.name or ""
    if at is None or removed.safety == "none" or not in_call(layer, argument):
        return None
    value = query.resolve(argument.value)
    if removed.replacement:
        edit: Edit = RenameArgument(at, name, removed.replacement)
        known = isinstance(value, str) and value in INITIALIZERS and layer.arguments.keyword(removed.replacement) is None
        return Fix(Safety.SAFE, (edit,), (layer,)) if known else None
    harmless = name not in HARMLESS or any(type(value) is type(other) and value == other for other in HARMLESS[name])
    if name == "mode" and not harmless:
        return None
    return Fix(Safety.SAFE if harmless else Safety.UNSAFE, (DropArgument(at, name),), (layer,))
