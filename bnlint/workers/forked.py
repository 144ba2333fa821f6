"""Processes that are forked: they know the groups."""

from __future__ import annotations

import json
import os
import select
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

from bnlint.workers.crew import Crew, framed, labour, sent

if TYPE_CHECKING:
    from bnlint.groups import Group
    from bnlint.work import Outcome


class Forked(Crew):
    """Their numbers are those of the pipes from which their results come; `orders` are those by which they are sent groups."""

    def __init__(self, groups: Sequence[Group], check: Callable[[Group], Outcome]) -> None:
        super().__init__(groups, check)
        self.processes: dict[int, int] = {}
        self.orders: dict[int, int] = {}

    def _hire(self) -> int:
        pipes: list[int] = []
        try:
            pipes += os.pipe()
            pipes += os.pipe()
            process = os.fork()
        except OSError:
            for end in pipes:
                os.close(end)
            raise
        reading, results, orders, writing = pipes
        if not process:
            self._work(orders, results, (reading, writing, *self.processes, *self.orders.values()))
        os.close(results)
        os.close(orders)
        self.processes[reading], self.orders[reading] = process, writing
        return reading

    def _work(self, orders: int, results: int, others: Sequence[int]) -> NoReturn:
        """The life of a process. It must not come back, nor write what the other one has still to write."""
        try:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            for end in others:
                os.close(end)
            with open(orders, "rb") as source, open(results, "wb") as pipe:
                portions = ([self.groups[index] for index in json.loads(order)] for order in sent(source))
                labour(portions, self.check, pipe)
        finally:
            os._exit(0)

    def _send(self, number: int, portion: Sequence[int]) -> None:
        os.write(self.orders[number], framed(json.dumps(portion).encode()))

    def _arrivals(self) -> Iterator[tuple[int, bytes]]:
        for reading in select.select(list(self.processes), [], [])[0]:
            yield reading, os.read(reading, 1 << 20)

    def _leave(self, number: int) -> int:
        os.close(number)
        os.close(self.orders.pop(number))
        return os.waitstatus_to_exitcode(os.waitpid(self.processes.pop(number), 0)[1])

    def dismiss(self) -> None:
        for process in self.processes.values():
            os.kill(process, signal.SIGKILL)
        for number in list(self.processes):
            self._leave(number)
