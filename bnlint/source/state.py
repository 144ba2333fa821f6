"""The changeable state of an execution: a log of writes that lets a branch be tried, undone and joined with its sibling."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from bnlint.graph.model import Under, Unknown
from bnlint.graph.query import Assumption, decide
from bnlint.records import dataclass, field
from bnlint.source.joins import join, join_items
from bnlint.source.values import MISSING, Fields, Missing

Key = tuple[int, object]
Changes = dict[Key, tuple[Fields, object, object]]
"""(id of the fields, key) -> (fields, key, value)."""


@dataclass(slots=True, eq=False)
class Completion:
    """How a block ended other than by running off its end: "return", "break", "continue" or "raise"."""

    kind: str
    value: object = None


@dataclass(slots=True, eq=False)
class Pending:
    """A path that left early: under which outcomes, with which value, having changed what.

    Where all outcomes of one of `barred` hold, another path had left before it.
    """

    under: Assumption
    value: object
    changes: Changes
    barred: tuple[Assumption, ...] = ()


@dataclass(slots=True, eq=False)
class Landing:
    """Where early exits of one kind arrive: the end of a function, of a loop, of a round of a loop. `number` counts them all."""

    number: int
    mark: int
    under: Assumption
    pending: list[Pending] = field(default_factory=list)


BORN: Final = Missing()
"""In the log, in place of a key: the fields came to be here, and no other path knows them."""

FORK = 1
"""Steps that a fork costs, whatever its arms do."""


class State:
    """Writes are logged; `fork` runs both arms of an undecided test and joins what they wrote."""

    def __init__(self) -> None:
        self.log: list[tuple[Fields, object, object]] = []
        self.optional: dict[Key, Fields] = {}
        """What was bound under some tests only, as far as known. The fields are held, so that their ids stay theirs."""
        self.under: Assumption = {}
        self.landings: dict[str, list[Landing]] = {"return": [], "break": [], "continue": [], "else": []}
        """Those that are open, by the kind of exit; "else": those of loops whose `else` is running."""
        self.opened = 0
        self.consulted: list[Unknown] = []
        """The tests so far of which it was asked whether their outcome is known."""
        self._spread: tuple[Assumption, Under] = self.under, ()
        self._outcomes: dict[bool, dict[Unknown, tuple[Unknown, bool]]] = {True: {}, False: {}}

    def write(self, fields: Fields, key: object, value: object) -> None:
        """Bind a key; MISSING unbinds it."""
        self.spend()
        self.log.append((fields, key, fields.get(key, MISSING)))
        _put(fields, key, value)

    def arise(self, fields: Fields) -> None:
        """Note that fields came to be here: what is written to them is no other path's."""
        if self.under:
            self.log.append((fields, BORN, MISSING))

    def spend(self, steps: int = 1) -> None:
        """Called for what is written and joined: the budget ends what grows without end."""

    def changes(self, mark: int) -> Changes:
        """What is bound now, for every key written since the mark."""
        return {(id(fields), key): (fields, key, fields.get(key, MISSING)) for fields, key, _ in self.log[mark:]}

    def rollback(self, mark: int) -> Changes:
        """Undo all writes since the mark; answer what they had left."""
        if len(self.log) == mark:
            return {}
        changes = self.changes(mark)
        for fields, key, old in reversed(self.log[mark:]):
            _put(fields, key, old)
        del self.log[mark:]
        return changes

    def apply(self, changes: Changes) -> None:
        for fields, key, value in changes.values():
            self.write(fields, key, value)

    def decide(self, condition: Unknown) -> bool | None:
        self.consulted.append(condition)
        return decide(self.under, condition)

    def tests(self) -> Under:
        """What holds now, as the calls note it that are made under it."""
        if self._spread[0] is not self.under:
            self._spread = self.under, tuple([self.outcome(condition, known) for condition, known in self.under.items()])
        return self._spread[1]

    def outcome(self, condition: Unknown, known: bool) -> tuple[Unknown, bool]:
        """A test and its outcome: one object, which all share that stand under it."""
        return self._outcomes[known].setdefault(condition, (condition, known))

    def fork(self, condition: Unknown, first: Callable[[], object], second: Callable[[], object]) -> object:
        """Run `first` where the condition holds and `second` where it does not; join state and results.

        The results may be values or Completions. An arm that ends early waits at its landing, and what follows runs
        under the other arm's outcome.
        """
        known = self.decide(condition)
        if known is not None:
            return first() if known else second()
        self.spend(FORK)
        base, mark = self.under, len(self.log)
        results: list[tuple[object, Changes, Pending | None, Assumption]] = []
        for outcome, arm in ((True, first), (False, second)):
            self.under = {**base, condition: outcome}
            result = arm()
            pending = None
            if isinstance(result, Completion) and result.kind in self.landings and self.landings[result.kind]:
                pending = self._pending(result)
            results.append((result, self.rollback(mark), pending, self.under))
        self.under = base
        (one, one_changes, one_pending, one_under), (two, two_changes, two_pending, two_under) = results
        ends = isinstance(one, Completion), isinstance(two, Completion)
        if ends == (False, False) or (isinstance(one, Completion) and isinstance(two, Completion) and one.kind == two.kind == "return"):
            self._merge(condition, one_changes, two_changes)
            if isinstance(one, Completion) and isinstance(two, Completion):
                return Completion("return", join(condition, one.value, two.value))
            return join(condition, one, two)
        if ends[0] and (not ends[1] or (isinstance(one, Completion) and one.kind == "raise")):
            leaving, staying, changes, under, pending = one, two, two_changes, two_under, one_pending
        else:
            leaving, staying, changes, under, pending = two, one, one_changes, one_under, two_pending
        assert isinstance(leaving, Completion)
        if pending is not None:
            self.landings[leaving.kind][-1].pending.append(pending)
        self.apply(changes)
        self.under = under
        return staying

    def _merge(self, condition: Unknown, one: Changes, two: Changes) -> None:
        if not one and not two:
            return
        born = _born(one) | _born(two)
        for place, (fields, key, _) in {**one, **two}.items():
            left, right = one.get(place), two.get(place)
            old = fields.get(key, MISSING)
            first = old if left is None else left[2]
            second = old if right is None else right[2]
            self.spend(_size(first) + _size(second))
            alone = place[0] in born
            self.write(fields, key, (second if left is None else first) if alone else _join(condition, key, first, second))
            if not alone and (first is MISSING) is not (second is MISSING):
                self.optional[place] = fields

    def enter(self, *kinds: str) -> None:
        """Open a landing for each kind of early exit."""
        for kind in kinds:
            self.opened += 1
            self.landings[kind].append(Landing(self.opened, len(self.log), self.under))

    def leave(self, completion: Completion) -> None:
        """The present path ends early and waits at its landing, if there is one."""
        if self.landings.get(completion.kind):
            self.landings[completion.kind][-1].pending.append(self._pending(completion))

    def _pending(self, completion: Completion) -> Pending:
        landing = self.landings[completion.kind][-1]
        inner = [other for others in self.landings.values() for other in others if other.number > landing.number]
        left = [pending.under for other in inner for pending in other.pending]
        barred = tuple(under for under in left if all(self.under.get(c, o) is o for c, o in under.items()))
        return Pending(self.under, completion.value, self.changes(landing.mark), barred)

    def land(self, kind: str, value: object = None) -> object:
        """Close the innermost landing of a kind: join the waiting paths with the present one, whose value is `value`.

        `value` MISSING means that no path arrives here by itself.
        """
        landing = self.landings[kind].pop()
        if not landing.pending:
            self.under = landing.under if value is not MISSING else {}
            return value
        under = landing.under if value is not MISSING else _common([pending.under for pending in landing.pending])
        shared = self.under
        before: dict[Key, tuple[Fields, object, object]] = {}
        counted = landing.mark
        for pending in reversed(landing.pending):
            # What holds for all paths that are joined already need not be asked to tell this one from them.
            guards = [(c, o) for c, o in pending.under.items() if c not in landing.under and shared.get(c) is not o]
            shared = pending.under if value is MISSING else _common([shared, pending.under])
            if value is MISSING:
                value = pending.value
                self.rollback(landing.mark)
                self.apply(pending.changes)
                continue
            for entry in self.log[counted:]:
                before.setdefault((id(entry[0]), entry[1]), entry)
            counted = len(self.log)
            born, here = _born(pending.changes), _born(before)
            born, here = born - here, here - born
            for place in [*before, *(place for place in pending.changes if place not in before)]:
                fields, key, old = before.get(place) or pending.changes[place]
                current = fields.get(key, MISSING)
                other = pending.changes[place][2] if place in pending.changes else old
                if place[0] in born:
                    self.write(fields, key, other)
                elif other is not current and place[0] not in here:
                    self.spend(len(guards) * (_size(other) + _size(current)))
                    self.write(fields, key, _told(pending, guards, key, other, current))
            value = _told(pending, guards, None, pending.value, value)
        self.under = under
        return value


