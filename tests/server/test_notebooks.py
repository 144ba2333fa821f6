"""Notebooks in an editor: the cells are linted together, and each finding stands on its cell."""

import json
from pathlib import Path

import pytest
from lsprotocol import types

from tests.server.editor import Editor, uri
from tests.server.test_files import codes, command_line, everything

CELLS = (
    ("markdown", "# A network\nx = layers.BatchNormalization(0.8)"),
    ("python", "import keras\nfrom keras import layers\n\ninputs = keras.Input((8,))"),
    ("sql", "SELECT BatchNormalization FROM layers"),
    ("python", "%matplotlib inline\ns, x = '🎉', layers.Dense(8)(inputs); x = layers.BatchNormalization(0.8)(x)\n"),
    ("python", "def broken(:"),
    ("python", "x = layers.BatchNormalization(0.8)(x)\noutputs = layers.Dense(1)(x)\nmodel = keras.Model(inputs, outputs)"),
)


class Notebook:
    """A notebook that is open in an editor."""

    def __init__(self, editor: Editor, path: Path, cells: tuple[tuple[str, str], ...]) -> None:
        self.editor, self.path, self.at, self.version = editor, path, uri(path), 1
        self.cells: list[str] = []
        texts = [self.add(language, text) for language, text in cells]
        document = types.NotebookDocument(self.at, "jupyter-notebook", 1, [self.cell(text) for text in texts])
        editor.client.notebook_document_did_open(types.DidOpenNotebookDocumentParams(document, texts))

    def cell(self, text: types.TextDocumentItem) -> types.NotebookCell:
        kind = types.NotebookCellKind.Markup if text.language_id == "markdown" else types.NotebookCellKind.Code
        return types.NotebookCell(kind, text.uri)

    def add(self, language: str, text: str) -> types.TextDocumentItem:
        at = f"vscode-notebook-cell:{self.path}#W{len(self.editor.texts)}"
        self.cells.append(at)
        self.editor.texts[at], self.editor.versions[at] = text, 1
        return types.TextDocumentItem(at, language, 1, text)

    def change(self, cells: types.NotebookDocumentCellChanges) -> None:
        self.version += 1
        identifier = types.VersionedNotebookDocumentIdentifier(self.version, self.at)
        params = types.DidChangeNotebookDocumentParams(identifier, types.NotebookDocumentChangeEvent(cells=cells))
        self.editor.client.notebook_document_did_change(params)

    def edit(self, number: int, change: types.TextDocumentContentChangeEvent, text: str) -> None:
        at = self.cells[number - 1]
        self.editor.texts[at] = text
        self.editor.versions[at] += 1
        identifier = types.VersionedTextDocumentIdentifier(self.editor.versions[at], at)
        self.change(types.NotebookDocumentCellChanges(text_content=[types.NotebookDocumentCellContentChanges(identifier, [change])]))

    def found(self, number: int, seen: int = 0) -> list[types.Diagnostic]:
        return self.editor.diagnostics(self.cells[number - 1], seen)

    def json(self) -> str:
        """The notebook as it would be saved."""
        kinds = {language: "code" for language, _ in CELLS if language == "python"}
        cells = [
            {"cell_type": kinds.get(language, "raw"), "source": self.editor.texts[at].splitlines(keepends=True)}
            for at, (language, _) in zip(self.cells, CELLS, strict=True)
        ]
        return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def notebook(editor: Editor, tmp_path: Path) -> Notebook:
    return Notebook(editor, tmp_path / "net.ipynb", CELLS)


def test_each_finding_stands_on_its_cell(editor: Editor, notebook: Notebook) -> None:
    found = {number: codes(notebook.found(number)) for number in range(1, 7)}
    assert [found[number] for number in (1, 2, 3)] == [[], [], []]
    assert "BN405" in found[4]
    assert "BN405" in found[6]
    (axis,) = [each for each in notebook.found(4) if each.code == "BN405"]
    assert editor.covered(notebook.cells[3], axis.range) == "layers.BatchNormalization(0.8)"
    (doubled,) = [each for each in notebook.found(6) if each.code == "BN104"]
    assert [each.location.uri for each in doubled.related_information or ()] == [notebook.cells[3]]


