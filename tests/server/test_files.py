"""Python files in an editor: what is found, offered and told while they are edited."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from lsprotocol import types
from pygls.exceptions import JsonRpcException

import bnlint
from bnlint.cli import group
from tests.server.editor import Editor, encoded, uri

ROOT = Path(__file__).parent.parent.parent
AXIS = "from keras import layers\n\nx = layers.BatchNormalization(0.8)\n"
MODEL = """\
import keras
from keras import layers

inputs = keras.Input((8, 8, 3))
x = layers.Conv2D(4, 3)(inputs)
x = layers.BatchNormalization(-1)(x)
x = layers.Dropout(0.5)(layers.ReLU()(x))
x = layers.BatchNormalization(0.8)(x)
outputs = layers.Dense(1)(layers.Flatten()(x))
model = keras.Model(inputs, outputs)
"""


def codes(found: list[types.Diagnostic]) -> list[str]:
    return [str(each.code) for each in found]


def everything(text: str) -> types.Range:
    return types.Range(types.Position(0, 0), types.Position(text.count("\n") + 1, 0))


def test_findings_come_and_go_with_the_text_of_the_editor(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("x = 1\n")
    (found,) = editor.open(path, AXIS)
    assert (found.code, found.severity, found.source) == ("BN405", types.DiagnosticSeverity.Error, "bnlint")
    assert found.message.startswith("0.8 is taken for `axis`")
    assert found.code_description is not None
    assert found.code_description.href.endswith("/rules/BN405-positional-constructor-argument.md")
    assert editor.covered(path, found.range) == "layers.BatchNormalization(0.8)"
    assert editor.change(path, AXIS.replace("0.8", "momentum=0.8")) == []
    assert codes(editor.change(path, AXIS)) == ["BN405"]
    assert codes(editor.save(path)) == ["BN405"]
    assert editor.close(path) == []


def test_findings_have_severities_tags_and_other_places(editor: Editor, tmp_path: Path) -> None:
    source = (ROOT / "fixtures" / "quickstart" / "encoder.py").read_text()
    found = {str(each.code): each for each in editor.open(tmp_path / "encoder.py", source)}
    assert found["BN108"].tags == (types.DiagnosticTag.Unnecessary,)
    assert found["BN301"].tags is None
    (related,) = found["BN301"].related_information or ()
    assert (related.location.uri, related.location.range.start.line) == (uri(tmp_path / "encoder.py"), 10)
    assert "computes something else in training" in related.message
    severities = {each.severity for each in editor.open(tmp_path / "model.py", MODEL)}
    assert severities == {types.DiagnosticSeverity.Error, types.DiagnosticSeverity.Warning, types.DiagnosticSeverity.Information}


def test_a_client_is_told_no_more_than_it_understands(tmp_path: Path) -> None:
    plain = Editor(tmp_path, types.ClientCapabilities())
    assert plain.encoding == "utf-16"
    source = (ROOT / "fixtures" / "quickstart" / "encoder.py").read_text()
    found = plain.open(tmp_path / "encoder.py", source)
    assert [(each.tags, each.related_information, each.code_description) for each in found] == [(None, None, None)] * 2
    (action, *_) = plain.actions(tmp_path / "encoder.py", everything(source), ["quickfix"])
    assert action.edit is not None
    assert action.edit.changes is not None
    assert plain.quit() == 0


def test_other_files_are_read_from_the_disk(editor: Editor, tmp_path: Path) -> None:
    (tmp_path / "norms.py").write_text("from keras import layers\n\n\ndef norm(x):\n    return layers.BatchNormalization()(x)\n")
    net = "import keras\nfrom norms import norm\n\ny = norm(norm(keras.layers.Dense(8)(keras.Input((8,)))))\n"
    assert [each.code for each in editor.open(tmp_path / "net.py", net)] == ["BN103"]  # by a layer that stands in the other file
    path = tmp_path / "whole.py"
    source = "import keras\nfrom norms import norm\n\ny = keras.layers.BatchNormalization()(norm(keras.Input((8,))))\n"
    (found,) = [each for each in editor.open(path, source) if each.code == "BN104"]
    related = {each.location.uri: each.location.range.start.line for each in found.related_information or ()}
    assert related == {uri(tmp_path / "norms.py"): 4}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_columns_are_counted_as_agreed(tmp_path: Path, encoding: str) -> None:
    """Characters of one to four bytes, tabs, form feeds and all line ends; then an edit in the middle of them."""
    text = "from keras import layers\r\n\f\rif True:\r\n\tß, s = 'ñ€𝄞😀', layers.BatchNormalization(0.8, name='😀')  # 😀\n"
    mine = Editor(tmp_path, encoded("klingon", encoding))
    assert mine.encoding == encoding
    path = tmp_path / "a.py"
    (found,) = mine.open(path, text)
    assert mine.covered(path, found.range) == "layers.BatchNormalization(0.8, name='😀')"
    assert found.range.start.line == 3
    assert mine.applied(mine.actions(path, found.range, ["quickfix"])[0]) == {uri(path): text.replace("0.8", "momentum=0.8")}
    start = types.Position(3, found.range.end.character)
    after = text.replace("😀')  #", "😀'), layers.BatchNormalization(0.5)  #")
    change = types.TextDocumentContentChangePartial(types.Range(start, start), ", layers.BatchNormalization(0.5)")
    (first, second) = mine.edit(path, change, after)
    assert [mine.covered(path, each.range)[-4:] for each in (first, second)] == ["'😀')", "0.5)"]
    assert mine.quit() == 0


def command_line(tmp_path: Path, name: str, text: str, *options: str) -> str:
    """What `bnlint` makes of the file."""
    folder = tmp_path / "command line"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(text.encode())
    done = CliRunner().invoke(group, ["check", "-e", "-q", *options, str(folder / name)])
    assert done.exit_code == 0, done.output
    return (folder / name).read_bytes().decode()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_fix_all_gives_the_text_of_the_command_line(editor: Editor, tmp_path: Path, newline: str) -> None:
    path = tmp_path / "net.py"
    text = (MODEL + "y = layers.BatchNormalization(0.5)  # bnlint: ignore[BN101]\n").replace("\n", newline)
    found = editor.open(path, text)
    for only in (None, ["source"], ["source.fixAll"], ["source.fixAll.bnlint"]):
        (action,) = [each for each in editor.actions(path, everything(text), only) if each.kind == "source.fixAll.bnlint"]
        assert action.edit is None
    assert editor.actions(path, everything(text), ["source.organizeImports"]) == []
    expected = command_line(tmp_path, "net.py", text, "--fix")
    assert (expected.count("momentum=0."), expected.count("ignore")) == (1, 0)
    assert "BN002" in codes(found)
    assert editor.applied(action) == {uri(path): expected}


def test_each_fix_gives_the_text_of_the_command_line(editor: Editor, tmp_path: Path) -> None:
    """For every rule, its page's example: one fix, of one finding that stands alone."""
    told = set()
    for page in sorted((ROOT / "rules").glob("BN[1-5]*.md"))[::4]:
        example = re.search(r"## Bad\n.*?```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        code = page.name[:5]
        if example is None:
            continue
        path, text = tmp_path / f"{code}.py", re.sub(r"  # BN\d.*", "", example[1])
        found = [each for each in editor.open(path, text) if each.code == code]
        fixes = [each for at in found for each in editor.actions(path, at.range, ["quickfix"]) if each.title.startswith(f"{code}: ")]
        if len(found) != 1 or not fixes or fixes[0].title.endswith(" (a suggestion)"):
            continue
        unsafe = " (unsafe): changes " in fixes[0].title
        assert fixes[0].is_preferred is (None if unsafe else True)
        told.add(unsafe)
        expected = command_line(tmp_path, f"{code}.py", text, "--select", code, "--fix", *(["--unsafe-fixes"] if unsafe else []))
        assert expected != text
        assert editor.applied(fixes[0]) == {uri(path): expected}, code
    assert told == {True, False}


def test_unsafe_fixes_say_what_they_change_and_are_in_no_fix_all(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "encoder.py"
    source = (ROOT / "fixtures" / "quickstart" / "encoder.py").read_text()
    editor.open(path, source)
    titles = [action.title for action in editor.actions(path, everything(source))]
    assert "BN301: Give `call` the parameter `training=None` (unsafe): changes what the model computes and the moving statistics" in titles
    assert not any("safe fixes" in title for title in titles)


def test_ignore_writes_what_add_ignore_writes(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    text = 'from keras import layers\n\nx = layers.BatchNormalization(\n    0.8,\n    name="""a\nb""",\n)  # why\n'
    (found,) = editor.open(path, text)
    (action,) = [each for each in editor.actions(path, found.range) if each.title == "Ignore BN405 on this line"]
    expected = command_line(tmp_path, "net.py", text, "--add-ignore")
    assert "# bnlint: ignore[BN405]" in expected
    assert editor.applied(action) == {uri(path): expected}
    assert editor.change(path, expected) == []


def test_an_action_for_an_older_text_is_refused(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    (found,) = editor.open(path, AXIS)
    (fix, *_) = editor.actions(path, found.range, ["quickfix"])
    editor.change(path, f"# new\n{AXIS}")
    with pytest.raises(JsonRpcException) as refusal:
        editor.resolve(fix)
    assert refusal.value.code == types.LSPErrorCodes.ContentModified
    fix.data = {"uri": 3}
    with pytest.raises(JsonRpcException) as refusal:
        editor.resolve(fix)
    assert refusal.value.code == types.ErrorCodes.InvalidParams


def test_a_text_that_cannot_be_parsed_is_a_finding(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    (found,) = editor.open(path, AXIS + "def broken(:\n")
    assert (found.code, found.range.start.line) == ("BN001", 3)
    assert [action.title for action in editor.actions(path, found.range)] == []
    assert codes(editor.change(path, AXIS)) == ["BN405"]
    assert codes(editor.change(path, "x = '\x00'\n")) == ["BN001"]
    assert codes(editor.change(path, "(" * 5000)) == ["BN001"]


def test_a_declared_encoding_is_that_of_the_file_not_of_the_editor(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    text = "# coding: latin-1\nfrom keras import layers\nä, x = 'ü', layers.BatchNormalization(0.8)\n"
    (found,) = editor.open(path, text)
    assert editor.covered(path, found.range) == "layers.BatchNormalization(0.8)"
    assert editor.applied(editor.actions(path, found.range)[0]) == {uri(path): text.replace("0.8", "momentum=0.8")}
    assert bnlint.fix_source(text, unsafe=True, isolated=True).source == text.replace("0.8", "momentum=0.8")
    assert codes(editor.change(path, text.replace("ü", "😀"))) == ["BN001"]


def test_of_a_burst_of_changes_the_last_is_linted(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    editor.open(path, AXIS)
    seen = len(editor.published)
    for number in range(60):
        text = f"{AXIS}# {'x' * number}\n"
        editor.edit(path, types.TextDocumentContentChangeWholeDocument(text), text, silently=True)
    assert codes(editor.diagnostics(uri(path))) == ["BN405"]
    editor.rest(0.2)
    versions = [each.version for each in editor.published[seen:] if each.uri == uri(path)]
    assert versions[-1] == 61
    assert len(versions) < 10


def test_hover_shows_the_page_of_the_rule(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    text = (
        "from keras import layers\n\nx = layers.BatchNormalization(0.8)\n"
        "y = layers.BatchNormalization(0.8)  # bnlint: ignore[BN405, unused-batchnorm]\nz = 1  # noqa: BN103\n"
    )
    editor.open(path, text)
    assert editor.hover(path, 2, 8).startswith("[BN405](https://github.com/bnlint/bnlint/blob/main/rules/BN405-")
    assert "## Why it matters" in editor.hover(path, 2, 8)
    comment = text.splitlines()[3]
    assert "# Positional argument that is taken for the axis" in editor.hover(path, 3, comment.index("BN405") + 2)
    assert editor.hover(path, 3, comment.index("unused") + 2).startswith("[BN108](")
    both = editor.hover(path, 3, comment.index("bnlint:"))
    assert "[BN405](" in both
    assert "[BN108](" in both
    assert editor.hover(path, 4, 12).startswith("[BN103](")
    assert "[BN002](" in both
    assert editor.hover(path, 0, 3) == editor.hover(path, 4, 0) == editor.hover(path, 99, 0) == ""


def test_what_is_no_python_or_not_open_is_left_alone(editor: Editor, tmp_path: Path) -> None:
    seen = len(editor.published)
    editor.open_silently(tmp_path / "a.toml", AXIS, "toml")
    assert editor.actions(tmp_path / "a.toml", everything(AXIS)) == []
    assert editor.actions(tmp_path / "nowhere.py", everything(AXIS)) == []
    assert editor.hover(tmp_path / "nowhere.py", 0, 0) == ""
    editor.rest(0.1)
    assert editor.published[seen:] == []


@pytest.mark.parametrize(
    "at",
    [
        "untitled:Untitled-1",
        "vscode-notebook-cell:/folder/net.ipynb#W3",
        "git:/folder/net.py?%7B%7D",
        "file:///folder/%00%ff%0a.py",
        "file:///",
        "file://server/share/net.py",
        "net.py",
        "::",
        "",
    ],
)
def test_a_text_with_any_address_is_linted(editor: Editor, at: str) -> None:
    seen = len(editor.log)
    assert codes(editor.open(at, AXIS)) == ["BN405"]
    editor.close(at)
    assert editor.log[seen:] == []
