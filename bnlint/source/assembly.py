"""What an execution has left behind, as a Module and its graphs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import replace

from bnlint.graph.model import (
    ABSENT,
    Call,
    Choice,
    ClassInfo,
    Event,
    Gap,
    Layer,
    Method,
    ModelGraph,
    ModelKind,
    Module,
    Origin,
    Parameter,
    Span,
    Tensor,
    Unknown,
)
from bnlint.graph.query import ancestors
from bnlint.source import classes, models
from bnlint.source.machine import MODEL_STEPS, Exhausted, Frame, Machine
from bnlint.source.values import TENSORS, Class, Dict, Dotted, Function, Instance, List, Model, Scope, Splice

Run = tuple[str, int, int, object]
"""Name of a root, first and last of its calls, what it returned."""


def assemble(m: Machine, runs: list[Run]) -> tuple[Module, tuple[ModelGraph, ...]]:
    """The Module and the graphs: one for each model object, and one for the calls of a root that belong to no model."""
    targets = {id(event.target) for event in m.events}
    graphs: dict[int, object] = {}
    emitted: list[ModelGraph] = []
    before = len(m.calls)
    for model in m.models:
        assert isinstance(model, Model)
        if model.kind == "sequential" and model.called and id(model) not in targets:
            continue
        graph = graphs[id(model)] = _model(m, model)
        if not model.called or id(model) in targets:
            emitted.append(graph)
    for application in m.applications:
        graphs[id(application)] = application.layer
    infos = {id(cls): class_info(m, cls) for cls in m.classes}
    for cls in m.classes:
        emitted += _class_graphs(m, cls, infos[id(cls)], graphs, targets)
    covered = {id(call) for graph in graphs.values() if isinstance(graph, ModelGraph) for call in graph.calls}
    covered.update(id(output) for application in m.applications if application.called for output in application.fields["outputs"])
    for name, start, end, result in [*runs, ("", before, len(m.calls), None)]:
        left = [call for call in m.calls[start:end] if id(call) not in covered]
        if any(call.layer.role not in ("input", "unknown") for call in left):
            emitted.append(_rest(m, name, left, result))
    events = [replace(event, target=_named(event.target, graphs), args=_args(event, graphs)) for event in (*m.events, *_escapes(m))]
    classes_seen = tuple(infos[id(cls)] for cls in m.classes)
    module = Module(m.path, tuple(m.imports), classes_seen, tuple(dict.fromkeys(m.constructions)), tuple(events), tuple(m.gaps))
    return module, tuple(emitted)


def _named(target: object, graphs: Mapping[int, object]) -> object:
    """A model object of the execution as what checks know it by: its graph, or the layer that a backbone is."""
    if isinstance(target, tuple):
        return tuple(_named(part, graphs) for part in target)
    found = graphs.get(id(target), target)
    return Unknown("a model that is not followed") if isinstance(found, (Model, Instance)) else found


def _args(event: Event, graphs: Mapping[int, object]) -> dict[str, object]:
    return {name: _named(value, graphs) for name, value in event.args.items()}


def _escapes(m: Machine) -> Iterator[Event]:
    """Layers that no followed path calls, though the file reads the attribute that holds them: they may be called."""
    called = {id(layer) for call in m.calls for layer in (call.layer, call.layer.inner)}
    for cls in m.classes:
        for instance in cls.instances:
            for name, value in instance.fields.items():
                idle = [layer for layer in classes.owned(value, by_instances=False) if id(layer) not in called]
                if idle and _is_read(m, cls, name):
                    yield from (Event("escape", layer, order=len(m.events), origin=layer.origin) for layer in idle)


def _is_read(m: Machine, cls: Class, name: object) -> bool:
    """Whether an attribute is read as `self.name` in the class, its bases and subclasses, or by another way anywhere in the file."""
    family = {id(other.node) for other in m.classes if cls in other.lineage()} | {id(other.node) for other in cls.lineage()}
    stack: list[tuple[ast.AST, bool]] = [(tree, True) for tree in m.trees]
    while stack:
        node, mine = stack.pop()
        if isinstance(node, ast.ClassDef):
            mine = id(node) in family
        if isinstance(node, ast.Constant) and node.value == name:
            return True
        if isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load):
            of_self = isinstance(node.value, ast.Name) and node.value.id == "self"
            if mine or not of_self:
                return True
        stack.extend((child, mine) for child in ast.iter_child_nodes(node))
    return False


def _model(m: Machine, model: Model) -> ModelGraph:
    m.frame = m.frame or Frame(Scope(None), m.chunks[0], "")
    m.limit = m.steps + MODEL_STEPS
    try:
        _, outputs = models.tensors(m, model)
    except (Exhausted, RecursionError):
        m.gaps.append(Gap(f"the model {model.name} is too large to be followed to its end", model.origin))
        outputs = ()
    calls = ordered(m, outputs)
    kind: ModelKind = "sequential" if model.kind == "sequential" else "functional"
    return ModelGraph(model.name, kind, calls, outputs, origin=model.origin)


def ordered(m: Machine, tensors: tuple[Tensor, ...]) -> tuple[Call, ...]:
    """The calls that the tensors depend on, in topological order."""
    needed = ancestors(tensors)
    return tuple(call for call in m.calls if id(call) in needed)


def _class_graphs(m: Machine, cls: Class, info: ClassInfo, graphs: dict[int, object], targets: set[int]) -> list[ModelGraph]:
    """The graph of a class whose `call` was analysed on its own; of a model without one, its parts."""
    model = cls.keras in ("keras.Model", "keras.Sequential")
    origin = Origin(cls.chunk.span(cls.node), (), cls.qualified)
    made: ModelGraph | None = None
    analysed = next((i for i in cls.instances if i.result is not None), None)
    if analysed is not None and analysed.result is not None:
        start, end, result = analysed.result
        outputs = tensors_in(result)
        seen = ancestors((*m.calls[start:end], *outputs))
        calls = tuple(call for call in m.calls if id(call) in seen)
        if any(call.layer.role not in ("input", "unknown") for call in calls):
            kind: ModelKind = "subclass" if model else "block"
            made = ModelGraph(cls.name, kind, calls, outputs, cls=info, parts=_parts(analysed, graphs), origin=origin)
    found = [made] if made is not None else []
    for instance in cls.instances:
        functional = instance.fields.get("functional")
        if isinstance(functional, Model) and id(functional) in graphs:
            graphs[id(instance)] = graphs[id(functional)]
        elif made is not None:
            graphs[id(instance)] = made
        elif model and id(instance) in targets | {id(target) for event in m.events for target in _sources(event)}:
            made = ModelGraph(cls.name, "subclass", cls=info, parts=_parts(instance, graphs), origin=origin)
            graphs[id(instance)] = made
    return found


def _sources(event: Event) -> tuple[object, ...]:
    sources = event.args.get("sources")
    return sources if isinstance(sources, tuple) else ()


def _parts(instance: Instance, graphs: Mapping[int, object]) -> tuple[object, ...]:
    """The models that an object holds in its attributes."""
    found = (graphs.get(id(value)) for value in instance.fields.values() if isinstance(value, (Model, Instance)))
    return tuple(dict.fromkeys(graph for graph in found if isinstance(graph, ModelGraph)))


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
    seen: set[int] = set()
    stack: list[object] = [value]
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, TENSORS):
            found.append(current)
        elif isinstance(current, tuple):
            stack.extend(reversed(current))
        elif isinstance(current, List):
            stack.extend(reversed(current.items))
        elif isinstance(current, Dict):
            stack.extend(current.fields.values())
        elif isinstance(current, (Splice, Choice)):
            stack.extend((current.if_true, current.if_false))
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
