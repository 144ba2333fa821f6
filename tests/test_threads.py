"""From many threads at once the API gives what it gives from one, and leaves the process as it was."""

import gc
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event, Thread
from time import monotonic, sleep
from weakref import ref

import pytest

import bnlint
from bnlint import api, syntax
from bnlint.findings import Finding
from bnlint.saved import process
from bnlint.shared import Shared, Turns

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "fixtures" / "checks").rglob("*.py"))[::3] + sorted((ROOT / "fixtures").glob("notebooks/*.ipynb"))
NESTED = "from keras import layers\nx = layers.BatchNormalization(momentum=" + "-(" * 150 + "0.1" + ")" * 150 + ")\n"
WARNS = 'from keras import layers\npath = "\\d"\nx = layers.BatchNormalization(momentum=0.1)\n'
THREADS = 8
SOURCE = (ROOT / "fixtures" / "checks" / "BN302" / "gradients_that_train_something_else.py").read_text()


@pytest.fixture(autouse=True)
def _impatient() -> Iterator[None]:
    """Threads take turns a thousand times as often: what may go wrong between two of them, does."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(5e-6)
    yield
    sys.setswitchinterval(interval)


def plain(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings without the layers that their fixes touch: those are objects of one run."""
    return tuple(replace(each, fix=replace(each.fix, touches=()) if each.fix is not None else None) for each in findings)


def linted(path: Path) -> object:
    return plain(bnlint.lint_source(path.read_bytes(), str(path), extend_select=["ALL"], config="min-batch = 16"))


def fixed(path: Path) -> object:
    found = bnlint.fix_source(path.read_bytes(), str(path), unsafe=True, isolated=True)
    return found.source, plain(found.fixed), plain(found.findings)


@pytest.fixture
def _watched() -> Iterator[None]:
    """The collector tells somebody of each of its turns, as hypothesis and jax have it do: threads then change in the midst of anything."""

    def told(*_: object) -> None:
        sum(each for each in range(5))

    gc.callbacks.append(told)
    yield
    gc.callbacks.remove(told)


@pytest.mark.usefixtures("_watched")
def test_many_threads_find_and_fix_what_one_does() -> None:
    assert len(FILES) > 20
    filters, limit = list(warnings.filters), sys.getrecursionlimit()
    jobs = [(work, path) for path in FILES for work in (linted, fixed)]
    expected = [work(path) for work, path in jobs]
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda job: job[0](job[1]), jobs))
    pairs = zip(jobs, expected, found, strict=True)
    different = [(work.__name__, path.name, repr(one), repr(other)) for (work, path), one, other in pairs if one != other]
    assert different == []
    assert (warnings.filters, sys.getrecursionlimit()) == (filters, limit)


def test_code_that_is_nested_deeply_is_read_while_others_come_and_go() -> None:
    """Python's recursion limit is one for all threads."""
    alone = plain(bnlint.lint_source(NESTED, isolated=True))
    assert [finding.code for finding in alone] != ["BN001"]
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda text: plain(bnlint.lint_source(text, isolated=True)), [NESTED, WARNS] * 40))
    assert set(found[::2]) == {alone}


class Circle:
    """What only the garbage collector frees; whoever waits for that is told, in the midst of anything."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.usefixtures("_watched")
def test_trees_are_built_while_garbage_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python counts the depth of the trees of all threads in one place: gh-106905. Where they take turns, one attempt is enough."""
    monkeypatch.setattr(syntax, "ATTEMPTS", 0)
    waiting: list[object] = []

    def work(number: int) -> int:
        for _ in range(8):
            waiting.extend(ref(Circle(), lambda _: sum(each for each in range(50))) for _ in range(40))
            del waiting[:-200]
            syntax.parse(SOURCE)
        return number

    thresholds = gc.get_threshold()
    gc.set_threshold(60, 5, 5)
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            assert list(pool.map(work, range(48))) == list(range(48))
    finally:
        gc.set_threshold(*thresholds)


