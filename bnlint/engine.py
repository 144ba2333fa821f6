"""One file becomes findings: read, front end, checks, severities, ignores."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bnlint import catalogue, settings
from bnlint.catalogue import Rule
from bnlint.settings import Settings

if TYPE_CHECKING:
    from bnlint.findings import Finding, Hit, Severity, TextEdit
    from bnlint.graph.model import Module, Project, Span
    from bnlint.source import Analysis
    from bnlint.text import Document, Unreadable

UNREADABLE, UNUSED = "BN001", "BN002"
TOO_DEEP = "is nested too deeply to be analysed; simplify or exclude it"


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a file is held to: settings, the rules that are on, the words of which one must occur.

    `explicit` are the codes that were selected in full, `root` is the folder to which paths in fingerprints are relative.
    """

    settings: Settings
    rules: tuple[Rule, ...]
    explicit: frozenset[str]
    fixable: frozenset[str]
    words: tuple[bytes, ...]
    root: str


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """What came of one file.

    `document` is there where something was read; `comments` holds what mends an unused ignore, by the fingerprint of its finding;
    `skipped` says why the file was not looked at; `failures` are our own bugs, a line each.
    """

    path: str
    plan: Plan
    findings: tuple[Finding, ...] = ()
    document: Document | None = None
    comments: Mapping[str, TextEdit] = field(default_factory=dict)
    dismissed: bool = False
    skipped: str = ""
    failures: tuple[str, ...] = ()


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
    )


def check(path: str, data: bytes, held_to: Plan, named: bool = True) -> Checked:
    """The findings of one file. One that was met by a walk (not `named`) and holds no word of a rule is dismissed unparsed."""
    relevant = any(word in data for word in held_to.words)
    if not relevant and not named:
        return Checked(path, held_to, dismissed=True)
    from bnlint import text

    document = None
    try:
        document = text.load(path, data)
        if not relevant:
            if document.kind == "python":
                document.chunks[0].parse()
            return Checked(path, held_to, document=document)
        from bnlint import source

        return _examine(path, document, source.analyse(document), held_to)
    except text.Unreadable as problem:
        return unreadable(path, problem, held_to, document)
    except RecursionError:
        return unreadable(path, text.Unreadable(TOO_DEEP), held_to)
    except Exception as error:  # our own bug: said with the file's name, and the other files go on
        return Checked(path, held_to, failures=(failure("reading", path, error),))


def unreadable(path: str, problem: Unreadable, held_to: Plan, document: Document | None = None) -> Checked:
    """BN001. It is found whatever is selected, for a clean run means that every file was analysed; ignored only by its full code."""
    from bnlint.findings import Hit
    from bnlint.graph.model import KerasTarget, Origin, Project, Span
    from bnlint.judge import judge

    rule = catalogue.rules()[UNREADABLE]
    line, column = problem.line or 1, problem.column or 1
    hit = Hit("default", Origin(Span(path, line, column, line, column, problem.cell)), values={"reason": problem.message})
    ignored = any(UNREADABLE in layer.ignore for layer in held_to.settings.selections)
    if ignored or rule.code in settings.ignored(held_to.settings, path, (rule,)):
        return Checked(path, held_to, skipped="unreadable, and BN001 is ignored")
    found = judge(Project(KerasTarget(3)), rule, (hit,), path, held_to.settings.severity.get(rule.code))
    return Checked(path, held_to, _finish(found, document, held_to), document)


