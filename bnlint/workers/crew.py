"""Processes at work, by what they have in hand, however they are started."""

from __future__ import annotations

import json
import os
import signal
from _thread import start_new_thread
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from bnlint.cache.codec import decode, encode
from bnlint.checked import Checked, digest

if TYPE_CHECKING:
    from bnlint.groups import Group
    from bnlint.work import Outcome

HEAD = 8
"""Bytes before each result that tell its length."""


class Crew(ABC):
    """Processes, each known by a number: what they have still to do, and what came from them that is no whole result yet."""

    def __init__(self, groups: Sequence[Group], check: Callable[[Group], Outcome]) -> None:
        self.groups, self.check = groups, check
        self.results: dict[int, Outcome] = {}
        self.shares: dict[int, list[int]] = {}
        self.received: dict[int, bytes] = {}

    def start(self, share: list[int]) -> None:
        """Have some groups checked by a new process, one after the other."""
        try:
            number = self._hire(share)
        except OSError:  # there are too many, or there can be none: then the work is done here
            self.results.update((index, self.check(self.groups[index])) for index in share)
        else:
            self.shares[number], self.received[number] = share, b""

    def wait_for(self, index: int) -> Outcome:
        """What comes of a group."""
        while index not in self.results:
            for number, data in self._arrivals():
                if data:
                    self._take(number, data)
                else:
                    self._bury(number)
        return self.results.pop(index)

    def _take(self, number: int, data: bytes) -> None:
        """Take in what comes from a process: its results in the order of its share."""
        received = self.received[number] + data
        while len(received) >= HEAD and len(received) >= (end := HEAD + int.from_bytes(received[:HEAD], "big")):
            index = self.shares[number].pop(0)
            self.results[index] = _decoded(self.groups[index], json.loads(received[HEAD:end]))
            received = received[end:]
        self.received[number] = received

    def _bury(self, number: int) -> None:
        """A process is at its end. If it was too early, the group that it had in hand is given up, and another one does the rest."""
        code = self._leave(number)
        share = self.shares.pop(number)
        del self.received[number]
        if share:
            index, *rest = share
            self.results[index] = _lost(self.groups[index], code)
            if rest:
                self.start(rest)

    @abstractmethod
    def _hire(self, share: Sequence[int]) -> int:
        """The number of a new process that has `labour` do a share. Raises OSError."""

    @abstractmethod
    def _arrivals(self) -> Iterable[tuple[int, bytes]]:
        """What has come from which process, as soon as there is anything; nothing from one that is at its end."""

    @abstractmethod
    def _leave(self, number: int) -> int:
        """Part with a process at its end. Its exit code; of one that was ended by a signal, its number below zero."""

    @abstractmethod
    def dismiss(self) -> None:
        """End what is still at work."""


def labour(groups: Iterable[Group], check: Callable[[Group], Outcome], pipe: BinaryIO) -> None:
    """Check groups, and send what comes of each."""
    for group in groups:
        found, facts = check(group)
        data = json.dumps([list(map(encode, found)), facts]).encode()
        pipe.write(len(data).to_bytes(HEAD, "big") + data)
        pipe.flush()


def end_with(parent: int) -> None:
    """Have this process end, whatever it does, as soon as nobody holds the other end of a pipe any more."""

    def wait() -> None:
        os.read(parent, 1)
        os._exit(1)

    with suppress(RuntimeError):  # where no thread can be had, it ends with the next result that it cannot send
        start_new_thread(wait, ())


def _decoded(group: Group, data: Any) -> Outcome:
    checked, facts = data
    found = [decode(each, given.path, given.plan, digest(given.data)) for each, given in zip(checked, group.inputs, strict=True)]
    return found, [(place, seen) for place, seen in facts]


def _lost(group: Group, code: int) -> Outcome:
    how = f"was ended by {signal.Signals(-code).name} (is there enough memory?)" if code < 0 else "ended by itself"
    problem = f"{group.label}: not checked: the process that did it {how}; `--jobs 1` checks it without another process"
    first, *others = (Checked(given.path, given.plan, skipped="not checked") for given in group.inputs)
    return [Checked(first.path, first.plan, skipped=first.skipped, failures=(problem,)), *others], ()
