"""A write is all or nothing, whatever goes wrong in the midst of it, and whoever else writes."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bnlint.fixer import Refused, writing

OLD, NEW = b"x = 1\r\n", b"x = 2\r\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    path = tmp_path / "project" / "a.py"
    path.write_bytes(OLD)
    return path


def refused(path: Path, root: Path | None = None, old: bytes = OLD) -> str:
    with pytest.raises(Refused) as caught:
        writing.write(str(path), old, NEW, None if root is None else str(root))
    assert "\n" not in caught.value.reason
    return caught.value.reason


def untouched(file: Path) -> bool:
    return file.read_bytes() == OLD and [entry.name for entry in file.parent.iterdir() if entry.name.endswith(".tmp")] == []


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755])
def test_a_file_is_replaced_and_keeps_its_mode(file: Path, mode: int) -> None:
    file.chmod(mode)
    writing.write(str(file), OLD, NEW, str(file.parent))
    assert file.read_bytes() == NEW
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert os.listdir(file.parent) == ["a.py"]


def test_a_relative_path_is_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    writing.write("a.py", OLD, NEW, ".")
    assert file.read_bytes() == NEW


def test_a_link_within_the_project_is_followed(file: Path) -> None:
    link = file.parent / "link.py"
    link.symlink_to("a.py")
    writing.write(str(link), OLD, NEW, str(file.parent))
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

    monkeypatch.setattr(writing.os, function, fail)
    with pytest.raises((Refused, KeyboardInterrupt)) as caught:
        writing.write(str(file), OLD, NEW, str(file.parent))
    if isinstance(caught.value, Refused):
        assert caught.value.reason == "it could not be written: No space left on device"
    assert untouched(file)


def test_the_content_reaches_the_disk_before_the_name(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def note(name: str, real: Callable[..., None]) -> Callable[..., None]:
        return lambda *arguments: (seen.append(name), real(*arguments))[1]

    for name in ("fsync", "replace"):
        monkeypatch.setattr(writing.os, name, note(name, getattr(os, name)))
    writing.write(str(file), OLD, NEW, str(file.parent))
    assert seen == ["fsync", "replace", "fsync"]
