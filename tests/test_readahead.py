"""Files are asked for beforehand where the disk is read, and only there."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bnlint import readahead

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="the system cannot be asked")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    advice: list[int] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda descriptor, start, length, kind: advice.append(kind))
    return advice


@pytest.fixture
def paths(tmp_path: Path) -> list[str]:
    files = [tmp_path / f"f{number}.py" for number in range(readahead.FIRST + 5)]
    for file in files[:-1]:
        file.write_text("x = 1\n")
    return [str(file) for file in files]


def blocks(*counts: int) -> Iterator[int]:
    yield from counts


def test_a_disk_that_is_read_is_asked_for_the_rest(paths: list[str], asked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    counts = blocks(10, 42)
    monkeypatch.setattr(readahead, "blocks_read", lambda: next(counts))
    assert list(readahead.ahead(paths)) == paths
    assert asked == [os.POSIX_FADV_WILLNEED] * 4  # the last one does not exist


def test_memory_is_not(paths: list[str], asked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    counts = blocks(10, 10)
    monkeypatch.setattr(readahead, "blocks_read", lambda: next(counts))
    assert list(readahead.ahead(paths)) == paths
    assert asked == []


def test_a_few_files_are_just_read(paths: list[str], asked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readahead, "blocks_read", lambda: pytest.fail("asked"))
    few = paths[: readahead.FIRST]
    assert list(readahead.ahead(few)) == few


def test_the_system_tells() -> None:
    assert isinstance(readahead.blocks_read(), int)
