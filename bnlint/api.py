"""The Python API: lint and fix sources and files. The command line, the language server and surveys call nothing else."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, TypedDict, TypeVar

from bnlint import baseline, catalogue, engine, groups, raw, repair, selection
from bnlint.baseline import Baseline, Seen, Use
from bnlint.catalogue import Rule
from bnlint.engine import Checked, Plan, failure
from bnlint.groups import Group, Input
from bnlint.repair import Mend, Mended
from bnlint.selection import UnknownRule
from bnlint.settings import Settings, SettingsError, find_settings, forget, load_settings

if TYPE_CHECKING:
    from typing import Unpack

    from bnlint.changes import Base
    from bnlint.discovery import File
    from bnlint.findings import Finding, TextEdit
    from bnlint.graph.coverage import Coverage, Site
    from bnlint.graph.model import Artifact, ModelGraph, Span
    from bnlint.text import Document

__all__ = [
    "Fixed",
    "Mend",
    "Overrides",
    "Plans",
    "Result",
    "Rule",
    "Settings",
    "SettingsError",
    "UnknownRule",
    "Use",
    "failure",
    "fix_source",
    "lint_paths",
    "lint_source",
]

Source = TypeVar("Source", str, bytes)


class Overrides(TypedDict, total=False):
    """Settings that are laid over those of the settings file: the keys of `[tool.bnlint]` with `_` for `-`; None says nothing."""

    select: Sequence[str] | None
    extend_select: Sequence[str] | None
    ignore: Sequence[str] | None
    extend_ignore: Sequence[str] | None
    fixable: Sequence[str] | None
    unfixable: Sequence[str] | None
    placement: str | None
    min_batch: int | None
    target_keras: str | None
    exclude: Sequence[str] | None
    extend_exclude: Sequence[str] | None
    force_exclude: bool | None
    respect_gitignore: bool | None
    include_models: bool | None
    fail_on: str | None


@dataclass(frozen=True, slots=True)
class Fixed(Generic[Source]):
    """A source after fixing: its text, what was fixed, what remains."""

    source: Source
    fixed: tuple[Finding, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What fixing makes of a file: its bytes before and after."""

    path: str
    before: bytes
    after: bytes

    def texts(self) -> list[tuple[str, int | None, str, str]]:
        """Path, cell, text before and text after: of the file, or of each cell."""
        from bnlint.text import load

        chunks = zip(load(self.path, self.before).chunks, load(self.path, self.after).chunks, strict=True)
        return [(self.path, before.cell, before.original, after.original) for before, after in chunks]


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What came of a run, in order of path.

    `files` holds those files of which something is to be said, `artifacts` tell of all model files that were read, `analysed` and
    `dismissed` count all of them (a dismissed file holds no word of a rule), `skipped` counts by reason what was left out, and `hidden` the
    findings that are not shown. Paths that are `missing` and `failures` (a line each) make the exit code 2, `warnings` do not, and `notes`
    say what was done besides.
    """

    files: tuple[Checked, ...] = ()
    fixed: tuple[Finding, ...] = ()
    changes: tuple[Change, ...] = ()
    sites: tuple[Site, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    hidden: Mapping[str, int] = field(default_factory=dict)
    analysed: int = 0
    dismissed: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for file in self.files for finding in file.findings)

    @property
    def coverage(self) -> str:
        """How much of the BatchNormalization in these files is understood, in a line; nothing where all of it is."""
        if not self.sites:
            return ""
        from bnlint.graph.coverage import Coverage

        return Coverage(self.sites).line()

    @property
    def fails(self) -> bool:
        """Whether a finding is as bad as the settings of its file say that a run must not be (`fail-on`)."""
        return any(engine.fails(file) for file in self.files)

    def lines(self, path: str, cell: int | None) -> Sequence[str]:
        """The lines of a file, or of a cell, in which something was found; without a cell those of a notebook's JSON."""
        document = self._document(path)
        if document is None:
            return ()
        chunk = document.by_cell.get(cell)
        if chunk is None:
            return raw.lines(document) if cell is None else ()
        return chunk.original.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def raw(self, span: Span) -> Span:
        """Where a span stands in its file: that of a cell in the JSON of the notebook."""
        document = self._document(span.path) if span.cell is not None else None
        return raw.place(document, span) if document is not None else span

    def raw_edits(self, finding: Finding) -> tuple[TextEdit, ...]:
        """What the fix of a finding changes in the file; in a notebook, in its JSON."""
        changes = self.edits(finding)
        document = self._document(finding.path)
        return raw.edits(document, changes) if document is not None else ()

    def _document(self, path: str) -> Document | None:
        return next((file.document for file in self.files if file.path == path), None)

    def edits(self, finding: Finding) -> tuple[TextEdit, ...]:
        """What the fix of a finding changes; nothing if it has none."""
        from bnlint.fixer import Refused

        checked = next(file for file in self.files if file.path == finding.path)
        try:
            return repair.edits(checked, finding)
        except Refused:
            return ()


