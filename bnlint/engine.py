"""Files become findings: read, front end, checks, severities, ignores."""

from __future__ import annotations

import os

from bnlint import catalogue, settings
from bnlint.catalogue import Rule
from bnlint.records import dataclass, field, replace
from bnlint.regular import LARGEST, read_bytes
from bnlint.settings import Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from bnlint.findings import Finding, Severity, TextEdit
    from bnlint.footprint import Footprint
    from bnlint.graph.coverage import Site
    from bnlint.graph.model import Artifact, KerasTarget, ModelGraph, Module, Project, Span
    from bnlint.groups import Group, Input
    from bnlint.pins import Pins
    from bnlint.source import Analysis
    from bnlint.text import Document, Unreadable

UNREADABLE, UNUSED = "BN001", "BN002"
TOO_DEEP = "is nested too deeply to be analysed; simplify or exclude it"


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a file is held to: settings, the rules that are on, the words of which one must occur.

    `explicit` are the codes that were selected in full, `root` is the folder to which paths in fingerprints are relative, `pins` tells
    what the project there says about its Keras.
    """

    settings: Settings
    rules: tuple[Rule, ...]
    explicit: frozenset[str]
    fixable: frozenset[str]
    words: tuple[bytes, ...]
    root: str
    pins: Callable[[], Pins]


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """What came of one file.

    `document` is there where something was read; `comments` holds what mends an unused ignore, by the fingerprint of its finding;
    `sites` are the places that build BatchNormalization, with how much of them is understood; `artifact` tells what was read of a model
    file; `skipped` says why the file was not looked at; `failures` make the exit code 2, a line each: our own bugs, a missing extra;
    `stored` is the digest of what the file held if this is known from an earlier run, or from another process (see `with_document`).
    """

    path: str
    plan: Plan
    findings: tuple[Finding, ...] = ()
    document: Document | None = None
    comments: Mapping[str, TextEdit] = field(default_factory=dict)
    sites: tuple[Site, ...] = ()
    artifact: Artifact | None = None
    dismissed: bool = False
    skipped: str = ""
    failures: tuple[str, ...] = ()
    stored: str = ""


def digest(data: bytes) -> str:
    """What tells the content of a file from another."""
    from hashlib import sha256

    return sha256(data).hexdigest()[:32]


def with_document(checked: Checked) -> Checked:
    """The same with its document, which is read again where it is known from elsewhere; without one if the file was changed since."""
    if checked.document is not None or not checked.stored:
        return checked
    from bnlint import text

    try:
        data = read(checked.path)
        return replace(checked, document=text.load(checked.path, data)) if digest(data) == checked.stored else checked
    except (OSError, text.Unreadable):
        return checked


def without_preview(held_to: Settings) -> tuple[str, ...]:
    """The codes of rules that are selected in full, and off because they are in preview."""
    return settings.without_preview(held_to, catalogue.rules().values())


def plan(held_to: Settings, root: str) -> Plan:
    """The plan of all files with these settings below `root`."""
    known = catalogue.rules()
    on = settings.selected(held_to, known.values())
    rules = tuple(rule for rule in known.values() if rule.code in on)
    selectors = (word for layer in held_to.selections for word in (*(layer.select or ()), *layer.extend_select))
    return Plan(
        settings=held_to,
        rules=rules,
        explicit=frozenset(word for word in selectors if word in known),
        fixable=settings.fixable(held_to, known.values()),
        words=tuple(dict.fromkeys(word.encode() for rule in rules for word in rule.words)),
        root=root,
        pins=PinsBelow(root),
    )


class PinsBelow:
    """The pins of the project in a folder, read when they are first asked for."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._found: Pins | None = None

    def __call__(self) -> Pins:
        if self._found is None:
            from bnlint import pins

            self._found = pins.read(self.root)
        return self._found


