"""Regular files are read whole or up to a limit, and nothing else is."""

import os
from pathlib import Path

import pytest

from bnlint.regular import NotRegular, open_regular, read_bytes


@pytest.mark.parametrize(("size", "limit"), [(0, 10), (5, 10), (10, 10), (11, 10), (3 * 2**20, 2**20), (3 * 2**20, 2**30)])
def test_no_more_is_read_than_is_asked_for(size: int, limit: int, tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(os.urandom(size))
    assert read_bytes(str(file), limit) == file.read_bytes()[:limit]


def test_a_file_that_tells_no_size_is_read(tmp_path: Path) -> None:
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("there is no such file on this system")
    assert read_bytes(str(status), 2**20).startswith(b"Name:")


@pytest.mark.parametrize("read", [open_regular, lambda path: read_bytes(path, 10)], ids=["open", "read"])
def test_a_pipe_is_not_waited_for(read: object, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises((NotRegular, IsADirectoryError)):
            read(str(path))  # type: ignore[operator]


@pytest.mark.parametrize("read", [open_regular, lambda path: read_bytes(path, 10)], ids=["open", "read"])
def test_a_file_whose_disk_breaks_is_closed(read: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> os.stat_result:
        raise OSError(5, "Input/output error")

    (tmp_path / "a").touch()
    os.close(following := os.dup(0))
    with monkeypatch.context() as broken:
        broken.setattr(os, "fstat", fail)
        with pytest.raises(OSError, match="Input/output error"):
            read(str(tmp_path / "a"))  # type: ignore[operator]
    os.close(now := os.dup(0))
    assert now == following
