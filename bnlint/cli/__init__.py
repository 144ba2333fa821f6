"""The command line: parses and prints, decides nothing. A command is a module in `commands/`."""

from __future__ import annotations

import gc
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from bnlint.cli.program import group

__all__ = ["group", "main"]


def __getattr__(name: str) -> Any:
    """The command for click, imported when it is asked for."""
    if name == "group":
        from bnlint.cli import program

        return program.group
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main() -> None:
    """The entry point of `bnlint`."""
    gc.disable()  # trees and graphs are large, and go at once: looking for garbage costs up to a third of the time (`work.check` does so)
    try:
        _run(sys.argv[1:])
    except Exception as error:  # whatever happens, a user gets a line and no traceback
        from bnlint.api import failure
        from bnlint.cli.output import say

        say(failure("running", "bnlint", error))
        sys.exit(2)
    finally:
        gc.freeze()  # else the interpreter looks for garbage in all that there is before it ends


def _run(arguments: Sequence[str]) -> None:
    from bnlint.cli import lint, plain
    from bnlint.cli.output import Misuse, Problem, say

    read = plain.read(arguments)
    if read is not None:
        try:
            sys.exit(lint.run(*read))
        except Problem as problem:
            say(str(problem))
            sys.exit(2)
        except (KeyboardInterrupt, OSError) as error:
            from bnlint.cli import program

            program.end(error)
        except Misuse:  # click tells it with the usage
            pass
    from bnlint.cli.program import group

    group(prog_name="bnlint")