def graphs(group: Group) -> tuple[list[ModelGraph], list[Site], list[str]]:
    """The graphs of files that belong together, their sites of BatchNormalization, and a line for each file that could not be read."""
    from bnlint import source, text
    from bnlint.graph import coverage

    documents, problems = [], []
    for given in group.inputs:
        try:
            documents.append(text.load(given.path, given.data))
        except text.Unreadable as problem:
            problems.append(f"{given.path}: this file {problem.message}")
    try:
        analysis = source.analyse(documents, group.root)
    except Exception as error:
        models, sites, told = [], [], [failure("reading", group.label, error)]
        for part in group.alone() if len(group.inputs) > 1 else ():
            found, built, unread = graphs(part)
            models += found
            sites += built
            told += unread
        return models, sites, told
    problems += [f"{path}: this file {problem.message}" for path, problem in analysis.unreadable.items()]
    return list(analysis.models), list(coverage.sites(analysis.modules, analysis.models)), problems


def check(group: Group, seen: Footprint | None = None) -> list[Checked]:
    """The findings of each file of a group. One in which nothing can be found, and that was met by a walk, is dismissed unparsed.

    `seen` takes down what was looked at on the disk besides.
    """
    if group.idle:
        return [_parsed(group.inputs[0])]
    return _checked(group, seen)


def _parsed(given: Input) -> Checked:
    """What is to be said of a file that holds no word of a rule: if it was named, whether it can be read."""
    if not given.named:
        return Checked(given.path, given.plan, dismissed=True)
    from bnlint import text

    document = None
    try:
        document = text.load(given.path, given.data)
        if document.kind == "python":
            document.chunks[0].parse()
        return Checked(given.path, given.plan, document=document)
    except text.Unreadable as problem:
        return unreadable(given.path, problem, given.plan, document)
    except RecursionError:
        return unreadable(given.path, text.Unreadable(TOO_DEEP), given.plan)
    except Exception as error:
        return Checked(given.path, given.plan, failures=(failure("reading", given.path, error),))


def _checked(group: Group, seen: Footprint | None) -> list[Checked]:
    from bnlint import source, text

    inputs = group.inputs
    done: dict[str, Checked] = {}
    documents: dict[str, Document] = {}
    for given in inputs:
        try:
            documents[given.path] = text.load(given.path, given.data)
        except text.Unreadable as problem:
            done[given.path] = unreadable(given.path, problem, given.plan)
    try:
        analysis = source.analyse(documents.values(), group.root, whole=False, seen=seen)
        plans = {given.path: given.plan for given in inputs}
        for path, reason in analysis.unreadable.items():
            done[path] = unreadable(path, reason, plans[path], documents.pop(path))
        examined = _examine(documents, plans, analysis)
        wider = analysis.widen(_concerned(examined.values()))
        done.update(examined if wider is None else _examine(documents, plans, wider))
    except Exception as error:  # our own bug, or a tree too deep: said with the file's name, and the other files go on
        told = () if isinstance(error, RecursionError) else (failure("reading", group.label, error),)
        if len(inputs) > 1:
            first, *others = (check(part, seen)[0] for part in group.alone())
            return [replace(first, failures=(*told, *first.failures)), *others]
        path, plan = inputs[0].path, inputs[0].plan
        return [Checked(path, plan, failures=told) if told else unreadable(path, text.Unreadable(TOO_DEEP), plan)]
    return [done[given.path] for given in inputs]


def _concerned(examined: Iterable[Checked]) -> Iterator[Span]:
    """The places that findings are about, or that their fixes would change: all that they build must be seen."""
    from bnlint.judge import sites

    for checked in examined:
        for finding in checked.findings:
            if finding.span is not None:
                yield finding.span
            for edit in finding.fix.edits if finding.fix is not None else ():
                yield from sites(edit)


def unreadable(path: str, problem: Unreadable, held_to: Plan, document: Document | None = None) -> Checked:
    """BN001 in a text, at its place."""
    from bnlint.graph.model import Span

    line, column = problem.line or 1, problem.column or 1
    return unread(path, problem.message, held_to, Span(path, line, column, line, column, problem.cell), document)


