"""Comma-separated lists, taken apart by the positions of their syntax nodes so that no blank and no comment is lost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bnlint.fixer import Refused
from bnlint.records import dataclass, replace


@dataclass(frozen=True, slots=True)
class Row:
    """What stands between two brackets. `gaps` are the whitespace and comments before each item, and those before the closing bracket."""

    items: tuple[str, ...]
    gaps: tuple[str, ...]
    trailing: bool = False
    """Whether a comma follows the last item."""

    def __str__(self) -> str:
        ends = [","] * (len(self.items) - 1) + ["," if self.trailing else ""] * bool(self.items)
        return "".join(gap + item + end for gap, item, end in zip(self.gaps, self.items, ends, strict=False)) + self.gaps[-1]


# Changes


def insert(row: Row, index: int, item: str) -> Row:
    """Put an item before the one at `index`, on a line of its own where the others are."""
    gap, count = row.gaps[index], len(row.items)
    if not count:
        pair = (gap, "") if "\n" in gap else ("", gap)
    elif index == 0:
        pair = (gap, _bare(row.gaps[1] if count > 1 else gap if "\n" in gap else " "))
    elif index < count:
        pair = _split(gap, _bare(gap))
    else:
        sample = row.gaps[count - 1] if count > 1 else row.gaps[0] if "\n" in row.gaps[0] else " "
        pair = _split(gap, _bare(sample)) if "\n" in sample else (sample, gap)
    items = (*row.items[:index], item, *row.items[index:])
    return replace(row, items=items, gaps=(*row.gaps[:index], *pair, *row.gaps[index + 1 :]))


def remove(row: Row, index: int, *, comment: bool = True) -> Row:
    """Take an item out, with its line if it has one; the comment that trails it stays if `comment`."""
    before, after = row.gaps[index], row.gaps[index + 1]
    last = index == len(row.items) - 1
    if not comment and "\n" in after:
        after = after[after.index("\n") :]
    items = (*row.items[:index], *row.items[index + 1 :])
    return Row(items, (*row.gaps[:index], _merge(before, after, last), *row.gaps[index + 2 :]), row.trailing and bool(items))


def exchange(row: Row, index: int, item: str) -> Row:
    """Another item in the place of one."""
    return replace(row, items=(*row.items[:index], item, *row.items[index + 1 :]))


def _bare(gap: str) -> str:
    """A gap without its comments and blank lines."""
    return "\n" + gap[gap.rindex("\n") + 1 :] if "\n" in gap else gap


def _split(gap: str, sample: str) -> tuple[str, str]:
    """A gap that gets an item into its midst: a comment at the end of the line stays behind, what follows goes on."""
    if "\n" not in gap:
        return (sample, gap)
    first, _, rest = gap.partition("\n")
    return (first + sample, "\n" + rest)


def _merge(before: str, after: str, last: bool) -> str:
    if "\n" in before and "\n" in after:
        head, indent = before[: before.rindex("\n")], before[before.rindex("\n") :]
        tail = after[after.rindex("\n") :]
        kept = after[: after.rindex("\n")]
        first, end, rest = kept.partition("\n")
        kept = indent + kept.lstrip(" \t") if "#" in first else end + rest  # the comment of what goes gets a line of its own
        return head + kept + (tail if last else indent)
    if "\n" in before:
        return after if last and "#" not in before else before
    return after if "\n" in after or last else before


# From source

_BLANK: Final = re.compile(r"(?:[ \t\f\n]|\\\n|#[^\n]*)*")
_MARK: Final = re.compile(rf"/|\*(?={_BLANK.pattern},)")
"""What stands among parameters and is none: only its place counts."""


def blank(text: str, position: int) -> int:
    """Where the next thing stands that is neither blank nor comment."""
    found = _BLANK.match(text, position)
    assert found is not None, "it matches nothing, too"
    return found.end()


def opened(text: str, position: int) -> int:
    """Where a list starts, behind the bracket that opens it; brackets around what stands before it are closed first."""
    position = blank(text, closed(text, position)[0])
    if text[position] != "(":
        raise unusual()
    return position + 1


def closed(text: str, position: int, end: int | None = None) -> tuple[int, int]:
    """Where a node ends, the brackets around it included, that ends at a position without them; and how many there are."""
    last, depth = position, 0
    while (position := blank(text, position)) < (len(text) if end is None else end) and text[position] == ")":
        last = position = position + 1
        depth += 1
    return last, depth


def split(text: str, start: int, end: int, nodes: Iterable[tuple[int, int]]) -> Row:
    """The list between two offsets, of which syntax nodes stand at some. Raises Refused."""
    items: list[str] = []
    gaps: list[str] = []
    position, comma = start, True

    def take(first: int, node_end: int, depth: int) -> None:
        nonlocal position, comma
        last, found = closed(text, node_end, end)
        following = blank(text, last)
        if not comma or depth != found:
            raise unusual()
        comma = following < end and text[following] == ","
        gaps.append(text[position:first])
        items.append(text[first : following if comma else last])
        position = following + 1 if comma else last

    def take_marks() -> None:
        while (found := _MARK.match(text, blank(text, position), end)) is not None:
            take(found.start(), found.end(), 0)

    for node_start, node_end in nodes:
        take_marks()
        first = at = blank(text, position)
        depth = 0
        while at < node_start and text[at] == "(":
            at, depth = blank(text, at + 1), depth + 1
        take(first, min(node_end, end), depth)  # the brackets of a generator may be those of the call
    take_marks()
    gaps.append(text[position:end])
    row = Row(tuple(items), tuple(gaps), comma and bool(items))
    if blank(text, position) < end or str(row) != text[start:end]:
        raise unusual()
    return row


def unusual() -> Refused:
    return Refused("its layout is one that cannot be kept")
