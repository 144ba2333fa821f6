"""Keras: moving = moving · m + batch · (1 - m). PyTorch: moving = moving · (1 - m) + batch · m. What is 0.1 there is 0.9 here."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.written import TOLERANCE, is_plain, number, passed_on
from bnlint.findings import Fix, Hit, Safety, SetArgument
from bnlint.graph import query
from bnlint.graph.model import Layer, Project

HIGHEST = 0.2
"""Above this a momentum is unusual, but may be meant."""


def check(project: Project) -> Iterator[Hit]:
    for layer in query.batchnorms(project):
        momentum = number(query.config(layer, "momentum"))
        if momentum is None or not TOLERANCE < momentum <= HIGHEST + TOLERANCE or query.frozen(project, layer) is True:
            continue
        complement = repr(round(1 - momentum, 10))
        values = {"momentum": repr(round(momentum, 10)), "complement": complement}
        yield Hit("default", layer.origin, layer, values, passed_on(layer, "momentum"), _fix(layer, complement))


def _fix(layer: Layer, complement: str) -> Fix | None:
    at = layer.origin.span
    if at is None or not is_plain(layer, layer.arguments.keyword("momentum")):
        return None
    return Fix(Safety.UNSAFE, (SetArgument(at, "momentum", complement),), (layer,))
