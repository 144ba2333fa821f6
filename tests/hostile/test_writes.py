"""`--fix` under fire: killed, without space, without rights, twice at once. A file is the old one or the new one, and nothing else."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

import bnlint
from tests.conftest import needs, needs_program
from tests.saved import small

if sys.platform == "win32":
    pytest.skip("needs signals and limits", allow_module_level=True)

LINE = "x = layers.BatchNormalization(eps=1e-3)\n"
FIXED = "x = layers.BatchNormalization(epsilon=1e-3)\n"
HEAD = "from keras import layers\n"
CHECK = (sys.executable, "-m", "bnlint", "check", "--isolated", "--select", "BN408", "--fix", "-q")


def source(size: int) -> tuple[bytes, bytes]:
    """A file of that size in which something can be fixed at its end, and what it is then."""
    padding = "# " + "x" * 97 + "\n"
    body = HEAD + padding * (size // 100)
    return (body + LINE).encode(), (body + FIXED).encode()


def start(folder: Path, *arguments: str, prefix: Sequence[str] = (), **more: object) -> subprocess.Popen[str]:
    command = [*prefix, *CHECK, *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)  # type: ignore[call-overload, no-any-return]


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob(".bnlint-*"))


def test_the_fix_is_what_is_expected() -> None:
    old, new = source(1000)
    assert bnlint.fix_source(old, isolated=True, select=["BN408"]).source == new


# Killed


def rounds(folder: Path, count: int, seed: int) -> tuple[int, int, int]:
    """Kill `--fix` at random moments. How often the file was the old one, the new one; how often something was left beside it."""
    old, new = source(3_000_000)
    file = folder / "a.py"
    file.write_bytes(old)
    began = time.monotonic()
    assert start(folder, "a.py").wait() == 0
    longest = time.monotonic() - began
    assert file.read_bytes() == new
    rng, was = random.Random(seed), {old: 0, new: 0}
    leftovers = 0
    for number in range(count):
        file.write_bytes(old)
        process = start(folder, "a.py")
        if number % 2:
            time.sleep(rng.uniform(0, longest))
        else:  # in the midst of writing: as soon as something stands beside it
            deadline = time.monotonic() + 10 * longest
            while process.poll() is None and not left(folder) and time.monotonic() < deadline:
                time.sleep(0.0002)
            time.sleep(rng.uniform(0, 0.01))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        leftovers += bool(left(folder))
        was[file.read_bytes()] += 1  # anything else is a KeyError: a torn file
    file.write_bytes(old)
    assert start(folder, "a.py").wait() == 0
    assert file.read_bytes() == new
    assert left(folder) == []
    return was[old], was[new], leftovers


def test_a_killed_fix_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    old, _, leftovers = rounds(tmp_path, 14, 1)
    assert old > 0
    assert leftovers > 0, "it was never killed while it wrote: this shows nothing"


@pytest.mark.slow
def test_fixes_that_are_killed_two_hundred_times(tmp_path: Path, record_property: pytest.FixtureRequest) -> None:
    old, new, leftovers = rounds(tmp_path, 200, 2)
    record_property(
        "table", f"--fix killed 200 times: {old} old files, {new} new ones, 0 torn; {leftovers} times a file was left, and cleared away"
    )  # type: ignore[operator]
    assert old > 20
    assert leftovers > 20


# No space, no rights


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))


def test_a_limit_of_file_size_leaves_the_old_file(tmp_path: Path) -> None:
    (old, _), (small, done) = source(3_000_000), source(1_000)
    (tmp_path / "a.py").write_bytes(old)
    (tmp_path / "b.py").write_bytes(small)
    process = start(tmp_path, ".", preexec_fn=limited)
    _, err = process.communicate()
    assert (process.returncode, err) == (2, "bnlint: a.py was not changed: it could not be written: File too large\n")
    assert (tmp_path / "a.py").read_bytes() == old
    assert (tmp_path / "b.py").read_bytes() == done
    assert left(tmp_path) == []


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("needs the right to mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        old, _ = source(3_000_000)
        (disk / "a.py").write_bytes(old)
        process = start(disk, "a.py")
        _, err = process.communicate()
        assert (process.returncode, err) == (2, "bnlint: a.py was not changed: it could not be written: No space left on device\n")
        assert (disk / "a.py").read_bytes() == old
        assert left(disk) == []
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.parametrize("what", ["a file", "a folder"])
def test_what_is_read_only_stays_and_the_rest_is_fixed(tmp_path: Path, what: str) -> None:
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        setpriv = needs_program("setpriv")  # root writes wherever it likes
        prefix = (setpriv, "--bounding-set=-all", "--inh-caps=-all")
    old, new = source(1_000)
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "a.py").write_bytes(old)
    (tmp_path / "b.py").write_bytes(old)
    (inner if what == "a folder" else inner / "a.py").chmod(0o555 if what == "a folder" else 0o444)
    process = start(tmp_path, ".", prefix=prefix)
    _, err = process.communicate()
    inner.chmod(0o755)
    reason = "it could not be written: Permission denied" if what == "a folder" else "it is read-only"
    assert (process.returncode, err) == (2, f"bnlint: inner/a.py was not changed: {reason}\n")
    assert ((inner / "a.py").read_bytes(), (tmp_path / "b.py").read_bytes()) == (old, new)
    assert left(tmp_path) == []


# Models


def test_no_model_is_ever_written(tmp_path: Path) -> None:
    needs("h5py")
    for make in (small.hdf5, small.keras, small.store, small.operations, small.onnx, small.tflite, small.frozen):
        (tmp_path / make.__name__).mkdir()
        make(tmp_path / make.__name__)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    (tmp_path / "a.py").write_bytes(source(100)[0])
    process = start(tmp_path, "--unsafe-fixes", "--include-models", "--select=ALL", "--no-cache", "--statistics", ".")
    out, _ = process.communicate()
    assert process.returncode == 1, "something is found in them"
    assert "BN605" in out
    assert (tmp_path / "a.py").read_bytes() == source(100)[1]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.name != "a.py"} == before


# At once


def both(folder: Path, selections: Iterable[str]) -> list[tuple[int | None, str]]:
    found = []
    for process in [start(folder, "--extend-select", word, ".") for word in selections]:
        _, err = process.communicate()
        found.append((process.returncode, err))
    return found


def test_two_fixes_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each of them removes its own comment or renames an argument; whatever one of them says that it did is in the file."""
    old, new = source(100)
    for number in range(40):
        (tmp_path / f"m{number:02}.py").write_bytes(old)
    for code, err in both(tmp_path, ["BN408", "BN408"]):
        assert code in (0, 2)
        for line in err.splitlines():
            assert "was not changed: it was changed by someone else meanwhile" in line or "being written by another process" in line, line
    assert {path.read_bytes() for path in tmp_path.glob("*.py")} == {new}
    assert left(tmp_path) == []


