"""y = gamma · (x - mean) / sqrt(variance + epsilon) + beta: epsilon keeps the root away from 0, and must stay small beside the variance."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.written import number
from bnlint.findings import Hit
from bnlint.graph import query
from bnlint.graph.model import Project

LOWEST, HIGHEST = 1e-7, 0.1
SLACK = 1e-6
"""Relative: `1e-8 * 10` may come out a little below 1e-7."""


def check(project: Project) -> Iterator[Hit]:
    for layer in query.batchnorms(project):
        epsilon = number(query.config(layer, "epsilon"))
        if epsilon is None:
            continue
        case = "zero" if epsilon <= 0 else "tiny" if epsilon < LOWEST * (1 - SLACK) else "large" if epsilon > HIGHEST * (1 + SLACK) else ""
        if case:
            yield Hit(case, layer.origin, layer, {"epsilon": epsilon})
