"""The command line: parses and prints, decides nothing. A command is a module in `commands/`."""

from __future__ import annotations

import sys

from bnlint.cli.program import group

__all__ = ["group", "main"]


def main() -> None:
    """The entry point of `bnlint`."""
    import gc

    gc.set_threshold(100_000, 20, 50)  # trees and graphs are large and live short: the usual thresholds cost up to a third of the time
    try:
        group(prog_name="bnlint")
    except Exception as error:  # whatever happens, a user gets a line and no traceback
        from bnlint.api import failure
        from bnlint.cli.output import say

        say(failure("running", "bnlint", error))
        sys.exit(2)
