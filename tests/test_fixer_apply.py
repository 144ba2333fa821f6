"""Splicing, checking and writing: what is not meant to change does not, and a write is all or nothing."""

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bnlint.findings import Fix, InsertActivation, Safety, SetArgument, TextEdit
from bnlint.fixer import Refused, apply, edits
from bnlint.graph.model import Span
from bnlint.text import load
from tests.test_fixer_edits import applied, spot

LAYOUTS = {
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "cr": lambda text: text.replace("\n", "\r").encode(),
    "bom": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "bom-crlf": lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
    "latin-1": lambda text: ("# -*- coding: latin-1 -*-\n" + text).encode("latin-1"),
    "no-final-newline": lambda text: text.rstrip("\n").encode(),
    "tabs-and-form-feed": lambda text: ("\f\n" + text.replace("    ", "\t")).encode(),
}

BEFORE = """\
from keras import layers
m = S([
    layers.Dense(8, name='größe', activation="relu"),
    layers.BatchNormalization(),
])
"""
AFTER = """\
from keras import layers
m = S([
    layers.Dense(8, name='größe'),
    layers.BatchNormalization(),
    layers.Activation("relu"),
])
"""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_encoding_and_line_ends_stay(layout: str) -> None:
    write = LAYOUTS[layout]
    document = load("a.py", write(BEFORE))
    fix = Fix(Safety.UNSAFE, (InsertActivation(applied(document, "layers.BatchNormalization()"), '"relu"', spot(document, '"relu"')),))
    assert apply.apply(document, edits.render(document, fix), [fix]) == write(AFTER)


# Splicing

PIECES = st.text(st.sampled_from("ab é😀\"'\\#\n\t"), max_size=6)


@given(
    st.lists(st.tuples(PIECES, PIECES, PIECES), max_size=5),
    PIECES,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["py", "lines", "string"]),
)
def test_splicing_touches_nothing_but_the_edits(parts: list[tuple[str, str, str]], rest: str, newline: str, form: str) -> None:
    """The text is `keep old keep old … rest`; each old becomes new."""
    text = "".join(f"|{keep}{old}" for keep, old, _ in parts) + rest
    expected = "".join(f"|{keep}{new}" for keep, _, new in parts) + rest
    newline = newline if "\n" in text else "\n"
    document = load("a.py" if form == "py" else "a.ipynb", _file(text.replace("\n", newline), form))
    changes, offset = [], 0
    for keep, old, new in parts:
        start = offset + 1 + len(keep)
        offset = start + len(old)
        changes.append(TextEdit(Span(document.path, *_position(text, start), *_position(text, offset), document.chunks[0].cell), new))
    data = apply.splice(document, changes)
    assert load(document.path, data).chunks[0].original == expected.replace("\n", newline)
    if form != "py":
        before, after = (json.loads(notebook) for notebook in (document.data, data))
        assert before["cells"].pop(0).keys() == after["cells"].pop(0).keys()
        assert before == after


def _file(text: str, form: str) -> bytes:
    if form == "py":
        return text.encode()
    source = text if form == "string" else text.splitlines(keepends=True) or [""]
    cells = [{"cell_type": "code", "source": source}, {"cell_type": "code", "source": "é", "outputs": ["😀"]}]
    return json.dumps({"cells": cells}, indent=1, ensure_ascii="#" in text).encode()


