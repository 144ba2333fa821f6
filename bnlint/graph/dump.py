"""The graph as text and as the JSON of `bnlint graph`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bnlint.graph.coverage import Coverage, Grade
from bnlint.graph.model import Call, Choice, Join, ModelGraph, Origin, Shape, Span, Tensor, Unknown

VERSION = 1

Ids = Mapping[int, str]


def as_data(graphs: Iterable[ModelGraph]) -> dict[str, Any]:
    """What `bnlint graph --output-format json` prints; design.md defines the format."""
    return {"version": VERSION, "models": [_model(graph) for graph in graphs]}


def as_text(graphs: Iterable[ModelGraph]) -> str:
    """One block for each model, one line for each node: id, kind, shape, position, and the ids that feed it."""
    return "\n".join(_block(graph) for graph in graphs)


def gaps_as_text(coverage: Coverage) -> str:
    """How much of the BatchNormalization is understood, and what is missing where; what is missing most often first."""
    total = len(coverage.sites)
    lines = [f"{total} {'place builds' if total == 1 else 'places build'} BatchNormalization"]
    lines += [f"{coverage.count(grade):>6}  {words}" for grade, words in GRADES.items()]
    for reason, spans in coverage.reasons():
        lines += ["", f"{len(spans)} × {reason}", *(f"        {_position(span)}" for span in spans)]
    return "\n".join(lines) + "\n"


GRADES: Mapping[Grade, str] = {
    "full": "understood: all that feeds them and all that they feed is known",
    "partly": "partly: some of that is known",
    "not": "not: no path that was followed applies them",
}


def _position(span: Span) -> str:
    cell = f":cell {span.cell}" if span.cell is not None else ""
    return f"{span.path}{cell}:{span.line}:{span.column}"


def _model(graph: ModelGraph) -> dict[str, Any]:
    ids, joins = number(graph)
    nodes = [_node(call, ids) for call in graph.calls]
    nodes += [_join(join, ids) for join in joins]
    return {
        "name": graph.name,
        "path": _path(graph),
        "line": graph.origin.span.line if graph.origin.span else None,
        "nodes": nodes,
        "gaps": [{"reason": gap.reason, **_place(gap.origin)} for gap in graph.gaps],
    }


def _path(graph: ModelGraph) -> str | None:
    """The file that a model stands in."""
    if graph.origin.span is not None:
        return graph.origin.span.path
    return graph.artifact.path if graph.artifact is not None else None


def _node(call: Call, ids: Ids) -> dict[str, Any]:
    layer = call.layer
    return {
        "id": ids[id(call)],
        "kind": layer.kind,
        "role": layer.role,
        "activation": layer.activation if isinstance(layer.activation, str) else None,
        **_place(layer.origin if layer.origin.span or layer.origin.key else call.origin),
        "config": {name: value for name, raw in sorted(layer.config.items()) if (value := _plain(raw)) is not _OMITTED},
        "inputs": [ids[id(tensor)] for tensor in call.inputs],
    }


def _join(join: Join, ids: Ids) -> dict[str, Any]:
    return {
        "id": ids[id(join)],
        "kind": "Join",
        "role": "join",
        "activation": None,
        **_place(join.origin),
        "config": {},
        "inputs": [ids[id(tensor)] for tensor in join.alternatives],
    }


def _place(origin: Origin) -> dict[str, Any]:
    span = origin.span
    place: dict[str, Any] = {"path": origin.key, "line": None, "column": None}
    if span is not None:
        place = {"path": span.path, "line": span.line, "column": span.column}
        if span.cell is not None:
            place["cell"] = span.cell
    return place


def number(graph: ModelGraph) -> tuple[Ids, tuple[Join, ...]]:
    """Ids of all calls, in order, and of the joins that something in the graph needs."""
    ids = {id(call): str(number) for number, call in enumerate(graph.calls, 1)}
    joins: list[Join] = []
    stack: list[Tensor] = [*reversed(graph.outputs), *(tensor for call in reversed(graph.calls) for tensor in reversed(call.inputs))]
    while stack:
        tensor = stack.pop()
        if id(tensor) not in ids:
            ids[id(tensor)] = f"j{len(joins) + 1}"
            if isinstance(tensor, Join):
                joins.append(tensor)
                stack.extend(reversed(tensor.alternatives))
    return ids, tuple(joins)


_OMITTED = object()


def _plain(value: object) -> object:
    """A configuration value in JSON's terms; `_OMITTED` for what is not known."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if value.bit_length() < 1024 else _OMITTED  # Python refuses to print what is much longer
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, tuple | list):
        items = [_plain(item) for item in value]
        return _OMITTED if any(item is _OMITTED for item in items) else items
    return _OMITTED


def _block(graph: ModelGraph) -> str:
    ids, joins = number(graph)
    span = graph.origin.span
    cell = f":cell {span.cell}" if span and span.cell is not None else ""
    place = f"  {span.path}{cell}:{span.line}" if span else f"  {graph.artifact.path}" if graph.artifact else ""
    lines = [f"{graph.name} ({graph.kind}){place}"]
    width = max((len(name) for name in ids.values()), default=1)

    def line(tensor: Tensor, words: str, inputs: tuple[Tensor, ...], origin: Origin) -> str:
        fed = f" <- {', '.join(ids[id(each)] for each in inputs)}" if inputs else ""
        place = f"  line {origin.span.line}" if origin.span else f"  {origin.key}" if origin.key else ""
        return f"  {ids[id(tensor)]:>{width}}  {words}{_size(tensor.shape)}{fed}{place}"

    for call in graph.calls:
        activation = call.layer.activation
        applied = f"[{activation}]" if isinstance(activation, str) and activation != call.layer.kind else ""
        lines.append(line(call, call.layer.kind + applied, call.inputs, call.layer.origin))
    for join in joins:
        lines.append(line(join, f"join on {join.condition.reason}", join.alternatives, join.origin))
    lines += [f"  output {ids[id(tensor)]}" for tensor in graph.outputs]
    for gap in graph.gaps:
        lines.append(f"  gap: {gap.reason}" + (f"  line {gap.origin.span.line}" if gap.origin.span else ""))
    return "\n".join(lines) + "\n"


def _size(shape: Shape) -> str:
    if shape is None:
        return ""
    return " (" + ", ".join("?" if isinstance(size, Unknown | Choice) else str(size) for size in shape) + ")"
