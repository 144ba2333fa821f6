"""BN whose statistics are float16 numbers: they end at 65504, and small steps are lost."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import normalises
from bnlint.checks.written import in_call
from bnlint.findings import Fix, Hit, Safety, SetArgument
from bnlint.graph import query
from bnlint.graph.model import Layer, Project

HALF = ("float16", "half", "tf.float16", "tf.half", "numpy.float16", "numpy.half")


def check(project: Project) -> Iterator[Hit]:
    for layer in query.batchnorms(project):
        if normalises(layer) and query.config(layer, "dtype") in HALF:
            yield Hit("default", layer.origin, layer, fix=_fix(layer))


def _fix(layer: Layer) -> Fix:
    at = layer.origin.span
    if at is None or not in_call(layer, layer.arguments.keyword("dtype")):
        return Fix(Safety.UNSAFE, refused="policy")
    return Fix(Safety.UNSAFE, (SetArgument(at, "dtype", '"mixed_float16"'),), touches=(layer,))
