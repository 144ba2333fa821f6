"""A run as a page shows it: graphs beside findings, the sources of both, the files' hashes, the settings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from bnlint import __version__
from bnlint.page import Page
from bnlint.regular import open_regular, read

if TYPE_CHECKING:
    from bnlint.findings import Finding
    from bnlint.graph.model import ModelGraph
    from bnlint.settings import Settings
    from bnlint.text import Document

STATED = ("target_keras", "placement", "min_batch", "severity", "options")
"""The settings that a page states, where they are given."""

PART = 1 << 20


def overview(models: Sequence[ModelGraph], findings: Sequence[Finding], held_to: Settings) -> Page:
    """The page of some models and findings."""
    paths = sorted({path for graph in models if (path := _file(graph))})
    hashes = {path: digest for path in paths if (digest := _hash(path))}
    return Page(models, findings, _Sources().lines, hashes, (("bnlint", __version__), *_stated(held_to)))


def _file(graph: ModelGraph) -> str:
    """The file that a graph was read from."""
    if graph.artifact is not None:
        return graph.artifact.path
    return graph.origin.span.path if graph.origin.span is not None else ""


def _hash(path: str) -> str:
    """The SHA-256 of a regular file; nothing of a folder, or of what is gone."""
    from hashlib import sha256

    if not os.path.isfile(path):
        return ""
    digest = sha256()
    try:
        with open_regular(path) as file:
            while part := file.read(PART):
                digest.update(part)
    except OSError:
        return ""
    return digest.hexdigest()


def _stated(held_to: Settings) -> list[tuple[str, str]]:
    """The settings that decide what is found."""
    found = [("settings", os.path.relpath(held_to.file))] if held_to.file is not None else []
    for layer in held_to.selections:
        found += [(key, ", ".join(words)) for key in ("select", "extend_select", "ignore") if (words := getattr(layer, key))]
    for name in STATED:
        given = getattr(held_to, name)
        if isinstance(given, str | int):
            found.append((name.replace("_", "-"), str(given)))
    return found


class _Sources:
    """Source files, read when their lines are asked for."""

    def __init__(self) -> None:
        self._documents: dict[str, Document | None] = {}

    def lines(self, path: str, cell: int | None) -> Sequence[str]:
        """The lines of a file, or of one cell of a notebook; none of what is not readable source."""
        if path not in self._documents:
            self._documents[path] = self._read(path)
        document = self._documents[path]
        chunk = document.by_cell.get(cell) if document is not None else None
        return chunk.written_lines if chunk is not None else ()

    def _read(self, path: str) -> Document | None:
        from bnlint import text

        try:
            return text.load(path, read(path))
        except (OSError, text.Unreadable):
            return None
