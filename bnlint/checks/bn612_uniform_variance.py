"""The same variance in all channels: data differs from channel to channel, the value that all of them started with does not."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.findings import Hit
from bnlint.graph import statistics
from bnlint.graph.model import Project

CHANNELS = 16
RATIO = 1.05
"""Layers that were trained well had 1.95 and more."""


def check(project: Project) -> Iterator[Hit]:
    for layer in statistics.batchnorms(project):
        variances = statistics.variances(layer)
        if len(variances) < CHANNELS or statistics.nonfinite(layer):
            continue
        low, high = min(variances), max(variances)
        if 0 < high < 1 and high < low * RATIO:
            yield Hit("default", layer.origin, layer, {"low": low, "high": high, "channels": len(variances)})
