"""The constructor takes settings; the tensor goes to the layer that it returns."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.written import in_call
from bnlint.findings import ApplyArguments, Fix, Hit, Safety
from bnlint.graph import query
from bnlint.graph.model import Call, Join, Layer, Project
from bnlint.keras_api.layers import accepted


def check(project: Project) -> Iterator[Hit]:
    for layer in query.batchnorms(project):
        positional = layer.arguments.positional
        if positional and layer.subclass is None and isinstance(positional[0].value, (Call, Join)):
            yield Hit("default", layer.origin, layer, fix=_fix(project, layer))


def _fix(project: Project, layer: Layer) -> Fix:
    """The rest of the arguments must be settings already, else the call would still raise."""
    at, arguments = layer.origin.span, layer.arguments
    known = accepted(layer.kind, project.keras.major)
    rest = [item.name for item in arguments.items[1:]]
    if at is None or not arguments.complete or not in_call(layer, arguments.items[0]) or not known.issuperset(map(str, rest)):
        return Fix(Safety.SAFE, refused="rest")
    return Fix(Safety.SAFE, (ApplyArguments(at),), (layer,))
