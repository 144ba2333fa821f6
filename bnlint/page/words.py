"""What a reader sees of names and values. Names come from the input, and may be made to deceive."""

from __future__ import annotations

import os

from bnlint.graph import query
from bnlint.graph.model import ABSENT, Choice, Layer, Origin, Shape, Span, Unknown

LONGEST, NAME = 400, 120
"""Characters of a value, and of a name, that are shown."""


def shown(text: str, longest: int = LONGEST) -> str:
    """The text with everything escaped that could move a cursor, break a line or turn the direction of writing, cut where it is long."""
    if len(text) > longest:
        text = text[: longest - 1] + "…"
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def value(given: object) -> str:
    """A configured value as one would write it in Python."""
    if isinstance(given, Unknown):
        return "unknown"
    if isinstance(given, Choice):
        return shown(" or ".join(dict.fromkeys(value(each) for each in query.alternatives(given)[:8])))
    if isinstance(given, tuple | list):
        inside = ", ".join(value(each) for each in given[:32])
        return shown(f"[{inside}]" if isinstance(given, list) else f"({inside},)" if len(given) == 1 else f"({inside})")
    if isinstance(given, int) and not isinstance(given, bool) and given.bit_length() > 1024:
        return "a very large number"  # Python refuses to print it
    if isinstance(given, float):
        return f"{given:.6g}"
    if given is None or isinstance(given, str | int):
        return shown(repr(given[:LONGEST]) if isinstance(given, str) else repr(given))
    return "not shown" if given is not ABSENT else "not given"


def size(shape: Shape) -> str:
    """A shape as Keras prints it, `?` for a size that is not known; empty where there is nothing to say."""
    if shape is None:
        return ""
    return "(" + ", ".join("?" if isinstance(each, Unknown | Choice) else str(each) for each in shape) + ")"


def name(layer: Layer, origin: Origin) -> str:
    """What a layer is called: its name, else its key in a model file; empty where it has none."""
    if isinstance(layer.name, str) and layer.role != "unknown":
        return shown(layer.name, NAME)
    return shown(origin.key or layer.origin.key or "", NAME)


def path(given: str) -> str:
    """A path, relative to the working directory where that is shorter."""
    relative = os.path.relpath(given) if os.path.isabs(given) else given
    return shown(min(relative, given, key=len).replace(os.sep, "/"))


def place(span: Span) -> str:
    """Path, cell, line and column."""
    cell = f":cell {span.cell}" if span.cell is not None else ""
    return f"{path(span.path)}{cell}:{span.line}:{span.column}"
