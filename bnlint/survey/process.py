"""The process that lints (`worker.py`), seen from outside: started, asked, and replaced when it is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from tempfile import TemporaryDirectory
from threading import Timer
from types import TracebackType
from typing import IO, Final

from bnlint.survey import frames
from bnlint.survey.records import File, Outcome, Terms
from bnlint.survey.worker import OUT_OF_MEMORY


class Lost(Exception):
    """Why there is no answer, in a few words."""


class Late(Lost):
    """There is no answer in time."""


class Broken(Exception):
    """Why no process can be started, in a line."""


WAIT: Final = 10
"""How many times the processor time that a file may take may pass by the clock: the machine may be busy."""

STARTING: Final = 120
"""Seconds that a process may take to start, on a machine that is busy."""


class Worker:
    """A process that lints, with a folder to write in."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._scratch = TemporaryDirectory(prefix="bnlint-survey-", ignore_cleanup_errors=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._late = False

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()
        self._scratch.cleanup()

    def lint(self, files: Sequence[File]) -> list[Outcome]:
        """What comes of files that belong together. Raises Lost and Broken."""
        used = self._process is not None
        try:
            return self._ask(files)
        except Late:
            raise
        except Lost:
            if not used:
                raise
            return self._ask(files)  # those before may have left little of the memory

    def _ask(self, files: Sequence[File]) -> list[Outcome]:
        if self._process is not None and self._process.poll() is not None:
            self._stop()  # its time was up just when it had answered
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):  # it is gone: what follows says how
            frames.write(process.stdin, frames.encode(files))
        while (answer := self._receive(process.stdout, WAIT * self.terms.seconds)) == frames.ALIVE:
            pass
        if answer is None:
            raise self._fate(process)
        return frames.decode(answer, list[Outcome])

    def _start(self) -> subprocess.Popen[bytes]:
        # Nothing is imported from the working directory, where the files of others lie.
        folders = os.pathsep.join(folder for folder in sys.path if os.path.isabs(folder))
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "bnlint.survey.worker", self._scratch.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._scratch.name,
            env={**os.environ, "PYTHONPATH": folders},
        )
        self._late = False
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(OSError):
            frames.write(self._process.stdin, frames.encode(self.terms))
        if self._receive(self._process.stdout, STARTING) is None:
            raise Broken(f"no process can be started that lints: it {self._fate(self._process)}")
        return self._process

    def _receive(self, stream: IO[bytes], seconds: float) -> bytes | None:
        """The next message, if it comes in time."""
        timer = Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            return frames.read(stream)
        finally:
            timer.cancel()

    def _expire(self) -> None:
        self._late = True
        if self._process is not None:
            self._process.kill()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _fate(self, process: subprocess.Popen[bytes]) -> Lost:
        try:
            code = process.wait(5)
        except subprocess.TimeoutExpired:
            code = -9
        late = self._late
        self._stop()
        if late:
            return Late(f"took more than {WAIT * self.terms.seconds:g} seconds by the clock")
        if code == -getattr(signal, "SIGXCPU", 0) != 0:
            return Late(f"took more than {self.terms.seconds:g} seconds of processor time")
        if code == OUT_OF_MEMORY:
            return Lost(f"needs more than {self.terms.memory} MiB of memory")
        return Lost(f"ended its process with {f'signal {-code}' if code < 0 else f'exit code {code}'}")
