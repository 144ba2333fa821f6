"""Groups of files checked by several processes, each result as if there were one; what ends a process costs the group that did it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from bnlint.cache.codec import decode, encode
from bnlint.engine import Checked, digest

if TYPE_CHECKING:
    from bnlint.groups import Group
    from bnlint.work import Outcome

HEAD = 8
"""Bytes before each result that tell its length."""


def outcomes(groups: Sequence[Group], jobs: int, check: Callable[[Group], Outcome]) -> Iterator[Outcome]:
    """What comes of each group, in order. (Processes are forked: they know the groups and need no start of their own.)"""
    shares: list[list[int]] = [[] for _ in range(jobs)]
    loads = [0] * jobs
    for index in sorted(range(len(groups)), key=lambda index: groups[index].size, reverse=True):
        lightest = loads.index(min(loads))
        shares[lightest].append(index)
        loads[lightest] += groups[index].size
    crew = Crew(groups, check)
    try:
        for share in shares:
            crew.start(share)
        for index in range(len(groups)):
            yield crew.wait_for(index)
    finally:
        crew.dismiss()


class Crew:
    """Processes at work, by the pipe from which their results come."""

    def __init__(self, groups: Sequence[Group], check: Callable[[Group], Outcome]) -> None:
        self.groups, self.check = groups, check
        self.results: dict[int, Outcome] = {}
        self.processes: dict[int, int] = {}
        self.shares: dict[int, list[int]] = {}
        self.received: dict[int, bytes] = {}

    def start(self, share: list[int]) -> None:
        """Have some groups checked by a new process, one after the other."""
        if not share:
            return
        reading, writing = os.pipe()
        try:
            process = os.fork()
        except OSError:  # there are too many, or there can be none: then the work is done here
            os.close(reading)
            os.close(writing)
            self.results.update((index, self.check(self.groups[index])) for index in share)
            return
        if not process:
            self._labour(share, writing)
        os.close(writing)
        self.processes[reading], self.shares[reading], self.received[reading] = process, share, b""

    def _labour(self, share: Sequence[int], writing: int) -> None:
        """The life of a process. It must not come back, nor write what the other one has still to write."""
        try:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            for reading in self.processes:
                os.close(reading)
            with open(writing, "wb") as pipe:
                for index in share:
                    found, facts = self.check(self.groups[index])
                    data = json.dumps([list(map(encode, found)), facts]).encode()
                    pipe.write(len(data).to_bytes(HEAD, "big") + data)
                    pipe.flush()
        finally:
            os._exit(0)

    def wait_for(self, index: int) -> Outcome:
        """What comes of a group."""
        import select

        while index not in self.results:
            for reading in select.select(list(self.processes), [], [])[0]:
                data = os.read(reading, 1 << 20)
                if data:
                    self._take(reading, data)
                else:
                    self._bury(reading)
        return self.results.pop(index)

    def _take(self, reading: int, data: bytes) -> None:
        """Take in what comes from a process: its results in the order of its share."""
        received = self.received[reading] + data
        while len(received) >= HEAD and len(received) >= (end := HEAD + int.from_bytes(received[:HEAD], "big")):
            index = self.shares[reading].pop(0)
            self.results[index] = _decoded(self.groups[index], json.loads(received[HEAD:end]))
            received = received[end:]
        self.received[reading] = received

    def _bury(self, reading: int) -> None:
        """A process is at its end. If it was too early, the group that it had in hand is given up, and another one does the rest."""
        os.close(reading)
        status = os.waitpid(self.processes.pop(reading), 0)[1]
        share = self.shares.pop(reading)
        del self.received[reading]
        if share:
            index, *rest = share
            self.results[index] = _lost(self.groups[index], status)
            self.start(rest)

    def dismiss(self) -> None:
        """End what is still at work."""
        for reading, process in self.processes.items():
            os.close(reading)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
        self.processes.clear()


def _decoded(group: Group, data: Any) -> Outcome:
    checked, facts = data
    found = [decode(each, given.path, given.plan, digest(given.data)) for each, given in zip(checked, group.inputs, strict=True)]
    return found, [(place, seen) for place, seen in facts]


def _lost(group: Group, status: int) -> Outcome:
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    how = f"was ended by {signal.Signals(number).name} (is there enough memory?)" if number else "ended by itself"
    problem = f"{group.label}: not checked: the process that did it {how}; `--jobs 1` checks it without another process"
    first, *others = (Checked(given.path, given.plan, skipped="not checked") for given in group.inputs)
    return [Checked(first.path, first.plan, skipped=first.skipped, failures=(problem,)), *others], ()
