"""Repeated blocks: stretches of a graph that have the same shape one after another, which a large picture shows as one node each."""

from __future__ import annotations

from collections.abc import Sequence

from bnlint.page.nodes import Node
from bnlint.records import dataclass

SHORTEST, LONGEST = 5, 120
"""Nodes of a block."""

Mark = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """The nodes from `start` up to `end`, exclusive. (A stretch of a topological order can be drawn as one node: that makes no cycle.)"""

    name: str
    start: int
    end: int


def blocks(nodes: Sequence[Node]) -> list[Block]:
    """Blocks that do not overlap, in order: first the repetitions that are long, and repeat often."""
    marks = [(node.kind, node.label, tuple(position - each for each in node.inputs)) for position, node in enumerate(nodes)]
    uses = [0] * len(nodes)
    for node in nodes:
        for each in node.inputs:
            uses[each] += 1
    taken = [False] * len(nodes)
    found: list[tuple[int, int]] = []
    for start, period, run in _repetitions(marks):
        if any(taken[start : start + period + run]):
            continue
        shift = _shift(nodes, uses, start, period, run)
        start, copies = start + shift, (run - shift) // period + 1
        taken[start : start + copies * period] = [True] * (copies * period)
        found += [(first, first + period) for first in range(start, start + copies * period, period)]
    return [Block(_name(nodes[start:end], number), start, end) for number, (start, end) in enumerate(sorted(found), 1)]


def _repetitions(marks: Sequence[Mark]) -> list[tuple[int, int, int]]:
    """Start, period, and how many nodes from the start on are like the one that stands a period later; what repeats often comes first."""
    found = []
    for period in range(SHORTEST, min(LONGEST, len(marks) // 2) + 1):
        run = 0
        for start in range(len(marks) - period - 1, -2, -1):
            if start >= 0 and marks[start] == marks[start + period]:
                run += 1
                continue
            if run >= period:
                found.append((start + 1, period, run))
            run = 0
    return sorted(found, key=lambda each: (-((each[2] // each[1] + 1) ** 2) * each[1] ** 0.5, each[1], each[0]))


def _shift(nodes: Sequence[Node], uses: Sequence[int], start: int, period: int, run: int) -> int:
    """How much later the blocks begin: so that the names in each have most in common, else where the graph forks, else at once."""

    def suits(shift: int) -> tuple[float, bool, int]:
        firsts = range(start + shift, start + run + 1, period)
        agreement = sum(len(_common(nodes[first : first + period])) for first in firsts) / len(firsts)
        fed = nodes[start + shift].inputs
        return agreement, any(uses[each] > 1 for each in fed), -shift

    return max(range(min(period, run - period + 1)), key=suits)


def _common(nodes: Sequence[Node]) -> str:
    """How all names begin."""
    names = [node.name for node in nodes if node.name]
    first, last = min(names, default=""), max(names, default="")
    length = next((place for place, (one, two) in enumerate(zip(first, last, strict=False)) if one != two), len(first))
    return first[:length].rstrip("_-./")


def _name(nodes: Sequence[Node], number: int) -> str:
    """What the names in a block have in common, else its number."""
    return _common(nodes) or f"block {number}"
