"""Which functions and classes name which others: what is worth to be analysed on its own, and in which order."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from itertools import islice

from bnlint.graph.model import Choice, Layer, Span
from bnlint.keras_api.applications import APPLICATIONS
from bnlint.keras_api.layers import kinds
from bnlint.keras_api.tables import words
from bnlint.source.files import File
from bnlint.source.machine import Machine
from bnlint.source.trees import walk
from bnlint.source.values import Class, Dict, Dotted, Function, Instance, List, Model, Partial, Splice

Unit = Function | Class

CHANGING = words("GradientTape apply_gradients load_model minimize")
"""Names by which something is done to models that matters to BatchNormalization, even where the model is not seen to hold it."""

MODAL = frozenset(
    {name for name in kinds() if "BatchNorm" in name or "Dropout" in name or "Noise" in name}
    | {name for name, batchnorm in APPLICATIONS.items() if batchnorm}
)
"""Names of what behaves otherwise in training than in inference, or holds such layers."""

BUILDING = frozenset({*kinds(), *APPLICATIONS, "Model", "Sequential", "batch_normalization", "batch_norm", "conv2d", "dense"}) - {
    "Layer",
    "Wrapper",
    "RNN",
}
"""Names without which a function builds nothing."""


def tells(name: str, whole: bool) -> bool:
    """Whether a name makes its function worth to be analysed: for all models (`whole`), or for the sake of BatchNormalization only."""
    if name in MODAL or "atchNorm" in name or "batch_norm" in name:
        return True
    return name in CHANGING or (whole and name in BUILDING)


def mentioned(node: ast.AST) -> str | None:
    """The name that a node mentions; a text only where it may name a layer (`getattr(layers, "Dense")`)."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=name):
            return name
        case ast.Constant(value=str(text)) if text in BUILDING:
            return text
    return None


