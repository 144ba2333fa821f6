"""Which functions and classes name which others: what is worth to be analysed on its own, and in which order."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from bnlint.graph.model import Layer
from bnlint.keras_api.applications import APPLICATIONS
from bnlint.keras_api.layers import kinds
from bnlint.source.files import File
from bnlint.source.machine import Machine
from bnlint.source.values import Class, Function, Instance, Model

Unit = Function | Class

TELLING = frozenset(
    {
        *kinds(),
        *APPLICATIONS,
        "Model",
        "Sequential",
        "GradientTape",
        "trainable",
        "training",
        "batch_normalization",
        "batch_norm",
        "conv2d",
        "dense",
    }
    | {"compile", "fit", "fit_generator", "train_on_batch", "load_weights", "predict", "evaluate"}
) - {"Layer", "Wrapper", "RNN"}
"""Names without which a function builds nothing and does nothing to a model."""


def mentioned(node: ast.AST) -> str | None:
    """The name that a node mentions; a text only where it may name a layer (`getattr(layers, "Dense")`)."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=name):
            return name
        case ast.Constant(value=str(text)) if text in TELLING:
            return text
    return None


class Mentions:
    """The top-level functions and classes of the files under analysis, and the names that each mentions.

    A mention reaches a unit of its own file, and of files that this imports, directly or through others.
    """

    def __init__(self, m: Machine) -> None:
        self.m = m
        self.names: dict[int, frozenset[str]] = {}
        self.reach: dict[int, frozenset[int]] = {}

    def units(self) -> list[Unit]:
        """In order of files, cells and lines."""
        m = self.m
        order = {file.path: position for position, file in enumerate(m.files.asked)}
        found: list[Unit] = [f for f in m.functions if f.scope.parent is None]
        found += [c for c in m.classes if c.scope.parent is not None and c.scope.parent.parent is None]
        found = [unit for unit in found if unit.chunk.path in order]
        return sorted(found, key=lambda unit: (order[unit.chunk.path], unit.chunk.cell or 0, unit.node.lineno))

    def named(self, unit: Unit) -> frozenset[str]:
        if id(unit.node) not in self.names:
            self.names[id(unit.node)] = frozenset(name for node in ast.walk(unit.node) if (name := mentioned(node)) is not None)
        return self.names[id(unit.node)]

    def reached(self, file: File) -> frozenset[int]:
        """The ids of the files that a file sees: itself, what it imports, what these import."""
        if id(file) not in self.reach:
            found, stack = {id(file)}, [file]
            while stack:
                for other in stack.pop().imported:
                    if id(other) not in found:
                        found.add(id(other))
                        stack.append(other)
            self.reach[id(file)] = frozenset(found)
        return self.reach[id(file)]

    def mentioning(self, units: Iterable[Unit]) -> dict[int, list[Unit]]:
        """For each unit (by its id) those of the others that mention it."""
        units = list(units)
        file_of = {unit.chunk.path: self.m.files.by_path[unit.chunk.path] for unit in units}
        by_name: dict[str, list[Unit]] = {}
        for unit in units:
            by_name.setdefault(unit.name, []).append(unit)
        found: dict[int, list[Unit]] = {id(unit): [] for unit in units}
        for unit in units:
            seen = self.reached(file_of[unit.chunk.path])
            for name in self.named(unit) & by_name.keys():
                for other in by_name[name]:
                    if other is not unit and id(file_of[other.chunk.path]) in seen:
                        found[id(other)].append(unit)
        return found

    def relevant(self) -> list[Unit]:
        """The units that name a layer, or something that is done to models, themselves or through others."""
        units = self.units()
        by_path: dict[str, frozenset[str]] = {}
        for file in self.m.files.asked:
            objects = (name for name in file.scope.names if isinstance(file.scope.names[name], (Layer, Model, Instance)))
            by_path[file.path] = TELLING.union(objects, self._imported(file))
        mentioning = self.mentioning(units)
        stack = [unit for unit in units if not by_path[unit.chunk.path].isdisjoint(self.named(unit))]
        found = {id(unit) for unit in stack}
        while stack:
            for other in mentioning[id(stack.pop())]:
                if id(other) not in found:
                    found.add(id(other))
                    stack.append(other)
        return [unit for unit in units if id(unit) in found]

    def _imported(self, file: File) -> set[str]:
        """The names that come from files which are not under analysis themselves: what they build is not known before it is looked up."""
        elsewhere = {other.name.rpartition(".")[2] for other in file.imported if not other.asked}
        return {bound.name for bound in file.imports if elsewhere.intersection(bound.dotted.split("."))}

    def latest(self) -> list[Unit]:
        """The relevant units, later ones first."""
        return self.relevant()[::-1]

    def roots(self) -> list[Unit]:
        """The relevant units that no other one mentions."""
        units = self.relevant()
        mentioning = self.mentioning(units)
        return [unit for unit in units if not mentioning[id(unit)]]

    def reaching(self, nodes: list[ast.Call]) -> list[Unit]:
        """The outermost units from which the unit around any of the nodes is mentioned, and these units themselves."""
        if not nodes:
            return []
        units = self.units()
        mentioning = self.mentioning(units)
        wanted = {id(node) for node in nodes}
        around = [unit for unit in units if any(id(node) in wanted for node in ast.walk(unit.node))]
        found = {id(unit): unit for unit in around}
        frontier = list(around)
        while frontier:
            for unit in mentioning[id(frontier.pop())]:
                if id(unit) not in found:
                    found[id(unit)] = unit
                    frontier.append(unit)
        outer = [unit for unit in found.values() if not any(id(other) in found for other in mentioning[id(unit)])]
        return list(dict.fromkeys([*outer, *around]))
