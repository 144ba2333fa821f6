"""Hostile files: each is read or refused in a line, at once, without much memory, and without a look at any file that was not named."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bnlint import saved
from bnlint.saved import Unreadable, process
from tests.conftest import needs, needs_tracing
from tests.saved.hostile import CANARY, HOSTILE, SECRET, SHARD

needs("h5py")
SECONDS = 20
"""Far below the 30 seconds that a file may take: nothing here is slow, but the machine may be."""


@pytest.fixture(autouse=True, scope="module")
def _fresh() -> Iterator[None]:
    yield
    process.close()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_read_or_refused(name: str, tmp_path: Path) -> None:
    case = HOSTILE[name]
    path = case.make(tmp_path)
    refused = None
    values: list[float] = []
    try:
        graph = saved.read(str(path))
    except Unreadable as error:
        refused = str(error)
    else:
        values = [value for call in graph.calls for stats in call.layer.weights.values() for value in stats.values]
    if case.refused is None:
        assert refused is None
    else:
        assert refused is not None
        assert re.search(case.refused, refused), refused
        assert "\n" not in refused
        assert len(refused) < 500
    assert SECRET not in values
    assert not (tmp_path.parent / "escaped.txt").exists()


def names(prefixes: tuple[str, ...]) -> list[str]:
    return [name for name in HOSTILE if name.startswith(prefixes)]


PROGRAM = """
import json, resource, sys, time
from bnlint import saved
longest = 0
for path in sys.argv[1:]:
    start = time.monotonic()
    try:
        saved.read(path)
    except saved.Unreadable:
        pass
    longest = max(longest, time.monotonic() - start)
from bnlint.saved import process
process.close()
status = open("/proc/self/status").read() if sys.platform == "linux" else "VmHWM: 0 kB"
own = int(status.partition("VmHWM:")[2].split()[0]) >> 10
print(json.dumps([longest, own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10, sorted(sys.modules)]))
"""


def made(cases: list[str], folder: Path) -> list[str]:
    paths = []
    for number, name in enumerate(cases):
        (folder / str(number)).mkdir()
        paths.append(str(HOSTILE[name].make(folder / str(number))))
    return paths


def test_hostile_files_take_neither_long_nor_much_memory(tmp_path: Path) -> None:
    """In MiB, of the process that reads and of the one that it starts. Text of 20 MB and more, which takes its space, is left out."""
    paths = made([name for name in HOSTILE if name not in ("S10 300,000 layers", "S10 a text of 20 MB", "S8 text of 40 MiB")], tmp_path)
    done = subprocess.run([sys.executable, "-c", PROGRAM, *paths], capture_output=True, text=True, check=True)
    longest, own, worker, modules = json.loads(done.stdout)
    assert longest < SECONDS
    assert own < 100
    assert worker < 150
    assert not {"canary_module", "h5py", "numpy", "keras", "tensorflow", "pickle"} & set(modules)


def test_no_file_is_opened_that_was_not_named(tmp_path: Path) -> None:
    """As the system sees it: the library opens files where an audit of Python does not."""
    strace = needs_tracing()
    paths = made(names(("S1 ", "S5", "S6", "S25", "S3 names", "S15")), tmp_path)
    log = tmp_path / "log"
    trace = [strace, "-f", "-qq", "-s", "4096", "-e", "trace=open,openat,openat2,connect,socket,unlink,rename,mkdir", "-o", str(log)]
    done = subprocess.run([*trace, sys.executable, "-c", PROGRAM, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    inside = {match[1] for line in lines if (match := re.search(r'open\w*\([^"]*"([^"]*)"', line)) and str(tmp_path) in match[1]}
    shard = os.path.join(os.path.dirname(paths[names(("S1 ", "S5", "S6", "S25", "S3 names", "S15")).index("S25 shards")]), SHARD)
    assert inside == {*paths, shard}
    assert not any(CANARY in line or "connect(" in line or "O_WRONLY" in line or "O_RDWR" in line for line in lines if "/dev/" not in line)
