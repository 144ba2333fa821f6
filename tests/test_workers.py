"""Several processes say what one says; what ends one of them costs what it had in hand."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bnlint import api, work
from bnlint.api import Plans
from bnlint.cache import codec
from bnlint.engine import Checked
from bnlint.groups import Group
from bnlint.result import Result

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")

ROOT = Path(__file__).parent.parent
WARNING = "from keras import layers\nx = layers.BatchNormalization(momentum={}, eps=1e-3)\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for number in range(7):
        Path(f"m{number}.py").write_text(WARNING.format(f"0.{number + 1}"))
    Path("broken.py").write_text("from keras.layers import BatchNormalization\ndef f(:\n")
    return tmp_path


def lint(jobs: int, *paths: str, cached: bool = False) -> Result:
    return api.lint_files(paths or (".",), Plans(isolated=True, cached=cached), jobs=jobs)


def told(result: Result, *left_out: str) -> list[object]:
    """What is told of the files. (The layers that fixes touch are the judge's affair.)"""
    return [codec.encode(file) for file in result.files if file.path not in left_out]


def when_checked(monkeypatch: pytest.MonkeyPatch, path: str, happens: Callable[[], object]) -> None:
    """Have something happen in the process that checks a file."""

    def check(group: Group, *rest: object) -> Sequence[Checked]:
        if group.inputs[0].path == path:
            happens()
        return original(group, *rest)  # type: ignore[arg-type]

    original = work.check
    monkeypatch.setattr(work, "check", check)


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
        when_checked(harmed, "m3.py", lambda: os.kill(os.getpid(), number))
        result = lint(2, cached=True)
    (failure,) = result.failures
    assert failure.startswith(f"m3.py: not checked: the process that did it was ended by {signal.Signals(number).name}")
    assert told(result) == told(everything, "m3.py")
    assert result.analysed == everything.analysed - 1
    assert told(lint(2, cached=True)) == told(everything)


def test_a_process_that_exits_costs_one_group(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    when_checked(monkeypatch, "m3.py", lambda: os._exit(3))
    result = lint(2)
    assert len(result.failures) == 1
    assert "ended by itself" in result.failures[0]


def test_too_little_memory_costs_one_group(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise MemoryError

    when_checked(monkeypatch, "m3.py", fails)
    result = lint(2)
    assert len(result.failures) == 1
    assert len({finding.path for finding in result.findings}) == 7


def test_no_process_is_left_when_the_run_is_ended(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import select
    import time

    started: list[int] = []
    fork = os.fork
    monkeypatch.setattr(os, "fork", lambda: started.append(fork()) or started[-1])
    monkeypatch.setattr(select, "select", lambda *_: os.kill(os.getpid(), signal.SIGINT) or ([], [], []))
    when_checked(monkeypatch, "m3.py", lambda: time.sleep(100))
    with pytest.raises(KeyboardInterrupt):
        lint(2)
    assert len(started) == 2
    for process in started:
        with pytest.raises(ChildProcessError):
            os.waitpid(process, os.WNOHANG)


def test_where_there_can_be_no_other_process(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fork() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    one = lint(1)
    monkeypatch.setattr(os, "fork", fork)
    assert told(lint(2)) == told(one)


def test_a_little_work_is_done_by_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("another process"))
    assert told(lint(0)) == told(lint(1))


def test_much_work_is_shared(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    original = os.fork

    def fork() -> int:
        started.append(1)
        return original()

    monkeypatch.setattr(os, "fork", fork)
    monkeypatch.setattr(work, "MUCH", 100)
    monkeypatch.setattr(work, "processors", lambda: 2)
    assert len(lint(0).findings) > 3
    assert len(started) == 2
