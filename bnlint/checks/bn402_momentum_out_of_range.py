"""moving = moving · m + batch · (1 - m): an average only for 0 < m < 1."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.written import TOLERANCE, number
from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import Layer, Project


def check(project: Project) -> Iterator[Hit]:
    for layer in query.batchnorms(project):
        value = query.config(layer, "momentum")
        case = _case(value, project.keras.major)
        if case == "" or query.frozen(project, layer) is True or (case == "zero" and _on_purpose(layer)):
            continue
        yield Hit(case, layer.origin, layer, {"momentum": value})


def _case(value: object, major: int) -> str:
    if value is None:
        return "none" if major >= 3 else ""
    momentum = float(value) if isinstance(value, bool) else number(value)
    if momentum is None:
        return ""
    if abs(momentum - 1) <= TOLERANCE:
        return "one"
    if abs(momentum) <= TOLERANCE:
        return "zero"
    return "above" if momentum > 1 else "negative" if momentum < 0 else ""


def _on_purpose(layer: Layer) -> bool:
    """Tests and calibration take the statistics of the last batch deliberately."""
    *folders, name = (layer.origin.span.path if layer.origin.span else "").replace("\\", "/").split("/")
    stem = name.rpartition(".")[0] or name
    is_test = stem.startswith("test_") or stem.endswith("_test") or not {"test", "tests"}.isdisjoint(folders)
    return is_test or "calibrat" in layer.origin.scope.lower()
