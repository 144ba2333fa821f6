"""Horizontal coordinates of a layered graph, after Brandes and Köpf: long straight lines first, nodes in the middle of what they join.

Each node is aligned with the median of its neighbours in the rank before, which makes blocks of nodes that share a coordinate; the
blocks are packed. Done from above and from below, from the left and from the right, this gives four layouts. A node gets the mean of
its two middle coordinates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

ACROSS = 20
"""Pixels between neighbours in a rank."""

Links = Sequence[tuple[int, int]]
Rows = Sequence[Sequence[int]]


def across(rows: Rows, widths: Sequence[float], links: Links, real: int) -> list[float]:
    """The centres of the nodes in `rows`. Nodes from `real` on are points of edges, whose lines are kept straight."""
    above, below = neighbours(len(widths), links)
    layouts = []
    for ranks, near in ((rows, above), (rows[::-1], below)):
        for mirrored in (False, True):
            drawn = [row[::-1] for row in ranks] if mirrored else ranks
            x = _packed(drawn, _aligned(drawn, near, real), widths)
            layouts.append([-each for each in x] if mirrored else x)
    narrowest = min(layouts, key=lambda x: _edge(x, widths, 1) - _edge(x, widths, -1))
    for number, x in enumerate(layouts):
        side = 1 if number % 2 else -1
        shift = _edge(narrowest, widths, side) - _edge(x, widths, side)
        layouts[number] = [each + shift for each in x]
    return [sum(sorted(each)[1:3]) / 2 for each in zip(*layouts, strict=True)]


def neighbours(count: int, links: Links) -> tuple[list[list[int]], list[list[int]]]:
    """What each node is linked with in the rank above, and in the rank below."""
    above: list[list[int]] = [[] for _ in range(count)]
    below: list[list[int]] = [[] for _ in range(count)]
    for source, target in links:
        above[target].append(source)
        below[source].append(target)
    return above, below


def _edge(x: Sequence[float], widths: Sequence[float], side: int) -> float:
    """The left (-1) or right (1) edge of a layout."""
    edges = [each + side * width / 2 for each, width in zip(x, widths, strict=True)]
    return max(edges) if side > 0 else min(edges)


def _aligned(rows: Rows, near: Sequence[Sequence[int]], real: int) -> list[int]:
    """For each node the first one of its block."""
    root = list(range(len(near)))
    place = {node: position for row in rows for position, node in enumerate(row)}
    for row in rows:
        crossed = set(_crossing(row, near, place, real))
        reach = -1
        for node in row:
            beside = sorted(near[node], key=place.__getitem__)
            for middle in dict.fromkeys((beside[(len(beside) - 1) // 2], beside[len(beside) // 2])) if beside else ():
                if root[node] == node and place[middle] > reach and (middle, node) not in crossed:
                    root[node], reach = root[middle], place[middle]
    return root


def _crossing(row: Sequence[int], near: Sequence[Sequence[int]], place: dict[int, int], real: int) -> Iterator[tuple[int, int]]:
    """The links into a rank that cross the line of a passing edge."""
    lines = [(place[other], place[node]) for node in row if node >= real for other in near[node] if other >= real]
    for node in row if lines else ():
        for other in near[node]:
            if (node < real or other < real) and any((place[other] - top) * (place[node] - low) < 0 for top, low in lines):
                yield other, node


def _packed(rows: Rows, root: Sequence[int], widths: Sequence[float]) -> list[float]:
    """The blocks as far to the left as they go, then each as near to its right neighbours as it goes."""
    gaps: dict[int, dict[int, float]] = {node: {} for node in set(root)}
    for row in rows:
        for one, two in pairwise(row):
            gap = (widths[one] + widths[two]) / 2 + ACROSS
            gaps[root[one]][root[two]] = max(gap, gaps[root[one]].get(root[two], 0.0))
    order = _sorted(gaps)
    x = dict.fromkeys(order, 0.0)
    for block in order:
        for right, gap in gaps[block].items():
            x[right] = max(x[right], x[block] + gap)
    for block in reversed(order):
        if gaps[block]:
            x[block] = max(x[block], min(x[right] - gap for right, gap in gaps[block].items()))
    return [x[each] for each in root]


def _sorted(gaps: dict[int, dict[int, float]]) -> list[int]:
    """The blocks from left to right."""
    waiting = dict.fromkeys(gaps, 0)
    for following in gaps.values():
        for right in following:
            waiting[right] += 1
    order = sorted(block for block, number in waiting.items() if not number)
    for block in order:
        for right in gaps[block]:
            waiting[right] -= 1
            if not waiting[right]:
                order.append(right)
    return order
