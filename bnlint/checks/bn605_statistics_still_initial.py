"""v after t updates is momentum**t · 1 + what the batches added: where even the smallest v is near 1, t was small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from bnlint.checks.batches import needed, whole
from bnlint.findings import Hit
from bnlint.graph import query, statistics
from bnlint.graph.model import Layer, Project

LEAST = 0.45
"""Of six models that were trained well none had a smallest variance above 0.047, of four that were not none had one below this."""

ROUNDING = 1e-3
"""Relative: what float32 makes of a bound that is a whole number."""

MOST = 1 / LEAST
"""As far on the other side of 1: what is larger has certainly moved away from where it started."""


def check(project: Project) -> Iterator[Hit]:
    norms = statistics.all_known(project)
    lowest = statistics.smallest(norms)
    if lowest is None or not LEAST < lowest.variance < MOST or all(map(statistics.is_initial, norms)):
        return
    elsewhere = any(statistics.starts_elsewhere(layer, "moving_variance") for layer in norms)
    if not elsewhere and not _have_converged(project, norms):
        least = statistics.updates(norms)
        updates = ceil(least * (1 - ROUNDING)) if least is not None else 0
        values = {"variance": lowest.variance, "updates": updates, "initial": round(min(lowest.variance, 1) * 100)}
        yield Hit("counted" if updates else "uncounted", lowest.layer.origin, lowest.layer, values)


def _have_converged(project: Project, norms: Sequence[Layer]) -> bool:
    """Whether the file tells that its optimizer has made enough steps for all of these layers."""
    steps = max((whole(event.args.get("steps")) for event in query.events(project, "steps")), default=0)
    momenta = [query.config(layer, "momentum") for layer in norms]
    return all(isinstance(momentum, float) and momentum < 1 and steps >= needed(momentum) for momentum in momenta)
