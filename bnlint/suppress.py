"""Comments that suppress findings: `# bnlint: ignore[…]`, `ignore-file`, `disable` … `enable`, and `# noqa`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Protocol

from bnlint.findings import TextEdit
from bnlint.graph.model import Span
from bnlint.records import dataclass

if TYPE_CHECKING:
    import re
    from tokenize import TokenInfo

    from bnlint.selection import KnownRule


class Source(Protocol):
    """A file or cell whose comments count (`text.Chunk`)."""

    @property
    def path(self) -> str: ...
    @property
    def cell(self) -> int | None: ...
    @property
    def text(self) -> str: ...


Lines = tuple[int, int]
"""First and last line."""


@dataclass(frozen=True, slots=True, eq=False)
class Pragma:
    """One such comment. `kind` is "ignore", "ignore-file", "disable", "enable" or "noqa"; `words` are codes and names as written,
    None for all rules. `chunk` counts the chunks from 0; `lines` are those that it covers by itself: its own, or for an `ignore` on a
    line of its own those of the next statement. `words_span` is what stands between the brackets, `removal` takes the pragma out,
    `reason` is what the comment says after it.
    """

    kind: str
    words: tuple[str, ...] | None
    chunk: int
    span: Span
    lines: Lines
    words_span: Span | None
    removal: TextEdit
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unused:
    """A pragma, or some of its codes, that suppresses nothing.

    `codes` are as written (none: it is for all rules), `unknown` those of them that name no rule.
    """

    span: Span
    codes: tuple[str, ...]
    unknown: tuple[str, ...]
    edit: TextEdit


class Suppressions:
    """The pragmas of a file. Remembers which of them were of use."""

    def __init__(
        self, pragmas: tuple[Pragma, ...] = (), cells: tuple[int | None, ...] = (), logical: tuple[tuple[Lines, ...], ...] = ()
    ) -> None:
        self.pragmas = pragmas
        self._chunks = {cell: index for index, cell in enumerate(cells)}
        self._logical = logical
        self._used: set[tuple[int, str]] = set()

    def covers(self, span: Span, code: str, name: str) -> bool:
        """Whether a finding is suppressed. Each pragma that does so counts as used."""
        chunk = self._chunks.get(span.cell)
        if chunk is None:
            return False
        naming = [(pragma, word) for pragma in self.pragmas if (word := _word(pragma, code, name)) is not None]
        covering = [(pragma, word) for pragma, word in naming if self._reaches(pragma, chunk, span)]
        disabled = None
        for pragma, word in naming:
            if (pragma.chunk, pragma.span.line) > (chunk, span.line):
                break
            if pragma.kind in ("disable", "enable"):
                disabled = (disabled or (pragma, word)) if pragma.kind == "disable" else None
        if disabled:
            covering.append(disabled)
        self._used.update((id(pragma), word) for pragma, word in covering)
        return bool(covering)

    def _reaches(self, pragma: Pragma, chunk: int, span: Span) -> bool:
        if pragma.kind == "ignore-file":
            return True
        if pragma.kind not in ("ignore", "noqa") or pragma.chunk != chunk:
            return False
        first, last = pragma.lines
        if first <= span.line <= last:
            return True
        end = self._end(chunk, span.line)
        at_end = first == pragma.span.line and first in (span.end_line, end)  # where the flagged code ends, or its statement
        return at_end and span.line < first <= end

    def _end(self, chunk: int, line: int) -> int:
        """The last line of the statement that a line belongs to."""
        statements = self._logical[chunk]
        index = bisect_right(statements, line, key=lambda lines: lines[0]) - 1
        return max(statements[index][1], line) if index >= 0 else line

    def unused(self, selected: Collection[str], rules: Iterable[KnownRule]) -> list[Unused]:
        """What suppressed nothing of the rules that ran; to be asked when all findings have been offered to `covers`.

        A pragma for all rules is only reported if all that are on by default ran.
        """
        rules = tuple(rules)
        known = {word: rule.code for rule in rules for word in (rule.code, rule.name)}
        everything = all(rule.code in selected for rule in rules if rule.default and not rule.preview)
        found = []
        for pragma in self.pragmas:
            if pragma.kind == "noqa" or (pragma.kind == "enable" and self._ends_something(pragma)):
                continue
            if pragma.words is None:
                if everything and (id(pragma), "") not in self._used:
                    found.append(Unused(pragma.span, (), (), pragma.removal))
                continue
            kept: list[str] = []
            unused: list[str] = []
            unknown: list[str] = []
            for word in pragma.words:
                code = known.get(word.upper()) or known.get(word.lower())
                if code is None:
                    unknown.append(word)
                (kept if code and ((id(pragma), word) in self._used or code not in selected) else unused).append(word)
            if unused or not kept:
                edit = TextEdit(pragma.words_span, ", ".join(kept)) if kept and pragma.words_span else pragma.removal
                found.append(Unused(pragma.span, tuple(unused), tuple(unknown), edit))
        return found

    def without_reason(self) -> list[Span]:
        """The pragmas of ours that suppress something and do not say why."""
        return [pragma.span for pragma in self.pragmas if pragma.kind in ("ignore", "ignore-file", "disable") and not pragma.reason]

    def _ends_something(self, enable: Pragma) -> bool:
        before = self.pragmas[: self.pragmas.index(enable)]
        return any(
            pragma.kind == "disable" and (enable.words is None or pragma.words is None or not set(enable.words).isdisjoint(pragma.words))
            for pragma in before
        )


def scan(chunks: Iterable[Source]) -> Suppressions:
    """The pragmas of a file: all its chunks, in order. Costs nothing where there are none."""
    chunks = tuple(chunks)
    if not any("bnlint:" in chunk.text or "noqa" in chunk.text.lower() for chunk in chunks):
        return Suppressions()
    pragmas: list[Pragma] = []
    logical = []
    for index, chunk in enumerate(chunks):
        tokens = tuple(tokens_of(chunk.text))
        statements = tuple(statements_of(tokens))
        logical.append(statements)
        pragmas.extend(_pragmas(index, chunk, tokens, statements))
    return Suppressions(tuple(pragmas), tuple(chunk.cell for chunk in chunks), tuple(logical))


def _word(pragma: Pragma, code: str, name: str) -> str | None:
    """The word by which a pragma names a rule, "" if it names all; None if it does not name it."""
    if pragma.words is None:
        return ""
    return next((word for word in pragma.words if word.upper() == code or word.lower() == name), None)


# Reading


def tokens_of(text: str) -> Iterator[TokenInfo]:
    """The tokens of a text, as far as it can be read."""
    import io
    import tokenize

    try:
        yield from tokenize.generate_tokens(io.StringIO(text).readline)
    except (tokenize.TokenError, SyntaxError):
        return


def statements_of(tokens: Iterable[TokenInfo]) -> Iterator[Lines]:
    """The lines of each simple statement, and of the header of each compound one; decorators belong to what they decorate."""
    from token import COMMENT, DEDENT, ENDMARKER, INDENT, NEWLINE, NL

    first, decorator, decorated = 0, False, 0
    for token in tokens:
        if token.type == NEWLINE:
            if decorator:
                decorated = decorated or first
            else:
                yield decorated or first, token.start[0]
                decorated = 0
            first = 0
        elif not first and token.type not in (COMMENT, NL, INDENT, DEDENT, ENDMARKER):
            first, decorator = token.start[0], token.string == "@"
    if first:
        yield decorated or first, token.start[0]


@cache
def _pattern() -> re.Pattern[str]:
    import re

    return re.compile(
        r"""
        \#\s*bnlint:\s*(?P<kind>ignore-file|ignore|disable|enable)(?![\w-])(?:\s*\[(?P<words>[^\]\#]*)\]|(?!\s*\[))
        | \#\s*(?P<noqa>(?i:noqa))(?![\w-])(?:\s*:(?P<codes>[\w\s,-]*))?
        """,
        re.VERBOSE,
    )


def _pragmas(index: int, chunk: Source, tokens: tuple[TokenInfo, ...], statements: tuple[Lines, ...]) -> Iterator[Pragma]:
    import re
    from token import COMMENT

    texts = chunk.text.split("\n")
    for position, token in enumerate(tokens):
        if token.type != COMMENT:
            continue
        row, start = token.start
        code = texts[row - 1][:start].rstrip()
        for found in _pattern().finditer(token.string):
            if found["noqa"] and not code:
                continue
            kind = "noqa" if found["noqa"] else found["kind"]
            words = found["codes"] if found["noqa"] else found["words"]
            yield Pragma(
                kind,
                None if words is None else tuple(re.findall(r"[^\s,]+", words)),
                index,
                _part(chunk, token, *found.span()),
                (row, row) if code or kind != "ignore" else _next_lines(row, tokens[position:], statements),
                None if found["words"] is None else _part(chunk, token, *found.span("words")),
                _removal(chunk, token, found, len(code), len(texts)),
                _reason(token.string[found.end() :]),
            )


def _reason(rest: str) -> str:
    """What a comment says after a pragma, but for what it says to tools."""
    import re

    words = re.split(r"#\s*(?:noqa|(?:bnlint|type|fmt|isort|mypy|pragma|pylint|pyright|ruff|yapf)\s*:|nosec)", rest, maxsplit=1)[0]
    return words.strip(" \t#:,;.–—-")


def _part(chunk: Source, token: TokenInfo, first: int, last: int) -> Span:
    """A part of a comment."""
    row, start = token.start
    return Span(chunk.path, row, start + first + 1, row, start + last + 1, chunk.cell)


def _removal(chunk: Source, token: TokenInfo, found: re.Match[str], code_end: int, rows: int) -> TextEdit:
    """The edit that takes a pragma and its reason out, and leaves what else the comment says."""
    import re

    row, start = token.start
    following = re.compile(r"(?<!\s)\s++(?=#(?!\d))").search(token.string, found.end())  # `see #12` is no other comment
    if found.start() == 0:
        if following:
            return TextEdit(_part(chunk, token, 0, following.end()), "")
        if code_end:
            return TextEdit(_part(chunk, token, code_end - start, len(token.string)), "")
        end = (row + 1, 1) if row < rows else (row, start + len(token.string) + 1)
        return TextEdit(Span(chunk.path, row, 1, *end, chunk.cell), "")
    kept = len(token.string[: found.start()].rstrip())
    if following:
        return TextEdit(_part(chunk, token, kept, following.end()), "  ")
    return TextEdit(_part(chunk, token, kept, len(token.string)), "")


def _next_lines(row: int, tokens: tuple[TokenInfo, ...], statements: tuple[Lines, ...]) -> Lines:
    """What a comment on a line of its own covers: the next statement, or inside of one the next line."""
    from token import COMMENT, DEDENT, ENDMARKER, INDENT, NEWLINE, NL

    nothing = (COMMENT, NL, NEWLINE, INDENT, DEDENT, ENDMARKER)
    following = next((token.start[0] for token in tokens if token.type not in nothing), 0)
    for first, last in statements:
        if first <= following <= last and row < first:
            return first, last
    return following, following
