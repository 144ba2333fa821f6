"""What bnlint promises of any program that parses: asked of one."""

from __future__ import annotations

import ast
import io
import os
import tempfile
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bnlint import api, catalogue, source
from bnlint.findings import Fix
from bnlint.fixer import Refused, apply
from bnlint.graph.verify import verify
from bnlint.result import Result
from bnlint.text import Document, load

SETTINGS: tuple[Mapping[str, Any], ...] = (
    {},
    {"target_keras": "2"},
    {"placement": "after"},
    {"placement": "before", "select": ["ALL"], "preview": True},
    {"placement": "consistent", "target_keras": "3"},
    {"placement": "after", "select": ["ALL"], "target_keras": "2", "min_batch": 64},
)


NOWHERE = os.path.join(tempfile.gettempdir(), "bnlint-nowhere", "")
"""A folder that is not there: what a program imports must not be found around it."""


def run(data: bytes, mend: api.Mend = "none", path: str = "program.py", **settings: Any) -> Result:
    """Lint or fix one file. Nothing goes wrong, and it is read whole."""
    result = api.lint_data(data, NOWHERE + path, api.Plans(isolated=True, overrides=settings), mend)
    assert result.failures == ()
    assert (result.analysed, result.skipped) == (1, {})
    assert "BN001" not in codes(result)
    return result


def codes(result: Result) -> Counter[str]:
    """How often each rule is found."""
    return Counter(finding.code for finding in result.findings)


def hold(data: bytes, path: str = "program.py", **settings: Any) -> tuple[Result, bytes]:
    """What is found in a program, and what fixing makes of it: it parses, no comment is lost, and fixing it again changes nothing."""
    found = run(data, path=path, **settings)
    for graph in source.analyse([load(path, data)]).models:
        verify(graph)
    with checked_whole(), watched() as replaced:
        fixed = run(data, "unsafe", path, **settings)
    after = _after(fixed, data)
    if after != data:
        again = run(after, "unsafe", path, **settings)
        assert not again.changes, [each.code for each in again.fixed]
        for old, new in zip(load(path, data).chunks, load(path, after).chunks, strict=True):
            if old.text != new.text:
                _keeps_comments(old.text, new.text, "".join(replaced))
    return found, after


def fix(data: bytes, path: str = "program.py", **settings: Any) -> bytes:
    """What fixing makes of a file."""
    return _after(run(data, "unsafe", path, **settings), data)


def _after(fixed: Result, data: bytes) -> bytes:
    return fixed.changes[0].after if fixed.changes else data


def sought(found: Counter[str], data: bytes) -> Counter[str]:
    """The findings of those rules one of whose words stands in a file."""
    known = catalogue.rules()
    return Counter({code: count for code, count in found.items() if any(word.encode() in data for word in known[code].words)})


# Looking on


@contextmanager
def checked_whole() -> Iterator[None]:
    """Where a look at the calls that were changed shows that a fix did what was planned, the trees of the whole file must say so, too."""

    def shown(before: Document, after: Document, changes: Any, fixes: Iterable[Fix]) -> bool:
        found = looked(before, after, changes, fixes)
        if found:
            try:
                apply.check(before, after, fixes)
            except Refused as refused:
                raise AssertionError(f"{refused.reason}, though its calls are right") from None
        return found

    looked = apply._shown
    apply._shown = shown
    try:
        yield
    finally:
        apply._shown = looked


@contextmanager
def watched() -> Iterator[list[str]]:
    """The texts that edits replace."""

    def splice(document: Document, changes: Any) -> bytes:
        changes = tuple(changes)
        replaced.extend(document.by_cell[change.span.cell].slice(change.span) for change in changes)
        return spliced(document, changes)

    spliced, replaced = apply.splice, list[str]()
    apply.splice = splice
    try:
        yield replaced
    finally:
        apply.splice = spliced


def _keeps_comments(old: str, new: str, replaced: str) -> None:
    """Those between statements stay, and of those in statements what no edit replaces. Those to bnlint itself may be mended."""
    before = [(comment, inside) for comment, inside in comments(old) if "bnlint:" not in comment]
    now = Counter(comment for comment, _ in comments(new))
    assert not Counter(comment for comment, inside in before if not inside) - now
    lost = Counter(comment for comment, _ in before) - now
    assert not [comment for comment in lost if comment not in replaced]


def comments(text: str) -> Iterator[tuple[str, bool]]:
    """The comments of a program, and whether each stands in a statement, or behind one."""
    inside = False
    ast.parse(text)
    for token in tokenize.generate_tokens(io.StringIO(text, newline=None).readline):
        if token.type == tokenize.COMMENT:
            yield token.string, inside
        elif token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
            inside = token.type != tokenize.NEWLINE