class Plans:
    """The plan of each file: that of its closest settings file, made once. Raises SettingsError."""

    def __init__(
        self, config: str | None = None, isolated: bool = False, overrides: Overrides | None = None, baselines: Use = "use"
    ) -> None:
        if find_settings.cache_info().currsize or "bnlint.pins" in sys.modules:
            forget()  # a run reads the disk anew; the first one of a process has nothing to forget
        self.config, self.isolated, self.overrides, self.baselines = config, isolated, overrides, baselines
        self._settings: dict[str | None, Settings] = {}
        self._plans: dict[tuple[str | None, str], Plan] = {}
        self._baselines: dict[str | None, Baseline | None] = {}

    def settings(self, path: str) -> Settings:
        """The settings of a file or folder."""
        path = os.path.abspath(path)
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        file = None if self.isolated else find_settings(folder)
        if file not in self._settings:
            known = catalogue.rules().values()
            self._settings[file] = load_settings(folder, known, self.config, self.isolated, self.overrides)
        return self._settings[file]

    def of(self, path: str, named: str | None = None) -> Plan:
        """The plan of a file, which belongs to the project of the path that was named."""
        from bnlint.discovery import find_root

        held_to = self.settings(path)
        key = held_to.file, find_root(named or path, held_to)
        if key not in self._plans:
            self._plans[key] = engine.plan(held_to, key[1])
            self.baseline(held_to)  # one that is broken ends the run before it changes anything
        return self._plans[key]

    def baseline(self, held_to: Settings) -> Baseline | None:
        """The baseline of these settings, read once."""
        if held_to.file not in self._baselines:
            self._baselines[held_to.file] = baseline.of(held_to, self.baselines, self.isolated)
        return self._baselines[held_to.file]


# Sources


def lint_source(
    source: str | bytes, path: str = "<stdin>", *, config: str | None = None, isolated: bool = False, **overrides: Unpack[Overrides]
) -> tuple[Finding, ...]:
    """The findings of one source text; of a notebook's JSON if `path` ends in .ipynb. Settings are those of the folder of `path`."""
    return lint_data(_data(source), path, Plans(config, isolated, overrides)).findings


def fix_source(
    source: Source,
    path: str = "<stdin>",
    *,
    unsafe: bool = False,
    config: str | None = None,
    isolated: bool = False,
    **overrides: Unpack[Overrides],
) -> Fixed[Source]:
    """The source with its safe fixes applied (and the unsafe ones, if `unsafe`)."""
    result = lint_data(_data(source), path, Plans(config, isolated, overrides), "unsafe" if unsafe else "safe")
    after = result.changes[0].after if result.changes else _data(source)
    return Fixed(after.decode("utf-8", "surrogatepass") if isinstance(source, str) else after, result.fixed, result.findings)


