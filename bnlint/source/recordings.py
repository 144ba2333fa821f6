"""What the helpers of a program built when they were called, kept for the next call that is the same."""

from __future__ import annotations

from collections.abc import Mapping

from bnlint.graph.model import Call, Event, Layer, Tensor, Under, Unknown
from bnlint.graph.query import Assumption
from bnlint.records import dataclass, field
from bnlint.source.holdings import Holdings
from bnlint.source.spelling import Hole
from bnlint.source.values import Dict, Fields, Instance, List, Model

PATIENCE = 6
"""Calls of a function that could not be recorded, after which it is not tried again; one that could be makes up for two."""

MAKEABLE = frozenset({"apply", "data_format", "escape", "named", "not_a_layer", "positional", "wrapped"})
"""Events that are made once more."""


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """As what a call left a thing: what it wrote to one that it was given, all that one holds which it made."""

    thing: Instance | Model | List | Dict
    fields: tuple[tuple[object, object], ...]
    called: bool = False
    built: bool = False
    layers: tuple[Layer, ...] = ()
    layer: Layer | None = None
    ends: tuple[Tensor, Tensor] | None = None
    """Of a sequential model: input and output, if they were asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What a call of a function made: layers, calls, events, objects, models, what it returned; and what it changed.

    `things` and `holes` are those of the call (`comparison.Asked`), `depth` is the number of call sites that led into it, `decided`
    that of the tests, `built` how much it counted for. `exposed` are the layers that each round of a loop around it would build.
    """

    layers: tuple[Layer, ...]
    calls: tuple[Call, ...]
    events: tuple[Event, ...]
    objects: tuple[Left, ...]
    changes: tuple[Left, ...]
    exposed: tuple[Exposed, ...]
    result: object
    things: tuple[object, ...]
    holes: tuple[Hole, ...]
    depth: int
    decided: int
    built: int
    consulted: tuple[Unknown, ...]
    """The tests that it asked for."""
    under: Under
    """What was taken for granted before."""
    relied: Assumption
    """What of that decided a test that it asked for, or could have done so; in another call it must be just this."""
    contents: Mapping[int, Fields] = field(default_factory=dict)
    """By the ids of lists and dicts in what was made what they held then."""
    fresh: frozenset[int] = frozenset()
    """The ids of the unknown values that another call makes anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Exposed:
    """A layer, how many tests of the code and which unknown ones it was built under."""

    layer: Layer
    decided: int
    under: Mapping[Unknown, bool]


class Recordings:
    """Those of one analysis, by the keys of the calls."""

    def __init__(self) -> None:
        self.found: dict[tuple[object, ...], list[Recording]] = {}
        self.met: dict[tuple[object, ...], tuple[Unknown, ...]] = {}
        """The unknown values in what a call made that follow from none that it was given: another one may meet others."""
        self.told: set[tuple[object, object]] = set()
        """Parameters, and attributes of classes, that hold names of which functions make more than longer names: there it matters what
        they say."""
        self.patience: dict[object, int] = {}
        self.steps: dict[object, int] = {}
        """What functions cost when they were last entered."""
        self.models: dict[int, Layer] = {}
        """By the id of a layer that was made once more the first one of its kind."""
        self.held = Holdings()

    def model_of(self, layer: Layer) -> Layer:
        """The layer that this one is a copy of; itself if it is none."""
        return self.models.get(id(layer), layer)
