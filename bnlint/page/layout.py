"""A layered layout of a graph for pictures that no browser draws: ranks, order within them, coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bnlint.page.alignment import Links, across, neighbours
from bnlint.records import dataclass

DOWN, THROUGH = 26, 2
"""Pixels between ranks, and the width of an edge that passes a rank."""

SWEEPS = 8
"""How often the order in the ranks is improved."""

PASSING = 20_000
"""Points through which edges may be led; beyond them long edges run straight."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """The centres of the nodes, the points of each edge from its source to its target, and the size of the whole."""

    centres: list[Point]
    edges: dict[tuple[int, int], list[Point]]
    width: float
    height: float


def layout(sizes: Sequence[tuple[float, float]], inputs: Sequence[Sequence[int]]) -> Layout:
    """Lay out nodes that are given in topological order, with the positions of the nodes that feed each."""
    if not sizes:
        return Layout([], {}, 0, 0)
    edges = list(dict.fromkeys((source, target) for target, fed in enumerate(inputs) for source in fed))
    ranks = _ranks(len(sizes), edges)
    widths = [width for width, _ in sizes]
    chains = _chains(edges, ranks, widths)
    links = [pair for chain in chains.values() for pair in pairwise(chain)]
    rows = _order(ranks, links)
    x = across(rows, widths, links, len(sizes))
    y = _down(ranks[: len(sizes)], [height for _, height in sizes])
    left = min(x[node] - widths[node] / 2 for node in range(len(widths)))
    right = max(x[node] + widths[node] / 2 for node in range(len(widths)))
    heights = [height for _, height in sizes]
    points = {}
    for (source, target), chain in chains.items():
        inner = [(x[node] - left, y[ranks[node]]) for node in chain[1:-1]]
        first = (x[source] - left, y[ranks[source]] + heights[source] / 2)
        points[source, target] = [first, *inner, (x[target] - left, y[ranks[target]] - heights[target] / 2)]
    centres = [(x[node] - left, y[ranks[node]]) for node in range(len(sizes))]
    return Layout(centres, points, right - left, max(y[rank] + height / 2 for rank, height in zip(ranks, heights, strict=False)))


def _ranks(count: int, edges: Sequence[tuple[int, int]]) -> list[int]:
    """The longest way to each node; what nothing feeds stands right above what it feeds. A node without any edge gets a rank of its own,
    so that many of them stand below each other."""
    ranks = [0] * count
    for source, target in sorted(edges, key=lambda edge: edge[1]):
        ranks[target] = max(ranks[target], ranks[source] + 1)
    fed = {target for _, target in edges}
    feeds: dict[int, list[int]] = {}
    for source, target in edges:
        feeds.setdefault(source, []).append(target)
    for node in range(count):
        if node not in fed and node in feeds:
            ranks[node] = min(ranks[target] for target in feeds[node]) - 1
    lowest = max((ranks[node] for edge in edges for node in edge), default=-1)
    for node in range(count):
        if node not in fed and node not in feeds:
            lowest += 1
            ranks[node] = lowest
    return ranks


def _chains(edges: Sequence[tuple[int, int]], ranks: list[int], widths: list[float]) -> dict[tuple[int, int], list[int]]:
    """Each edge as a chain of nodes, one a rank: those in between are added to `ranks` and `widths`."""
    chains = {}
    room = PASSING
    for source, target in sorted(edges, key=lambda edge: ranks[edge[1]] - ranks[edge[0]]):
        between = range(ranks[source] + 1, ranks[target])
        room -= len(between)
        added = list(range(len(ranks), len(ranks) + len(between))) if room > 0 else []
        ranks += between if added else ()
        widths += [THROUGH] * len(added)
        chains[source, target] = [source, *added, target]
    return {edge: chains[edge] for edge in edges}


def _order(ranks: Sequence[int], links: Links) -> list[list[int]]:
    """The nodes of each rank from left to right: each near the middle of its neighbours, in sweeps down and up."""
    rows: list[list[int]] = [[] for _ in range(max(ranks) + 1)]
    for node, rank in enumerate(ranks):
        rows[rank].append(node)
    above, below = neighbours(len(ranks), links)
    place = {node: position / len(row) for row in rows for position, node in enumerate(row)}
    for sweep in range(SWEEPS):
        near = above if sweep % 2 == 0 else below
        for row in rows if sweep % 2 == 0 else reversed(rows):
            row.sort(key=lambda node: sum(place[each] for each in near[node]) / len(near[node]) if near[node] else place[node])
            place.update((node, (position + 0.5) / len(row)) for position, node in enumerate(row))
    return rows


def _down(ranks: Sequence[int], heights: Sequence[float]) -> list[float]:
    """The vertical centre of each rank."""
    tallest = [0.0] * (max(ranks) + 1)
    for rank, height in zip(ranks, heights, strict=True):
        tallest[rank] = max(tallest[rank], height)
    centres, top = [], 0.0
    for height in tallest:
        centres.append(top + height / 2)
        top += height + DOWN
    return centres
