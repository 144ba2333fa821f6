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

from bnlint.workers.crew import Crew, end_with, labour

if TYPE_CHECKING:
    from bnlint.groups import Group
    from bnlint.work import Outcome

START = "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from bnlint.workers.spawned import work; work()"
"""It finds modules where this process does, and nowhere else before."""


class Spawned(Crew):
    """A thread for each sends the groups, and waits for what comes: not all systems can wait for several pipes."""

    def __init__(self, groups: Sequence[Group], check: Callable[[Group], Outcome]) -> None:
        super().__init__(groups, check)
        self.processes: dict[int, subprocess.Popen[bytes]] = {}
        self._queue: SimpleQueue[tuple[int, bytes]] = SimpleQueue()

    def _hire(self, share: Sequence[int]) -> int:
        groups = [self.groups[index] for index in share]
        sent = pickle.dumps(sys.path) + pickle.dumps((groups, self.check, gc.isenabled()))
        command = [sys.executable, "-I", *(["-B"] if sys.dont_write_bytecode else []), "-c", START]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.processes[process.pid] = process
        Thread(target=self._attend, args=(process, sent), daemon=True).start()
        return process.pid

    def _attend(self, process: subprocess.Popen[bytes], sent: bytes) -> None:
        """Send a process its work, and hand on what comes of it."""
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):  # where it has ended, that is seen below
            process.stdin.write(sent)
            process.stdin.flush()
        with process.stdout as results:
            while data := os.read(results.fileno(), 1 << 20):
                self._queue.put((process.pid, data))
        with suppress(OSError):
            process.stdin.close()  # not before: it is open as long as somebody waits for results
        self._queue.put((process.pid, b""))

    def _arrivals(self) -> Iterator[tuple[int, bytes]]:
        yield self._queue.get()

    def _leave(self, number: int) -> int:
        return self.processes.pop(number).wait()

    def dismiss(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.processes.clear()


def work() -> None:
    """The life of a process: what is written to the standard output goes nowhere, for results take its way."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    groups, check, collects = pickle.load(sys.stdin.buffer)
    end_with(sys.stdin.fileno())
    if not collects:
        gc.disable()
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as pipe:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        labour(groups, check, pipe)
        pipe.flush()
        os._exit(0)  # there is much to clear away, and nobody waits for it
