"""Changes of a file as edits of its texts: as few lines as need be, and only of the version that they were made for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from bnlint.result import Change
    from bnlint.server.linting import Linted
    from bnlint.server.positions import Lines


def as_edit(linted: Linted, change: Change | None, versioned: bool) -> types.WorkspaceEdit:
    """What turns the texts into what they are after the change. `versioned`: the client can tell whether they are those still."""
    found: dict[str, list[types.TextEdit]] = {}
    for _, cell, before, after in change.texts() if change is not None else ():
        if before != after:
            found[linted.document.part(cell).uri] = list(_edits(linted.lines(cell), before, after))
    if not versioned:
        return types.WorkspaceEdit(changes=found)
    versions = {text.uri: text.version for text in linted.document.texts}
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri, versions[uri]), [*edits])
            for uri, edits in found.items()
        ]
    )


def _edits(lines: Lines, before: str, after: str) -> Iterator[types.TextEdit]:
    """The edits between two texts, which leave lines alone that stay."""
    old, new = _split(before), _split(after)
    starts = _starts(old)
    for tag, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield _trimmed(lines, before, starts[first], starts[last], "".join(new[start:end]))


def _trimmed(lines: Lines, before: str, start: int, end: int, text: str) -> types.TextEdit:
    """The edit without what old and new text have in common at both ends."""
    old = before[start:end]
    head = _common(old, text)
    tail = _common(old[head:][::-1], text[head:][::-1])
    return types.TextEdit(types.Range(lines.at(start + head), lines.at(end - tail)), text[head : len(text) - tail])


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with in common; no line end of two characters is parted."""
    count = next((index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    while count and one[count - 1] in "\r\n" and {one[count : count + 1], other[count : count + 1]} & {"\r", "\n"}:
        count -= 1
    return count


def _split(text: str) -> list[str]:
    """The lines with their ends."""
    return text.replace("\r\n", "\r\n\0").replace("\n", "\n\0").replace("\n\0\0", "\n\0").split("\0")


def _starts(lines: Sequence[str]) -> list[int]:
    """Where each line starts, and where the last one ends."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts
