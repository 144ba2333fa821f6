"""Processes that are forked: they know the groups."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from bnlint.workers.crew import Crew, end_with, labour

if TYPE_CHECKING:
    from bnlint.groups import Group
    from bnlint.work import Outcome


class Forked(Crew):
    """Their numbers are those of the pipes from which their results come."""

    def __init__(self, groups: Sequence[Group], check: Callable[[Group], Outcome]) -> None:
        super().__init__(groups, check)
        self.processes: dict[int, int] = {}
        self.life: tuple[int, int] | tuple[()] = ()
        """This process alone holds the end to which one could write: when that is gone, the others see it."""

    def _hire(self, share: Sequence[int]) -> int:
        reading, writing = os.pipe()
        try:
            self.life = self.life or os.pipe()
            process = os.fork()
        except OSError:
            os.close(reading)
            os.close(writing)
            raise
        if not process:
            self._work(share, writing, *self.life)
        os.close(writing)
        self.processes[reading] = process
        return reading

    def _work(self, share: Sequence[int], writing: int, seen: int, held: int) -> NoReturn:
        """The life of a process. It must not come back, nor write what the other one has still to write."""
        try:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.close(held)
            end_with(seen)
            for reading in self.processes:
                os.close(reading)
            with open(writing, "wb") as pipe:
                labour((self.groups[index] for index in share), self.check, pipe)
        finally:
            os._exit(0)

    def _arrivals(self) -> Iterator[tuple[int, bytes]]:
        for reading in select.select(list(self.processes), [], [])[0]:
            yield reading, os.read(reading, 1 << 20)

    def _leave(self, number: int) -> int:
        os.close(number)
        return os.waitstatus_to_exitcode(os.waitpid(self.processes.pop(number), 0)[1])

    def dismiss(self) -> None:
        for reading, process in self.processes.items():
            os.close(reading)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        self.processes.clear()
        for end in self.life:
            os.close(end)
