"""What an execution has left behind, as a Module and its graphs."""

from __future__ import annotations

import ast
from dataclasses import replace

from bnlint.graph.model import ABSENT, Call, ClassInfo, Event, Layer, Method, ModelGraph, ModelKind, Module, Origin, Parameter, Span, Tensor
from bnlint.graph.query import ancestors
from bnlint.source import classes, models
from bnlint.source.machine import Frame, Machine
from bnlint.source.values import TENSORS, Class, Dict, Dotted, Function, List, Model, Scope, Splice

Run = tuple[str, int, int, object]
"""Name of a root, first and last of its calls, what it returned."""


def assemble(m: Machine, runs: list[Run]) -> tuple[Module, tuple[ModelGraph, ...]]:
    """The Module and the graphs: one for each model object, and one for the calls of a root that belong to no model."""
    infos = {id(cls): class_info(m, cls) for cls in m.classes}
    targets = {id(event.target) for event in m.events}
    graphs: dict[int, ModelGraph] = {}
    emitted: list[ModelGraph] = []
    covered: set[int] = set()
    before = len(m.calls)
    for model in list(m.models):
        assert isinstance(model, Model)
        if model.kind == "sequential" and model.called and id(model) not in targets:
            continue
        graph = _model(m, model)
        graphs[id(model)] = graph
        covered.update(id(call) for call in graph.calls)
        if not model.called or id(model) in targets:
            emitted.append(graph)
    for cls in m.classes:
        graph_or_none = _class_graph(m, cls, infos[id(cls)], graphs)
        if graph_or_none is not None:
            covered.update(id(call) for call in graph_or_none.calls)
            emitted.append(graph_or_none)
        for instance in cls.instances:
            functional = instance.fields.get("functional")
            if isinstance(functional, Model) and id(functional) in graphs:
                graphs[id(instance)] = graphs[id(functional)]
            elif graph_or_none is not None:
                graphs[id(instance)] = graph_or_none
    for name, start, end, result in runs:
        left = [call for call in m.calls[start:end] if id(call) not in covered]
        if any(call.layer.role not in ("input", "unknown") for call in left):
            emitted.append(_rest(m, name, left, result))
    rest = [call for call in m.calls[before:] if id(call) not in covered]
    if any(call.layer.role not in ("input", "unknown") for call in rest):
        emitted.append(_rest(m, "", rest, None))
    events = tuple(replace(event, target=_target(event.target, graphs), args=_args(event, graphs)) for event in m.events)
    final = [replace(graph, events=()) for graph in emitted]
    swapped = dict(zip(map(id, emitted), final, strict=True))
    events = tuple(
        replace(e, target=swapped.get(id(e.target), e.target), args={k: _swap(v, swapped) for k, v in e.args.items()}) for e in events
    )
    module = Module(
        m.path, tuple(m.imports), tuple(infos[id(cls)] for cls in m.classes), tuple(dict.fromkeys(m.constructions)), events, tuple(m.gaps)
    )
    return module, tuple(final)


def _swap(value: object, swapped: dict[int, ModelGraph]) -> object:
    if isinstance(value, tuple):
        return tuple(_swap(item, swapped) for item in value)
    return swapped.get(id(value), value)


def _target(target: object, graphs: dict[int, ModelGraph]) -> object:
    return graphs.get(id(target), target)


def _args(event: Event, graphs: dict[int, ModelGraph]) -> dict[str, object]:
    return {
        name: tuple(_target(part, graphs) for part in value) if isinstance(value, tuple) else _target(value, graphs)
        for name, value in event.args.items()
    }


def _model(m: Machine, model: Model) -> ModelGraph:
    m.frame = m.frame or Frame(Scope(None), m.chunks[0], "")
    _, outputs = models.tensors(m, model)
    calls = ordered(m, outputs)
    kind: ModelKind = "sequential" if model.kind == "sequential" else "functional"
    return ModelGraph(model.name, kind, calls, outputs, origin=model.origin)


