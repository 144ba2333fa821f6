"""Settings in an editor: those of the nearest file, for each file, as they are now."""

from pathlib import Path

from lsprotocol import types

from tests.server.editor import EVERYTHING, Editor
from tests.server.test_files import AXIS, codes


def test_each_folder_has_its_own(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other, other / "inner"):
        folder.mkdir()
    (one / "pyproject.toml").write_text('[tool.bnlint]\nseverity = { BN405 = "info" }\n')
    (other / "bnlint.toml").write_text('ignore = ["BN405"]\nextend-exclude = ["generated/"]\n')
    (other / "inner" / "bnlint.toml").write_text('severity = { BN405 = "warning" }\n')
    editor = Editor(tmp_path, EVERYTHING, folders=(one, other))
    (found,) = editor.open(one / "a.py", AXIS)
    assert found.severity == types.DiagnosticSeverity.Information
    assert editor.open(other / "a.py", AXIS) == []
    (found,) = editor.open(other / "inner" / "a.py", AXIS)
    assert found.severity == types.DiagnosticSeverity.Warning
    (other / "bnlint.toml").write_text('extend-exclude = ["generated/"]\n')
    assert codes(editor.save(other / "a.py")) == ["BN405"]
    assert editor.open(other / "generated" / "a.py", AXIS) == []
    assert editor.quit() == 0


def test_what_is_installed_or_built_is_left_alone(tmp_path: Path) -> None:
    work = tmp_path / "build" / "work"
    work.mkdir(parents=True)
    editor = Editor(tmp_path, folders=(work,))
    assert codes(editor.open(work / "a.py", AXIS)) == ["BN405"]
    assert codes(editor.open(tmp_path / "a.py", AXIS)) == ["BN405"]
    for path in (work / ".venv" / "lib" / "a.py", work / "build" / "a.py", tmp_path / "site-packages" / "keras" / "a.py"):
        assert editor.open(path, AXIS) == []
    (work / "bnlint.toml").write_text('exclude = ["other/"]\n')
    assert codes(editor.save(work / "build" / "a.py")) == ["BN405"]
    assert editor.quit() == 0


def test_settings_that_change_are_seen(tmp_path: Path) -> None:
    editor = Editor(tmp_path)
    assert codes(editor.open(tmp_path / "a.py", AXIS)) == ["BN405"]
    (registration,) = editor.registered
    assert registration.method == types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    (tmp_path / "bnlint.toml").write_text('ignore = ["BN405"]\n')
    seen = len(editor.published)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([]))
    assert editor.wait(lambda: editor.published[seen:])[-1].diagnostics == ()
    assert editor.quit() == 0


def test_a_broken_settings_file_is_one_message(tmp_path: Path) -> None:
    settings = tmp_path / "bnlint.toml"
    editor = Editor(tmp_path)
    assert codes(editor.open(tmp_path / "a.py", AXIS)) == ["BN405"]
    settings.write_text("placment = 'after'\n")
    assert editor.open(tmp_path / "b.py", AXIS) == []
    seen = len(editor.published)
    editor.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier((tmp_path / "a.py").as_uri())))
    assert editor.wait(lambda: editor.published[seen:])[-1].diagnostics == ()
    (message,) = editor.messages
    assert message.type == types.MessageType.Error
    assert message.message == "bnlint: bnlint.toml: unknown key `placment`; did you mean `placement`?"
    settings.write_text("placement = 'after'\n")
    assert codes(editor.save(tmp_path / "a.py")) == codes(editor.save(tmp_path / "b.py")) == ["BN405"]
    settings.write_bytes(b"\xff")
    editor.change(tmp_path / "a.py", AXIS + "# settings are read when a file is saved\n")
    assert len(editor.messages) == 1
    editor.client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier((tmp_path / "a.py").as_uri())))
    assert editor.wait(lambda: editor.messages[1:])[0].message == "bnlint: bnlint.toml: not valid UTF-8"
    assert editor.quit() == 0


def test_what_the_baseline_holds_is_not_shown(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from bnlint.cli import group

    (tmp_path / "bnlint.toml").write_text("")
    (tmp_path / "a.py").write_text(AXIS)
    CliRunner().invoke(group, ["check", "--write-baseline", str(tmp_path)])
    assert (tmp_path / ".bnlint-baseline.json").exists()
    before = (tmp_path / ".bnlint-baseline.json").read_bytes()
    editor = Editor(tmp_path)
    assert editor.open(tmp_path / "a.py", AXIS) == []
    found = editor.change(tmp_path / "a.py", AXIS + "y = layers.BatchNormalization(0.7)\n")
    assert [each.range.start.line for each in found] == [3]
    editor.change(tmp_path / "a.py", "x = 1\n")
    assert editor.quit() == 0
    assert (tmp_path / ".bnlint-baseline.json").read_bytes() == before
