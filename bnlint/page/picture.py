"""Model graphs as SVG, drawn without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from bnlint.findings import Finding, Severity
from bnlint.graph.model import Layer, ModelGraph
from bnlint.page import assets, norms, words
from bnlint.page.layout import Point, layout
from bnlint.page.nodes import Node, locator, nodes, worst

MARGIN, TITLE = 24, 28
"""Pixels around a graph, and for its name above it."""

SIGNS = {Severity.ERROR: "×", Severity.WARNING: "!", Severity.INFO: "i"}
"""What tells severities apart besides their colours."""


def standalone(models: Sequence[ModelGraph], findings: Sequence[Finding]) -> str:
    """One SVG file of all graphs, below each other, in light colours that every viewer knows."""
    drawn = [(graph, *draw(graph, findings)) for graph in models if graph.calls]
    width = max((width for _, _, width, _ in drawn), default=0) + 2 * MARGIN
    parts, top = [], float(MARGIN)
    for graph, body, _, height in drawn:
        title = f'<text class="title" x="{MARGIN}" y="{top + 12:g}">{escape(words.shown(graph.name, 120))}</text>'
        parts.append(f'{title}<g transform="translate({MARGIN} {top + TITLE:g})">{body}</g>')
        top += TITLE + height + MARGIN
    style = f"<style>{_resolved(assets.read('graph.css'))}</style>"
    paper = '<rect class="paper" width="100%" height="100%"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{top:g}" viewBox="0 0 {width:g} {top:g}" class="graph">'
    return f"{head}{style}{paper}{''.join(parts)}</svg>\n"


def inline(graph: ModelGraph, findings: Sequence[Finding]) -> str:
    """One graph as an element of a page that has the style."""
    body, width, height = draw(graph, findings)
    box = f"{-MARGIN} {-MARGIN} {width + 2 * MARGIN:g} {height + 2 * MARGIN:g}"
    name = escape(f"Graph of {words.shown(graph.name, 120)}")
    return f'<svg class="graph" role="img" aria-label="{name}" width="{width + 2 * MARGIN:g}" viewBox="{box}">{body}</svg>'


def draw(graph: ModelGraph, findings: Sequence[Finding]) -> tuple[str, float, float]:
    """The elements of a graph, and their width and height."""
    found = nodes(graph)
    at: dict[int, list[Finding]] = {}
    locate = locator(graph, found)
    for finding in findings:
        for position in locate(finding):
            at.setdefault(position, []).append(finding)
    decades = norms.scale([node.norm for node in found if node.norm is not None])
    laid = layout([(node.width, node.height) for node in found], [node.inputs for node in found])
    edges = "".join(f'<path class="edge" d="{_curve(points)}"/>' for points in laid.edges.values())
    drawn = "".join(
        _node(node, centre, at.get(position, []), decades) for position, (node, centre) in enumerate(zip(found, laid.centres, strict=True))
    )
    return edges + drawn, laid.width, laid.height


def _node(node: Node, centre: Point, findings: Sequence[Finding], decades: tuple[float, float]) -> str:
    x, y = centre[0] - node.width / 2, centre[1] - node.height / 2
    bad = worst(findings)
    classes = f"node {node.role}" + (f" {bad}" if bad is not None else "")
    tip = f"{node.kind} {node.name}".strip() + "".join(f"\n{finding.code} {words.shown(finding.message)}" for finding in findings)
    parts = [f"<title>{escape(tip)}</title>", f'<rect class="box" width="{node.width}" height="{node.height}" rx="4"/>']
    parts.append(f'<rect class="bar" width="4" height="{node.height}" rx="2"/>')
    parts.append(f'<text class="label" x="12" y="16">{escape(node.label)}</text>')
    if node.below:
        parts.append(f'<text class="below" x="12" y="31">{escape(node.below)}</text>')
    if node.norm is not None and node.norm.weights:
        parts.append(_sparkline(node.norm, decades, node.width - 72))
    if bad is not None:
        parts.append(f'<circle class="badge" cx="{node.width}" r="7"/><text class="sign" x="{node.width}" y="3.5">{SIGNS[bad]}</text>')
    return f'<g class="{classes}" transform="translate({x:g} {y:g})">{"".join(parts)}</g>'


def _sparkline(layer: Layer, decades: tuple[float, float], left: int) -> str:
    bins = norms.sparkline(layer, decades)
    tallest = max(bins, default=0)
    bars = "".join(
        f"M{left + 2 * number} 34v-{max(1.0, 26 * count / tallest):.3g}h2v{max(1.0, 26 * count / tallest):.3g}z"
        for number, count in enumerate(bins)
        if count
    )
    return f'<path class="spark" d="{bars}"/>' if bars else ""


def _curve(points: Iterable[Point]) -> str:
    """A line through the points that leaves and reaches each of them straight from above."""
    (x, y), *others = points
    text = f"M{x:g} {y:g}"
    for following_x, following_y in others:
        middle = (y + following_y) / 2
        bend = f"C{x:g} {middle:g} {following_x:g} {middle:g} {following_x:g}"
        text += f"L{x:g} {following_y:g}" if following_x == x else f"{bend} {following_y:g}"
        x, y = following_x, following_y
    return text


def _resolved(style: str) -> str:
    """The style with the light colours in place of their names, which not every viewer knows."""
    light = assets.read("colours.css").partition("}")[0]
    colours = dict(re.findall(r"--([\w-]+):\s*([^;]+);", light))
    return re.sub(r"var\(--([\w-]+)\)", lambda match: colours[match[1]], style)