def failure(doing: str, path: str, error: BaseException) -> str:
    """One line about a bug of ours: what it was doing to which file, and where it happened."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{os.path.basename(trace.tb_frame.f_code.co_filename)}:{trace.tb_lineno}" if trace is not None else "?"
    words = " ".join(str(error).split())
    return f"internal error: {doing} {path}: {type(error).__name__}: {words} ({place}); please report it"


def _examine(path: str, document: Document, analysis: Analysis, held_to: Plan) -> Checked:
    """Run the checks whose words occur, and take out what is ignored."""
    from bnlint import suppress
    from bnlint.graph.model import Project
    from bnlint.judge import judge

    options, severities = held_to.settings.options, held_to.settings.severity
    project = Project(_target(document, analysis.module, held_to), (analysis.module,), analysis.models)
    ignored = settings.ignored(held_to.settings, path, held_to.rules)
    ran = [rule for rule in held_to.rules if rule.code not in ignored]
    found: list[Finding] = []
    failures = []
    for rule in ran:
        run = catalogue.check(rule.code)
        if run is None or not any(word.encode() in document.data for word in rule.words):
            continue
        try:
            hits = [hit for hit in run(project, **options.get(rule.code, {})) if _is_here(hit, path)]
            found += judge(project, rule, hits, path, severities.get(rule.code), rule.code in held_to.explicit)
        except Exception as error:
            failures.append(failure(f"{rule.code} ({rule.name}) on", path, error))
    suppressions = suppress.scan(document.chunks)
    found = [each for each in found if each.span is None or not suppressions.covers(each.span, each.code, each.name)]
    unused = suppressions.unused({rule.code for rule in ran}, catalogue.rules().values()) if _is_on(UNUSED, ran) else ()
    removals = {each.span: each.edit for each in unused}
    found += _unused(document, removals, project, severities.get(UNUSED))
    finished = _finish(found, document, held_to)
    comments = {each.fingerprint: removals[each.span] for each in finished if each.code == UNUSED and each.span is not None}
    return Checked(path, held_to, finished, document, comments, failures=tuple(failures))


def _is_on(code: str, rules: list[Rule]) -> bool:
    return any(rule.code == code for rule in rules)


def _unused(document: Document, places: Iterable[Span], project: Project, severity: Severity | None) -> list[Finding]:
    """BN002."""
    from bnlint.findings import Fix, Hit, Safety
    from bnlint.graph.model import Origin
    from bnlint.judge import judge

    hits = [Hit("default", Origin(span), values={"text": document.by_cell[span.cell].slice(span)}) for span in places]
    found = judge(project, catalogue.rules()[UNUSED], hits, document.path, severity)
    return [replace(finding, fix=Fix(Safety.SAFE)) for finding in found]


def _is_here(hit: Hit, path: str) -> bool:
    """Findings come only from the file under lint, not from what it imports."""
    return hit.origin.span is None or hit.origin.span.path == path


def _target(document: Document, module: Module, held_to: Plan) -> Any:
    imports = [bound.dotted for bound in module.imports]
    legacy = b"TF_USE_LEGACY_KERAS" in document.data
    return settings.target(held_to.settings.target_keras, imports, legacy, held_to.root)


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
    from bnlint.text import NOTEBOOK_SIZE_LIMIT

    with open(path, "rb") as file:
        return file.read(NOTEBOOK_SIZE_LIMIT + 1)


def _finish(found: list[Finding], document: Document | None, held_to: Plan) -> tuple[Finding, ...]:
    """The findings in order, with fingerprints: what is found, in which file, on what line of code, the how many-th like it."""
    if not found:
        return ()
    from hashlib import sha256

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
    return (finding.path, *((span.cell or 0, span.line, span.column) if span else (0, 0, 0)), finding.code, finding.message)


def _code(document: Document | None, finding: Finding) -> str:
    """The line on which a finding starts, its whitespace normalised; the layer's path in a model file."""
    if document is None or finding.span is None:
        return finding.layer or ""
    return " ".join(document.by_cell[finding.span.cell].lines[finding.span.line - 1].split())


def relative(path: str, root: str) -> str:
    """The path below the root, with `/`; the path itself elsewhere."""
    if not os.path.isabs(path):
        return path.replace(os.sep, "/")
    inside = os.path.relpath(path, root)
    return (path if inside.startswith(os.pardir) else inside).replace(os.sep, "/")
