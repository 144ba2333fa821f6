"""TOML that anybody may have written becomes a table, or an error of one kind."""

from __future__ import annotations

import re
from typing import Any, Final

SIZE_LIMIT: Final = 2**20
"""Characters (and bytes) of what people write by hand."""

PARTS: Final = 100
"""Parts of a dotted key. (The reader of the standard library takes memory with the square of their number.)"""

_ENDLESS: Final = re.compile(rf"(?:\.[ \t]*[\w\"'-][^.\n=,#\[\]{{}}]*){{{PARTS}}}")


class Invalid(ValueError):
    """Text that is no TOML, or none that can be read."""


def parse(text: str) -> dict[str, Any]:
    """The table in a text. Raises Invalid."""
    import tomllib

    if len(text) > SIZE_LIMIT:
        raise Invalid(f"it has more than {SIZE_LIMIT // 2**20} MB")
    if _ENDLESS.search(text):
        raise Invalid(f"a key of more than {PARTS} parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise Invalid("it is nested too deeply") from None
    except ValueError as error:  # an integer of thousands of digits is none of the errors that tomllib knows
        raise Invalid(str(error)) from None