def test_warnings_about_the_source_stay_silent_and_those_of_others_do_not() -> None:
    """`warnings.filters` is one for all threads, too."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(lambda text: bnlint.lint_source(text, isolated=True), [WARNS] * 60))
        assert [str(each.message) for each in said] == []
        warnings.warn("of others", stacklevel=1)
    assert len(said) == 1
    assert {finding.code for findings in found for finding in findings} == {"BN403"}


def test_what_is_shared_is_changed_once_and_undone_at_last() -> None:
    told: list[str] = []

    @contextmanager
    def change() -> Iterator[None]:
        told.append("made")
        yield
        told.append("undone")

    shared, barrier = Shared(change), Barrier(THREADS)

    def use() -> None:
        with shared:
            barrier.wait(60)
            assert told == ["made"]
            barrier.wait(60)

    threads = [Thread(target=use) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with shared:
        pass
    assert told == ["made", "undone", "made", "undone"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no process can be forked here")
def test_a_forked_process_need_not_wait_for_threads_that_it_does_not_have() -> None:
    turns, taken, done = Turns(), Event(), Event()

    def work() -> None:
        with turns, turns:
            taken.set()
            done.wait(60)

    thread = Thread(target=work)
    thread.start()
    taken.wait(60)
    process = os.fork()
    if not process:
        with turns:
            os._exit(7)
    deadline = monotonic() + 60
    while (ended := os.waitpid(process, os.WNOHANG))[0] == 0 and monotonic() < deadline:
        sleep(0.01)
    if not ended[0]:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(ended[1]) == 7


def test_each_call_reads_the_settings_as_they_are(tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(THREADS)]
    for folder in folders:
        folder.mkdir()

    def edit_and_lint(folder: Path) -> list[int]:
        found = []
        for turn in range(12):
            (folder / "bnlint.toml").write_text('ignore = ["BN403"]' if turn % 2 else "")
            found.append(len(bnlint.lint_source(WARNS, str(folder / "a.py"))))
        return found

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(edit_and_lint, folders)) == [[1, 0] * 6] * THREADS


def test_paths_are_linted_by_many_threads(tmp_path: Path) -> None:
    norms = "from keras import layers\n\n\ndef norm(x):\n    return layers.BatchNormalization(momentum=0.1)(x)\n"
    (tmp_path / "norms.py").write_text(norms)
    (tmp_path / "net.py").write_text("import keras\nfrom norms import norm\n\nx = keras.Input((8,))\ny = norm(norm(x))\n")
    expected = plain(api.lint_paths([tmp_path], isolated=True).findings)
    assert expected
    with ThreadPoolExecutor(THREADS) as pool:
        assert set(pool.map(lambda path: plain(api.lint_paths([path], isolated=True).findings), [tmp_path] * 24)) == {expected}


def test_no_two_threads_get_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    class Idle:
        def is_alive(self) -> bool:
            return True

    waiting: list[object] = []
    monkeypatch.setattr(process, "_idle", waiting)
    monkeypatch.setattr(process, "_folders", list)
    monkeypatch.setattr(process, "Worker", lambda folders: Idle())
    waiting += [Idle() for _ in range(100)]
    with ThreadPoolExecutor(THREADS) as pool:
        hired = list(pool.map(lambda _: process._hire(), range(150)))
    assert len(set(map(id, hired))) == 150


FIRST_USE = """
import sys, threading
from dataclasses import replace
sys.setswitchinterval(5e-6)
import bnlint
text = open(sys.argv[1]).read()
barrier, found = threading.Barrier(8), []

def plain(findings):
    return [replace(each, fix=each.fix and replace(each.fix, touches=())) for each in findings]

def work(number):
    barrier.wait()
    found.append(bnlint.fix_source(text, unsafe=True, isolated=True) if number % 2 else bnlint.lint_source(text, isolated=True))

threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
linted = [plain(each) for each in found if isinstance(each, tuple)]
fixed = [(each.source, plain(each.fixed)) for each in found if not isinstance(each, tuple)]
assert linted == [plain(bnlint.lint_source(text, isolated=True))] * 4, "lint"
assert len(fixed) == 4 and all(each == fixed[0] for each in fixed), "fix"
assert linted[0] and fixed[0][1]
"""


@pytest.mark.parametrize("turn", range(2))
def test_many_threads_may_be_the_first(turn: int) -> None:
    """All that is imported and remembered on first use is imported and remembered by several at once."""
    command = [sys.executable, "-c", FIRST_USE, str(ROOT / "fixtures" / "checks" / "BN103" / "cancelled.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
