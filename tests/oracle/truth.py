"""What real Keras says: for each line that constructs a BatchNormalization, what feeds those layers and what they feed."""

import functools
import inspect
import os
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.roles import LOOKED_THROUGH, NO_TENSOR, Neighbour, describe, function_name, is_layer

Site = tuple[str, int]
"""The file and the line (from 1) of a constructor call."""


@dataclass(frozen=True)
class Sides:
    """All neighbours of the layers that were born at one site."""

    feeding: frozenset[Neighbour]
    fed: frozenset[Neighbour]


Truth = Mapping[Site, Sides]

MACHINERY = ("/keras/src/", "/tf_keras/src/", "/tensorflow/python/")
MODELS = "/applications/"
STDLIB = sysconfig.get_path("stdlib") + os.sep


@contextmanager
def recorded_sites(keras: Any, folder: str = "") -> Iterator[dict[int, Site]]:
    """While open, notes for the id of each BatchNormalization the line that constructs it, where that line stands in the folder."""
    cls = next(base for base in reversed(keras.layers.BatchNormalization.__mro__) if base.__name__.startswith("BatchNormalization"))
    original = cls.__init__
    sites: dict[int, Site] = {}
    alive = []  # an id tells a layer only as long as the layer lives

    @functools.wraps(original)
    def noting(layer: Any, *args: Any, **kwargs: Any) -> None:
        site = _constructing_line(layer)
        if site[0].startswith(folder):
            sites.setdefault(id(layer), site)
            alive.append(layer)
        original(layer, *args, **kwargs)

    noting.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]  # Keras 3 binds the arguments by it
    cls.__init__ = noting
    try:
        yield sites
    finally:
        cls.__init__ = original


def _constructing_line(layer: Any) -> Site:
    """The first line outwards that is neither a method of the layer itself nor Keras's own machinery."""
    frame = sys._getframe(2)
    while frame is not None:
        path, names = frame.f_code.co_filename, frame.f_code.co_varnames[:1]
        own = any(frame.f_locals.get(name) is layer for name in names)
        if not own and not _is_machinery(path):
            return os.path.realpath(path), frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    raise AssertionError("a layer that nobody constructs")


def _is_machinery(path: str) -> bool:
    if any(part in path for part in MACHINERY):
        return MODELS not in path
    return path.startswith("<") or (path.startswith(STDLIB) and "site-packages" not in path)


@dataclass(eq=False)
class Node:
    """One application of a layer or a function, nested models flattened."""

    neighbour: Neighbour
    layer: Any
    inputs: tuple["Node", ...] = ()
    users: list["Node"] = field(default_factory=list)


def nodes_of(model: Any) -> list[Node]:
    """The nodes of a functional or sequential model, in order."""
    nodes: list[Node] = []
    _flatten(model, None, nodes)
    for node in nodes:
        for source in node.inputs:
            source.users.append(node)
    return nodes


def outputs_of(model: Any) -> list[Node]:
    """The nodes that the outputs of a functional or sequential model come from."""
    return [node for group in _flatten(model, None, []) for node in group]


def _flatten(model: Any, feeds: list[tuple[Node, ...]] | None, nodes: list[Node]) -> list[tuple[Node, ...]]:
    """Append the nodes of `model`, whose inputs are `feeds` where it is nested; return what its outputs come from."""
    model = _functional(model)
    made: dict[tuple[int, int, int], tuple[Node, ...]] = {}
    if feeds is not None:
        made.update(zip(map(_key, model.inputs), feeds, strict=True))
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for raw in model._nodes_by_depth[depth]:
            operation = getattr(raw, "operation", None) or raw.layer
            outputs = _flat(raw.outputs)
            if all(_key(tensor) in made for tensor in outputs):
                continue
            inputs = [made[_key(tensor)] for tensor in _tensors_into(raw)]
            if _is_model(operation):
                results = _flatten(operation, inputs, nodes)
            else:
                results = [_one(operation, inputs, nodes)] * len(outputs)
            made.update(zip(map(_key, outputs), results, strict=True))
    return [made[_key(tensor)] for tensor in model.outputs]


def _one(operation: Any, inputs: list[tuple[Node, ...]], nodes: list[Node]) -> tuple[Node, ...]:
    sources = tuple(dict.fromkeys(node for group in inputs for node in group))
    if not is_layer(operation):
        name = function_name(operation)
        if name in NO_TENSOR:
            return ()
        if name in LOOKED_THROUGH:
            return sources
    node = Node(describe(operation, len(inputs)), operation, sources)
    nodes.append(node)
    return (node,)


def _functional(model: Any) -> Any:
    return getattr(model, "_functional", None) or model


def _is_model(operation: Any) -> bool:
    return hasattr(_functional(operation), "_nodes_by_depth")


def _flat(outputs: Any) -> list[Any]:
    if isinstance(outputs, Mapping):
        return [tensor for value in outputs.values() for tensor in _flat(value)]
    return [tensor for value in outputs for tensor in _flat(value)] if isinstance(outputs, list | tuple) else [outputs]


def _tensors_into(raw: Any) -> list[Any]:
    return list(raw.arguments.keras_tensors if hasattr(raw, "arguments") else raw.keras_inputs)


def _key(tensor: Any) -> tuple[int, int, int]:
    layer, node, index = tensor._keras_history
    return id(layer), node, index


def neighbours(models: Iterable[Any], sites: Mapping[int, Site]) -> Truth:
    """For each site, the union over all its layers in all the models."""
    return sides_of((node for model in models for node in nodes_of(model)), sites)


def sides_of(nodes: Iterable[Node], sites: Mapping[int, Site]) -> Truth:
    """For each site, the union over all applications of its layers."""
    feeding: dict[Site, set[Neighbour]] = defaultdict(set)
    fed: dict[Site, set[Neighbour]] = defaultdict(set)
    for node in nodes:
        site = sites.get(id(node.layer)) or sites.get(id(getattr(node.layer, "layer", None)))
        if site is not None:
            feeding[site] |= {source.neighbour for source in node.inputs}
            fed[site] |= {user.neighbour for user in node.users}
    return {site: Sides(frozenset(feeding[site]), frozenset(fed[site])) for site in feeding}


def build(keras: Any, *builders: Callable[[], Any]) -> Truth:
    """Build the models and look at them."""
    with recorded_sites(keras) as sites:
        models = [builder() for builder in builders]  # all alive at once: sites are kept by id
        return neighbours(models, sites)