def unread(path: str, reason: str, held_to: Plan, at: Span | None = None, document: Document | None = None) -> Checked:
    """BN001. It is found whatever is selected, for a clean run means that every file was analysed; ignored only by its full code."""
    from bnlint.findings import Hit
    from bnlint.graph.model import KerasTarget, Origin, Project
    from bnlint.judge import judge

    rule = catalogue.rules()[UNREADABLE]
    hit = Hit("default", Origin(at), values={"reason": reason})
    ignored = any(UNREADABLE in layer.ignore for layer in held_to.settings.selections)
    if ignored or rule.code in settings.ignored(held_to.settings, path, (rule,)):
        return Checked(path, held_to, skipped="unreadable, and BN001 is ignored")
    found = judge(Project(KerasTarget(3)), rule, (hit,), held_to.settings.severity.get(rule.code), path=path)
    return Checked(path, held_to, finish(found, document, held_to), document)


def is_unread(checked: Checked) -> bool:
    """Whether a file could not be read, whatever is said about it."""
    return bool(checked.skipped) or any(finding.code == UNREADABLE for finding in checked.findings)


def failure(doing: str, path: str, error: BaseException) -> str:
    """One line about a bug of ours: what it was doing to which file, and where it happened."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace is not None else "?"
    words = " ".join(str(error).split())
    return f"internal error: {doing} {path}: {type(error).__name__}: {words} ({place}); please report it"


def _examine(documents: Mapping[str, Document], plans: Mapping[str, Plan], analysis: Analysis) -> dict[str, Checked]:
    """Run the checks whose words occur. Files that are held to the same plan and the same Keras see each of them once."""
    from bnlint.graph import coverage
    from bnlint.graph.model import Project

    modules = {module.path: module for module in analysis.modules}
    parts: dict[tuple[int, object], list[str]] = {}
    targets = {path: _target(document, modules[path], plans[path]) for path, document in documents.items()}
    for path, plan in plans.items():
        if path in documents:
            parts.setdefault((id(plan), targets[path]), []).append(path)
    done: dict[str, Checked] = {}
    for paths in parts.values():
        project = Project(targets[paths[0]], analysis.modules, analysis.models)
        done.update(_examine_part(project, {path: documents[path] for path in paths}, documents, plans[paths[0]]))
    of_path: dict[str, list[Site]] = {path: [] for path in documents}
    for site in coverage.sites(analysis.modules, analysis.models):
        of_path[site.span.path].append(site)
    return {path: replace(checked, sites=tuple(of_path[path])) for path, checked in done.items()}


def _examine_part(
    project: Project, documents: Mapping[str, Document], together: Mapping[str, Document], held_to: Plan
) -> dict[str, Checked]:
    """The findings in some documents of a project, whatever is ignored taken out."""
    from bnlint import suppress
    from bnlint.findings import Fix, Safety
    from bnlint.judge import judge

    ran = {path: codes(held_to, path) for path in documents}
    found: dict[str, list[Finding]] = {path: [] for path in documents}
    failures: dict[str, list[str]] = {path: [] for path in documents}
    for rule in held_to.rules:
        run = catalogue.check(rule.code)
        words = [word.encode() for word in rule.words]
        wanted = {path for path in documents if rule.code in ran[path]}
        if run is None or not wanted or not any(word in document.data for document in together.values() for word in words):
            continue
        try:
            hits = list(run(project, **held_to.settings.options.get(rule.code, {})))
            for finding in judge(project, rule, hits, held_to.settings.severity.get(rule.code), rule.code in held_to.explicit):
                if finding.path in wanted:
                    found[finding.path].append(finding)
        except Exception as error:
            first = min(wanted)
            failures[first].append(failure(f"{rule.code} ({rule.name}) on", first, error))
    done = {}
    for path, document in documents.items():
        suppressions = suppress.scan(document.chunks)
        kept = [each for each in found[path] if each.span is None or not suppressions.covers(each.span, each.code, each.name)]
        unused = suppressions.unused(ran[path], catalogue.rules().values()) if UNUSED in ran[path] else ()
        removals = {each.span: each.edit for each in unused}
        severity = held_to.settings.severity.get(UNUSED)
        kept += [replace(each, fix=Fix(Safety.SAFE)) for each in _comments(document, "default", removals, project, severity)]
        if held_to.settings.require_ignore_reason and UNUSED in ran[path]:
            bare = (span for span in suppressions.without_reason() if span not in removals)
            kept += _comments(document, "reason", bare, project, severity)
        finished = finish(kept, document, held_to)
        comments = {each.fingerprint: removals[each.span] for each in finished if each.code == UNUSED and each.span in removals}
        done[path] = Checked(path, held_to, finished, document, comments, failures=tuple(failures[path]))
    return done


def _comments(document: Document, case: str, places: Iterable[Span], project: Project, severity: Severity | None) -> list[Finding]:
    """BN002."""
    from bnlint.findings import Hit
    from bnlint.graph.model import Origin
    from bnlint.judge import judge

    hits = [Hit(case, Origin(span), values={"text": document.by_cell[span.cell].slice(span)}) for span in places]
    return judge(project, catalogue.rules()[UNUSED], hits, severity)


def _target(document: Document, module: Module, held_to: Plan) -> KerasTarget:
    from bnlint import pins

    imports = [bound.dotted for bound in module.imports]
    legacy = b"TF_USE_LEGACY_KERAS" in document.data
    return pins.target(held_to.settings.target_keras, imports, legacy, held_to.pins)


def codes(held_to: Plan, path: str) -> frozenset[str]:
    """The rules that run on a file."""
    return frozenset(rule.code for rule in held_to.rules) - settings.ignored(held_to.settings, path, held_to.rules)


def fails(checked: Checked) -> bool:
    """Whether a finding is as bad as its file's settings say that a run must not be."""
    limit = checked.plan.settings.fail_on
    if limit == "never" or not checked.findings:
        return False
    from bnlint.findings import Severity

    return any(finding.severity >= Severity[limit.upper()] for finding in checked.findings)


