"""What the questions of `query` look up: made once for a graph or a project, on first use, and kept for as long as that lives."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from weakref import WeakKeyDictionary

from bnlint.graph.model import Call, ClassInfo, Event, Join, Layer, ModelGraph, Module, Project, Span, Tensor
from bnlint.records import dataclass


@dataclass(frozen=True, slots=True)
class GraphIndex:
    """By the id of a tensor what uses it: calls, and joins with the alternative that it is; the ids of the outputs and of the layers; the
    calls by their role."""

    users: Mapping[int, tuple[tuple[Call | Join, int], ...]]
    outputs: frozenset[int]
    layers: frozenset[int]
    of_role: Mapping[str, list[Call]]


_graphs: WeakKeyDictionary[ModelGraph, GraphIndex] = WeakKeyDictionary()


def of_graph(graph: ModelGraph) -> GraphIndex:
    """The index of a graph."""
    found = _graphs.get(graph)
    if found is None:
        found = _graphs[graph] = _index(graph)
    return found


def _index(graph: ModelGraph) -> GraphIndex:
    users: dict[int, list[tuple[Call | Join, int]]] = {}
    seen: set[int] = set()

    def visit(tensor: Tensor) -> None:
        stack = [tensor]
        while stack:
            current = stack.pop()
            if id(current) in seen or isinstance(current, Call):
                continue
            seen.add(id(current))
            for position, alternative in enumerate(current.alternatives):
                users.setdefault(id(alternative), []).append((current, position))
                stack.append(alternative)

    of_role: dict[str, list[Call]] = {}
    for call in graph.calls:
        of_role.setdefault(call.layer.role, []).append(call)
        for tensor in call.inputs:
            users.setdefault(id(tensor), []).append((call, 0))
            visit(tensor)
    for tensor in graph.outputs:
        visit(tensor)
    return GraphIndex(
        {key: tuple(value) for key, value in users.items()},
        frozenset(id(tensor) for tensor in graph.outputs),
        frozenset(id(layer) for call in graph.calls for layer in (call.layer, call.layer.inner)),
        of_role,
    )


def reached(tensors: Collection[Tensor]) -> Iterator[Tensor]:
    """All calls and joins that the tensors depend on, themselves included, each once, in no order."""
    seen: set[int] = set()
    stack: list[Tensor] = list(tensors)
    while stack:
        current = stack.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        stack.extend(current.inputs if isinstance(current, Call) else current.alternatives)


class ProjectIndex:
    """The layers, calls and events of a project by what they are asked for. It holds the parts of the project, not the project."""

    def __init__(self, project: Project) -> None:
        self._modules, self._models = project.modules, project.models
        self._events: dict[tuple[str, ...], tuple[Event, ...]] = {}

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer once: those that were constructed, then those that only a graph knows; wrapped ones too."""
        found: dict[int, Layer] = {}
        for layer in self._all():
            inner: Layer | None = layer
            while inner is not None and id(inner) not in found:
                found[id(inner)] = inner
                inner = inner.inner
        return tuple(found.values())

    def _all(self) -> Iterator[Layer]:
        for module in self._modules:
            yield from module.constructions
        for graph in self._models:
            yield from (call.layer for call in graph.calls if not call.layer.is_function)

    @cached_property
    def applied(self) -> Mapping[int, list[tuple[ModelGraph, Call]]]:
        """By the id of a layer its applications."""
        found: dict[int, list[tuple[ModelGraph, Call]]] = {}
        for graph in self._models:
            for call in graph.calls:
                found.setdefault(id(call.layer), []).append((graph, call))
        return found

    @cached_property
    def born(self) -> Mapping[Span, tuple[Layer, ...]]:
        """The layers whose constructor call, or whose application, stands at a place. An input that is not known is none."""
        calls = [call for graph in self._models for call in graph.calls]
        inputs = {id(call.layer) for call in calls if call.layer.role in ("input", "unknown") and not call.inputs}
        places = [(layer.origin.span, layer) for layer in self.layers]
        places += [(call.origin.span, call.layer) for call in calls]
        places += [(call.layer.origin.span, call.layer) for call in calls if call.layer.is_function]
        at: dict[int, tuple[Span, dict[int, Layer]]] = {}  # by the object: a place that occurs a thousand times is mostly the same one
        for span, layer in places:
            if span is not None and id(layer) not in inputs:
                at.setdefault(id(span), (span, {}))[1][id(layer)] = layer
        found: dict[Span, dict[int, Layer]] = {}
        for span, layers in at.values():
            found.setdefault(span, {}).update(layers)
        return {span: tuple(layers.values()) for span, layers in found.items()}

    @cached_property
    def given_out(self) -> set[int]:
        """The ids of all that outputs of the models depend on."""
        return {id(tensor) for tensor in reached([output for graph in self._models for output in graph.outputs])}

    @cached_property
    def guarded(self) -> Mapping[str, tuple[Span, ...]]:
        """By the path of a file the code in it that is ready for another version of Keras."""
        return {module.path: module.guarded for module in self._modules}

    @cached_property
    def owners(self) -> Mapping[int, tuple[ClassInfo, ...]]:
        """By the id of a layer the classes whose instances own it."""
        found: dict[int, dict[int, ClassInfo]] = {}
        for module in self._modules:
            for cls in module.classes:
                for layer in cls.layers:
                    found.setdefault(id(layer), {})[id(cls)] = cls
        return {layer: tuple(classes.values()) for layer, classes in found.items()}

    @cached_property
    def of_class(self) -> Mapping[int, list[ModelGraph]]:
        """By the id of a class the graphs of its `call`."""
        found: dict[int, list[ModelGraph]] = {}
        for graph in self._models:
            if graph.cls is not None:
                found.setdefault(id(graph.cls), []).append(graph)
        return found

    @cached_property
    def owned(self) -> Mapping[str, list[tuple[ModelGraph, Call]]]:
        """By the name of a class the calls that were made on its behalf, in whatever graph."""
        found: dict[str, list[tuple[ModelGraph, Call]]] = {}
        for graph in self._models:
            for call in graph.calls:
                if call.owner:
                    found.setdefault(call.owner, []).append((graph, call))
        return found

    def events(self, kinds: tuple[str, ...]) -> tuple[Event, ...]:
        """The events of these kinds, of all modules and of the models that were saved, in order."""
        if kinds not in self._events:
            parts: tuple[Module | ModelGraph, ...] = (*self._modules, *self._models)
            self._events[kinds] = tuple(dict.fromkeys(event for part in parts for event in part.events if event.kind in kinds))
        return self._events[kinds]


_projects: WeakKeyDictionary[Project, ProjectIndex] = WeakKeyDictionary()


def of_project(project: Project) -> ProjectIndex:
    """The index of a project."""
    found = _projects.get(project)
    if found is None:
        found = _projects[project] = ProjectIndex(project)
    return found
