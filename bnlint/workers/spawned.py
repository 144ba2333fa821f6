"""Processes that are started anew, where none can be forked: they are sent the groups.

What they are sent is pickled by this program for itself, and no part of the input: of that it holds bytes.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from bnlint.workers.crew import Crew, framed, labour, sent

if TYPE_CHECKING:
    from bnlint.groups import Group
    from bnlint.work import Outcome

START = "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from bnlint.workers.spawned import work; work()"
"""It finds modules where this process does, and nowhere else before."""


class Spawned(Crew):
    """A thread for each waits for what comes: not all systems can wait for several pipes."""

    def __init__(self, groups: Sequence[Group], check: Callable[[Group], Outcome]) -> None:
        super().__init__(groups, check)
        self.processes: dict[int, subprocess.Popen[bytes]] = {}
        self._queue: SimpleQueue[tuple[int, bytes]] = SimpleQueue()

    def _hire(self) -> int:
        command = [sys.executable, "-I", *(["-B"] if sys.dont_write_bytecode else []), "-c", START]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.processes[process.pid] = process
        Thread(target=self._attend, args=(process,), daemon=True).start()
        with suppress(OSError):  # where it has ended, that is seen by the thread
            self._write(process, pickle.dumps(sys.path) + pickle.dumps((self.check, gc.isenabled())))
        return process.pid

    def _send(self, number: int, portion: Sequence[int]) -> None:
        self._write(self.processes[number], framed(pickle.dumps([self.groups[index] for index in portion])))

    def _write(self, process: subprocess.Popen[bytes], data: bytes) -> None:
        assert process.stdin is not None
        process.stdin.write(data)
        process.stdin.flush()

    def _attend(self, process: subprocess.Popen[bytes]) -> None:
        """Hand on what comes of a process."""
        assert process.stdout is not None
        with process.stdout as results:
            while data := os.read(results.fileno(), 1 << 20):
                self._queue.put((process.pid, data))
        self._queue.put((process.pid, b""))

    def _arrivals(self) -> Iterator[tuple[int, bytes]]:
        yield self._queue.get()

    def _leave(self, number: int) -> int:
        process = self.processes.pop(number)
        assert process.stdin is not None
        with suppress(OSError):  # something may be left that was not sent
            process.stdin.close()
        return process.wait()

    def dismiss(self) -> None:
        for process in self.processes.values():
            process.kill()
        for number in list(self.processes):
            self._leave(number)


def work() -> None:
    """The life of a process: what is written to the standard output goes nowhere, for results take its way."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    check, collects = pickle.load(sys.stdin.buffer)
    if not collects:
        gc.disable()
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as pipe:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        labour(map(pickle.loads, sent(sys.stdin.buffer)), check, pipe)
        os._exit(0)  # there is much to clear away, and nobody waits for it