def _born(changed: Iterable[Key]) -> set[int]:
    """The ids of the fields that came to be on a path."""
    return {number for number, key in changed if key is BORN}


def _common(paths: list[Assumption]) -> Assumption:
    """What holds for all of the paths."""
    return {c: o for c, o in paths[0].items() if all(path.get(c) is o for path in paths)} if paths else {}


def _put(fields: Fields, key: object, value: object) -> None:
    if value is MISSING:
        fields.pop(key, None)
    else:
        fields[key] = value


def _size(value: object) -> int:
    return len(value) if isinstance(value, tuple) else 1


def _join(condition: Unknown, key: object, first: object, second: object) -> object:
    if key == "items" and isinstance(first, tuple) and isinstance(second, tuple):
        return join_items(condition, first, second)
    return join(condition, first, second)


def _told(pending: Pending, guards: list[tuple[Unknown, bool]], key: object, inside: object, outside: object) -> object:
    """What a key holds where two paths meet: `inside` on the one that had left, `outside` on the other."""
    value = _guarded(guards, key, inside, outside)
    for under in pending.barred:
        value = _guarded([*under.items()], key, outside, value)
    return value


def _guarded(guards: list[tuple[Unknown, bool]], key: object, inside: object, outside: object) -> object:
    value = inside
    for condition, outcome in reversed(guards):
        value = _join(condition, key, value, outside) if outcome else _join(condition, key, outside, value)
    return value
