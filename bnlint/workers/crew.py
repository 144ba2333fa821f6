"""Processes at work, by what they have in hand, however they are started."""

from __future__ import annotations

import json
import os
import signal
from _thread import start_new_thread
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from bnlint.cache.codec import decode, encode
from bnlint.checked import Checked, digest

if TYPE_CHECKING:
    from bnlint.groups import Group
    from bnlint.work import Outcome

HEAD: Final = 8
"""Bytes before whatever is sent that tell its length."""

PORTION: Final = 30_000
"""Bytes of files up to which groups are handed out together: to ask for each alone takes longer than to check a small one."""


class Crew(ABC):
    """Processes, each known by a number: what they have in hand, and what came from them that is no whole result yet.

    A process that has nothing to do asks for more, so that none waits for another: what a group costs cannot be told by its size.
    """

    def __init__(self, groups: Sequence[Group], check: Callable[[Group], Outcome]) -> None:
        self.groups, self.check = groups, check
        self.due = sorted(range(len(groups)), key=lambda index: groups[index].size)
        """What nobody has in hand, the largest last: that is handed out first."""
        self.results: dict[int, Outcome] = {}
        self.hands: dict[int, list[int]] = {}
        self.received: dict[int, bytes] = {}

    def start(self) -> None:
        """Have one more process take part, if there can be one."""
        with suppress(OSError):
            number = self._hire()
            self.hands[number], self.received[number] = [], b""

    def wait_for(self, index: int) -> Outcome:
        """What comes of a group."""
        while index not in self.results:
            if not self.hands:  # there can be no other process: then the work is done here
                self.due.remove(index)
                self.results[index] = self.check(self.groups[index])
                break
            for number, data in self._arrivals():
                if data:
                    self._take(number, data)
                else:
                    self._bury(number)
        return self.results.pop(index)

    def _take(self, number: int, data: bytes) -> None:
        """Take in what comes from a process: its results in the order in which it got the groups; nothing where it asks for more."""
        received = self.received[number] + data
        while len(received) >= HEAD and len(received) >= (end := HEAD + int.from_bytes(received[:HEAD], "big")):
            if end > HEAD:
                index = self.hands[number].pop(0)
                self.results[index] = _decoded(self.groups[index], json.loads(received[HEAD:end]))
            elif self.due:
                self._give(number)
            received = received[end:]
        self.received[number] = received

    def _give(self, number: int) -> None:
        """Give a process something to do."""
        portion = [self.due.pop()]
        size = self.groups[portion[0]].size
        while self.due and (size := size + self.groups[self.due[-1]].size) <= PORTION:
            portion.append(self.due.pop())
        self.hands[number] = portion
        with suppress(OSError):  # it has ended, which is seen when its results are read
            self._send(number, portion)

    def _bury(self, number: int) -> None:
        """A process is at its end. If it was too early, the group that it had in hand is given up, and another one takes its place; none
        that of one that never got to work."""
        code = self._leave(number)
        portion = self.hands.pop(number)
        del self.received[number]
        if portion:
            index, *rest = portion
            self.results[index] = _lost(self.groups[index], code)
            self.due += rest[::-1]
            if self.due:
                self.start()

    @abstractmethod
    def _hire(self) -> int:
        """The number of a new process that is to `labour`. Raises OSError."""

    @abstractmethod
    def _send(self, number: int, portion: Sequence[int]) -> None:
        """Send a process some groups. Raises OSError."""

    @abstractmethod
    def _arrivals(self) -> Iterable[tuple[int, bytes]]:
        """What has come from which process, as soon as there is anything; nothing from one that is at its end."""

    @abstractmethod
    def _leave(self, number: int) -> int:
        """Part with a process at its end. Its exit code; of one that was ended by a signal, its number below zero."""

    @abstractmethod
    def dismiss(self) -> None:
        """End all of them."""


def labour(orders: Iterable[Iterable[Group]], check: Callable[[Group], Outcome], results: BinaryIO) -> None:
    """Ask for groups, check them and send what comes of each, over and over."""
    results.write(framed(b""))
    results.flush()
    for groups in orders:
        for group in groups:
            found, facts = check(group)
            results.write(framed(json.dumps([list(map(encode, found)), facts]).encode()))
            results.flush()
        results.write(framed(b""))
        results.flush()


def framed(data: bytes) -> bytes:
    """Data as they are sent."""
    return len(data).to_bytes(HEAD, "big") + data


def sent(source: BinaryIO) -> Iterator[bytes]:
    """What is sent to this process, which ends, whatever it does, as soon as nobody holds the other end any more."""
    waiting: SimpleQueue[bytes] = SimpleQueue()

    def listen() -> None:
        for data in _frames(source):
            waiting.put(data)
        os._exit(1)

    try:
        start_new_thread(listen, ())
    except RuntimeError:  # where no thread can be had, it ends when it has done what it has in hand
        return _frames(source)
    return iter(waiting.get, None)


def _frames(source: BinaryIO) -> Iterator[bytes]:
    while len(head := source.read(HEAD)) == HEAD:
        yield source.read(int.from_bytes(head, "big"))


def _decoded(group: Group, data: Any) -> Outcome:
    checked, facts = data
    found = [decode(each, given.path, given.plan, digest(given.data)) for each, given in zip(checked, group.inputs, strict=True)]
    return found, [(place, seen) for place, seen in facts]


def _lost(group: Group, code: int) -> Outcome:
    how = f"was ended by {signal.Signals(-code).name} (is there enough memory?)" if code < 0 else "ended by itself"
    problem = f"{group.label}: not checked: the process that did it {how}; `--jobs 1` checks it without another process"
    first, *others = (Checked(given.path, given.plan, skipped="not checked") for given in group.inputs)
    return [Checked(first.path, first.plan, skipped=first.skipped, failures=(problem,)), *others], ()
