"""What the editor holds: texts and notebooks as they are being edited, and snapshots of them to lint."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from lsprotocol import types
from pygls import uris

from bnlint.records import dataclass, replace
from bnlint.server.positions import Lines

LANGUAGE: Final = "python"


@dataclass(frozen=True, slots=True)
class Text:
    """One text document: a file, or a cell of a notebook."""

    uri: str
    version: int
    language: str
    content: str


@dataclass(frozen=True, slots=True)
class Notebook:
    """A notebook: its cells in order, each with the URI of its text."""

    uri: str
    version: int
    metadata: object
    cells: tuple[types.NotebookCell, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What is linted as one, as it is at one moment: a file, or a notebook with its `cells` of code (others are empty)."""

    uri: str
    version: int
    path: str
    texts: tuple[Text, ...]
    notebook: Notebook | None = None

    def data(self) -> bytes:
        """The bytes of the file as it would be saved."""
        from bnlint.text import encoded

        if self.notebook is None:
            return encoded(self.texts[0].content)
        cells = [
            {"cell_type": "code" if text.language == LANGUAGE else "markdown", "source": text.content if text.language == LANGUAGE else ""}
            for text in self.texts
        ]
        return json.dumps({"cells": cells}, ensure_ascii=False).encode("utf-8", "surrogatepass")

    def part(self, cell: int | None) -> Text:
        """The text that a place is in: the cell of this number, else the first."""
        return self.texts[(cell or 1) - 1]

    def cell(self, uri: str) -> int | None:
        """The number of the cell with this URI; None in a file."""
        if self.notebook is None:
            return None
        return next((number for number, text in enumerate(self.texts, 1) if text.uri == uri), None)


class Documents:
    """All that is open. Columns are counted in `encoding`; what has no file lies in `folder`."""

    def __init__(self, encoding: str = "utf-16", folder: str = "") -> None:
        self.encoding, self.folder = encoding, folder
        self._texts: dict[str, Text] = {}
        self._notebooks: dict[str, Notebook] = {}
        self._owners: dict[str, str] = {}

    def find(self, uri: str) -> Document | None:
        """What is linted with a file, a cell or a notebook; None for what is not open, and for what is not Python."""
        notebook = self._notebooks.get(self._owners.get(uri, uri))
        if notebook is not None:
            texts = tuple(self._texts.get(cell.document) or Text(cell.document, 0, "", "") for cell in notebook.cells)
            if not texts:
                return None
            return Document(notebook.uri, notebook.version, self._path(notebook.uri, ".ipynb"), texts, notebook)
        text = self._texts.get(uri)
        if text is None or text.language != LANGUAGE:
            return None
        return Document(uri, text.version, self._path(uri, ".py"), (text,))

    def opened(self) -> Iterator[str]:
        """The URIs of all files and notebooks."""
        yield from self._notebooks
        yield from (uri for uri in self._texts if uri not in self._owners)

    def _path(self, uri: str, suffix: str) -> str:
        """The path that a document has, or would be saved to."""
        path = uris.to_fs_path(uri)
        if path is None:
            name = os.path.basename(uris.urlparse(uri)[2].replace(os.sep, "/").rstrip("/")) or "untitled"
            path = os.path.join(self.folder or os.getcwd(), name)
        is_notebook = path.lower().endswith(".ipynb")
        return path if is_notebook is (suffix == ".ipynb") else path + suffix  # a cell alone bears the name of its notebook

    # Files

    def open(self, item: types.TextDocumentItem) -> None:
        self._texts[item.uri] = Text(item.uri, item.version, item.language_id, item.text)

    def change(self, identifier: types.VersionedTextDocumentIdentifier, changes: Iterable[types.TextDocumentContentChangeEvent]) -> None:
        text = self._texts.get(identifier.uri)
        if text is None:
            raise ValueError(f"a change of what is not open: {identifier.uri}")
        content = text.content
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                lines = Lines(content, self.encoding)
                start, end = lines.offset(change.range.start), lines.offset(change.range.end)
                content = content[:start] + change.text + content[max(start, end) :]
            else:
                content = change.text
        self._texts[identifier.uri] = replace(text, version=identifier.version, content=content)

    def close(self, uri: str) -> None:
        self._texts.pop(uri, None)
        self._owners.pop(uri, None)

    # Notebooks

    def open_notebook(self, notebook: types.NotebookDocument, texts: Iterable[types.TextDocumentItem]) -> None:
        self._notebooks[notebook.uri] = Notebook(notebook.uri, notebook.version, notebook.metadata, tuple(notebook.cells))
        self._own(notebook.uri, texts)

    def change_notebook(self, params: types.DidChangeNotebookDocumentParams) -> list[str]:
        """Change a notebook. The URIs of the cells that are gone."""
        uri, change = params.notebook_document.uri, params.change
        notebook = self._notebooks.get(uri)
        if notebook is None:
            raise ValueError(f"a change of what is not open: {uri}")
        cells: Sequence[types.NotebookCell] = notebook.cells
        gone: list[str] = []
        if change.cells is not None:
            renewed = {cell.document: cell for cell in change.cells.data or ()}
            cells = [renewed.get(cell.document, cell) for cell in cells]
            structure = change.cells.structure
            if structure is not None:
                array = structure.array
                cells = [*cells[: array.start], *(array.cells or ()), *cells[array.start + array.delete_count :]]
                self._own(uri, structure.did_open or ())
                gone = [closed.uri for closed in structure.did_close or ()]
                for closed in gone:
                    self.close(closed)
            for edited in change.cells.text_content or ():
                self.change(edited.document, edited.changes)
        self._notebooks[uri] = replace(notebook, version=params.notebook_document.version, cells=tuple(cells))
        return gone

    def close_notebook(self, uri: str) -> list[str]:
        """Close a notebook with its cells. The URIs of these."""
        self._notebooks.pop(uri, None)
        cells = [cell for cell, owner in self._owners.items() if owner == uri]
        for cell in cells:
            self.close(cell)
        return cells

    def _own(self, uri: str, texts: Iterable[types.TextDocumentItem]) -> None:
        for item in texts:
            self.open(item)
            self._owners[item.uri] = uri
