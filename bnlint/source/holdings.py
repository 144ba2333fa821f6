"""What modules hold that can be written to: what does so is seen by others, and is no call that may be made once more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bnlint.graph.model import Unknown
from bnlint.source.files import File
from bnlint.source.values import Class, Dict, Dotted, Function, Instance, List, Missing, Scope, Splice

if TYPE_CHECKING:
    from bnlint.source.machine import Machine

DEPTH = 4
"""Levels of values within values that are looked through for what can be written to."""

CONSTANT = frozenset({bool, bytes, complex, float, int, str, type(None), type(...), Dotted, Missing})
"""Types of values in which nothing can be written to."""


class Holdings:
    """What the modules of one analysis hold.

    One that has run is looked at once, until something `changed` that modules hold; one that is running whenever it may hold more.
    """

    def __init__(self) -> None:
        self.changed = False
        self._settled, self._running = _Held(), _Held()
        self._files: set[File] = set()
        self._counted: tuple[int, ...] = ()

    def writable(self, m: Machine, fields: Iterable[int]) -> bool:
        """Whether modules hold any of some fields, which are given by their ids."""
        self._look(m)
        return self.writes(fields)

    def writes(self, fields: Iterable[int]) -> bool:
        """The same as far as was looked."""
        return not self._settled.fields.isdisjoint(fields) or not self._running.fields.isdisjoint(fields)

    def is_constant(self, value: Unknown) -> bool:
        """Whether modules hold an unknown value: then it is the same in each call."""
        return id(value) in self._settled.unknowns or id(value) in self._running.unknowns

    def _look(self, m: Machine) -> None:
        if self.changed:
            self.changed, self._settled, self._files, self._counted = False, _Held(), set(), ()
        counted = len(m.files.by_path), m.effects, *[len(file.scope.names) for file in m.loading]
        if counted == self._counted:
            return
        self._counted, self._running = counted, _Held()
        for file in m.files.by_path.values():
            if file in m.loading:
                self._running.add(file.scope)
            elif file not in self._files and file.state == "run":
                self._files.add(file)
                self._settled.add(file.scope)


class _Held:
    """The ids of fields that can be written to, and those of unknown values."""

    def __init__(self) -> None:
        self.fields: set[int] = set()
        self.unknowns: set[int] = set()

    def add(self, scope: Scope) -> None:
        """What a module binds to its names."""
        self.fields.add(id(scope.names))
        self.fields |= _fields(scope.names.values())
        self.unknowns |= {id(value) for value in scope.names.values() if isinstance(value, Unknown)}


def _fields(values: Iterable[object]) -> set[int]:
    """The ids of what can be written to in values, and in their parts."""
    found: set[int] = set()
    seen: set[int] = set()
    for _ in range(DEPTH):
        parts: list[object] = []
        for value in values:
            if type(value) in CONSTANT or id(value) in seen:
                continue
            seen.add(id(value))
            match value:
                case List():
                    found.add(id(value.fields))
                    parts += value.items
                case Dict() | Instance():
                    found.add(id(value.fields))
                    parts += value.fields.values()
                case Function():
                    found.add(id(value.fields))
                    parts += value.defaults.values()
                    scope = value.scope
                    while scope.parent is not None:
                        found.add(id(scope.names))
                        scope = scope.parent
                case Class():
                    found.add(id(value.scope.names))
                    parts += value.scope.names.values()
                case tuple():
                    parts += value
                case Splice():
                    parts += (*value.if_true, *value.if_false)
        values = parts
    return found
