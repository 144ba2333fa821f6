"""Arithmetic on sizes that may be unknown, and on shapes as feature maps (batch, places, channels)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bnlint.graph.model import Dimension, Shape, Unknown
from bnlint.records import dataclass

Sized = tuple[Shape, int | None]
"""A shape (batch first) and the index of its channel axis; None for each where it is not known."""

Config = Mapping[str, object]

UNSIZED: Final[Sized] = (None, None)
OPEN: Final = Unknown("the size does not follow from the code")

_CHANNELS_LAST: Final = frozenset({"channels_last", "tf", "NWC", "NHWC", "NDHWC"})
_CHANNELS_FIRST: Final = frozenset({"channels_first", "th", "NCW", "NCHW", "NCDHW"})


def size(value: object) -> Dimension:
    """A value as a size."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else OPEN


def sizes(value: object, count: int) -> tuple[Dimension, ...]:
    """A value as `count` sizes: a single one counts for each."""
    if isinstance(value, (tuple, list)):
        return tuple(size(item) for item in value) if len(value) == count else (OPEN,) * count
    return (size(value),) * count


def margins(value: object, count: int) -> tuple[Dimension, ...]:
    """What a padding adds, or a cropping takes, in each of `count` dimensions, both sides together."""
    items: Sequence[object] = (value,) * count
    if isinstance(value, (tuple, list)):
        items = (value,) if count == 1 and len(value) == 2 else value
    if len(items) != count:
        return (OPEN,) * count
    return tuple(compute(lambda before, after: before + after, *sizes(item, 2)) for item in items)


def compute(function: Callable[..., int], *operands: Dimension) -> Dimension:
    """The function of sizes that are all known; what depends on a size that is open by declaration is so, too."""
    if any(operand is not None and not isinstance(operand, int) for operand in operands):
        return OPEN  # unknown, or (of an array) dependent on a test
    return None if None in operands else function(*operands)


def product(items: Sequence[Dimension]) -> Dimension:
    """The number of elements."""
    return compute(lambda *known: math.prod(known), *items)


def completed(target: Sequence[object], whole: Dimension) -> list[Dimension]:
    """A target shape in which one size is -1: what is left of the whole."""
    made = [size(item) for item in target]
    rest = product([item for item, given in zip(made, target, strict=True) if given != -1])
    if list(target).count(-1) == 1 and isinstance(whole, int) and isinstance(rest, int) and rest:
        made[list(target).index(-1)] = whole // rest
    return made


def axis_of(value: object, rank: int) -> int | None:
    """A literal axis, negative ones counted from the end; None if it is none or out of range."""
    if not isinstance(value, int) or isinstance(value, bool) or not -rank <= value < rank:
        return None
    return value % rank


def axes_of(value: object, rank: int) -> tuple[int, ...] | None:
    """A literal axis or several; None if any is not known."""
    items = value if isinstance(value, (tuple, list)) else (value,)
    axes = tuple(axis for item in items if (axis := axis_of(item, rank)) is not None)
    return axes if len(axes) == len(items) else None


def padding_of(config: Config) -> str | None:
    """ "valid", "same" or "causal", however it is spelled."""
    value = config.get("padding")
    return value.lower() if isinstance(value, str) and value.lower() in ("valid", "same", "causal") else None


def channel_axis(config: Config, rank: int) -> int | None:
    """The channel axis that `data_format` states; the last where it says nothing."""
    value = config.get("data_format")
    if value is None or (isinstance(value, str) and value in _CHANNELS_LAST):
        return rank - 1
    return 1 if isinstance(value, str) and value in _CHANNELS_FIRST else None


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """A shape in parts: batch, places (steps; rows and columns; …), channels, and where the channels stand (None: not known)."""

    batch: Dimension
    places: tuple[Dimension, ...]
    channels: Dimension
    axis: int | None

    def sized(self) -> Sized:
        """Put together again."""
        if self.axis is None:
            return (self.batch, *(OPEN for _ in self.places), OPEN), None
        if self.axis == 1:
            return (self.batch, self.channels, *self.places), 1
        return (self.batch, *self.places, self.channels), self.axis


def feature_map(given: Sized, rank: int, config: Config) -> FeatureMap:
    """What enters a layer that takes `rank` dimensions and has a `data_format`."""
    shape, axis = given[0], channel_axis(config, rank)
    if shape is None or len(shape) != rank or axis is None:
        return FeatureMap(shape[0] if shape else OPEN, (OPEN,) * (rank - 2), OPEN, axis)
    return FeatureMap(shape[0], tuple(item for index, item in enumerate(shape) if index not in (0, axis)), shape[axis], axis)
