"""Files of one project, linted together in a process of their own; one that takes it down is found, and the others go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from bnlint import groups
from bnlint.discovery import SUFFIXES
from bnlint.groups import Input
from bnlint.survey.process import Lost
from bnlint.survey.records import NO_SOURCE, File, Outcome

if TYPE_CHECKING:
    from bnlint.plans import Plan


class Linter(Protocol):
    """What lints files that belong together. Raises Lost."""

    def lint(self, files: Sequence[File]) -> list[Outcome]: ...


def lint(files: Sequence[File], plan: Plan, worker: Linter) -> list[Outcome]:
    """What comes of files that belong together. If nothing can be found in any of them, none is looked into."""
    if not any(_matters(file, plan) for file in files):
        return [_untouched(file) for file in files]
    try:
        return worker.lint(files)
    except Lost as lost:
        return [Outcome("failed", str(lost))] if len(files) == 1 else _apart(files, worker, str(lost))


def _matters(file: File, plan: Plan) -> bool:
    """Whether a walk would look into a file; one that is damaged in the table must be told."""
    return file.path is None or file.data is None or groups.may_matter(Input(file.path, file.data, plan, named=False))


def _untouched(file: File) -> Outcome:
    """What is said of a file without looking into it."""
    return Outcome("dismissed") if (file.path or "").lower().endswith(SUFFIXES) else Outcome("skipped", NO_SOURCE)


def _apart(files: Sequence[File], worker: Linter, reason: str) -> list[Outcome]:
    """Each file alone, to see which it is; then the others together, as if that one did not exist."""
    alone = [_alone(file, worker) for file in files]
    bad = {index for index, outcome in enumerate(alone) if outcome.status == "failed"}
    rest = [index for index in range(len(files)) if index not in bad]
    try:
        again = worker.lint([files[index] for index in rest]) if bad and rest else None
    except Lost as lost:
        again, reason = None, str(lost)
    if again is None:
        return [_noted(outcome, f"linted alone; with the files of its group it {reason}") for outcome in alone]
    names = ", ".join(str(files[index].path) for index in sorted(bad))
    for index, outcome in zip(rest, again, strict=True):
        alone[index] = _noted(outcome, f"linted without {names}")
    return alone


def _alone(file: File, worker: Linter) -> Outcome:
    try:
        return worker.lint([file])[0]
    except Lost as lost:
        return Outcome("failed", str(lost))


def _noted(outcome: Outcome, note: str) -> Outcome:
    return replace(outcome, detail=note) if outcome.status == "linted" else outcome
