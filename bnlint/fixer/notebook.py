"""Edits in a notebook: only bytes inside the changed `source` strings change."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from bnlint.text import ByteSpan

_units: Final = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]").findall
"""The characters of a JSON string, each as it is written."""


def offsets(data: bytes, strings: Sequence[ByteSpan]) -> list[int]:
    """The byte at which each character of the text that JSON strings make up starts, and the one behind the last."""
    starts: list[int] = []
    for start, end in strings:
        position = start + 1
        for unit in _units(data[position : end - 1].decode("utf-8")):
            starts.append(position)
            position += len(unit.encode("utf-8"))
    return [*starts, strings[-1][1] - 1]


def splice(data: bytes, strings: Sequence[ByteSpan], edits: Sequence[tuple[int, int, str]]) -> list[tuple[int, int, bytes]]:
    """Edits of the text that JSON strings make up (offsets in code points) as edits of the notebook's bytes.

    A cell that is a list of lines stays one; characters are escaped as elsewhere in the notebook.
    """
    starts = offsets(data, strings)
    separator, escaped = _separator(data, strings), data.isascii()
    found = []
    for start, end, text in edits:
        first, last = starts[start], starts[end]
        written = json.dumps(text, ensure_ascii=escaped)[1:-1].encode("utf-8")
        if separator:
            broken = written.replace(rb"\n", rb'\n"' + separator + b'"')
            ends_string = last + 1 in {end for _, end in strings} and written.endswith(rb"\n")
            written = broken[: -len(separator) - 2] if ends_string else broken
        found.append((first, last, written))
    return found


def _separator(data: bytes, strings: Sequence[ByteSpan]) -> bytes | None:
    """What stands between two strings of a list of lines; None where the text is one string."""
    if len(strings) > 1:
        return data[strings[0][1] : strings[1][0]]
    before = data[: strings[0][0]]
    opening = before.rstrip()
    return b"," + before[len(opening) :] if opening.endswith(b"[") else None
