"""A disk that breaks (EIO): what cannot be read is said, what cannot be written stays as it was, and the rest is linted and fixed.

strace has the calls fail that a run makes on one path, as the system does where a disk, a cable or a server is broken.
"""

import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from tests.conftest import needs, needs_tracing
from tests.hostile.test_writes import left, source, start
from tests.saved import small

if sys.platform != "linux":
    pytest.skip("needs strace", allow_module_level=True)

TEMPORARY = f".bnlint-{sha256(b'a.py').hexdigest()[:16]}.tmp"


def run(folder: Path, path: str, calls: str, *arguments: str) -> tuple[int, str, str]:
    """What a run says in a folder in which these system calls fail on a path. Such a call must have failed: else this shows nothing."""
    log = folder.parent / "log"
    trace = (needs_tracing(), "-f", "-qq", "-o", str(log), "-P", str(folder / path), "-e", f"inject={calls}:error=EIO")
    process = start(folder, "--no-cache", "--output-format=concise", *arguments, prefix=trace)
    out, err = process.communicate(timeout=120)
    assert "EIO (Input/output error) (INJECTED)" in log.read_text(encoding="utf-8", errors="replace")
    return process.returncode, out, err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tree").mkdir()
    for name in ("a.py", "b.py"):
        (tmp_path / "tree" / name).write_bytes(source(100)[0])
    return tmp_path / "tree"


@pytest.mark.parametrize(
    ("path", "calls"),
    [
        (TEMPORARY, "openat"),
        (TEMPORARY, "write"),
        (TEMPORARY, "fchmod"),
        (TEMPORARY, "fsync"),
        (TEMPORARY, "close"),
        (TEMPORARY, "?rename,?renameat,?renameat2"),
        ("a.py", "listxattr"),
        ("a.py", "read:when=2+"),
    ],
)
def test_what_cannot_be_written_stays_and_the_rest_is_fixed(folder: Path, path: str, calls: str) -> None:
    code, _, err = run(folder, path, calls, ".")
    assert (code, err) == (2, "bnlint: a.py was not changed: it could not be written: Input/output error\n")
    old, new = source(100)
    assert ((folder / "a.py").read_bytes(), (folder / "b.py").read_bytes()) == (old, new)
    assert left(folder) == []


def test_a_folder_that_cannot_be_synced_is_no_failure(folder: Path) -> None:
    """The file has its new content, which is on the disk; only under which name it would be found after a crash is not certain."""
    assert run(folder, ".", "fsync", "a.py") == (0, "", "")
    assert (folder / "a.py").read_bytes() == source(100)[1]


@pytest.mark.parametrize(
    ("path", "calls", "what"),
    [
        ("a.py", "read", "cannot be read"),
        ("a.ipynb", "read", "cannot be read"),
        ("inner", "getdents64", "is a folder that cannot be listed"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_rest_is_fixed(folder: Path, path: str, calls: str, what: str) -> None:
    (folder / "a.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    (folder / "inner").mkdir()
    assert run(folder, path, calls, ".") == (1, f"{path}:1:1: BN001 this file {what}: Input/output error\n", "")
    assert (folder / "b.py").read_bytes() == source(100)[1]


@pytest.mark.parametrize("make", [small.keras, small.hdf5, small.onnx, small.tflite], ids=lambda make: make.__name__)
@pytest.mark.parametrize("calls", ["read", "read:when=2+"])
def test_a_model_that_cannot_be_read_is_said_and_the_rest_is_fixed(folder: Path, make: Callable[[Path], Path], calls: str) -> None:
    needs("h5py")
    name = make(folder).name
    assert run(folder, name, calls, name, "a.py") == (1, f"{name}: BN001 this file cannot be read: Input/output error\n", "")
    assert (folder / "a.py").read_bytes() == source(100)[1]
