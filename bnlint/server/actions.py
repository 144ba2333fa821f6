"""Code actions: fix a finding, ignore it, fix all that is safe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types

from bnlint import editing
from bnlint.findings import Finding, Safety
from bnlint.records import dataclass
from bnlint.report import applies, changes, printable
from bnlint.server import diagnostics

if TYPE_CHECKING:
    from bnlint.result import Change
    from bnlint.server.linting import Linted

FIX_ALL: Final = "source.fixAll.bnlint"
KINDS: Final = (types.CodeActionKind.QuickFix.value, FIX_ALL, f"notebook.{FIX_ALL}")
"""The kinds of actions on offer. (An editor asks for the last one when it saves a notebook.)"""


class Outdated(Exception):
    """An action for a text that has changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an action does, to be worked out when it is chosen: to `fix` or to `ignore` a finding, or to fix `all`."""

    uri: str
    version: int
    kind: str
    fingerprint: str = ""

    @classmethod
    def of(cls, data: Any) -> Wanted:
        """What came back from the client. Raises ValueError."""
        keys = {"uri": str, "version": int, "kind": str, "fingerprint": str}
        if not isinstance(data, dict) or not all(type(data.get(key)) is kind for key, kind in keys.items()):
            raise ValueError("no action of bnlint")
        return cls(*(data[key] for key in keys))

    def as_data(self) -> dict[str, object]:
        return {"uri": self.uri, "version": self.version, "kind": self.kind, "fingerprint": self.fingerprint}


def offer(
    linted: Linted, params: types.CodeActionParams, accepts: types.PublishDiagnosticsClientCapabilities
) -> Iterator[types.CodeAction]:
    """The actions at a place, without their edits."""
    only = params.context.only
    if _asked(KINDS[0], only):
        for finding in linted.offered.findings:
            where = diagnostics.range_of(linted, finding)
            if diagnostics.uri_of(linted, finding) == params.text_document.uri and _touch(where, params.range):
                yield from _quick(linted, finding, [diagnostics.diagnostic(linted, finding, accepts)])
    if any(applies(finding, False) for finding in linted.offered.findings):
        for kind in KINDS[1:]:
            if _asked(kind, only) and (only or kind == FIX_ALL):
                yield types.CodeAction("bnlint: apply all safe fixes", kind, data=_wanted(linted, "all"))


def _quick(linted: Linted, finding: Finding, shown: list[types.Diagnostic]) -> Iterator[types.CodeAction]:
    if finding.fix is not None:
        title = f"{finding.code}: {printable(finding.help) or 'fix it'}{_warning(finding)}"
        safe = finding.fix.safety is Safety.SAFE
        yield types.CodeAction(title, KINDS[0], shown, safe or None, data=_wanted(linted, "fix", finding))
    if editing.can_be_ignored(linted.offered, finding):
        title = f"Ignore {finding.code} on this line"
        yield types.CodeAction(title, KINDS[0], shown, data=_wanted(linted, "ignore", finding))


def _warning(finding: Finding) -> str:
    """What the title says of a fix that is not safe."""
    if finding.fix is None or finding.fix.safety is Safety.SAFE:
        return ""
    return f" (unsafe): changes {changes(finding.code)}" if finding.fix.safety is Safety.UNSAFE else " (a suggestion)"


def _wanted(linted: Linted, kind: str, finding: Finding | None = None) -> dict[str, object]:
    document = linted.document
    return Wanted(document.uri, document.version, kind, finding.fingerprint if finding is not None else "").as_data()


def carry_out(linted: Linted, wanted: Wanted) -> Change | None:
    """The change that an action makes. Raises Outdated, editing.Refused."""
    if wanted.version != linted.document.version:
        raise Outdated("the text has changed since this was offered")
    if wanted.kind == "all":
        return linted.mended()
    finding = linted.finding(wanted.fingerprint)
    if finding is None:
        raise Outdated("this is not found any more")
    return editing.fix(linted.offered, finding) if wanted.kind == "fix" else editing.ignore(linted.offered, finding)


def _asked(kind: str, only: Sequence[str] | None) -> bool:
    """Whether a kind is among those that were asked for, or a kind of one of them."""
    if only is None:
        return True
    wanted = (str(getattr(each, "value", each)) for each in only)
    return any(each in ("", kind) or kind.startswith(f"{each}.") for each in wanted)


def _touch(one: types.Range, other: types.Range) -> bool:
    return one.start <= other.end and other.start <= one.end
