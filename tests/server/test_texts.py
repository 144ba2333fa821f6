"""Lines, positions and edits, without a server."""

import pytest
from lsprotocol import types

from bnlint.server import changes, documents
from bnlint.server.positions import Lines

TEXTS = ("", "\n", "a", "a\nb\n", "a\r\nb\r\n", "a\rb\r", "\r\r\n\n", "ä\t😀\n\f\n𝄞 = '\x85\u2028'\r\nx", "x\n\n\ny", "x\r\n\r\ny\r\n")
TEXTS += ("a\nB\nc\n", "a\nb\nc", "b\na\n", "a\r\nB\r\nc\r\n")


def applied(lines: Lines, edits: list[types.TextEdit]) -> str:
    text = lines.text
    for edit in reversed(edits):
        start, end = lines.offset(edit.range.start), lines.offset(edit.range.end)
        text = text[:start] + edit.new_text + text[end:]
    return text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_edits_turn_any_text_into_any_other(encoding: str) -> None:
    for before in TEXTS:
        lines = Lines(before, encoding)
        for after in TEXTS:
            edits = list(changes._edits(lines, before, after))
            assert applied(lines, edits) == after, (before, after)
            assert all(edit.range.start <= edit.range.end for edit in edits)


def test_edits_leave_alone_what_stays() -> None:
    before = "a = 1\r\nb = f(2)\r\n\r\nc = 3\r\n"
    (edit,) = changes._edits(Lines(before, "utf-16"), before, before.replace("f(2)", "f(n=2)"))
    assert (edit.new_text, edit.range) == ("n=", types.Range(types.Position(1, 6), types.Position(1, 6)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_positions_go_to_offsets_and_back(encoding: str) -> None:
    for text in TEXTS:
        lines = Lines(text, encoding)
        inside = {at for at in range(len(text) + 1) if not (at and text[at - 1 : at + 1] == "\r\n")}
        for offset in inside:
            position = lines.at(offset)
            assert lines.offset(position) == offset, (text, offset)
            assert lines.position(*lines.place(position)) == position


def test_positions_outside_are_brought_inside() -> None:
    lines = Lines("ab\ncd", "utf-16")
    assert lines.offset(types.Position(0, 99)) == 2
    assert lines.offset(types.Position(9, 9)) == 5
    assert lines.position(99, 99) == types.Position(1, 2)
    assert lines.position(0, 0) == types.Position(0, 0)
    assert lines.place(types.Position(7, 3)) == (2, 1)


def test_the_units_are_those_of_the_protocol() -> None:
    line = "\t'ä€😀'x"
    assert [Lines(line, encoding).position(1, 7).character for encoding in ("utf-8", "utf-16", "utf-32")] == [12, 7, 6]


def test_changes_come_one_after_the_other() -> None:
    held = documents.Documents()
    held.open(types.TextDocumentItem("file:///a.py", "python", 1, "one\n\ftwo\n"))
    whole = types.TextDocumentContentChangeWholeDocument
    part = types.TextDocumentContentChangePartial
    at = types.Range(types.Position(1, 1), types.Position(1, 4))
    end = types.Range(types.Position(2, 0), types.Position(2, 0))
    held.change(types.VersionedTextDocumentIdentifier(2, "file:///a.py"), [part(at, "2"), part(end, "3\n"), whole("x"), part(end, "y")])
    found = held.find("file:///a.py")
    assert found is not None
    assert (found.version, found.data(), found.path) == (2, b"xy", "/a.py")
    with pytest.raises(ValueError, match="not open"):
        held.change(types.VersionedTextDocumentIdentifier(2, "file:///b.py"), [])


def test_what_has_no_file_lies_in_the_folder() -> None:
    held = documents.Documents(folder="/work space")
    held.open(types.TextDocumentItem("untitled:Untitled-1", "python", 1, ""))
    held.open_notebook(types.NotebookDocument("untitled:/Untitled-2", "interactive", 1, []), [])
    found = held.find("untitled:Untitled-1")
    assert found is not None
    assert found.path == "/work space/Untitled-1"
    assert held.find("untitled:/Untitled-2") is None
    assert sorted(held.opened()) == ["untitled:/Untitled-2", "untitled:Untitled-1"]
