"""What modules hold that can be written to: what does so is seen by others, and is no call that may be made once more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bnlint.graph.model import Unknown
from bnlint.source.files import File
from bnlint.source.values import MISSING, Class, Dict, Dotted, Fields, Function, Instance, List, Missing, Splice

if TYPE_CHECKING:
    from bnlint.source.machine import Machine

DEPTH = 4
"""Levels of values within values that are looked through for what can be written to."""

CONSTANT = frozenset({bool, bytes, complex, float, int, str, type(None), type(...), Dotted, Missing})
"""Types of values in which nothing can be written to."""


class Holdings:
    """What the modules of one analysis hold, or have held.

    One that has run is looked at once; one that has not run to its end again when it binds more names, and the innermost of those, whose
    statements are being executed, whenever anything may have come of them. What is written later to what they hold is taken down.
    """

    def __init__(self) -> None:
        self._fields: dict[int, object] = {}
        self._unknowns: dict[int, Unknown] = {}
        self._files: dict[File, tuple[int, int] | None] = {}
        self._state: tuple[int, ...] = ()

    def writable(self, m: Machine, fields: Iterable[int]) -> bool:
        """Whether modules hold any of some fields, which are given by their ids."""
        self._look(m)
        return not self._fields.keys().isdisjoint(fields)

    def is_constant(self, value: Unknown) -> bool:
        """Whether modules hold an unknown value, as far as was looked: then it is the same in each call."""
        return id(value) in self._unknowns

    def written(self, changes: Iterable[tuple[Fields, object]]) -> None:
        """Something was bound to keys: in what modules hold they hold it, too."""
        self._add([fields.get(key) for fields, key in changes if id(fields) in self._fields])

    def _look(self, m: Machine) -> None:
        state = len(m.files.by_path), m.effects, *[len(file.scope.names) for file in m.loading]
        if state == self._state:
            return
        self._state = state
        for file in m.files.by_path.values():
            if file.state == "run" and self._files.get(file, MISSING) is not None:
                self._take(file, None)
        for file in m.loading:
            counted = len(file.scope.names), m.effects if file is m.loading[-1] else 0
            if self._files.get(file) != counted:
                self._take(file, counted)

    def _take(self, file: File, counted: tuple[int, int] | None) -> None:
        """What a module binds to its names."""
        names = file.scope.names
        self._files[file] = counted
        self._fields[id(names)] = names
        self._unknowns |= {id(value): value for value in names.values() if isinstance(value, Unknown)}
        self._add(names.values())

    def _add(self, values: Iterable[object]) -> None:
        """What can be written to in values, and in their parts."""
        found, seen = self._fields, set[int]()
        for _ in range(DEPTH):
            parts: list[object] = []
            for value in values:
                if type(value) in CONSTANT or id(value) in seen:
                    continue
                seen.add(id(value))
                match value:
                    case List():
                        found[id(value.fields)] = value.fields
                        parts += value.items
                    case Dict() | Instance():
                        found[id(value.fields)] = value.fields
                        parts += value.fields.values()
                    case Function():
                        found[id(value.fields)] = value.fields
                        parts += value.defaults.values()
                        scope = value.scope
                        while scope.parent is not None:
                            found[id(scope.names)] = scope.names
                            scope = scope.parent
                    case Class():
                        found[id(value.scope.names)] = value.scope.names
                        parts += value.scope.names.values()
                    case tuple():
                        parts += value
                    case Splice():
                        parts += (*value.if_true, *value.if_false)
            values = parts
