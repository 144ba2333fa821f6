"""Which functions and classes name which others: what is worth to be analysed on its own, and in which order."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice

from bnlint.graph.model import Choice, Layer, Span
from bnlint.keras_api.applications import APPLICATIONS
from bnlint.keras_api.layers import kinds
from bnlint.keras_api.names import canonical
from bnlint.keras_api.tables import words
from bnlint.records import dataclass
from bnlint.source import library
from bnlint.source.files import File
from bnlint.source.links import HOPS, Imports
from bnlint.source.machine import Machine
from bnlint.source.said import BUILDING, Said, heard
from bnlint.source.values import MISSING, Class, Dict, Dotted, Function, Instance, List, Model, Partial, Splice
from bnlint.text import Chunk

Unit = Function | Class

Sites = Sequence[tuple[Chunk, ast.expr]]
"""Calls and attributes, and the text in which each stands."""


@dataclass(frozen=True, slots=True, eq=False)
class Holder:
    """A name of a module behind which stand functions and classes (by the ids of their `nodes`), or a layer or model: then it `tells`."""

    name: str
    file: File
    nodes: frozenset[int]
    tells: bool


CHANGING = words(
    "GradientTape apply_gradients learning_phase learning_phase_scope minimize set_learning_phase trainable_variables trainable_weights"
)
"""Names by which something is done to models that matters to BatchNormalization, even where the model is not seen to hold it."""

MODAL = frozenset({"load_model", *(name for name in kinds() if ("Dropout" in name or "Noise" in name) and "BatchNorm" not in name)})
"""Names of what behaves otherwise in training than in inference, or may, without BatchNormalization: it matters where it is changed."""

BACKBONES = frozenset(name for name, batchnorm in APPLICATIONS.items() if batchnorm)
"""Names of models that hold BatchNormalization."""

DYNAMIC = words("getattr setattr vars __dict__")
"""Names by which attributes are read and assigned that are not seen in the text."""

MAKING = (Layer, Model, Instance, Class, Dotted, Partial)
"""What an attribute of a class may be, so that whoever mentions it builds something."""


def tells(name: str, whole: bool) -> bool:
    """Whether a name makes its function and all that lead to it worth to be analysed: for all models (`whole`), or for the sake of
    BatchNormalization only."""
    if name in BACKBONES or "atchNorm" in name or "batch_norm" in name:
        return True
    return whole and (name in BUILDING or name in CHANGING or name in MODAL)


class Mentions:
    """The top-level functions and classes of the files under analysis, and the names that each mentions.

    A mention reaches a unit of its own file, and of files that this imports, directly or through others. Whoever mentions the name of a
    dict or list of units mentions them all.
    """

    def __init__(self, m: Machine, whole: bool = True) -> None:
        self.m = m
        self.whole = whole
        self.wanted: set[int] = set()
        self.lines: dict[str, list[int]] = {}
        self._methods: dict[int, tuple[Class, Mapping[str, Function], set[str]]] = {}
        self.imported: dict[str, set[str]] = {}
        self._links = Imports(m.files, m.files.text)
        self._said: dict[int, Said] = {}
        self.reach: dict[int, frozenset[int]] = {}
        self._counted = (0, 0)
        self._relevant: list[Unit] = []
        self._telling: dict[int, bool] = {}
        self._units: list[Unit] = []
        self._mentioning: dict[int, list[Unit]] = {}
        self._holders: list[Holder] = []

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
            for unit in self._units:
                self.said(unit)
            self._holders = [holder for file in self.m.files.asked for holder in self._held(file)]
            self._mentioning = self._mentions(self._units, self._holders)

    def _found(self) -> list[Unit]:
        m = self.m
        order = {file.path: position for position, file in enumerate(m.files.asked)}
        found: list[Unit] = [f for f in m.functions if f.scope.parent is None]
        found += [c for c in m.classes if c.scope.parent is not None and c.scope.parent.parent is None]
        found = [unit for unit in found if unit.chunk.path in order]
        return sorted(found, key=lambda unit: (order[unit.chunk.path], unit.chunk.cell or 0, unit.node.lineno))

    def said(self, unit: Unit) -> Said:
        """What a unit says."""
        found = self._said.get(id(unit.node))
        if found is None:
            found = self._said[id(unit.node)] = heard(self.m.files, self._file(unit), unit.node)
        return found

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

    def _mentions(self, units: list[Unit], holders: list[Holder]) -> dict[int, list[Unit]]:
        """For each unit and holder (by its id) the units that mention it; for a unit those that mention a holder of it too."""
        by_name: dict[str, list[Unit | Holder]] = {}
        for each in (*(unit for unit in units if not self._is_keras(unit)), *holders):
            by_name.setdefault(each.name, []).append(each)
        found: dict[int, list[Unit]] = {id(each): [] for each in (*units, *holders)}
        meant: dict[tuple[str, str, bool], list[Unit | Holder]] = {}
        for unit in units:
            said = self.said(unit)
            for name, foreign in [(name, name in said.foreign) for name in (said.own | said.foreign) & by_name.keys()]:
                place = (unit.chunk.path, name, foreign)
                if place not in meant:
                    meant[place] = self._meant(self._file(unit), name, by_name[name], foreign)
                for other in meant[place]:
                    if other is not unit:
                        found[id(other)].append(unit)
        by_node = {id(unit.node): unit for unit in units}
        for holder in holders:
            for held in (by_node[node] for node in holder.nodes & by_node.keys()):
                found[id(held)] += (unit for unit in found[id(holder)] if unit is not held)
        return found

    def _file(self, each: Unit | Holder) -> File:
        return each.file if isinstance(each, Holder) else self.m.files.by_path[each.chunk.path]

    def _is_keras(self, unit: Unit) -> bool:
        """Whether a unit is Keras's own: whoever names it means Keras."""
        return library.knows(canonical(f"{self._file(unit).name}.{unit.name}"))

    def _meant(self, file: File, name: str, candidates: list[Unit | Holder], foreign: bool) -> list[Unit | Holder]:
        """What of all that has one name a file may mean by it. `foreign`: what it means may be of another module."""
        value = MISSING if foreign else file.scope.get(name)
        if isinstance(value, (Function, Class)):
            return [each for each in candidates if not isinstance(each, Holder) and each.node is value.node]
        if isinstance(value, (int, float, str)) or value is None:
            return []
        seen = self.reached(file)
        return [each for each in candidates if id(self._file(each)) in seen]

    def relevant(self) -> list[Unit]:
        """The units that build BatchNormalization or may, themselves or through others; those that themselves name what changes models or
        behaves otherwise in training; the classes of Keras that hold such layers, and that in which such models and such changes meet."""
        units = self.units()
        imported = self.imported = self.imported or {file.path: self._imported(file) for file in self.m.files.asked}
        mentioning = self.mentioning()
        telling = [unit for unit in units if id(unit) in self.wanted or self._tells(unit, imported[unit.chunk.path])]
        telling += [unit for holder in self._holders if holder.tells for unit in mentioning[id(holder)]]
        found = _closure(telling, mentioning)
        if not self.whole:
            changing, modal = ([unit for unit in units if not names.isdisjoint(self.said(unit).names)] for names in (CHANGING, MODAL))
            layers = {id(unit) for unit in units if isinstance(unit, Class) and unit.keras is not None}
            found.update(id(unit) for unit in (*changing, *modal))
            found |= _closure(modal, mentioning) & (_closure(changing, mentioning) | layers)
        self._relevant = [unit for unit in units if id(unit) in found]
        return self._relevant

    def relevant_methods(self, cls: Class, functions: Mapping[str, Function]) -> set[str]:
        """The names of those methods of a class that build what matters or change it, of those that share an attribute with one that does
        (the one assigns it, the other mentions it), and of all that these mention: they may hand it to Keras.

        Of a class of Keras, and of one with methods that nobody calls by their names (`__call__`, `__iter__`), all. The other units count
        that were relevant when it was last asked.
        """
        if self.whole or cls.keras is not None or any(name.endswith("__") and name != "__init__" for name in functions):
            return set(functions)
        telling = {unit.name for unit in self._relevant if unit is not cls}.union(holder.name for holder in self._holders if holder.tells)
        telling |= self.imported[cls.chunk.path] | CHANGING | MODAL | DYNAMIC
        for relative in cls.lineage():
            telling.update(name for name, value in relative.scope.names.items() if any(isinstance(part, MAKING) for part in _parts(value)))
        names = {name: self.said(function).names for name, function in functions.items()}
        found = {
            name
            for name, function in functions.items()
            if self._is_wanted(function) or not telling.isdisjoint(names[name]) or any(tells(each, False) for each in names[name])
        }
        assigned = {name: self.said(function).assigned for name, function in functions.items()}
        stack = list(found)
        while stack:
            one = stack.pop()
            for other in functions.keys() - found:
                if one in names[other] or not assigned[one].isdisjoint(names[other]) or not assigned[other].isdisjoint(names[one]):
                    found.add(other)
                    stack.append(other)
        inner = {other: [name for name in functions if name in names[other]] for other in functions}
        stack = list(found)
        while stack:
            new = [other for other in inner[stack.pop()] if other not in found]
            found.update(new)
            stack += new
        self._methods[id(cls)] = cls, functions, found
        return found

    def _is_wanted(self, unit: Unit) -> bool:
        first, last = unit.node.lineno, unit.node.end_lineno or unit.node.lineno
        return any(first <= line <= last for line in self.lines.get(unit.chunk.path, ()))

    def want(self, spans: Iterable[Span]) -> set[int] | None:
        """Count the units and methods around some places, and all that lead to them, as relevant. Answers whether that makes any more so:
        None, or the ids of the classes of which more methods are."""
        before, methods = len(self.relevant()), list(self._methods.values())
        for span in spans:
            self.lines.setdefault(span.path, []).append(span.line)
        self.wanted.update(id(unit) for unit in self.units() if self._is_wanted(unit))
        grown = {id(cls) for cls, functions, found in methods if len(self.relevant_methods(cls, functions)) > len(found)}
        return grown if grown or len(self.relevant()) > before else None

    def _tells(self, unit: Unit, imported: set[str]) -> bool:
        found = self._telling.get(id(unit))
        if found is None:
            named = self.said(unit).names
            found = self._telling[id(unit)] = not imported.isdisjoint(named) or any(tells(name, self.whole) for name in named)
        return found

    def _held(self, file: File) -> Iterator[Holder]:
        """What a module holds ready: layers and models, and what functions, classes and layers are looked up in."""
        for name, value in file.scope.names.items():
            parts = [] if isinstance(value, (Function, Class)) else list(_parts(value))
            nodes = {id((part.cls if isinstance(part, Instance) else part).node) for part in parts if isinstance(part, (*UNITS, Instance))}
            telling = any(
                isinstance(part, (Layer, Model)) or (isinstance(part, Dotted) and tells(part.name.rpartition(".")[2], self.whole))
                for part in parts
            )
            if nodes or telling:
                yield Holder(name, file, frozenset(nodes), telling)

    def _imported(self, file: File) -> set[str]:
        """The names that come from files which are not analysed for their own sake: what they build is seen on use only."""
        telling = {other.name.rpartition(".")[2] for other in file.imported if not other.asked and self._is_telling(other)}
        inner = [self.said(unit).bound for unit in self._units if unit.chunk.path == file.path] if telling else []
        bound = chain(((each.name, each.dotted) for each in file.imports), *inner)
        return {name for name, dotted in bound if not telling.isdisjoint(dotted.split("."))}

    def _is_telling(self, file: File) -> bool:
        """Whether a file, or another that it builds on, may build what matters."""
        marks = (b"atchNorm", b"batch_norm", *((b"keras", b"tensorflow") if self.whole else ()))
        files = (file, *self._links.reached(file, HOPS - 1).values())
        return any(mark in self.m.files.text(each) for each in files for mark in marks)

    def outer(self, units: Collection[Unit]) -> list[Unit]:
        """Those of some units that no other of them mentions."""
        among, mentioning = {id(unit) for unit in units}, self.mentioning()
        return [unit for unit in units if not any(id(other) in among for other in mentioning[id(unit)])]

    def inside(self, units: Iterable[Unit]) -> frozenset[int]:
        """The ids of the nodes of all functions that are defined within some units."""
        return frozenset().union(*(self.said(unit).inner for unit in units))

    def around(self, sites: Sites) -> list[Unit]:
        """The units in which any of the sites stands."""
        return [unit for unit in self.units() if holds(unit, sites)]

    def outermost(self, sites: Sites) -> list[Unit]:
        """The outermost units from which the unit around any of the sites is mentioned."""
        found = _closure(self.around(sites), self.mentioning())
        return self.outer([unit for unit in self.units() if id(unit) in found])

    def leading(self, sites: Sites) -> list[Unit]:
        """The units whose analysis was the first that called a function in which any of the sites stands."""
        leading = (self.m.leading.get(id(function.node)) for function in self.m.called if holds(function, sites))
        return list(dict.fromkeys(unit for unit in leading if unit is not None))


def holds(unit: Unit, sites: Sites) -> bool:
    """Whether any of the sites stands in the unit."""
    first, last = unit.node.lineno, unit.node.end_lineno or unit.node.lineno
    return any(chunk is unit.chunk and first <= node.lineno <= last for chunk, node in sites)


UNITS = (Function, Class)


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


def _parts(value: object, depth: int = 3) -> Iterator[object]:
    """A value, and the parts of it, and theirs, that stand for layers and what makes them."""
    yield value
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
    if depth > 0:
        for part in islice(parts, MEMBERS):
            yield from _parts(part, depth - 1)
