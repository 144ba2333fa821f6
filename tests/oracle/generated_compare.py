"""Whether bnlint's graph of a generated program is the one that Keras built."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from bnlint import text
from bnlint.graph.model import Call, ModelGraph
from bnlint.source import analyse
from tests.oracle.generated import Program
from tests.oracle.generated_run import truth
from tests.oracle.roles import is_layer, kind_of
from tests.oracle.truth import Node, Site


def disagreement(program: Program, folder: Path, major: int, paths: Iterable[str]) -> str | None:
    """Where no graph that bnlint finds in these files is the model that Keras builds, in what they differ."""
    outputs, sites, _alive = truth(program, folder, major)
    found = analyse([text.load(str(folder / path), (folder / path).read_bytes()) for path in paths], str(folder))
    differences = [(graph, difference(graph, outputs, sites)) for graph in found.models]  # several may have one name
    if any(each is None for _, each in differences):
        return None
    return "\n".join([str(program), *(f"{graph.name} ({graph.kind}): {each}" for graph, each in differences)])


SETTINGS = ("units", "filters", "use_bias", "momentum", "epsilon", "center", "scale", "rate")
"""Arguments whose values are compared, too."""


Unlike = Callable[[Call, Node], str | None]
"""In what a call of bnlint's graph differs from the node that it should be; None if in nothing."""


def difference(graph: ModelGraph, outputs: list[Node], sites: Mapping[int, Site], also: Unlike = lambda said, true: None) -> str | None:
    """The first place where the two differ; None where they are equal up to the names and numbers of their nodes."""
    if len(graph.outputs) != len(outputs):
        return f"{len(graph.outputs)} outputs, not {len(outputs)}"
    stack: list[tuple[Any, Node]] = list(zip(graph.outputs, outputs, strict=True))
    twins: dict[int, Node] = {}
    layers: dict[int, int] = {}
    while stack:
        said, true = stack.pop()
        if not isinstance(said, Call):
            return f"a join before {_words(true)}"
        if id(said) in twins:
            if twins[id(said)] is not true:
                return f"{_said(said)} is both {_words(true)} and {_words(twins[id(said)])}"
            continue
        twins[id(said)] = true
        different = _unlike(said, true, sites) or also(said, true)
        if different is not None:
            return different
        if not said.layer.is_function and layers.setdefault(id(said.layer), id(true.layer)) != id(true.layer):
            return f"{_said(said)} is shared where it is not"
        inputs = tuple(dict.fromkeys(said.inputs))  # the truth holds each source once
        if len(inputs) != len(true.inputs):
            return f"{_said(said)} has {len(inputs)} inputs, not {len(true.inputs)}"
        stack += zip(inputs, true.inputs, strict=True)
    if len(set(map(id, twins.values()))) != len(twins):
        return "a node stands twice"
    if len(set(layers.values())) != len(layers):
        return "a layer that is shared is taken for two"
    if len(graph.calls) != len(twins):
        extra = next(call for call in graph.calls if id(call) not in twins)
        return f"{_said(extra)} leads to no output"
    return None


def _unlike(said: Call, true: Node, sites: Mapping[int, Site]) -> str | None:
    layer = said.layer
    activation = layer.activation if isinstance(layer.activation, str | None) else "?"
    if (layer.role, activation) != _neighbour(true):
        return f"{_said(said)}[{layer.role}, {activation}], not {_words(true)}"
    if not is_layer(true.layer):
        return None
    kind = kind_of(true.layer) or type(true.layer).__name__
    if not layer.is_function and layer.kind != kind:
        return f"{_said(said)}, not {kind}"
    inner, real = (layer.inner or layer, getattr(true.layer, "layer", true.layer)) if kind == "TimeDistributed" else (layer, true.layer)
    for name in SETTINGS:
        if name in inner.config and hasattr(real, name) and _plain(inner.config[name]) != getattr(real, name):
            return f"{_said(said)}: {name} is {_plain(inner.config[name])}, not {getattr(real, name)}"
    site, span = sites.get(id(real)), inner.origin.span
    if site is not None and (span is None or (os.path.realpath(span.path), span.line) != site):
        return f"{_said(said)} stands in line {site[1]} of {site[0]}"
    return None


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | str | None) else f"unknown ({value!r})"


def _neighbour(node: Node) -> tuple[str, str | None]:
    if type(node.layer).__name__ == "ReLU" and not is_layer(node.layer):
        return "activation", "relu"  # what keras.activations.relu leaves in a model of Keras 3
    return node.neighbour


def _words(node: Node) -> str:
    return f"{type(node.layer).__name__}{list(_neighbour(node))}"


def _said(call: Call) -> str:
    span = call.layer.origin.span
    return f"{call.layer.kind} of line {span.line if span else '?'}"
