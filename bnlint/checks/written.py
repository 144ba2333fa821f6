"""What a constructor call says, as written: which values are plain numbers, and which arguments a fix can reach."""

from __future__ import annotations

import math

from bnlint.findings import Related
from bnlint.graph.model import Argument, Layer, Origin

TOLERANCE = 1e-9
"""`1 - 0.9` is 0.0999…: computed values are compared with this slack."""


def number(value: object) -> int | float | None:
    """The value where it is a finite number, of a size that a float can have; True and False are none."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:
        return None


def single_axis(value: object) -> int | None:
    """The k of `[k]` or `(k,)`; None for anything else."""
    return value[0] if isinstance(value, (list, tuple)) and len(value) == 1 and type(value[0]) is int else None


def is_plain(layer: Layer, argument: Argument | None) -> bool:
    """Whether the argument stands in the constructor call as a plain value; a name would be an option of the code."""
    return argument is not None and argument.literal and in_call(layer, argument)


def passed_on(layer: Layer, name: str) -> tuple[Related, ...]:
    """The call that led to the constructor, where the argument is not a plain value there: what was given comes through it."""
    if is_plain(layer, layer.arguments.keyword(name)) or not layer.origin.stack:
        return ()
    return (Related(Origin(layer.origin.stack[-1]), "through"),)


def in_call(layer: Layer, argument: Argument | None) -> bool:
    """Whether the argument stands in the text of the constructor call itself: not in a `**dict`, a `partial` or a default."""
    call = layer.origin.span
    if argument is None or argument.span is None or call is None or argument.span.path != call.path:
        return False
    start, end = (argument.span.line, argument.span.column), (argument.span.end_line, argument.span.end_column)
    return (call.line, call.column) <= start and end <= (call.end_line, call.end_column)
