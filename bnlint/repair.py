"""Fixes are offered where they can be made, chosen, carried out, and the file linted again until it is at rest."""

from __future__ import annotations

from bisect import bisect_left, insort

from bnlint import engine
from bnlint.checked import failure, is_unread
from bnlint.records import dataclass, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Literal

    from bnlint.checked import Checked
    from bnlint.findings import Finding, TextEdit
    from bnlint.groups import Group

    Mend = Literal["none", "safe", "unsafe"]
    """Which fixes to apply: none, the safe ones, or the unsafe ones too."""

ROUNDS = 10
"""Rounds of fixing and linting again, after which a fix that still changes something is a bug of its rule."""

_APPLIED: Mapping[Mend, frozenset[str]] = {
    "none": frozenset(),
    "safe": frozenset({"safe"}),
    "unsafe": frozenset({"safe", "unsafe"}),
}
"""The safeties of fixes that are applied."""


def offer(checked: Checked) -> Checked:
    """The file with only those fixes that can be made; the others are advice, with the reason."""
    if all(finding.fix is None for finding in checked.findings) or checked.document is None:
        return checked
    from bnlint.fixer.edits import feasible

    findings, failures = [], list(checked.failures)
    for finding in checked.findings:
        if finding.fix is not None:
            try:
                reason = feasible(checked.document, finding.fix)
            except Exception as error:
                failures.append(failure(f"the fix of {finding.code} for", checked.path, error))
                reason = "this is a bug of bnlint"
            if reason or finding.code not in checked.plan.fixable:
                finding = _without_fix(finding, reason)
        findings.append(finding)
    return replace(checked, findings=tuple(findings), failures=tuple(failures))


@dataclass(frozen=True, slots=True, eq=False)
class Mended:
    """What came of fixing one file: what remains, what was fixed, and the new bytes."""

    checked: Checked
    fixed: tuple[Finding, ...] = ()
    after: bytes = b""


def without(checked: Checked, known: Collection[tuple[str, str]]) -> Checked:
    """The file without those findings whose path and fingerprint are known."""
    return replace(checked, findings=tuple(each for each in checked.findings if (checked.path, each.fingerprint) not in known))


def mend(before: Sequence[Checked], group: Group, which: Mend, known: Collection[tuple[str, str]] = ()) -> list[Mended]:
    """Fix files that are checked together, and check them again, until nothing changes. What is `known` stays, and is not told."""
    inputs = group.inputs
    refused: dict[str, str] = {}
    fixed: dict[str, list[Finding]] = {given.path: [] for given in inputs}
    current, after = list(before), {given.path: given.data for given in inputs}
    wrong = "changes it again and again"
    for _ in range(ROUNDS):
        changed: set[str] = set()
        for moving in (True, False):
            for checked in current:
                done, after[checked.path] = _apply(checked, _choose(checked, which, moving, refused), refused, after[checked.path])
                if done:
                    fixed[checked.path] += done
                    changed.add(checked.path)
            if changed:
                break
        else:
            return [Mended(_with_reasons(each, refused), tuple(fixed[each.path]), after[each.path]) for each in current]
        again = replace(group, inputs=tuple(replace(given, data=after[given.path]) for given in inputs))
        current = [offer(without(checked, known)) for checked in engine.check(again)]
        if any(checked.path in changed and is_unread(checked) for checked in current):
            wrong = "leaves what cannot be read"
            break
    return [
        _failed(checked, fixed[given.path], given.data, wrong)
        if given.path in changed
        else Mended(_with_reasons(last, refused), tuple(fixed[given.path]), after[given.path])
        for checked, last, given in zip(before, current, inputs, strict=True)
    ]


def _with_reasons(checked: Checked, refused: Mapping[str, str]) -> Checked:
    findings = (_without_fix(each, refused[each.fingerprint]) if each.fingerprint in refused else each for each in checked.findings)
    return replace(checked, findings=tuple(findings))


