"""Text edits become bytes; the bytes are checked against what was planned, and written whole or not at all."""

from __future__ import annotations

import ast
import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable
from itertools import pairwise
from typing import AnyStr

from bnlint.findings import Fix, TextEdit
from bnlint.fixer import Refused, edits, locate, notebook
from bnlint.graph.model import Span
from bnlint.text import Chunk, Document, Unreadable, load


def apply(document: Document, changes: Iterable[TextEdit], fixes: Iterable[Fix]) -> bytes:
    """The bytes of the changed file, checked. Raises Refused."""
    data = splice(document, changes)
    try:
        changed = load(document.path, data)
    except Unreadable as error:
        raise Refused(f"the result could not be read: it {error.message}") from None
    check(document, changed, fixes)
    return data


# Splicing


def splice(document: Document, changes: Iterable[TextEdit]) -> bytes:
    """The bytes of the document with the edits made; all others are as they were. Edits that overlap are refused."""
    cells: dict[int | None, list[tuple[int, int, str]]] = {}
    for change in dict.fromkeys(changes):
        chunk = document.by_cell[change.span.cell]
        start, end = _offsets(chunk, change.span)
        newline = "\r\n" if document.kind == "notebook" and "\r\n" in chunk.original else document.newline
        cells.setdefault(chunk.cell, []).append((start, end, change.text.replace("\n", newline)))
    ordered = {cell: _ordered(found) for cell, found in cells.items()}
    if document.kind == "python":
        original = document.chunks[0].original
        try:
            if document.encode(original) != document.data:
                raise Refused(f"in its encoding, {document.encoding}, some characters can be written in two ways")
            return document.encode(_replace(original, ordered.get(None, [])))
        except UnicodeEncodeError:
            raise Refused(f"the encoding of the file, {document.encoding}, lacks a character of the new text") from None
    strings = {chunk.cell: found for chunk, found in zip(document.chunks, document.sources, strict=True)}
    parts = [part for cell, found in ordered.items() for part in notebook.splice(document.data, strings[cell], found)]
    return _replace(document.data, sorted(parts, key=lambda part: part[:2]))


def _offsets(chunk: Chunk, span: Span) -> tuple[int, int]:
    return chunk.offset(span.line, span.column), chunk.offset(span.end_line, span.end_column)


def _ordered(found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """By position; insertions at one point in the order given."""
    found = sorted(found, key=lambda edit: edit[:2])
    for (_, end, _), (start, _, _) in pairwise(found):
        if start < end:
            raise Refused("two of its changes concern the same code")
    return found


def _replace(text: AnyStr, found: Iterable[tuple[int, int, AnyStr]]) -> AnyStr:
    pieces, position = [], 0
    for start, end, new in found:
        pieces += [text[position:start], new]
        position = end
    pieces.append(text[position:])
    return text[:0].join(pieces)


# Checking


def check(before: Document, after: Document, fixes: Iterable[Fix]) -> None:
    """Refuse unless the new text parses to exactly the tree that the fixes, made on the old tree, give."""
    source = locate.read(before)
    planned = edits.plan(source, fixes)
    try:
        for step in planned.steps:
            step()
        changed = locate.read(after)
        same = _same(source, changed) and _unparsed(source) == _unparsed(changed)
    except Refused as refused:
        raise Refused(f"the result would be wrong: {refused.reason}") from None
    except RecursionError:
        raise Refused("the code is nested too deeply") from None
    if not same:
        raise Refused("the result would differ from what was planned")


def _same(one: locate.Source, other: locate.Source) -> bool:
    return one.parts.keys() == other.parts.keys() and all(
        ast.dump(part.tree) == ast.dump(other.parts[cell].tree) for cell, part in one.parts.items()
    )


def _unparsed(source: locate.Source) -> dict[int | None, str]:
    """The cells that do not parse: their text must stay."""
    return {chunk.cell: chunk.original for chunk in source.document.chunks if chunk.cell not in source.parts}


# Writing


def write(path: str, old: bytes, new: bytes, root: str | None = None) -> None:
    """Replace the content of a file, whole or not at all; mode and owner stay. Raises Refused.

    A symbolic link is followed to its target inside `root`.
    """
    temporary = ""
    try:
        target = _target(path, root)
        state = os.stat(target)
        if not stat.S_ISREG(state.st_mode):
            raise Refused("it is not a regular file")
        if state.st_nlink > 1:
            raise Refused("it is a hard link: another name of it would keep the old content")
        if not os.access(target, os.W_OK) or not state.st_mode & 0o222:
            raise Refused("it is read-only")
        folder = os.path.dirname(target)
        descriptor, temporary = tempfile.mkstemp(prefix=".bnlint-", suffix=".tmp", dir=folder)
        with open(descriptor, "wb") as file:
            file.write(new)
            file.flush()
            _keep_mode(file.fileno(), state)
            os.fsync(file.fileno())
        with open(target, "rb") as file:
            if file.read() != old:
                raise Refused("it was changed by someone else meanwhile")
        os.replace(temporary, target)
        temporary = ""
        _sync_folder(folder)
    except OSError as error:
        raise Refused(f"it could not be written: {error.strerror or error}") from None
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _target(path: str, root: str | None) -> str:
    target = os.path.realpath(path)
    if root is None:
        if os.path.islink(path):
            raise Refused("it is a symbolic link")
    elif (os.path.islink(path) or _inside(os.path.abspath(path), os.path.abspath(root))) and not _inside(target, os.path.realpath(root)):
        raise Refused("a symbolic link leads to it from the project, and it lies outside")
    return target


def _inside(path: str, folder: str) -> bool:
    try:
        return os.path.commonpath((path, folder)) == folder
    except ValueError:  # another drive
        return False


def _keep_mode(descriptor: int, state: os.stat_result) -> None:
    if hasattr(os, "fchown"):
        with contextlib.suppress(OSError):  # only root may give files away
            os.fchown(descriptor, state.st_uid, state.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(state.st_mode))


def _sync_folder(folder: str) -> None:
    """Make the new name last; the file is whole already, so that a system that cannot do this is no failure."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
