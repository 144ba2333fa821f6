"""Files that only have to be looked at: dismissed, recalled from an earlier run, or checked, here or by several processes."""

from __future__ import annotations

import gc
import os

from bnlint import engine, groups, regular, repair
from bnlint.checked import Checked, digest, unreadable_text
from bnlint.footprint import Footprint
from bnlint.groups import NOTHING, SILENT, Candidate, Group, Input, Part
from bnlint.readahead import ahead

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Final

    from bnlint.cache import Cache
    from bnlint.cache.facts import Fact
    from bnlint.plans import Plan

    Tell = Callable[[str], None]

    Outcome = tuple[Sequence[Checked], Sequence[Fact]]
    """What came of each file of a group, and the facts about the disk on which that rests."""

MUCH: Final = 200_000
"""Bytes of files to analyse above which several processes are worth their start: that of forked ones."""

MUCH_MORE: Final = 400_000
"""The same of ones that are started anew: to import what they need takes each some 0.15 s of processor time, as long as 30 kB of models."""

LITTER: Final = 300_000
"""Objects made and not yet freed after which it is worth to look for garbage: some 30 MB. (Analyses leave none behind, but those that
failed.)"""

MOST: Final = 64
"""Processes at most."""


class Work:
    """The work of one run: with the cache that it has, in so many processes."""

    def __init__(self, cache: Cache | None, jobs: int, tell: Tell) -> None:
        self.cache, self.jobs, self.tell = cache, jobs, tell
        self.dismissed: list[Candidate] = []
        """Those of the files in which nothing can be found."""

    def results(self, files: Sequence[Candidate]) -> Iterator[Checked]:
        """What comes of each file that is not dismissed."""
        if self.cache is not None:
            self.cache.roots = {file.plan.root for file in files}
        waiting: dict[str, Candidate] = {}
        silent: list[Candidate] = []
        for file in files:
            known = self._dismissed_as(file)
            if known is None:
                waiting[file.path] = file
            elif known == SILENT:
                silent.append(file)
            else:
                self.dismissed.append(file)
        recalled = self.cache.parts(waiting) if self.cache is not None else None
        if recalled is None:
            yield from self._afresh(waiting, silent)
        else:
            self.dismissed += silent
            yield from self._checked([(part, None) for part in recalled], waiting)
        if self.cache is not None:
            self.cache.save()

    def _dismissed_as(self, file: Candidate) -> str | None:
        """As what a file was dismissed, in which nothing has changed since; None if it must be looked at."""
        if self.cache is None:
            return None
        known = self.cache.dismissed(file)
        if known is None and (doubted := self.cache.doubted(file)) is not None:
            _, _, quiet = self._read((file,), whole=doubted == NOTHING)
            known = doubted if quiet else None
        return known

    def _afresh(self, waiting: dict[str, Candidate], silent: Sequence[Candidate]) -> Iterator[Checked]:
        """Read the files and put them into groups."""
        inputs, others = self.sift(waiting.values(), silent)
        yield from others
        seen = Footprint()
        found = [(group.part, group) for group in groups.form(inputs, seen=seen)]
        if self.cache is not None:
            self.cache.group([part for part, _ in found], seen)
        yield from self._checked(found, waiting)

    def sift(self, files: Iterable[Candidate], silent: Sequence[Candidate] = ()) -> tuple[list[Input], list[Checked]]:
        """Read files: those in which something may be found; and what is to be said of others. The rest is dismissed.

        Files that do not speak of Keras, such as the `silent` ones, are searched for uses of models only where a file builds some.
        """
        inputs, others, quiet = self._read(files)
        quiet += silent
        roots = {given.plan.root for given in inputs if given.named or given.builds}
        users, more, nothing = self._read((file for file in quiet if file.plan.root in roots), whole=True)
        self.dismissed += [*nothing, *(file for file in quiet if file.plan.root not in roots)]
        return inputs + users, others + more

    def _read(self, files: Iterable[Candidate], whole: bool = False) -> tuple[list[Input], list[Checked], list[Candidate]]:
        """Read files: those in which something may be found; what is to be said of others; and those that speak of nothing or, where they
        are searched `whole`, use no models either."""
        inputs, others, quiet = [], [], []
        of_path = {file.path: file for file in files}
        for path in ahead(list(of_path)):
            file = of_path[path]
            try:
                data = regular.read(path)
            except OSError as error:
                others.append(unreadable(path, f"cannot be read: {error.strerror}", file.plan))
                continue
            given = Input(path, data, file.plan, file.named) if whole or file.named or groups.may_speak(data) else None
            if given is not None and (given.named or given.speaks or (whole and given.uses)):
                inputs.append(given)
                seen = digest(data) if self.cache is not None else ""
            else:
                quiet.append(file)
                seen = NOTHING if whole else SILENT
            if self.cache is not None:
                self.cache.take(file, seen)
        return inputs, others, quiet

    def _checked(self, parts: Sequence[tuple[Part, Group | None]], waiting: dict[str, Candidate]) -> Iterator[Checked]:
        """What comes of the files of each part, in order; a group is made of those that must be looked at."""
        steps: list[Sequence[Checked] | Group] = []
        for part, group in parts:
            if part.idle:
                self.dismissed += [waiting[path] for path in part.paths]
                continue
            found = self.cache.recall(part, waiting) if self.cache is not None else None
            if found is not None:
                steps.append(found)
                continue
            if group is None:
                inputs, others, nothing = self._read((waiting[path] for path in part.paths), whole=True)
                self.dismissed += nothing
                steps.append(others)
                group = Group(tuple(inputs), waiting[part.paths[0]].plan.root if part.rooted else None)
            if group.inputs:
                steps.append(group)
        fresh = self._examined([step for step in steps if isinstance(step, Group)])
        for step in steps:
            yield from next(fresh) if isinstance(step, Group) else step

    def _examined(self, due: Sequence[Group]) -> Iterator[Sequence[Checked]]:
        for group, (found, facts) in zip(due, self._outcomes(due), strict=True):
            if self.cache is not None:
                self.cache.keep(group.part, found, facts)
            yield found

    def _outcomes(self, due: Sequence[Group]) -> Iterator[Outcome]:
        jobs, size = min(self.jobs or processors(), len(due), MOST), sum(group.size for group in due)
        examine = outcome if self.cache is None else outcome_to_keep
        if jobs > 1 and (self.jobs or size > MUCH):
            from bnlint import workers

            if self.jobs or workers.FORKS or size > MUCH_MORE:
                self.tell(f"checking {sum(len(group.inputs) for group in due)} files in {jobs} processes")
                yield from workers.outcomes(due, jobs, examine)
                return
        for group in due:
            self.tell(f"checking {group.label}")
            yield examine(group)


def outcome(group: Group) -> Outcome:
    """What comes of a group."""
    return check(group), ()


def outcome_to_keep(group: Group) -> Outcome:
    """What comes of a group, and the facts about the disk on which it rests."""
    from bnlint.cache import facts

    seen = Footprint()
    return check(group, seen), tuple(facts.of(seen))


def check(group: Group, seen: Footprint | None = None) -> list[Checked]:
    """The findings in a group, with those fixes that can be made."""
    if gc.get_count()[0] > LITTER:  # where Python's own collection is turned off: else it is always less
        gc.collect()
    return [repair.offer(checked) for checked in engine.check(group, seen)]


def unreadable(path: str, reason: str, held_to: Plan) -> Checked:
    """What is said of a file or folder that the system does not let us read."""
    from bnlint.text import Unreadable

    return unreadable_text(path, Unreadable(reason), held_to)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
