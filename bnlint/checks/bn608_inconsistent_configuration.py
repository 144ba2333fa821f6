"""One BN whose epsilon or momentum is ten times as large or small as in all others of its model, and is no value that people choose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bnlint.checks.written import number
from bnlint.findings import Hit
from bnlint.graph import query, statistics
from bnlint.graph.model import Project

FAR = 10
FAMILY = 2
"""The least number of other layers that agree."""

CUSTOMARY = {"epsilon": (1e-3, 1e-4, 1e-5, 1.001e-5, 1e-6), "momentum": (0.9, 0.95, 0.99, 0.997, 0.999, 0.9997)}
"""A head behind a backbone has often other values than that, and these."""

RANGE = {"epsilon": (0.99e-7, 0.101), "momentum": (0.2, 1.0)}
"""What is not between these is BN402's, BN403's or BN404's."""

ROUNDING = 1e-6


def check(project: Project) -> Iterator[Hit]:
    family = [layer for layer in statistics.batchnorms(project) if layer.subclass is None]
    for name in CUSTOMARY if query.is_recorded(project) else ():  # what code writes down is a choice
        known = [(layer, value) for layer in family if (value := number(query.config(layer, name))) is not None]
        for layer, value in known:
            others = [other for each, other in known if each is not layer]
            if _is_odd(name, value, others):
                extremes = dict.fromkeys(f"{each:.6g}" for each in (min(others), max(others)))
                values = {"name": name, "value": value, "others": " to ".join(extremes), "count": len(others)}
                yield Hit("default", layer.origin, layer, values)


def _is_odd(name: str, value: float, others: Sequence[float]) -> bool:
    low, high = RANGE[name]
    if len(others) < FAMILY or not low < value < high or any(abs(value - each) <= ROUNDING * each for each in CUSTOMARY[name]):
        return False
    mine, theirs = _scale(name, value), [_scale(name, other) for other in others]
    least, most = min(theirs), max(theirs)
    return least > 0 and most < least * FAR and (mine >= most * FAR * (1 - ROUNDING) or mine * FAR <= least * (1 + ROUNDING))


def _scale(name: str, value: float) -> float:
    """What is compared: of a momentum the part that a new batch has in the average."""
    return 1 - value if name == "momentum" else value