def _position(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def test_edits_that_overlap_are_refused() -> None:
    document = load("a.py", b"abcdef\n")
    one, other = TextEdit(Span("a.py", 1, 1, 1, 4), "x"), TextEdit(Span("a.py", 1, 3, 1, 5), "y")
    with pytest.raises(Refused, match="two of its changes concern the same code"):
        apply.splice(document, [other, one])


def test_edits_may_touch_and_equal_ones_count_once() -> None:
    document = load("a.py", b"abcdef\n")
    one, other = TextEdit(Span("a.py", 1, 1, 1, 3), "x"), TextEdit(Span("a.py", 1, 3, 1, 3), "-")
    assert apply.splice(document, [other, one, other]) == b"x-cdef\n"


def test_a_character_that_the_encoding_lacks_is_refused() -> None:
    document = load("a.py", b"# coding: latin-1\nf(1)\n")
    with pytest.raises(Refused, match="the encoding of the file, latin-1, lacks"):
        apply.splice(document, [TextEdit(Span("a.py", 2, 3, 2, 4), "'✓'")])


# Checking


@pytest.mark.parametrize(
    "result",
    ["y = f(1, a=2)\n", "y = f(1, a=1)\nz\n", "y = f(a=1)\n", "y = (f(1, a=1),)\n", "y = f(1)\n"],
    ids=["other-value", "statement-more", "argument-lost", "moved", "nothing-done"],
)
def test_a_tree_that_is_not_the_planned_one_is_refused(result: str) -> None:
    before = load("a.py", b"y = f(1)\n")
    fix = Fix(Safety.SAFE, (SetArgument(spot(before, "f(1)"), "a", "1"),))
    apply.check(before, load("a.py", b"y = f(1,  # layout is free\n  a=1)\n"), [fix])
    with pytest.raises(Refused, match="would differ from what was planned"):
        apply.check(before, load("a.py", result.encode()), [fix])


def test_a_result_that_does_not_parse_is_refused() -> None:
    before = load("a.py", b"y = f(1)\n")
    with pytest.raises(Refused, match="cannot be parsed"):
        apply.apply(before, [TextEdit(Span("a.py", 1, 5, 1, 6), "f(")], [])


# Writing

OLD, NEW = b"x = 1\r\n", b"x = 2\r\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    path = tmp_path / "project" / "a.py"
    path.write_bytes(OLD)
    return path


def refused(path: Path, root: Path | None = None, old: bytes = OLD) -> str:
    with pytest.raises(Refused) as caught:
        apply.write(str(path), old, NEW, None if root is None else str(root))
    assert "\n" not in caught.value.reason
    return caught.value.reason


def untouched(file: Path) -> bool:
    return file.read_bytes() == OLD and [entry.name for entry in file.parent.iterdir() if entry.name.endswith(".tmp")] == []


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755])
def test_a_file_is_replaced_and_keeps_its_mode(file: Path, mode: int) -> None:
    file.chmod(mode)
    apply.write(str(file), OLD, NEW, str(file.parent))
    assert file.read_bytes() == NEW
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert os.listdir(file.parent) == ["a.py"]


def test_a_relative_path_is_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    apply.write("a.py", OLD, NEW, ".")
    assert file.read_bytes() == NEW


def test_a_link_within_the_project_is_followed(file: Path) -> None:
    link = file.parent / "link.py"
    link.symlink_to("a.py")
    apply.write(str(link), OLD, NEW, str(file.parent))
    assert link.is_symlink()
    assert file.read_bytes() == NEW


def test_a_link_that_leaves_the_project_is_refused(file: Path) -> None:
    root = file.parent.parent / "other"
    root.mkdir()
    (root / "link.py").symlink_to(file)
    (root / "folder").symlink_to(file.parent)
    assert "lies outside" in refused(root / "link.py", root)
    assert "lies outside" in refused(root / "folder" / "a.py", root)
    assert refused(root / "link.py") == "it is a symbolic link"
    assert untouched(file)


def test_a_hard_link_is_refused(file: Path) -> None:
    os.link(file, file.parent / "b.py")
    assert "hard link" in refused(file)
    assert untouched(file)


def test_a_read_only_file_is_refused(file: Path) -> None:
    file.chmod(0o444)
    assert refused(file) == "it is read-only"
    assert untouched(file)


def test_a_file_that_changed_meanwhile_is_refused(file: Path) -> None:
    assert "meanwhile" in refused(file, old=b"x = 0\n")
    assert untouched(file)


def test_a_file_that_is_gone_is_refused(file: Path) -> None:
    file.unlink()
    assert "No such file" in refused(file)


@pytest.mark.parametrize("function", ["replace", "fsync", "fchmod"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "interrupted"])
def test_a_write_that_fails_leaves_the_old_file_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch, function: str, error: BaseException
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(apply.os, function, fail)
    with pytest.raises((Refused, KeyboardInterrupt)) as caught:
        apply.write(str(file), OLD, NEW, str(file.parent))
    if isinstance(caught.value, Refused):
        assert caught.value.reason == "it could not be written: No space left on device"
    assert untouched(file)


def test_the_content_reaches_the_disk_before_the_name(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def note(name: str, real: Callable[..., None]) -> Callable[..., None]:
        return lambda *arguments: (seen.append(name), real(*arguments))[1]

    for name in ("fsync", "replace"):
        monkeypatch.setattr(apply.os, name, note(name, getattr(os, name)))
    apply.write(str(file), OLD, NEW, str(file.parent))
    assert seen == ["fsync", "replace", "fsync"]