def is_excluded(path: str, held_to: Settings) -> bool:
    """Whether the settings exclude a file (what a walk excludes by default does not count)."""
    return settings.matcher(held_to.root, (*(held_to.exclude or ()), *held_to.extend_exclude))(path)


def read(path: str) -> bytes:
    """The bytes of a file; no more of them than are enough to see that it is too large. Raises OSError."""
    return read_bytes(path, LARGEST + 1)


def finish(found: list[Finding], document: Document | None, held_to: Plan) -> tuple[Finding, ...]:
    """The findings in order, with fingerprints: what is found, in which file, on what line of code, the how many-th like it."""
    if not found:
        return ()
    from bnlint.digest import sha256

    seen: dict[tuple[str, str], int] = {}
    finished = []
    for finding in sorted(found, key=_position):
        code = _code(document, finding)
        number = seen[finding.code, code] = seen.get((finding.code, code), 0) + 1
        content = "\0".join((finding.code, relative(finding.path, held_to.root), code, str(number)))
        finished.append(replace(finding, fingerprint=sha256(content.encode("utf-8", "surrogatepass")).hexdigest()[:32]))
    return tuple(finished)


def _position(finding: Finding) -> tuple[Any, ...]:
    span = finding.span
    place = (span.cell or 0, span.line, span.column, "") if span else (0, 0, 0, finding.layer or "")
    return (finding.path, *place, finding.code, finding.message)


def _code(document: Document | None, finding: Finding) -> str:
    """The line on which a finding starts, its whitespace normalised; the layer's path in a model file."""
    if document is None or finding.span is None:
        return finding.layer or ""
    return " ".join(document.by_cell[finding.span.cell].lines[finding.span.line - 1].split())


def relative(path: str, root: str) -> str:
    """The path below the root, with `/`, wherever bnlint runs; the path itself elsewhere, and where it stands for the standard input."""
    if path.startswith("<"):
        return path
    absolute = os.path.abspath(path)
    below = root.rstrip(os.sep) + os.sep
    return (absolute.removeprefix(below) if absolute.startswith(below) else path).replace(os.sep, "/")
