"""All that a page shows, as plain data for its script and its static part."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from bnlint import catalogue
from bnlint.findings import Finding, Severity
from bnlint.graph.model import ABSENT, Call, Layer, ModelGraph, WeightStats
from bnlint.page import Page, norms, words
from bnlint.page.blocks import blocks
from bnlint.page.layout import layout
from bnlint.page.nodes import Node, locator, nodes
from bnlint.page.sources import Sources

SHOWN = ("gamma", "beta", "moving_mean", "moving_variance")
"""The weights that the page plots."""

MANY = 300
"""Nodes of a model beyond which the page is told a layout of all of them: a browser would take too long."""

Data = dict[str, Any]


def contents(page: Page) -> Data:
    """Models, findings and sources. A finding lists the nodes that it is about, a node the findings."""
    sources = Sources(page.lines)
    drawn = [(graph, nodes(graph)) for graph in page.models if graph.calls]
    findings = [_finding(finding, sources) for finding in page.findings]
    models = []
    for number, (graph, found) in enumerate(drawn):
        at: dict[int, list[int]] = {}
        locate = locator(graph, found)
        for position, finding in enumerate(page.findings):
            for node in locate(finding):
                at.setdefault(node, []).append(position)
                findings[position]["at"].append([number, node])
        models.append(_model(graph, found, at, sources, page))
    ranks = [_rank(model, page.findings) for model in models]
    return {
        "models": models,
        "chosen": max(range(len(models)), key=lambda number: (ranks[number], -number), default=0),
        "findings": findings,
        "files": sources.files(),
        "facts": [[name, words.shown(text)] for name, text in page.facts],
    }


def _rank(model: Data, findings: Sequence[Finding]) -> tuple[int, int]:
    """What makes a model worth being shown first: the worst finding on it, then how many BatchNormalization layers it has."""
    numbers = {number for node in model["nodes"] for number in node["findings"]}
    return max((int(findings[number].severity) for number in numbers), default=0), len(model["norms"])


def _finding(finding: Finding, sources: Sources) -> Data:
    rule = catalogue.rules()[finding.code]
    safety = finding.fix.safety.value if finding.fix is not None else ""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": str(finding.severity),
        "title": rule.title,
        "url": rule.url,
        "message": words.shown(finding.message, 2000),
        "help": words.shown(finding.help, 2000),
        "fix": safety,
        "changes": ", ".join(catalogue.page(finding.code).changes) if safety == "unsafe" else "",
        "reason": words.shown(finding.reason, 2000),
        "layer": words.shown(finding.layer or ""),
        "about": words.shown(finding.about),
        "path": words.path(finding.path),
        "place": sources.place(finding.span),
        "related": [[words.shown(text, 2000), sources.place(span)] for text, span in finding.related],
        "at": [],
    }


def _model(graph: ModelGraph, found: Sequence[Node], at: dict[int, list[int]], sources: Sources, page: Page) -> Data:
    layers = norms.norms(found)
    numbers = {id(layer): number for number, layer in enumerate(layers)}
    decades = norms.scale(list(layers))
    path = graph.artifact.path if graph.artifact is not None else graph.origin.span.path if graph.origin.span else ""
    outputs = {id(tensor) for tensor in graph.outputs}
    return {
        "name": words.shown(graph.name, 120) or "model",
        "kind": graph.kind,
        "path": words.path(path) if path else "",
        "hash": page.hashes.get(path, ""),
        "artifact": _artifact(graph),
        "gaps": [[words.shown(gap.reason), sources.place(gap.origin.span)] for gap in graph.gaps],
        "decades": [round(decade, 4) for decade in decades],
        "nodes": [
            _node(node, at.get(position, []), numbers.get(id(node.norm)), id(node.tensor) in outputs, sources)
            for position, node in enumerate(found)
        ],
        "norms": [_norm(graph, layer, places, found, decades) for layer, places in layers.items()],
        "laid": _laid(found) if len(found) > MANY else None,
        "blocks": [[words.shown(block.name, 60), block.start, block.end] for block in blocks(found)],
    }


def _laid(found: Sequence[Node]) -> Data:
    made = layout([(node.width, node.height) for node in found], [node.inputs for node in found])
    edges = [[source, target, [[round(x, 1), round(y, 1)] for x, y in points]] for (source, target), points in made.edges.items()]
    centres = [[round(x, 1), round(y, 1)] for x, y in made.centres]
    return {"centres": centres, "edges": edges, "width": round(made.width, 1), "height": round(made.height, 1)}


def _artifact(graph: ModelGraph) -> Data | None:
    artifact = graph.artifact
    if artifact is None:
        return None
    return {
        "format": words.shown(artifact.format),
        "keras": words.shown(artifact.keras or ""),
        "layers": artifact.layers,
        "batchnorms": artifact.batchnorms,
        "weights": artifact.weights,
        "notes": [words.shown(note, 1000) for note in artifact.notes],
    }


def _node(node: Node, findings: list[int], norm: int | None, is_output: bool, sources: Sources) -> Data:
    data: Data = {
        "kind": node.kind,
        "role": node.role,
        "name": node.name,
        "label": node.label,
        "below": node.below,
        "width": node.width,
        "height": node.height,
        "inputs": list(node.inputs),
        "output": is_output,
        "findings": findings,
        "norm": norm,
        "key": words.shown(node.origin.key or ""),
        "shape": words.size(node.tensor.shape),
        "place": sources.place(node.origin.span),
    }
    if isinstance(node.tensor, Call):
        applied = node.tensor.origin.span
        data["applied"] = sources.place(applied) if applied != node.origin.span else None
        data["training"] = "" if node.tensor.training is ABSENT else words.value(node.tensor.training)
        data["config"] = _config(node.norm or node.tensor.layer)
    return data


def _config(layer: Layer) -> list[list[str]]:
    written = [(key, words.value(raw)) for key, raw in layer.config.items()]
    return [[words.shown(key, 60), text] for key, text in written if text != "not shown"]


def _norm(graph: ModelGraph, layer: Layer, places: list[int], found: Sequence[Node], decades: tuple[float, float]) -> Data:
    first = found[places[0]]
    call = first.tensor
    assert isinstance(call, Call)
    span = layer.origin.span
    data: Data = {
        "nodes": places,
        "name": words.name(layer, layer.origin),
        "where": words.shown(layer.origin.key or "") or (words.place(span) if span else ""),
        "channels": norms.channels(layer, call),
        "epsilon": _number(norms.epsilon(layer)),
        "scale": layer.config.get("scale") is not False,
        "center": layer.config.get("center") is not False,
        "config": {key: words.value(layer.config[key]) for key in ("momentum", "epsilon", "axis") if key in layer.config},
        "trainable": words.value(layer.trainable),
        "folding": norms.folding(graph, first),
        "weights": {key: _weights(layer.weights[key]) for key in SHOWN if key in layer.weights},
    }
    spark = norms.sparkline(layer, decades)
    return {**data, "spark": spark} if spark else data


def _weights(stats: WeightStats) -> Data:
    return {
        "min": _number(stats.min),
        "max": _number(stats.max),
        "mean": _number(stats.mean),
        "nonfinite": stats.nonfinite,
        "dtype": words.shown(stats.dtype, 40),
        "data": norms.encoded(stats),
    }


def _number(value: float) -> float | None:
    return value if isfinite(value) else None


def counts(findings: Sequence[Finding]) -> list[tuple[str, int]]:
    """How many findings of each severity, the worst first."""
    return [(str(severity), sum(each.severity == severity for each in findings)) for severity in reversed(Severity) if severity]
