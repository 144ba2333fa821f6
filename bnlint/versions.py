"""Versions of Keras, and ranges of them, as rule pages write them: `>=3.0,<3.16`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Final

from bnlint.graph.model import KerasTarget

Version = tuple[int, int]

_OPERATORS: Final[Mapping[str, Callable[[Version, Version], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">=": operator.ge,
    ">": operator.gt,
    "==": operator.eq,
}
_PART: Final = re.compile(r"(<=|>=|==|<|>)(\d+)\.(\d+)")


def within(version: Version, limits: str) -> bool:
    """Whether a version lies in a range; every version lies in the empty one. ValueError if the text is no range."""
    return all(_OPERATORS[sign](version, limit) for sign, limit in parse(limits))


def parse(limits: str) -> list[tuple[str, Version]]:
    """The limits of a range: comparison and version. ValueError if the text is no range."""
    parts = [_PART.fullmatch(part.strip()) for part in limits.split(",")] if limits else []
    if not all(parts):
        raise ValueError(f"{limits!r} is no range of versions like `>=3.0,<3.16`")
    return [(part[1], (int(part[2]), int(part[3]))) for part in parts if part]


def stated(setting: str, why: str = "set by target-keras") -> KerasTarget:
    """The Keras of a version: `3`, `3.15`, `3.15.1`. Keras 1 counts as 2."""
    major, _, rest = setting.partition(".")
    minor = rest.partition(".")[0]
    if major == "1":
        return KerasTarget(2, None, f"{why}; Keras 1 counts as 2")
    return KerasTarget(int(major), int(minor) if minor.isdecimal() else None, why)