def _failed(checked: Checked, fixed: Sequence[Finding], data: bytes, wrong: str) -> Mended:
    codes = ", ".join(sorted({finding.code for finding in fixed}))
    problem = f"internal error: fixing {codes} in {checked.path} {wrong}; please report it"
    return Mended(replace(checked, failures=(*checked.failures, problem)), (), data)


def _choose(current: Checked, which: Mend, moving: bool, refused: dict[str, str]) -> dict[Finding, tuple[TextEdit, ...]]:
    """The findings to fix in one round, with edits that keep clear of each other.

    Fixes that move layers and those that do not take turns: a bias that a BatchNormalization cancels may go only if that stays where it is.
    """
    if current.document is None or not current.findings:
        return {}
    from bnlint.fixer import Refused
    from bnlint.fixer.edits import moves

    chosen: dict[Finding, tuple[TextEdit, ...]] = {}
    taken = Taken()
    for finding in current.findings:
        if finding.fix is None or finding.fix.safety.value not in _APPLIED[which] or finding.fingerprint in refused:
            continue
        if moves(finding.fix) is not moving:
            continue
        try:
            wanted = edits(current, finding)
        except Refused as refusal:
            refused[finding.fingerprint] = refusal.reason
            continue
        if taken.holds(wanted) or not any(map(taken.meets, wanted)):
            chosen[finding] = wanted
            taken.add(wanted)
    return chosen


def _apply(
    current: Checked, chosen: dict[Finding, tuple[TextEdit, ...]], refused: dict[str, str], data: bytes
) -> tuple[list[Finding], bytes]:
    """Carry out what was chosen; if that does not go together, the first that goes alone."""
    from bnlint.fixer import Refused, apply

    attempts = [[*chosen], *([finding] for finding in chosen)] if chosen else []
    for attempt in attempts:
        assert current.document is not None, "what has a fix was read"
        changes = dict.fromkeys(edit for finding in attempt for edit in chosen[finding])
        fixes = [finding.fix for finding in attempt if finding.fix is not None]
        try:
            return attempt, apply.apply(current.document, changes, fixes, parse=False)  # it is linted again
        except Refused as refusal:
            if len(attempt) == 1:
                refused[attempt[0].fingerprint] = refusal.reason
    return [], data


def edits(checked: Checked, finding: Finding) -> tuple[TextEdit, ...]:
    """What the fix of a finding changes. Raises Refused."""
    if finding.fingerprint in checked.comments:
        return (checked.comments[finding.fingerprint],)
    if finding.fix is None or checked.document is None:
        return ()
    from bnlint.fixer.edits import render

    return render(checked.document, finding.fix)


class Taken:
    """Edits that will be made, by where they stand: those of different fixes keep clear of each other."""

    def __init__(self) -> None:
        self._edits: set[TextEdit] = set()
        self._places: dict[int | None, list[tuple[tuple[int, int], tuple[int, int]]]] = {}

    def holds(self, edits: Collection[TextEdit]) -> bool:
        """Whether all of these are among them."""
        return self._edits.issuperset(edits)

    def add(self, edits: Collection[TextEdit]) -> None:
        for edit in edits:
            if edit not in self._edits:
                self._edits.add(edit)
                insort(self._places.setdefault(edit.span.cell, []), _place(edit))

    def meets(self, edit: TextEdit) -> bool:
        """Whether an edit concerns the same text as one of them; two insertions at one place do."""
        places, (start, end) = self._places.get(edit.span.cell, []), _place(edit)
        index = bisect_left(places, (start, start))
        after = index < len(places) and (places[index][0] < end or places[index][0] == start)
        return after or (index > 0 and places[index - 1][1] > start)


def _place(edit: TextEdit) -> tuple[tuple[int, int], tuple[int, int]]:
    span = edit.span
    return (span.line, span.column), (span.end_line, span.end_column)


def _without_fix(finding: Finding, reason: str) -> Finding:
    return replace(finding, fix=None, reason=reason)
