"""A write is all or nothing, whatever goes wrong in the midst of it, and whoever else writes."""

import errno
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


# What belongs to the file


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="this system has no extended attributes")
def test_extended_attributes_stay(file: Path) -> None:
    try:
        os.setxattr(file, "user.mark", b"x")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    writing.write(str(file), OLD, NEW, str(file.parent))
    assert os.getxattr(file, "user.mark") == b"x"


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="this system has no extended attributes")
def test_without_an_attribute_that_cannot_be_kept_nothing_is_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    attributes = {str(file): {"user.mark": b"x"}}
    monkeypatch.setattr(writing, "_attributes", lambda of: attributes.get(str(of), {}))
    monkeypatch.setattr(writing.os, "setxattr", fail)
    assert refused(file) == "its attribute user.mark could not be kept"
    assert untouched(file)


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="this system has no extended attributes")
def test_a_file_system_without_attributes_is_no_obstacle(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> list[str]:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(writing.os, "listxattr", fail)
    writing.write(str(file), OLD, NEW, str(file.parent))
    assert file.read_bytes() == NEW


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can give a file away")
def test_the_owner_stays(file: Path) -> None:
    os.chown(file, 12345, 54321)
    file.chmod(0o2664)
    writing.write(str(file), OLD, NEW, str(file.parent))
    state = file.stat()
    assert (state.st_uid, state.st_gid, stat.S_IMODE(state.st_mode)) == (12345, 54321, 0o2664)


@pytest.mark.skipif(os.name == "nt", reason="needs owners")
def test_without_an_owner_that_cannot_be_kept_nothing_is_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    real = os.stat(file)
    foreign = os.stat_result((*real[:4], real.st_uid + 1, *real[5:]))
    monkeypatch.setattr(writing.os, "fchown", fail)
    with pytest.raises(Refused, match="belongs to another user or group"), open(file, "rb+") as stream:
        writing._keep(stream.fileno(), str(file), foreign)
    assert untouched(file)


# Other processes


@pytest.mark.skipif(os.name == "nt", reason="needs locks")
def test_a_file_that_another_process_writes_is_refused(file: Path) -> None:
    with writing._locked(str(file)):
        assert refused(file) == "it is being written by another process"
    assert untouched(file)
    writing.write(str(file), OLD, NEW, str(file.parent))


@pytest.mark.skipif(os.name == "nt", reason="needs locks")
def test_a_file_system_without_locks_is_no_obstacle(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    def fail(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", fail)
    writing.write(str(file), OLD, NEW, str(file.parent))
    assert file.read_bytes() == NEW
    assert os.listdir(file.parent) == ["a.py"]


def test_a_file_that_another_one_took_the_place_of_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same content, in another file: who put it there may not be done."""
    real = writing._keep

    def swap(*arguments: object) -> None:
        (file.parent / "new.py").write_bytes(OLD)
        os.replace(file.parent / "new.py", file)
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(writing, "_keep", swap)
    assert "meanwhile" in refused(file)
    assert untouched(file)


@pytest.mark.skipif(os.name == "nt", reason="needs locks")
def test_a_file_that_is_replaced_before_it_is_locked_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is on what is no longer there: whoever opens the new file may write it at the same time."""
    import fcntl

    real = fcntl.flock

    def swap(*arguments: object) -> None:
        (file.parent / "new.py").write_bytes(OLD)
        os.replace(file.parent / "new.py", file)
        real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", swap)
    assert "meanwhile" in refused(file)
    assert untouched(file)


@pytest.mark.skipif(os.name == "nt", reason="needs locks")
@pytest.mark.parametrize("left", ["file", "link", "folder"])
def test_what_a_killed_writer_left_is_cleared_away(file: Path, left: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands at that place, nothing is written through it."""
    seen: list[str] = []
    real = os.open
    monkeypatch.setattr(writing.os, "open", lambda path, *more, **named: (seen.append(path), real(path, *more, **named))[1])
    writing.write(str(file), OLD, NEW, str(file.parent))
    (temporary,) = [Path(path) for path in seen if path.endswith(".tmp")]
    monkeypatch.undo()
    victim = file.parent.parent / "victim"
    victim.write_bytes(b"precious")
    match left:
        case "file":
            temporary.write_bytes(b"half")
        case "link":
            temporary.symlink_to(victim)
        case _:
            temporary.mkdir()
    if left == "folder":
        assert "could not be written" in refused(file, old=NEW)
        temporary.rmdir()
    else:
        writing.write(str(file), NEW, OLD, str(file.parent))
    assert sorted(os.listdir(file.parent)) == ["a.py"]
    assert victim.read_bytes() == b"precious"


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("needs pipes")
    os.mkfifo(tmp_path / "a.py")
    assert refused(tmp_path / "a.py") == "it could not be written: it is no regular file"
