"""What threads share: turns that they take, and changes to the whole process that several want at a time."""

from __future__ import annotations

import os
from _thread import RLock
from contextlib import ExitStack, contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import Final


class Turns:
    """A lock. The thread that has it may take it again: for any object that it makes Python may collect garbage, and run anybody's code.
    In a forked process it is open: the thread that had it is not there to give it back."""

    def __init__(self) -> None:
        self._lock = RLock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._open)

    def _open(self) -> None:
        self._lock = RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


class Shared:
    """A change made for the first that wants it, and undone after the last.

    (Each thread for itself would undo it under another's hands, or for ever put back what that one had changed.)
    """

    def __init__(self, change: Callable[[], AbstractContextManager[object]]) -> None:
        self._change = change
        self._turns = Turns()
        self._undo = ExitStack()
        self._users = 0

    def __enter__(self) -> None:
        with self._turns:
            if not self._users:
                self._undo.enter_context(self._change())
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with self._turns:
            self._users -= 1
            if not self._users:
                self._undo.close()


@contextmanager
def _quiet() -> Iterator[None]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


QUIET: Final = Shared(_quiet)
"""No warnings: what is looked at is the work of others, and a warning about it is of no use to whoever looks."""
