"""What the helpers of a program built when they were called, kept for the next call that is the same."""

from __future__ import annotations

import ast

from bnlint.graph.model import Call, Event, Layer, Unknown
from bnlint.records import dataclass
from bnlint.source.spelling import Hole

PATIENCE = 6
"""Calls of a function that could not be recorded, after which it is not tried again; one that could be makes up for two."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What a call of a function made: layers, calls, events, and what it returned.

    `things` and `holes` are those of the call (`comparison.Asked`), `depth` is the number of call sites that led into it, `decided`
    that of the `if` statements, `built` how much it counted for.
    """

    layers: tuple[Layer, ...]
    calls: tuple[Call, ...]
    events: tuple[Event, ...]
    result: object
    things: tuple[object, ...]
    holes: tuple[Hole, ...]
    depth: int
    decided: int
    built: int
    forked: tuple[Unknown, ...]
    """The tests whose outcome was not known. Another call meets the same ones: that was seen."""


class Recordings:
    """Those of one analysis, by the keys of the calls."""

    def __init__(self) -> None:
        self.found: dict[tuple[object, ...], Recording] = {}
        self.forked: dict[tuple[object, ...], tuple[Unknown, ...]] = {}
        """The tests that a call met whose outcome was not known, where it was made once only: others may meet others."""
        self.told: set[tuple[ast.AST, str]] = set()
        """Parameters that hold names of which functions make more than longer names: there it matters what they say."""
        self.patience: dict[ast.AST, int] = {}
        self.outer: set[int] = set()
        """The ids of what modules hold and that can be written to."""
        self.counted: tuple[int, ...] = ()
        """How many names each module had when that was last looked at."""
