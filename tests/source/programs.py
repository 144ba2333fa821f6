"""Programs in, short descriptions of their graphs and events out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import dedent

from bnlint import text
from bnlint.graph.model import Call, Choice, Event, Layer, ModelGraph, Module, Tensor, Unknown
from bnlint.graph.verify import verify
from bnlint.source import analyse

HEAD = """\
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.layers import *
"""
"""Lines that most programs start with. `line` arguments of tests count them."""


@dataclass(frozen=True)
class Program:
    """What the front end says about a source text; every graph of it has been verified."""

    module: Module
    models: tuple[ModelGraph, ...]

    @property
    def flows(self) -> list[str]:
        """The descriptions of all graphs."""
        return [flow(graph) for graph in self.models]

    @property
    def flow(self) -> str:
        """The description of the only graph."""
        assert len(self.models) == 1, self.flows
        return flow(self.models[0])

    def graph(self, name: str) -> ModelGraph:
        """The only graph of a name."""
        (found,) = (graph for graph in self.models if graph.name == name)
        return found

    def named(self, name: str) -> str:
        """The description of the only graph of a name."""
        return flow(self.graph(name))

    def events(self, *kinds: str) -> list[Event]:
        return [event for event in self.module.events if event.kind in kinds]

    def event(self, kind: str) -> Event:
        """The only event of a kind."""
        (found,) = self.events(kind)
        return found

    def layer(self, kind: str) -> Layer:
        """The only layer of a kind that the program constructs."""
        (found,) = (layer for layer in self.module.constructions if layer.kind == kind)
        return found

    @property
    def gaps(self) -> list[str]:
        return [gap.reason for gap in (*self.module.gaps, *(gap for graph in self.models for gap in graph.gaps))]


def read(source: str, head: str = HEAD, path: str = "program.py") -> Program:
    """Analyse a Python source behind the usual imports."""
    return _checked(text.load(path, (head + dedent(source)).encode("utf-8", "surrogatepass")))


def read_bytes(content: bytes, path: str = "program.py") -> Program:
    """Analyse a file's bytes."""
    return _checked(text.load(path, content))


def notebook(*cells: str | Sequence[str], kind: str = "code") -> Program:
    """Analyse a notebook of these code cells; a cell given as a list is a markdown cell."""
    written = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "source": dedent(cell).splitlines(keepends=True)}
        if isinstance(cell, str)
        else {"cell_type": "markdown", "metadata": {}, "source": list(cell)}
        for cell in cells
    ]
    content = {"cells": written, "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}
    return _checked(text.load("program.ipynb", json.dumps(content).encode()))


def _checked(document: text.Document) -> Program:
    found = analyse([document])
    for graph in found.models:
        verify(graph)
    for problem in found.unreadable.values():
        raise problem
    return Program(found.modules[0], found.models)


def flow(graph: ModelGraph) -> str:
    """A graph in one line: its calls in order, joined by ` > `.

    A call whose only input is the call before it stands alone; else its inputs follow in parentheses. A kind that occurs again is
    numbered (`Dense.2`), an inline activation follows a colon, the alternatives of a join stand in braces.
    """
    labels: dict[int, str] = {}
    counts: dict[str, int] = {}
    shown: list[str] = []
    previous: Call | None = None
    for call in graph.calls:
        kind = call.layer.kind
        counts[kind] = counts.get(kind, 0) + 1
        labels[id(call)] = kind if counts[kind] == 1 else f"{kind}.{counts[kind]}"
        plain = call.inputs == ((previous,) if previous is not None else ())
        inputs = "" if plain else f"({', '.join(_tensor(tensor, labels) for tensor in call.inputs)})"
        shown.append(labels[id(call)] + _activation(call.layer) + inputs)
        previous = call
    return " > ".join(shown)


def _activation(layer: Layer) -> str:
    if layer.role == "activation" and layer.kind != "Activation":
        return ""
    if layer.activation is None:
        return ""
    return f":{layer.activation}" if isinstance(layer.activation, str) else ":?"


def _tensor(tensor: Tensor, labels: dict[int, str]) -> str:
    if isinstance(tensor, Call):
        return labels[id(tensor)]
    return "{" + " | ".join(_tensor(part, labels) for part in tensor.alternatives) + "}"


def outputs(graph: ModelGraph) -> list[str]:
    """The kinds of the outputs of a graph, alternatives of joins in braces."""
    return [_tensor(tensor, {id(call): call.layer.kind for call in graph.calls}) for tensor in graph.outputs]


def known(value: object) -> object:
    """A value in which Unknown and Choice, which equal nothing, are replaced by texts."""
    if isinstance(value, Unknown):
        return "?"
    if isinstance(value, Choice):
        return f"{known(value.if_true)} or {known(value.if_false)}"
    if isinstance(value, tuple):
        return tuple(known(part) for part in value)
    return value


def names(value: object) -> object:
    """The names of models and layers in an event's target or arguments."""
    if isinstance(value, tuple):
        return tuple(names(part) for part in value)
    return (
        value.kind
        if isinstance(value, Layer)
        else value.name
        if isinstance(value, ModelGraph)
        else "?"
        if isinstance(value, Unknown)
        else type(value).__name__
    )