def ordered(m: Machine, tensors: tuple[Tensor, ...]) -> tuple[Call, ...]:
    """The calls that the tensors depend on, in topological order."""
    needed = ancestors(tensors)
    return tuple(call for call in m.calls if id(call) in needed)


def _class_graph(m: Machine, cls: Class, info: ClassInfo, graphs: dict[int, ModelGraph]) -> ModelGraph | None:
    instance = next((i for i in cls.instances if i.result is not None), None)
    if instance is None or instance.result is None:
        return None
    start, end, result = instance.result
    outputs = tensors_in(result)
    seen = ancestors((*m.calls[start:end], *outputs))
    calls = tuple(call for call in m.calls if id(call) in seen)
    if not any(call.layer.role not in ("input", "unknown") for call in calls):
        return None
    kind: ModelKind = "subclass" if cls.keras in ("keras.Model", "keras.Sequential") else "block"
    return ModelGraph(cls.name, kind, calls, outputs, cls=info, origin=Origin(cls.chunk.span(cls.node), (), cls.qualified))


def _rest(m: Machine, name: str, left: list[Call], result: object) -> ModelGraph:
    outputs = tensors_in(result)
    seen = ancestors((*left, *outputs))
    calls = tuple(call for call in m.calls if id(call) in seen)
    first = next((call.origin for call in left if call.origin.span is not None), Origin())
    span = first.span
    at = Span(span.path, span.line, 1, span.line, 1, span.cell) if span is not None else None
    return ModelGraph(name or "<module>", "open", calls, outputs, origin=Origin(at))


def tensors_in(value: object) -> tuple[Tensor, ...]:
    """The tensors in a returned value."""
    found: list[Tensor] = []
    stack: list[object] = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, TENSORS):
            found.append(current)
        elif isinstance(current, tuple):
            stack.extend(reversed(current))
        elif isinstance(current, List):
            stack.extend(reversed(current.items))
        elif isinstance(current, Dict):
            stack.extend(current.fields.values())
        elif isinstance(current, Splice):
            stack.extend((*current.if_true, *current.if_false))
    return tuple(dict.fromkeys(found))


def class_info(m: Machine, cls: Class) -> ClassInfo:
    """What checks may ask of a user's class."""
    methods: dict[str, Method] = {}
    for relative in reversed(cls.lineage()):
        methods.update({name: _method(value) for name, value in relative.scope.names.items() if isinstance(value, Function)})
    held: dict[int, Layer] = {}
    for instance in cls.instances:
        for layer in classes.owned(instance):
            held[id(layer)] = layer
        if instance.result is not None:
            for call in m.calls[instance.result[0] : instance.result[1]]:
                if not call.layer.is_function:
                    held[id(call.layer)] = call.layer
    base = cls.keras.rpartition(".")[2] if cls.keras else None
    return ClassInfo(
        cls.name,
        base,
        methods,
        tuple(held.values()),
        frozenset(cls.used),
        cls.complete,
        Origin(cls.chunk.span(cls.node), (), cls.qualified),
    )


def _method(function: Function) -> Method:
    spec = function.node.args
    found: list[Parameter] = []

    def add(argument: ast.arg, kind: str) -> None:
        default = function.defaults.get(argument.arg, ABSENT)
        found.append(Parameter(argument.arg, default.name if isinstance(default, Dotted) else default, kind, function.chunk.span(argument)))

    for argument in (*spec.posonlyargs, *spec.args):
        add(argument, "positional")
    if spec.vararg is not None:
        add(spec.vararg, "*")
    for argument in spec.kwonlyargs:
        add(argument, "keyword")
    if spec.kwarg is not None:
        add(spec.kwarg, "**")
    return Method(function.name, tuple(found), function.decorators, Origin(function.chunk.span(function.node), (), function.qualified))