def builds(function: Function) -> bool:
    """Whether a function itself names a layer or a model."""
    return any(mentioned(node) in BUILDING for node in walk(function.node))


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Mentions:
    """The top-level functions and classes of the files under analysis, and the names that each mentions.

    A mention reaches a unit of its own file, and of files that this imports, directly or through others.
    """

    def __init__(self, m: Machine, whole: bool = True) -> None:
        self.m = m
        self.whole = whole
        self.wanted: set[int] = set()
        self.objects: dict[str, set[str]] = {}
        self.names: dict[int, frozenset[str]] = {}
        self.reach: dict[int, frozenset[int]] = {}
        self._counted = (0, 0)
        self._units: list[Unit] = []
        self._mentioning: dict[int, list[Unit]] = {}

    def units(self) -> list[Unit]:
        """In order of files, cells and lines."""
        self._count()
        return self._units

    def mentioning(self) -> dict[int, list[Unit]]:
        """For each unit (by its id) those of the others that mention it."""
        self._count()
        return self._mentioning

    def _count(self) -> None:
        """Look for units where some were made since it was last done."""
        counted = len(self.m.functions), len(self.m.classes)
        if self._counted != counted:
            self._counted, self._units = counted, self._found()
            self._mentioning = self._mentions(self._units)

    def _found(self) -> list[Unit]:
        m = self.m
        order = {file.path: position for position, file in enumerate(m.files.asked)}
        found: list[Unit] = [f for f in m.functions if f.scope.parent is None]
        found += [c for c in m.classes if c.scope.parent is not None and c.scope.parent.parent is None]
        found = [unit for unit in found if unit.chunk.path in order]
        return sorted(found, key=lambda unit: (order[unit.chunk.path], unit.chunk.cell or 0, unit.node.lineno))

    def named(self, unit: Unit) -> frozenset[str]:
        if id(unit.node) not in self.names:
            self.names[id(unit.node)] = frozenset(name for node in walk(unit.node) if (name := mentioned(node)) is not None)
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

    def _mentions(self, units: list[Unit]) -> dict[int, list[Unit]]:
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
        objects = self.objects = self.objects or {file.path: self._objects(file) | self._imported(file) for file in self.m.files.asked}
        telling = (unit for unit in units if id(unit) in self.wanted or self._tells(unit, objects[unit.chunk.path]))
        found = _closure(telling, self.mentioning())
        return [unit for unit in units if id(unit) in found]

    def want(self, spans: Iterable[Span]) -> bool:
        """Count the units around some places, and all that lead to them, as relevant. Answers whether that makes any more so."""
        before = len(self.relevant())
        lines: dict[str, list[int]] = {}
        for span in spans:
            lines.setdefault(span.path, []).append(span.line)
        for unit in self.units():
            last = unit.node.end_lineno or unit.node.lineno
            if any(unit.node.lineno <= line <= last for line in lines.get(unit.chunk.path, ())):
                self.wanted.add(id(unit))
        return len(self.relevant()) > before

    def _tells(self, unit: Unit, objects: set[str]) -> bool:
        named = self.named(unit)
        return not objects.isdisjoint(named) or any(tells(name, self.whole) for name in named)

    def _objects(self, file: File) -> set[str]:
        """The names of what a module holds ready: layers and models, and what functions, classes and layers are looked up in."""
        return {name for name, value in file.scope.names.items() if _holds(value, (Layer, Model, Instance))} | {
            name
            for name, value in file.scope.names.items()
            if isinstance(value, (Dict, List, tuple, Choice, Partial)) and _holds(value, (Function, Class, Layer, Dotted))
        }

    def _imported(self, file: File) -> set[str]:
        """The names that come from files which are not analysed for their own sake: what they build is seen on use only."""
        marks = (b"atchNorm", b"batch_norm", *((b"keras", b"tensorflow") if self.whole else ()))
        telling = {
            other.name.rpartition(".")[2]
            for other in file.imported
            if not other.asked and any(mark in self.m.files.text(other) for mark in marks)
        }
        return {bound.name for bound in file.imports if not telling.isdisjoint(bound.dotted.split("."))} if telling else set()

    def latest(self) -> list[Unit]:
        """The relevant units, later ones first."""
        return self.relevant()[::-1]

    def roots(self) -> list[Unit]:
        """The relevant units that no other one mentions."""
        units = self.relevant()
        known, mentioning = {id(unit) for unit in units}, self.mentioning()
        return [unit for unit in units if not any(id(other) in known for other in mentioning[id(unit)])]

    def inside(self, units: Iterable[Unit]) -> frozenset[int]:
        """The ids of the nodes of all functions that are defined within some units."""
        return frozenset(id(node) for unit in units for node in walk(unit.node) if isinstance(node, FUNCTIONS))

    def reaching(self, nodes: list[ast.Call]) -> list[Unit]:
        """The outermost units from which the unit around any of the nodes is mentioned, and these units themselves."""
        if not nodes:
            return []
        units = self.units()
        mentioning = self.mentioning()
        wanted = {id(node) for node in nodes}
        around = [unit for unit in units if any(id(node) in wanted for node in walk(unit.node))]
        found = {id(unit): unit for unit in around}
        frontier = list(around)
        while frontier:
            for unit in mentioning[id(frontier.pop())]:
                if id(unit) not in found:
                    found[id(unit)] = unit
                    frontier.append(unit)
        outer = [unit for unit in found.values() if not any(id(other) in found for other in mentioning[id(unit)])]
        return list(dict.fromkeys([*outer, *around]))


def _closure(start: Iterable[Unit], onward: Mapping[int, list[Unit]]) -> set[int]:
    """The ids of some units, of those to which they lead, to which these lead, and so on."""
    stack = list(start)
    found = {id(unit) for unit in stack}
    while stack:
        for other in onward[id(stack.pop())]:
            if id(other) not in found:
                found.add(id(other))
                stack.append(other)
    return found


MEMBERS = 64
"""Parts of a value of each level that are looked at."""


def _holds(value: object, kinds_of_value: tuple[type, ...], depth: int = 3) -> bool:
    """Whether a value is of one of these types, or has a part that is."""
    if isinstance(value, kinds_of_value):
        return True
    parts: Iterable[object] = ()
    match value:
        case Dict():
            parts = value.fields.values()
        case List():
            parts = value.items
        case tuple():
            parts = value
        case Choice() | Splice():
            parts = (value.if_true, value.if_false)
        case Partial():
            parts = (value.callee,)
    return depth > 0 and any(_holds(part, kinds_of_value, depth - 1) for part in islice(parts, MEMBERS))
