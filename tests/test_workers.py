"""Several processes say what one says; what ends one of them costs what it had in hand."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from bnlint import api, work, workers
from bnlint.api import Plans
from bnlint.cache import codec
from bnlint.groups import Group
from bnlint.result import Result
from bnlint.workers import crew, forked, spawned
from bnlint.workers.crew import Crew

if TYPE_CHECKING:
    from bnlint.work import Outcome

FORKED = pytest.param(True, marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork"))

ROOT = Path(__file__).parent.parent
WARNING = "from keras import layers\nx = layers.BatchNormalization(momentum={}, eps=1e-3)\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for number in range(7):
        Path(f"m{number}.py").write_text(WARNING.format(f"0.{number + 1}"))
    Path("broken.py").write_text("from keras.layers import BatchNormalization\ndef f(:\n")
    return tmp_path


@pytest.fixture(params=[FORKED, False], ids=["forked", "spawned"], autouse=True)
def forks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """How processes are started."""
    monkeypatch.setattr(workers, "FORKS", request.param)
    return bool(request.param)


def lint(jobs: int, *paths: str, cached: bool = False) -> Result:
    return api.lint_files(paths or (".",), Plans(isolated=True, cached=cached), jobs=jobs)


def told(result: Result, *left_out: str) -> list[object]:
    """What is told of the files. (The layers that fixes touch are the judge's affair.)"""
    return [codec.encode(file) for file in result.files if file.path not in left_out]


@dataclasses.dataclass(frozen=True)
class Harmed:
    """Checks as `check` does, but that something happens in the process which checks `m3.py`."""

    check: Callable[[Group], Outcome]
    happens: Callable[..., object]
    arguments: tuple[object, ...] = ()

    def __call__(self, group: Group) -> Outcome:
        if group.inputs[0].path == "m3.py":
            self.happens(*self.arguments)
        return self.check(group)


def when_checked(monkeypatch: pytest.MonkeyPatch, happens: Callable[..., object], *arguments: object) -> None:
    """Have something happen in the process that checks `m3.py`."""
    original = workers.outcomes
    monkeypatch.setattr(workers, "outcomes", lambda groups, jobs, check: original(groups, jobs, Harmed(check, happens, arguments)))


def kill(number: int) -> None:
    os.kill(os.getpid(), number)


def run_out_of_memory() -> None:
    raise MemoryError


def output(jobs: int, output_format: str, *paths: str) -> tuple[int, bytes, bytes]:
    options = ("--isolated", "--no-cache", "--jobs", str(jobs), "--output-format", output_format)
    command = [sys.executable, "-m", "bnlint", "check", *options, *paths]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("output_format", ["text", "sarif"])
def test_the_fixtures_say_the_same(output_format: str) -> None:
    folders = [f"fixtures/programs/{name}" for name in ("convnets", "factories", "notebooks", "legacy")]
    one, two = (output(jobs, output_format, *folders) for jobs in (1, 2))
    assert one == two
    assert len(one[1]) > 1000


@pytest.mark.parametrize("jobs", [2, 3, 50])
def test_results_are_those_of_one_process(project: Path, jobs: int) -> None:
    one, more = lint(1), lint(jobs)
    assert told(more) == told(one)
    assert [finding.code for finding in more.findings].count("BN408") > 3
    assert (more.analysed, more.dismissed, more.sites, more.failures) == (one.analysed, one.dismissed, one.sites, one.failures)
    assert [more.lines(finding.path, None) for finding in more.findings] == [one.lines(finding.path, None) for finding in one.findings]
    assert [more.edits(finding) for finding in more.findings] == [one.edits(finding) for finding in one.findings]


def test_what_several_processes_found_is_recalled(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(lint(2, cached=True))
    monkeypatch.setattr(work, "check", lambda *_: pytest.fail("checked again"))
    assert told(lint(2, cached=True)) == found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_is_killed_costs_one_group(project: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    everything = lint(1)
    with monkeypatch.context() as harmed:
        when_checked(harmed, kill, number)
        result = lint(2, cached=True)
    (failure,) = result.failures
    assert failure.startswith(f"m3.py: not checked: the process that did it was ended by {signal.Signals(number).name}")
    assert told(result) == told(everything, "m3.py")
    assert result.analysed == everything.analysed - 1
    assert told(lint(2, cached=True)) == told(everything)


def test_a_process_that_exits_costs_one_group(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    when_checked(monkeypatch, os._exit, 3)
    result = lint(2)
    assert len(result.failures) == 1
    assert "ended by itself" in result.failures[0]


def test_too_little_memory_costs_one_group(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    when_checked(monkeypatch, run_out_of_memory)
    result = lint(2)
    assert len(result.failures) == 1
    assert len({finding.path for finding in result.findings}) == 7


@dataclasses.dataclass(frozen=True)
class Noted:
    """Checks as `check` does, notes which files it has checked, and checks `m3.py` when there are so many."""

    check: Callable[[Group], Outcome]
    wanted: int

    def __call__(self, group: Group) -> Outcome:
        path = group.inputs[0].path
        if path == "m3.py" and not wait_until(lambda: len(list(Path("done").iterdir())) == self.wanted):
            os._exit(3)
        Path("done", path).touch()
        return self.check(group)


def test_nothing_waits_for_a_process_that_is_at_work(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = lint(1)
    Path("done").mkdir()
    original = workers.outcomes
    monkeypatch.setattr(workers, "outcomes", lambda groups, jobs, check: original(groups, jobs, Noted(check, len(groups) - 1)))
    monkeypatch.setattr(crew, "PORTION", 0)
    assert told(lint(2)) == told(one)


class Interrupted(Crew):
    """Whoever waits for it is interrupted."""

    def _arrivals(self) -> NoReturn:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(10)
        raise AssertionError


@pytest.mark.skipif(sys.platform == "win32", reason="no process to ask for")
def test_no_process_is_left_when_the_run_is_ended(project: Path, monkeypatch: pytest.MonkeyPatch, forks: bool) -> None:
    started: list[int] = []
    kind = forked.Forked if forks else spawned.Spawned
    hire = kind._hire

    def hires(those: Crew) -> int:
        number = hire(those)  # type: ignore[arg-type]
        started.append(those.processes[number] if isinstance(those, forked.Forked) else number)
        return number

    monkeypatch.setattr(kind, "_hire", hires)
    monkeypatch.setattr(kind, "_arrivals", Interrupted._arrivals)
    when_checked(monkeypatch, time.sleep, 100)
    with pytest.raises(KeyboardInterrupt):
        lint(2)
    assert len(started) == 2
    for process in started:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


STAYING = """\
import sys
from bnlint import workers
from tests.test_workers import Harmed, lint, stay

workers.FORKS = sys.argv[1] == "True"
original = workers.outcomes
workers.outcomes = lambda groups, jobs, check: original(groups, jobs, Harmed(check, stay))
lint(2)
"""


def stay() -> None:
    """Write down which process this is, and do nothing for long."""
    Path("new").write_text(str(os.getpid()))
    os.replace("new", "staying")
    time.sleep(60)


def is_running(process: int) -> bool:
    """Whether a process runs, and is not only waited for by nobody."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def wait_until(holds: Callable[[], bool]) -> bool:
    """Whether something is so within some seconds."""
    end = time.monotonic() + 30
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks /proc")
def test_no_process_outlives_a_run_that_is_killed(project: Path, forks: bool) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", STAYING, str(forks)], env=environment) as run:
        assert wait_until(Path("staying").exists)
        process = int(Path("staying").read_text())
        assert is_running(process)
        run.kill()
    assert wait_until(lambda: not is_running(process))


def test_where_there_can_be_no_other_process(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    one = lint(1)
    monkeypatch.setattr(os, "fork", refuse, raising=False)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    assert told(lint(2)) == told(one)


def test_where_another_process_never_gets_to_work(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = lint(1)
    monkeypatch.setattr(workers, "FORKS", False)
    monkeypatch.setattr(spawned, "START", "raise SystemExit(1)")
    assert told(lint(2)) == told(one)


def test_a_little_work_is_done_by_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "outcomes", lambda *_: pytest.fail("another process"))
    assert told(lint(0)) == told(lint(1))


def test_much_work_is_shared(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anew more is started only for more."""
    shared: list[int] = []
    original = workers.outcomes
    monkeypatch.setattr(workers, "outcomes", lambda groups, jobs, check: shared.append(jobs) or original(groups, jobs, check))
    monkeypatch.setattr(work, "MUCH", 100)
    monkeypatch.setattr(work, "processors", lambda: 2)
    assert len(lint(0).findings) > 3
    assert shared == ([2] if workers.FORKS else [])
    monkeypatch.setattr(work, "MUCH_MORE", 100)
    assert len(lint(0).findings) > 3
    assert shared[-1] == 2


def test_what_a_spawned_process_prints_is_no_result(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = lint(1)
    when_checked(monkeypatch, print, "nonsense")
    assert told(lint(2)) == told(one)


def test_modules_beside_the_files_are_not_taken_for_those_of_python(project: Path) -> None:
    one = lint(1)
    for name in ("pickle", "json", "bnlint"):
        Path(f"{name}.py").write_text("raise SystemExit(9)\n")
    assert told(lint(2)) == told(one)
