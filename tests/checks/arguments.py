"""BatchNormalization layers as their constructor calls are written, and what a check says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from bnlint.findings import Edit, Hit, Safety
from bnlint.graph.model import Argument, Arguments, Event, KerasTarget, Layer, Module, Origin, Project, Span
from tests.graphs import NORM, PATH, bn

CALL = Span(PATH, 1, 1, 99, 1)
"""The constructor call: large enough to hold the arguments wherever tests.graphs puts them."""


def norm(*positional: object, complete: bool = True, **keywords: object) -> Layer:
    """`BatchNormalization(*positional, **keywords)`."""
    inside = Span(PATH, 2, 1, 2, 5)
    items = (*(Argument(None, value, inside) for value in positional), *(Argument(name, value, inside) for name, value in keywords.items()))
    config = {**NORM, **({"axis": positional[0]} if positional else {}), **keywords}
    trainable = keywords.get("trainable", True)
    return replace(bn(), config=config, trainable=trainable, arguments=Arguments(items, complete), origin=Origin(CALL))


def project(*layers: Layer, events: tuple[Event, ...] = (), keras: int = 3, path: str = PATH) -> Project:
    """Layers that are built and applied nowhere."""
    return Project(KerasTarget(keras), (Module(path, constructions=layers, events=events),))


Check = Callable[..., Iterator[Hit]]


def cases(check: Check, seen: Project, **options: Any) -> list[str]:
    """The cases of all hits."""
    return [hit.case for hit in check(seen, **options)]


def fix_of(hit: Hit) -> tuple[Safety, Edit] | str | None:
    """The safety of a fix and its one edit, or why there is none."""
    if hit.fix is None or hit.fix.refused:
        return None if hit.fix is None else hit.fix.refused
    (edit,) = hit.fix.edits
    return hit.fix.safety, edit
