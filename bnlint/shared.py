"""Changes to the whole process that several threads want at a time: made for the first of them, undone after the last."""

from __future__ import annotations

from _thread import allocate_lock
from contextlib import ExitStack, contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import Final


class Shared:
    """Such a change. (Each thread for itself would undo it under another's hands, or for ever put back what that one had changed.)"""

    def __init__(self, change: Callable[[], AbstractContextManager[object]]) -> None:
        self._change = change
        self._lock = allocate_lock()
        self._undo = ExitStack()
        self._users = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._users:
                self._undo.enter_context(self._change())
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
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