LOSER = """
import sys, time
from bnlint.fixer import Refused, writing
path, own, count = sys.argv[1], sys.argv[2].encode(), int(sys.argv[3])
accepted = 0
while accepted < count:
    with open(path, "rb") as file:
        old = file.read()
    try:
        writing.write(path, old, old + own)
        accepted += 1
    except Refused:
        time.sleep(0.0005)
"""


def test_no_accepted_write_is_lost(tmp_path: Path) -> None:
    """Three processes append letters to one file as fast as they can: each that was accepted is there in the end."""
    file, count = tmp_path / "a.py", 60
    file.write_bytes(b"")
    writers = [subprocess.Popen([sys.executable, "-c", LOSER, str(file), letter, str(count)]) for letter in "abc"]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    text = file.read_text()
    assert {letter: text.count(letter) for letter in "abc"} == dict.fromkeys("abc", count)
    assert left(tmp_path) == []


# Bytes outside of the edit

LAYOUTS = {
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "cr": lambda text: text.replace("\n", "\r").encode(),
    "mixed": lambda text: text.replace("\n", "\r\n", 1).encode(),
    "bom": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "latin-1": lambda text: ("# coding: latin-1\n" + text).encode("latin-1"),
    "cp1252": lambda text: ("# coding: cp1252\n# \u20ac\n" + text).encode("cp1252"),
    "shift_jis": lambda text: ("# coding: shift_jis\n# 表\n" + text.replace("ö", "日")).encode("shift_jis"),
    "gbk": lambda text: ("# coding: gbk\n" + text.replace("ö", "中")).encode("gbk"),
    "no end": lambda text: text.rstrip("\n").encode(),
    "spaces": lambda text: (text + "   \n\t\n\f").encode(),
    "separators": lambda text: ("y = '\u2028\x85\x1c'\n" + text).encode(),
    "emoji": lambda text: ("y = '😀𝔘é'\n" + text).encode(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("mode", [0o600, 0o755])
def test_bytes_outside_of_the_edit_stay(tmp_path: Path, layout: str, mode: int) -> None:
    write = LAYOUTS[layout]
    file, link = tmp_path / "a.py", tmp_path / "link.py"
    text = HEAD + "name = 'ö'\n\n\n" + LINE
    file.write_bytes(write(text))
    file.chmod(mode)
    link.symlink_to("a.py")
    process = start(tmp_path, "link.py")
    assert process.communicate() == ("", "")
    assert process.returncode == 0
    assert file.read_bytes() == write(text.replace(LINE, FIXED))
    assert file.stat().st_mode & 0o777 == mode
    assert link.is_symlink()
    assert left(tmp_path) == []


def test_a_file_whose_bytes_would_not_come_back_is_not_fixed(tmp_path: Path) -> None:
    """In cp932 some characters can be written in two ways, and Python writes only one of them."""
    content = b"# coding: cp932\n# \x87\x90\n" + (HEAD + LINE).encode()
    assert content.decode("cp932").encode("cp932") != content
    (tmp_path / "a.py").write_bytes(content)
    process = start(tmp_path, "a.py")
    out, err = process.communicate()
    assert process.returncode == 1
    assert (tmp_path / "a.py").read_bytes() == content
    assert "BN408" in out + err
