"""What came of a file: its findings in order, that it could not be read, that bnlint failed on it."""

from __future__ import annotations

import os

from bnlint import catalogue, settings
from bnlint.records import dataclass, field, replace
from bnlint.regular import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from bnlint.findings import Finding, TextEdit
    from bnlint.graph.coverage import Site
    from bnlint.graph.model import Artifact, Span
    from bnlint.plans import Plan
    from bnlint.text import Document, Unreadable

UNREADABLE = "BN001"


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


def unreadable_text(path: str, problem: Unreadable, held_to: Plan, document: Document | None = None) -> Checked:
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


def fails(checked: Checked) -> bool:
    """Whether a finding is as bad as its file's settings say that a run must not be."""
    limit = checked.plan.settings.fail_on
    if limit == "never" or not checked.findings:
        return False
    from bnlint.findings import Severity

    return any(finding.severity >= Severity[limit.upper()] for finding in checked.findings)


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
