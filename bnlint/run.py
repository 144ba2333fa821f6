"""One run over files: found, linted, mended, compared with what is known, counted."""

from __future__ import annotations

import os
from collections import Counter

from bnlint import baseline, engine, groups, repair
from bnlint.baseline import Baseline, Seen
from bnlint.checked import UNREADABLE, Checked, failure, unread
from bnlint.groups import Candidate, Group, Input
from bnlint.plans import codes, without_preview
from bnlint.records import replace
from bnlint.repair import Mended
from bnlint.result import Change, Result
from bnlint.work import Work, check, unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bnlint.api import Plans
    from bnlint.cache import Cache
    from bnlint.changes import Base
    from bnlint.findings import Finding
    from bnlint.graph.coverage import Site
    from bnlint.graph.model import Artifact
    from bnlint.live.describe import Description
    from bnlint.plans import Plan
    from bnlint.repair import Mend


class Run:
    """One run over files, with all that is counted on the way."""

    def __init__(
        self,
        plans: Plans,
        mend: Mend,
        write: bool,
        since: str | None = None,
        reason: str | None = None,
        tell: Callable[[str], None] = lambda doing: None,
        jobs: int = 1,
        offer: bool = True,
    ) -> None:
        self.tell, self.jobs, self.offer = tell, jobs, offer
        self.plans, self.mend, self.write, self.since, self.reason = plans, mend, write, since, reason
        self.base: Base | None = None
        self.files: list[Checked] = []
        self.fixed: list[Finding] = []
        self.changes: list[Change] = []
        self.sites: list[Site] = []
        self.artifacts: list[Artifact] = []
        self.counts: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.missing: list[str] = []
        self.warnings: list[str] = []
        self.failures: list[str] = []
        self.notes: list[str] = []
        self.hidden: Counter[str] = Counter()
        self.seen: dict[str, tuple[Baseline, dict[str, Seen]]] = {}

    def result(self) -> Result:
        self.settle()
        return Result(
            files=tuple(self.files),
            fixed=tuple(self.fixed),
            changes=tuple(self.changes),
            sites=tuple(self.sites),
            artifacts=tuple(self.artifacts),
            hidden=dict(self.hidden),
            analysed=self.counts["analysed"],
            dismissed=self.counts["dismissed"],
            skipped=dict(sorted(self.skipped.items())),
            missing=tuple(self.missing),
            warnings=tuple(self.warnings),
            failures=tuple(self.failures),
            notes=tuple(self.notes),
        )

    def settle(self) -> None:
        """Leave out what baselines hold, and bring those up to date."""
        if self.reason is not None:
            self.notes.append(f"ignored by comments: {self.counts['ignored']} (files changed: {self.counts['commented']})")
        complete = self.write and not self.missing and not self.failures
        for found, seen in self.seen.values():
            settled = baseline.settle(found, seen, self.plans.baselines, complete)
            self.notes += settled.notes
            self.warnings += settled.warnings
            self.failures += settled.failures
            left = (replace(file, findings=settled.remaining.get(file.path, file.findings)) for file in self.files)
            before = sum(len(file.findings) for file in self.files)
            self.files = [file for file in left if file.findings]
            self.hidden["in the baseline"] += before - sum(len(file.findings) for file in self.files)
        in_models = sum(finding.code != UNREADABLE for file in self.files if file.document is None for finding in file.findings)
        if self.reason is not None and in_models:
            said = f"findings in model files stay, for no line there can carry a comment: {in_models}"
            self.notes.append(f"{said} (`--write-baseline` can hold them)")

    def walk(self, paths: Sequence[str]) -> None:
        from bnlint.discovery import discover, innermost

        self.missing += [path for path in paths if not os.path.exists(path)]
        present = [os.path.normpath(path) for path in paths if os.path.exists(path)]
        if not present:
            return
        held_to = self.plans.settings(present[0])
        only_looks = self.mend == "none" and self.reason is None and self.since is None
        cache = self.cache(present) if only_looks else None
        found = discover(present, held_to, cache.verdicts if cache is not None else None)
        idle = without_preview(held_to)
        self.warnings += [f"{code} is selected, and off: it is in preview (`--preview`, or `preview = true`)" for code in idle]
        if self.since is not None:
            from bnlint import changes

            self.base = changes.base(present[0] if os.path.isdir(present[0]) else os.path.dirname(present[0]) or os.curdir, self.since)
        self.warnings += found.warnings
        self.skipped.update(found.skipped)
        for folder, reason in found.unreadable:
            self.add(unreadable(folder, f"is a folder that cannot be listed: {reason}", self.plans.of(folder)))
        candidates = []
        alike: dict[tuple[str, bool], Plan] = {}
        for file in found.files:
            if file.model:
                self.take_model(file.path, self.plans.of(file.path, innermost(file.path, present)), cache)
                continue
            place = file.path.rpartition(os.sep)[0], file.named
            if place not in alike:
                alike[place] = self.plans.of(file.path, innermost(file.path, present))
            candidates.append(Candidate(file.path, alike[place], file.named))
        work = Work(cache, self.jobs, self.tell)
        if only_looks:
            for checked in work.results(candidates):
                self.add(checked)
        else:
            inputs, others = work.sift(candidates)
            for checked in others:
                self.add(checked)
            for group in groups.form(inputs):
                self.take(group)
        self.dismiss(work.dismissed)
        self.files.sort(key=lambda file: file.path.replace(os.sep, "/"))

    def cache(self, named: Sequence[str]) -> Cache | None:
        """What earlier runs know of what was named; None where nothing is kept."""
        folder = self.plans.cache(named[0])
        if folder is None:
            return None
        from bnlint.cache import Cache

        walked = named if any(map(os.path.isdir, named)) else ()
        return Cache(folder, (*walked, repr(self.plans.settings(named[0]))))

    def make(self, target: str) -> None:
        """Lint the model that a factory makes, in a process that runs it."""
        from bnlint.live import factory

        self.tell(f"running {target}")
        try:
            self.examine(factory.describe(target), target)
        except factory.Failed as problem:
            self.failures.append(str(problem))

    def examine(self, described: Description, path: str) -> None:
        """Lint a model that was in memory."""
        from bnlint import live, models, saved

        plan = self.plans.of(os.curdir)
        try:
            self.add(models.examine(live.graph_of(described, path), path, plan))
        except saved.Unreadable as problem:
            self.add(unread(path, problem.message, plan))

    def take(self, group: Group) -> None:
        """Lint files that belong together, and mend them."""
        self.tell(f"checking {group.label}")
        found = check(group) if self.offer else engine.check(group)
        if self.reason is not None:
            commented = self.comment(group, found)
            if commented is not group:
                now = check(commented)
                self.counts["ignored"] += _total(found) - _total(now)
                group, found = commented, now
        known = self.known(group, found)
        shown = [repair.without(checked, known) for checked in found]
        self.hidden[f"older than {self.since}"] += _total(found) - _total(shown)
        if self.mend == "none" or not _total(shown):
            for checked in shown:
                self.add(checked)
            return
        try:
            mended = repair.mend(shown, group, self.mend, known)
        except Exception as error:
            self.failures.append(failure("fixing", group.label, error))
            mended = [Mended(checked, (), given.data) for given, checked in zip(group.inputs, shown, strict=True)]
        for given, checked, result in zip(group.inputs, shown, mended, strict=True):
            self.keep(given, checked, result)

    def known(self, group: Group, found: Sequence[Checked]) -> frozenset[tuple[str, str]]:
        """What was found in these files before they were changed: paths and fingerprints."""
        if self.base is None or not _total(found):
            return frozenset()
        before = [replace(given, data=data) for given in group.inputs if (data := self.base.data(given.path)) is not None]
        same = [given.data for given in before] == [given.data for given in group.inputs]
        then = found if same else engine.check(replace(group, inputs=tuple(before))) if before else ()
        return frozenset((checked.path, finding.fingerprint) for checked in then for finding in checked.findings)

    def take_model(self, path: str, plan: Plan, cache: Cache | None) -> None:
        """Lint a model file or folder, unless it is known what comes of it."""
        checked = cache.recall_model(path, plan) if cache is not None else None
        if checked is None:
            from bnlint import models

            self.tell(f"reading {path}")
            checked = models.check(path, plan)
            if cache is not None:
                cache.keep_model(checked)
        if checked.findings and self.base is not None and self.base.holds(path):
            self.hidden[f"older than {self.since}"] += len(checked.findings)
            checked = replace(checked, findings=())
        self.add(checked)

    def comment(self, group: Group, found: Sequence[Checked]) -> Group:
        """Write comments that ignore what would be shown. The files as they are then; the same group if none was changed."""
        inputs, known = [], self.known(group, found)
        for given, before in zip(group.inputs, found, strict=True):
            checked = repair.without(before, known)
            held = self.plans.baseline(given.plan.settings)
            findings = baseline.remaining(held, given.path, checked.findings) if held is not None else checked.findings
            data = self.with_ignores(given, checked, findings) if findings and checked.document is not None else given.data
            inputs.append(replace(given, data=data))
        changed = any(given.data != before.data for given, before in zip(inputs, group.inputs, strict=True))
        return replace(group, inputs=tuple(inputs)) if changed else group

    def with_ignores(self, given: Input, checked: Checked, findings: Sequence[Finding]) -> bytes:
        from bnlint import ignores
        from bnlint.fixer import Refused, writing

        assert checked.document is not None, "what has findings with a place was read"
        try:
            data = ignores.add(checked.document, findings, self.reason or "")
            if data != given.data:
                writing.write(given.path, given.data, data, given.plan.root)
                self.counts["commented"] += 1
        except Refused as refused:
            self.failures.append(f"{given.path} was not changed: {refused.reason}")
            return given.data
        return data

    def keep(self, given: Input, before: Checked, mended: Mended) -> None:
        """Write a file that was fixed."""
        if mended.after != given.data and self.write:
            from bnlint.fixer import Refused, writing

            try:
                writing.write(given.path, given.data, mended.after, given.plan.root)
            except Refused as refused:
                self.failures.append(f"{given.path} was not changed: {refused.reason}")
                mended = Mended(before, (), given.data)
        if mended.after != given.data:
            self.changes.append(Change(given.path, given.data, mended.after))
        self.fixed += mended.fixed
        self.add(mended.checked)

    def add(self, checked: Checked) -> None:
        if checked.skipped:
            self.skipped[checked.skipped] += 1
        else:
            self.counts["dismissed" if checked.dismissed else "analysed"] += 1
        self.failures += checked.failures
        self.sites += checked.sites
        self.artifacts += [checked.artifact] if checked.artifact is not None else []
        if checked.findings:
            self.files.append(checked)
        if not checked.skipped:
            self.see(checked.path, checked.plan, checked.findings)

    def dismiss(self, files: Sequence[Candidate]) -> None:
        """Count files in which nothing can be found."""
        self.counts["dismissed"] += len(files)
        for file in files:
            self.see(file.path, file.plan, ())

    def see(self, path: str, plan: Plan, findings: Sequence[Finding]) -> None:
        """Take down for a baseline what was found in a file."""
        found = self.plans.baseline(plan.settings)
        if found is not None:
            self.seen.setdefault(found.file, (found, {}))[1][path] = Seen(codes(plan, path), findings)


def _total(found: Iterable[Checked]) -> int:
    return sum(len(checked.findings) for checked in found)