def lint_data(data: bytes, path: str, plans: Plans, mend: Mend = "none") -> Result:
    """Lint, and fix, one file that is in memory; nothing is written."""
    plan = plans.of(path)
    if plan.settings.force_exclude and engine.is_excluded(path, plan.settings):
        return Result(skipped={"excluded by the settings": 1})
    run = _Run(plans, mend, write=False)
    run.take(Group((Input(path, data, plan),), plan.root))
    return run.result()


def _data(source: str | bytes) -> bytes:
    return source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source


# Files


def lint_paths(
    paths: Iterable[str | os.PathLike[str]],
    *,
    mend: Mend = "none",
    write: bool = True,
    config: str | None = None,
    isolated: bool = False,
    **overrides: Unpack[Overrides],
) -> Result:
    """Lint files and all that is in folders; with `mend`, fix them too, and write them if `write`."""
    return lint_files([os.fspath(path) for path in paths], Plans(config, isolated, overrides), mend, write)


def lint_files(
    paths: Sequence[str],
    plans: Plans,
    mend: Mend = "none",
    write: bool = True,
    since: str | None = None,
    tell: Callable[[str], None] = lambda doing: None,
) -> Result:
    """The same, with the plans at hand; with `since`, only what was not found where the work branched off from that commit of git. `tell`
    is told what is being worked on."""
    run = _Run(plans, mend, write, since, tell=tell)
    run.walk(paths)
    return run.result()


def add_ignores(paths: Sequence[str], plans: Plans, reason: str = "", since: str | None = None) -> Result:
    """Write a comment that suppresses it, with the reason, behind each finding in source files. The result holds what remains."""
    run = _Run(plans, "none", write=True, since=since, reason=reason)
    run.walk(paths)
    return run.result()


def find_files(paths: Sequence[str], plans: Plans) -> tuple[list[str], list[str]]:
    """The files that a run over these paths would look at; and the paths that do not exist."""
    found, missing = _discover(paths, plans)
    return [file.path for file in found], missing


def _discover(paths: Sequence[str], plans: Plans) -> tuple[tuple[File, ...], list[str]]:
    from bnlint.discovery import discover

    present = [path for path in paths if os.path.exists(path)]
    found = discover(present, plans.settings(present[0])).files if present else ()
    return found, [path for path in paths if path not in present]


def show_settings(path: str, plans: Plans) -> str:
    """The settings of a file or folder, as TOML."""
    from bnlint import reference

    return reference.effective(plans.settings(path), plans.of(path).rules)


def find_base(path: str, plans: Plans) -> str:
    """The folder to which reports for machines name files."""
    from bnlint import discovery

    return discovery.find_base(path, plans.settings(path))


