"""What an execution has left behind, as Modules and graphs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

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
from bnlint.records import dataclass, field, replace
from bnlint.source import classes, guards, models, overrides, trees, words
from bnlint.source.budget import MODEL_STEPS, Exhausted
from bnlint.source.files import File
from bnlint.source.machine import Frame, Machine
from bnlint.source.modules import Run
from bnlint.source.values import TENSORS, Class, Dict, Dotted, Function, Instance, List, Model, Splice


def assemble(m: Machine) -> tuple[tuple[Module, ...], tuple[ModelGraph, ...]]:
    """A Module for each file under analysis, and the graphs: one for each model object, one for the calls of a root that belong to none."""
    targets = {id(event.target) for event in m.events if event.kind != "apply"}
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
    for run in [*m.runs, Run(m.files.asked[-1], "", before, len(m.calls))] if m.files.asked else ():
        left = [call for call in m.calls[run.start : run.end] if id(call) not in covered]
        covered.update(id(call) for call in left)
        if any(call.layer.role not in ("input", "unknown") for call in left):
            emitted.append(_rest(m, run.name, left, run.result))
    parts = {file.path: _Part() for file in m.files.by_path.values()}
    for cls in m.classes:
        parts[cls.chunk.path].classes.append(infos[id(cls)])
    for layer in dict.fromkeys(m.constructions):
        if layer.origin.span is not None:
            parts[layer.origin.span.path].built.append(layer)
    for event in _escapes(m):
        if event.origin.span is not None:
            parts[event.origin.span.path].escapes.append(event)
    behind = words.watched((file for file in m.files.by_path.values() if not file.asked), words.OF_GRAPHS)
    made = tuple(_module(file, parts[file.path], graphs, behind | words.watched((file,))) for file in m.files.asked)
    asked = {file.path for file in m.files.asked}
    return made, tuple(graph for graph in emitted if _concerns(graph, asked))


@dataclass(slots=True, eq=False)
class _Part:
    """What stands in one file."""

    classes: list[ClassInfo] = field(default_factory=list)
    built: list[Layer] = field(default_factory=list)
    escapes: list[Event] = field(default_factory=list)


def _module(file: File, part: _Part, graphs: Mapping[int, object], mentions: frozenset[str]) -> Module:
    """What one file says. Events belong to the file whose code set them off, wherever they stand."""
    events = (replace(event, target=_named(event.target, graphs), args=_args(event, graphs)) for event in (*file.events, *part.escapes))
    imports, gaps, unreached = tuple(file.imports), tuple(file.gaps), tuple(file.unreached)
    guarded = tuple(span for chunk, tree in zip(file.chunks, file.trees, strict=True) for span in guards.guarded(chunk, tree))
    return Module(file.path, imports, tuple(part.classes), tuple(part.built), tuple(events), gaps, unreached, guarded, mentions, file.cut)


def _concerns(graph: ModelGraph, paths: set[str]) -> bool:
    """Whether any part of a graph stands in one of the files, or was reached from there."""
    places = (span for call in graph.calls for span in (call.origin.span, *call.origin.stack))
    return not graph.calls or any(span is not None and span.path in paths for span in places)


def _named(target: object, graphs: Mapping[int, object]) -> object:
    """A model object of the execution as what checks know it by: its graph, or the layer that a backbone is.

    None for a layer of the user's that ran and holds no other layers: what is done to it is done to nothing that a check knows.
    """
    if isinstance(target, tuple):
        return tuple(_named(part, graphs) for part in target)
    found = graphs.get(id(target), target)
    if isinstance(found, Instance) and found.called and not found.open and not classes.owned(found):
        return None
    return Unknown("a model that is not followed") if isinstance(found, (Model, Instance)) else found


def _args(event: Event, graphs: Mapping[int, object]) -> dict[str, object]:
    return {name: _named(value, graphs) for name, value in event.args.items()}


def _escapes(m: Machine) -> Iterator[Event]:
    """Layers that no followed path calls, though a file reads the attribute that holds them: they may be called."""
    called = {id(layer) for call in m.calls for layer in (call.layer, call.layer.inner)}
    reads: _Reads | None = None
    for cls in m.classes:
        for instance in cls.instances:
            for name, value in instance.fields.items():
                idle = [layer for layer in classes.owned(value, by_instances=False) if id(layer) not in called]
                if idle:
                    reads = reads or _Reads(m)
                    if reads.read(cls, name):
                        yield from (Event("escape", layer, order=len(m.events), origin=layer.origin) for layer in idle)


class _Reads:
    """Which attributes are read: as `self.name` in which class, and in any other way (also as a text, for `getattr`)."""

    def __init__(self, m: Machine) -> None:
        self.m = m
        self.of_self: dict[int | None, set[object]] = {}
        self.anyhow: set[object] = set()
        stack: list[tuple[ast.AST, int | None]] = [(tree, None) for file in m.files.by_path.values() for tree in file.trees]
        while stack:
            node, cls = stack.pop()
            if isinstance(node, ast.ClassDef):
                cls = id(node)
            elif isinstance(node, ast.Constant):
                self.anyhow.add(node.value)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
                of_self = isinstance(node.value, ast.Name) and node.value.id == "self"
                (self.of_self.setdefault(cls, set()) if of_self else self.anyhow).add(node.attr)
            stack.extend((child, cls) for child in trees.children(node))

    def read(self, cls: Class, name: object) -> bool:
        """Whether the attribute is read in the class, its bases and subclasses, or not as an attribute of `self`."""
        family = [*cls.lineage(), *(other for other in self.m.classes if cls in other.lineage())]
        return name in self.anyhow or any(name in self.of_self.get(id(other.node), ()) for other in family)


def _model(m: Machine, model: Model) -> ModelGraph:
    file = m.files.by_path[model.origin.span.path] if model.origin.span is not None else m.files.asked[0]
    m.home, m.frame = file, Frame(file.scope, file.chunks[0], "")
    m.allow(MODEL_STEPS)
    try:
        _, outputs = models.tensors(m, model)
    except (Exhausted, RecursionError):
        file.cut = True
        file.gaps.append(Gap(f"the model {model.name} is too large to be followed to its end", model.origin))
        outputs = ()
    calls = m.in_order(ancestors(outputs))
    kind: ModelKind = "sequential" if model.kind == "sequential" else "functional"
    return ModelGraph(model.name, kind, calls, outputs, origin=model.origin)


def _class_graphs(m: Machine, cls: Class, info: ClassInfo, graphs: dict[int, object], targets: set[int]) -> list[ModelGraph]:
    """The graph of a class whose `call` was analysed on its own; of a model without one, its parts."""
    model = cls.keras in ("keras.Model", "keras.Sequential")
    origin = Origin(cls.chunk.span(cls.node), (), cls.qualified)
    made: ModelGraph | None = None
    analysed = next((i for i in cls.instances if i.result is not None), None)
    if analysed is not None and analysed.result is not None:
        start, end, result = analysed.result
        outputs = tensors_in(result)
        calls = m.in_order(ancestors((*m.calls[start:end], *outputs)))
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
    calls = m.in_order(ancestors((*left, *outputs)))
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
        overrides.reloads(m, cls),
        overrides.passed_on(cls),
        Origin(cls.chunk.span(cls.node), (), cls.qualified),
    )


def _method(function: Function) -> Method:
    spec = function.node.args
    found: list[Parameter] = []

    def add(argument: ast.arg, kind: str) -> None:
        default = function.defaults.get(argument.arg, ABSENT)
        default = default.name if isinstance(default, Dotted) else default
        annotation = argument.annotation.id if isinstance(argument.annotation, ast.Name) else ""
        found.append(Parameter(argument.arg, default, kind, function.chunk.span(argument), annotation))

    for argument in (*spec.posonlyargs, *spec.args):
        add(argument, "positional")
    if spec.vararg is not None:
        add(spec.vararg, "*")
    for argument in spec.kwonlyargs:
        add(argument, "keyword")
    if spec.kwarg is not None:
        add(spec.kwarg, "**")
    return Method(function.name, tuple(found), function.decorators, Origin(function.chunk.span(function.node), (), function.qualified))