def test_a_cell_is_edited_added_and_removed(editor: Editor, notebook: Notebook) -> None:
    assert "BN104" in codes(notebook.found(6))
    where = types.Range(types.Position(1, 0), types.Position(1, 0))
    before = editor.texts[notebook.cells[3]]
    notebook.edit(4, types.TextDocumentContentChangePartial(where, "# "), before.replace("s, x", "# s, x"))
    assert notebook.found(4) == []
    assert "BN104" not in codes(editor.diagnostics(notebook.cells[5], len(editor.published) - 6))
    fresh = notebook.add("python", "y = layers.BatchNormalization(0.7)(x)")
    array = types.NotebookCellArrayChange(6, 0, [notebook.cell(fresh)])
    notebook.change(types.NotebookDocumentCellChanges(structure=types.NotebookDocumentCellChangeStructure(array, did_open=[fresh])))
    assert "BN405" in codes(notebook.found(7))
    seen = len(editor.published)
    gone = notebook.cells[5]
    array = types.NotebookCellArrayChange(5, 1)
    closed = [types.TextDocumentIdentifier(gone)]
    notebook.change(types.NotebookDocumentCellChanges(structure=types.NotebookDocumentCellChangeStructure(array, did_close=closed)))
    last = editor.wait(lambda: [each for each in editor.published[seen:] if each.uri == gone])[-1]
    assert (list(last.diagnostics), last.version) == ([], None)


def test_saving_lints_again_and_closing_clears(editor: Editor, notebook: Notebook) -> None:
    notebook.found(6)
    seen = len(editor.published)
    editor.client.notebook_document_did_save(types.DidSaveNotebookDocumentParams(types.NotebookDocumentIdentifier(notebook.at)))
    assert "BN405" in codes(notebook.found(6, seen))
    seen = len(editor.published)
    cells = [types.TextDocumentIdentifier(each) for each in notebook.cells]
    editor.client.notebook_document_did_close(types.DidCloseNotebookDocumentParams(types.NotebookDocumentIdentifier(notebook.at), cells))
    editor.wait(lambda: len(editor.published) >= seen + 6)
    cleared = {each.uri: list(each.diagnostics) for each in editor.published[seen:]}
    assert cleared == {each: [] for each in notebook.cells}


@pytest.mark.parametrize("kind", ["source.fixAll.bnlint", "notebook.source.fixAll"])
def test_fix_all_gives_the_cells_of_the_command_line(editor: Editor, notebook: Notebook, tmp_path: Path, kind: str) -> None:
    notebook.found(6)
    cell = notebook.cells[3]
    (action,) = editor.actions(cell, everything(editor.texts[cell]), [kind])
    assert str(action.kind).startswith(kind)
    fixed = json.loads(command_line(tmp_path, "net.ipynb", notebook.json(), "--fix"))
    expected = {at: "".join(each["source"]) for at, each in zip(notebook.cells, fixed["cells"], strict=True)}
    changed = {at: text for at, text in expected.items() if text != editor.texts[at]}
    assert len(changed) == 2
    assert editor.applied(action) == changed


def test_quick_fixes_and_hover_in_a_cell(editor: Editor, notebook: Notebook) -> None:
    (axis,) = [each for each in notebook.found(6) if each.code == "BN405"]
    cell = notebook.cells[5]
    titles = {each.title: each for each in editor.actions(cell, axis.range, ["quickfix"])}
    assert editor.applied(titles["BN405: Name the argument: `momentum=0.8`"]) == {cell: editor.texts[cell].replace("0.8", "momentum=0.8")}
    ignored = editor.applied(titles["Ignore BN405 on this line"])
    assert ignored == {cell: editor.texts[cell].replace("(0.8)(x)\n", "(0.8)(x)  # bnlint: ignore[BN405]\n")}
    assert "[BN405](" in editor.hover(cell, 0, 6)
    assert "[BN405](" not in editor.hover(cell, 1, 6)
    assert editor.hover(notebook.cells[0], 1, 6) == ""