class _Run:
    """One run over files, with all that is counted on the way."""

    def __init__(
        self,
        plans: Plans,
        mend: Mend,
        write: bool,
        since: str | None = None,
        reason: str | None = None,
        tell: Callable[[str], None] = lambda doing: None,
    ) -> None:
        self.tell = tell
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

    def walk(self, paths: Sequence[str]) -> None:
        from bnlint.discovery import discover
        from bnlint.text import Unreadable

        self.missing += [path for path in paths if not os.path.exists(path)]
        present = [os.path.normpath(path) for path in paths if os.path.exists(path)]
        if not present:
            return
        found = discover(present, self.plans.settings(present[0]))
        if self.since is not None:
            from bnlint import changes

            self.base = changes.base(present[0] if os.path.isdir(present[0]) else os.path.dirname(present[0]) or os.curdir, self.since)
        self.warnings += found.warnings
        self.skipped.update(found.skipped)
        for folder, reason in found.unreadable:
            self.add(engine.unreadable(folder, Unreadable(f"is a folder that cannot be listed: {reason}"), self.plans.of(folder)))
        inputs = []
        for file in found.files:
            plan = self.plans.of(file.path, _top(file.path, present))
            if file.model:
                from bnlint import models

                self.tell(f"reading {file.path}")
                self.add(models.check(file.path, plan))
                continue
            try:
                data = engine.read(file.path)
            except OSError as error:
                self.add(engine.unreadable(file.path, Unreadable(f"cannot be read: {error.strerror}"), plan))
                continue
            given = Input(file.path, data, plan, file.named)
            if given.named or groups.may_matter(given):
                inputs.append(given)
            else:
                self.add(Checked(file.path, plan, dismissed=True))
        for group in groups.form(inputs):
            self.take(group)
        self.files.sort(key=lambda file: file.path.replace(os.sep, "/"))

    def take(self, group: Group) -> None:
        """Lint files that belong together, and mend them."""
        inputs = group.inputs
        self.tell(f"checking {group.label}")
        found = [repair.offer(checked) for checked in engine.check(group)]
        if self.base is not None:
            found = self.only_new(group, found, self.base)
        if self.reason is not None:
            found = self.ignore(group, found, self.reason)
        if self.mend == "none" or not any(checked.findings for checked in found):
            for checked in found:
                self.add(checked)
            return
        try:
            mended = repair.mend(found, group, self.mend)
        except Exception as error:
            self.failures.append(failure("fixing", group.label, error))
            mended = [Mended(checked, (), given.data) for given, checked in zip(inputs, found, strict=True)]
        for given, checked, result in zip(inputs, found, mended, strict=True):
            self.keep(given, checked, result)

    def only_new(self, group: Group, found: Sequence[Checked], base: Base) -> list[Checked]:
        """Leave out what was found in these files before they were changed."""
        if not any(checked.findings for checked in found):
            return list(found)
        before = [replace(given, data=data) for given in group.inputs if (data := base.data(given.path)) is not None]
        same = [given.data for given in before] == [given.data for given in group.inputs]
        then = found if same else engine.check(replace(group, inputs=tuple(before))) if before else []
        known = {(checked.path, finding.fingerprint) for checked in then for finding in checked.findings}
        new = []
        for checked in found:
            left = tuple(finding for finding in checked.findings if (checked.path, finding.fingerprint) not in known)
            self.hidden[f"older than {self.since}"] += len(checked.findings) - len(left)
            new.append(replace(checked, findings=left))
        return new

    def ignore(self, group: Group, found: Sequence[Checked], reason: str) -> list[Checked]:
        """Write comments that suppress what was found, and look again."""
        inputs = []
        for given, checked in zip(group.inputs, found, strict=True):
            held = self.plans.baseline(given.plan.settings)
            findings = baseline.remaining(held, given.path, checked.findings) if held is not None else checked.findings
            data = self.with_ignores(given, checked, findings, reason) if findings and checked.document is not None else given.data
            inputs.append(replace(given, data=data))
        if all(given.data == before.data for given, before in zip(inputs, group.inputs, strict=True)):
            return list(found)
        now = [repair.offer(checked) for checked in engine.check(replace(group, inputs=tuple(inputs)))]
        self.counts["ignored"] += sum(len(checked.findings) for checked in found) - sum(len(checked.findings) for checked in now)
        return now

    def with_ignores(self, given: Input, checked: Checked, findings: Sequence[Finding], reason: str) -> bytes:
        from bnlint import ignores
        from bnlint.fixer import Refused, apply

        assert checked.document is not None, "what has findings with a place was read"
        try:
            data = ignores.add(checked.document, findings, reason)
            if data != given.data:
                apply.write(given.path, given.data, data, given.plan.root)
                self.counts["commented"] += 1
        except Refused as refused:
            self.failures.append(f"{given.path} was not changed: {refused.reason}")
            return given.data
        return data

    def keep(self, given: Input, before: Checked, mended: Mended) -> None:
        """Write a file that was fixed."""
        if mended.after != given.data and self.write:
            from bnlint.fixer import Refused, apply

            try:
                apply.write(given.path, given.data, mended.after, given.plan.root)
            except Refused as refused:
                self.failures.append(f"{given.path} was not changed: {refused.reason}")
                mended = Mended(before, (), given.data)
        if mended.after != given.data:
            self.changes.append(Change(given.path, given.data, mended.after))
        self.fixed += mended.fixed
        self.add(mended.checked)

    def add(self, checked: Checked) -> None:
        self.counts["dismissed" if checked.dismissed else "analysed"] += not checked.skipped
        self.skipped.update([checked.skipped] if checked.skipped else [])
        self.failures += checked.failures
        self.sites += checked.sites
        self.artifacts += [checked.artifact] if checked.artifact is not None else []
        if checked.findings:
            self.files.append(checked)
        found = self.plans.baseline(checked.plan.settings) if not checked.skipped else None
        if found is not None:
            seen = Seen(engine.codes(checked.plan, checked.path), checked.findings)
            self.seen.setdefault(found.file, (found, {}))[1][checked.path] = seen


