"""What an editor offers for one finding: its fix, a comment that ignores it; and the rules that a comment names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bnlint import repair

if TYPE_CHECKING:
    from bnlint.catalogue import Rule
    from bnlint.checked import Checked
    from bnlint.findings import Finding
    from bnlint.result import Change


class Refused(Exception):
    """A change that is not made, and why."""


def offered(checked: Checked) -> Checked:
    """The file with only those fixes that can be made, which takes as long as finding some of them: for who asks."""
    return repair.offer(checked)


def fix(checked: Checked, finding: Finding) -> Change:
    """The file with this finding fixed, whatever the safety of the fix. Raises Refused."""
    from bnlint import fixer
    from bnlint.fixer import apply

    document = checked.document
    assert document is not None, "what has a fix was read"
    try:
        after = apply.apply(document, repair.edits(checked, finding), [finding.fix] if finding.fix is not None else [])
    except fixer.Refused as refused:
        raise Refused(refused.reason) from None
    return _change(checked, after)


def ignore(checked: Checked, finding: Finding) -> Change:
    """The file with a comment that ignores this finding. Raises Refused."""
    from bnlint import fixer, ignores

    document = checked.document
    assert document is not None, "what has a place was read"
    try:
        after = ignores.add(document, [finding])
    except fixer.Refused as refused:
        raise Refused(refused.reason) from None
    return _change(checked, after)


def can_be_ignored(checked: Checked, finding: Finding) -> bool:
    """Whether a comment can suppress it."""
    from bnlint import ignores

    return finding.span is not None and checked.document is not None and finding.code not in ignores.NEVER


def _change(checked: Checked, after: bytes) -> Change:
    from bnlint.result import Change

    assert checked.document is not None
    return Change(checked.path, checked.document.data, after)


def named_at(path: str, data: bytes, line: int, column: int, cell: int | None = None) -> Iterator[Rule]:
    """The rules that a comment which suppresses findings names, at a place in it: the one there, else all of them."""
    from bnlint import catalogue, suppress, text

    try:
        document = text.load(path, data)
    except text.Unreadable:
        return
    for pragma in suppress.scan(document.chunks).pragmas:
        span, inner = pragma.span, pragma.words_span
        if (span.cell, span.line) != (cell, line) or not span.column <= column <= span.end_column:
            continue
        words = pragma.words or ()
        if inner is not None and inner.column <= column < inner.end_column:
            listed = document.by_cell[cell].slice(inner)
            before, after = listed[: column - inner.column], listed[column - inner.column :]
            here = before.rpartition(",")[2] + after.partition(",")[0]
            words = tuple(word for word in words if word == here.strip()) or words
        wanted = {word.upper() for word in words}
        yield from (rule for rule in catalogue.rules().values() if wanted & {rule.code, rule.name.upper()})
