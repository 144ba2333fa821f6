"""The nodes of a model graph as they are drawn: what stands on them, how large they are, what feeds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from bnlint.findings import Finding, Severity
from bnlint.graph import dump
from bnlint.graph.model import Call, Layer, ModelGraph, Origin, Span, Tensor
from bnlint.page import words
from bnlint.records import dataclass

LOW, HIGH, SPARKLINE = 24, 40, 76
"""Heights of nodes in pixels: what only passes on, and what has a name below its kind; the room for a sparkline."""

PLAIN = frozenset({"activation", "dropout", "pool", "merge", "reshape", "resample", "input", "join", "other"})
"""Roles of nodes that are drawn low, their name left to the panel."""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A call or a join. `inputs` are positions in the list of nodes; `norm` is the BatchNormalization that it applies, if any."""

    tensor: Tensor
    kind: str
    role: str
    name: str
    inputs: tuple[int, ...]
    norm: Layer | None
    label: str
    below: str
    width: int
    height: int

    @property
    def origin(self) -> Origin:
        """Where its layer is built, else where it is applied."""
        if isinstance(self.tensor, Call) and (self.tensor.layer.origin.span or self.tensor.layer.origin.key):
            return self.tensor.layer.origin
        return self.tensor.origin


def nodes(graph: ModelGraph) -> list[Node]:
    """All nodes, in topological order: the same as those of `bnlint graph`."""
    ids, joins = dump.number(graph)
    tensors: list[Tensor] = [*graph.calls, *joins]
    places = {ids[id(tensor)]: position for position, tensor in enumerate(tensors)}
    return [_node(tensor, tuple(places[key] for each in _inputs(tensor) if (key := ids[id(each)]) in places)) for tensor in tensors]


def _inputs(tensor: Tensor) -> tuple[Tensor, ...]:
    return tensor.inputs if isinstance(tensor, Call) else tensor.alternatives


def _node(tensor: Tensor, inputs: tuple[int, ...]) -> Node:
    if not isinstance(tensor, Call):
        text = words.shown(tensor.condition.reason, 120)
        return Node(tensor, "Join", "join", text, inputs, None, "Join", "", 64, LOW)
    layer = tensor.layer
    norm, name = batchnorm(layer), words.name(layer, tensor.origin)
    span = layer.origin.span or tensor.origin.span
    applied = layer.activation if isinstance(layer.activation, str) and layer.role == "linear" and layer.activation != "linear" else ""
    kind = words.shown(layer.kind, 60)
    label = _middle(kind + (f" · {words.shown(applied, 20)}" if applied else ""), 34)
    high = layer.role not in PLAIN or norm is not None
    below = _middle(name or (f"line {span.line}" if span else ""), 30) if high else ""
    width = max(_width(label, 8.2), _width(below, 6.8)) + 22
    if norm is not None and norm.weights:
        width += SPARKLINE
    return Node(tensor, kind, layer.role, name, inputs, norm, label, below, max(64, round(width)), HIGH if high else LOW)


def batchnorm(layer: Layer) -> Layer | None:
    """The BatchNormalization that a layer is, or wraps."""
    while layer.inner is not None:
        layer = layer.inner
    return layer if layer.role == "batchnorm" else None


def _middle(text: str, longest: int) -> str:
    """A long text without its middle: the ends of a name tell most."""
    if len(text) <= longest:
        return text
    return text[: longest // 2 - 1] + "…" + text[-(longest - longest // 2) :]


def _width(text: str, character: float) -> float:
    """About how wide a text is, where a character of the usual width takes so many pixels."""
    return sum(character * (0.5 if char in "iljft.,:;'| " else 1.0 if char.isascii() else 1.6) for char in text)


# Findings on nodes


def locator(graph: ModelGraph, found: Sequence[Node]) -> Callable[[Finding], Sequence[int]]:
    """Tells which nodes a finding is about: those of its layer in a model file, those of its place in a source."""
    by_key: dict[str, list[int]] = {}
    by_name: dict[str, list[int]] = {}
    built: dict[Span, list[int]] = {}
    applied: dict[Span, list[int]] = {}
    for position, node in enumerate(found):
        for key in dict.fromkeys(_keys(node)):
            by_key.setdefault(key, []).append(position)
        by_name.setdefault(node.name, []).append(position)
        for spans, span in ((built, _built_at(node)), (applied, node.tensor.origin.span)):
            if span is not None:
                spans.setdefault(span, []).append(position)

    def of_model(finding: Finding) -> Sequence[int]:
        if finding.layer is None or graph.artifact is None or finding.path != graph.artifact.path:
            return ()
        there = by_key.get(finding.layer) or by_name.get(words.shown(finding.layer, words.NAME), [])
        known = [position for position in there if found[position].role != "unknown"]
        return known or there  # what a file of weights does not tell of the neighbours stands under the key of the layer itself

    def of_source(finding: Finding) -> Sequence[int]:
        span = finding.span
        if span is None:
            return ()
        around = (position for whole, there in built.items() if _within(span, whole) for position in there)
        return built.get(span) or applied.get(span) or list(around)

    return of_source if graph.artifact is None else of_model


def _keys(node: Node) -> Iterator[str]:
    layers = [node.tensor.layer, node.norm] if isinstance(node.tensor, Call) else []
    for origin in (*(layer.origin for layer in layers if layer is not None), node.tensor.origin):
        if origin.key is not None:
            yield origin.key


def _built_at(node: Node) -> Span | None:
    return node.norm.origin.span if node.norm is not None else node.origin.span


def _within(inner: Span, outer: Span) -> bool:
    if inner.path != outer.path or inner.cell != outer.cell:
        return False
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def worst(findings: Sequence[Finding]) -> Severity | None:
    """The worst severity among findings; None if there is none."""
    return max((finding.severity for finding in findings), default=None)
