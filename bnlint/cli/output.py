"""What is printed, and where: results on the standard output or into a file, everything else on the standard error."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Any


class Problem(Exception):
    """What makes bnlint give up, in one line."""


class Misuse(Exception):
    """Arguments that do not go together, in one line. Raised before anything is done."""


def is_coloured(choice: str, stream: IO[Any]) -> bool:
    """Whether a stream gets colours: `auto` looks at the environment and at the stream."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return "FORCE_COLOR" in os.environ or stream.isatty()


def write(text: str, file: str | None = None, to_stderr: bool = False) -> None:
    """Print as UTF-8, whatever the locale: the same input gives the same bytes."""
    data = text.encode("utf-8", "backslashreplace")
    if file is None:
        stream = (sys.stderr if to_stderr else sys.stdout).buffer
        stream.write(data)
        stream.flush()
        return
    try:
        with open(file, "wb") as output:
            output.write(data)
    except OSError as error:
        raise Problem(f"{file}: cannot be written: {error.strerror}") from None


def say(message: str) -> None:
    """A line on the standard error, in which no name can forge another."""
    from bnlint.report import printable

    print(f"bnlint: {printable(message)}", file=sys.stderr)