def clean(folder: str) -> tuple[list[str], list[str]]:
    """Remove the caches below a folder. What was removed; and a line for each that could not be."""
    import shutil

    from bnlint.discovery import CACHE, EXCLUDED

    removed, failures = [], []
    for top, folders, _ in os.walk(folder):
        if CACHE in folders:
            path = os.path.normpath(os.path.join(top, CACHE))
            try:
                os.unlink(path) if os.path.islink(path) else shutil.rmtree(path)
                removed.append(path)
            except OSError as error:
                failures.append(f"{path}: cannot be removed: {error.strerror}")
        folders[:] = sorted(name for name in folders if name not in EXCLUDED)
    return removed, failures


def all_rules() -> list[Rule]:
    """All rules, in order of code."""
    return list(catalogue.rules().values())


def find_rule(word: str) -> Rule:
    """The rule with this code or name. Raises UnknownRule."""
    return catalogue.rules()[selection.find(word, all_rules()).code]


def graphs(paths: Sequence[str]) -> tuple[list[ModelGraph], Coverage, list[str]]:
    """The graphs of all files, in order of path; how much of their BatchNormalization is understood; and a line for each path or file
    that could not be read."""
    from bnlint.graph.coverage import Coverage

    plans = Plans(isolated=True)
    files, missing = _discover(paths, plans)
    found: list[ModelGraph] = []
    problems = [f"path does not exist: {path}" for path in missing]
    inputs = []
    for file in files:
        if file.model:
            from bnlint import models

            model = models.graph(file.path)
            if isinstance(model, str):
                problems.append(model)
            else:
                found.append(model)
            continue
        try:
            inputs.append(Input(file.path, engine.read(file.path), plans.of(file.path, _top(file.path, paths))))
        except OSError as error:
            problems.append(f"{file.path}: this file cannot be read: {error.strerror}")
    sites: list[Site] = []
    for group in groups.form(inputs, everything=True):
        read, built, unread = engine.graphs(group)
        found += read
        sites += built
        problems += unread
    return sorted(found, key=_position), Coverage(tuple(sites)), problems


def _position(graph: ModelGraph) -> tuple[str, int, int]:
    span, artifact = graph.origin.span, graph.artifact
    return (span.path, span.cell or 0, span.line) if span is not None else (artifact.path if artifact is not None else "", 0, 0)


def _top(path: str, paths: Sequence[str]) -> str:
    """Which of the paths that were named leads to a file: the innermost."""
    above = [top for top in map(os.path.normpath, paths) if path == top or path.startswith(os.path.join(top, ""))]
    return max(above, key=len, default=path)


def dump(models: Iterable[ModelGraph], output_format: str, coverage: Coverage | None = None) -> str:
    """Graphs as text, or as the JSON of design.md; with the `coverage`, if it is given, of the BatchNormalization in them."""
    from bnlint.graph import dump

    if output_format == "text":
        return dump.as_text(models) if coverage is None else dump.gaps_as_text(coverage)
    import json

    gaps = {} if coverage is None else {"batchnorm": coverage.as_data()}
    return json.dumps({**dump.as_data(models), **gaps}, indent=2) + "\n"
