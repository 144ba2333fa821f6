"""What takes longer than a second is named on the standard error, if a person is watching it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Event, Thread
    from types import TracebackType
    from typing import IO

AFTER = 1.0
"""Seconds of silence."""

EVERY = 0.25

ERASE = "\r\x1b[K"


class Progress:
    """While it is open, one line says what is being worked on; it is gone when the work is done. On what is no terminal it does nothing."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self.stream = sys.stderr if stream is None else stream
        self.text = ""
        self._done: Event | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> Progress:
        if self.stream.isatty():
            from threading import Event, Thread

            self._done = Event()
            self._thread = Thread(target=self._show, args=(self._done,), daemon=True)
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._done is not None and self._thread is not None:
            self._done.set()
            self._thread.join()

    def tell(self, text: str) -> None:
        """Say what is being worked on."""
        self.text = text

    def _show(self, done: Event) -> None:
        from bnlint.report import printable

        wait, shown = AFTER, ""
        while not done.wait(wait):
            wait = EVERY
            if self.text != shown:
                shown = self.text
                self.stream.write(f"{ERASE}bnlint: {printable(shown)} …")
                self.stream.flush()
        if shown:
            self.stream.write(ERASE)
            self.stream.flush()
