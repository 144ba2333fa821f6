"""How much of the BatchNormalization of some files is understood, and what stands in the way of the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from bnlint.records import dataclass

if TYPE_CHECKING:
    from bnlint.graph.model import Call, ModelGraph, Module, Span

Grade = Literal["full", "partly", "not"]

NOT_REACHED = "nothing that was followed leads here"
CUT_SHORT = "nothing leads here that was followed before the budget for it was spent"
NOT_APPLIED = "it is built, but not seen to be applied"
TOO_WIDE = "there are too many ways to it"


@dataclass(frozen=True, slots=True)
class Site:
    """A place in the source that builds BatchNormalization: "full" where all that feeds it and all that it feeds is known there,
    "partly" where some of it is, "not" where it is not seen to be applied. `reasons` say what is missing. (That a layer which an object
    keeps is never applied is full knowledge too.)"""

    span: Span
    grade: Grade
    reasons: tuple[str, ...] = ()


def sites(modules: Iterable[Module], graphs: Iterable[ModelGraph]) -> tuple[Site, ...]:
    """The sites in these modules, in order of path and line."""
    modules = tuple(modules)
    paths = {module.path for module in modules}
    applied: dict[Span, dict[str, None]] = {}
    for graph in graphs:
        for call in graph.calls:
            span = _born(call)
            if span is not None and span.path in paths:
                applied.setdefault(span, {}).update(dict.fromkeys(_missing(graph, call)))
    not_reached = CUT_SHORT if any(module.cut for module in modules) else NOT_REACHED
    found = [Site(span, "partly" if reasons else "full", tuple(reasons)) for span, reasons in applied.items()]
    for module in modules:
        kept = {id(layer) for cls in module.classes for layer in cls.layers}
        kept -= {id(event.target) for event in module.events if event.kind == "escape"}
        idle: dict[Span, bool] = {}
        for layer in module.constructions:
            span = layer.origin.span
            if layer.role == "batchnorm" and span is not None and span not in applied:
                idle[span] = idle.get(span, True) and id(layer) in kept
        found += [Site(span, "full") if certain else Site(span, "not", (NOT_APPLIED,)) for span, certain in idle.items()]
        found += [Site(origin.span, "not", (not_reached,)) for origin in module.unreached if origin.span is not None]
    return tuple(sorted(found, key=lambda site: (site.span.path, site.span.cell or 0, site.span.line, site.span.column)))


def _born(call: Call) -> Span | None:
    """Where a BatchNormalization that a call applies, itself or in a wrapper, is built."""
    layer = call.layer
    while layer.inner is not None:
        layer = layer.inner
    return layer.origin.span if layer.role == "batchnorm" and not layer.is_function else None


def _missing(graph: ModelGraph, call: Call) -> list[str]:
    """What is not known of the neighbours of a call."""
    from bnlint.graph import query

    before, behind = query.producers(call), query.consumers(graph, call)
    around = [step.call for step in (*before, *behind) if step.call is not None]
    reasons = [str(near.layer.name) for near in around if near.layer.role == "unknown"]
    return reasons if all(step.call is not None for step in before) else [*reasons, TOO_WIDE]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Sites, counted."""

    sites: tuple[Site, ...]

    def count(self, grade: Grade) -> int:
        return sum(site.grade == grade for site in self.sites)

    def reasons(self) -> list[tuple[str, Sequence[Span]]]:
        """What is missing, and where; what is missing most often first."""
        places: dict[str, list[Span]] = {}
        for site in self.sites:
            for reason in site.reasons:
                places.setdefault(reason, []).append(site.span)
        return sorted(places.items(), key=lambda item: (-len(item[1]), item[0]))

    def line(self) -> str:
        """One line: how many are understood, and what stands most in the way of the others; nothing where all are."""
        if self.count("full") == len(self.sites):
            return ""
        first = self.reasons()[0][0]
        counts = f"{self.count('full')} of {len(self.sites)} places understood, {self.count('partly')} partly, {self.count('not')} not"
        return f"BatchNormalization: {counts} (mostly: {first})"

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "total": len(self.sites),
            **{grade: self.count(grade) for grade in ("full", "partly", "not")},
            "reasons": [
                {"reason": reason, "count": len(spans), "places": [_place(span) for span in spans]} for reason, spans in self.reasons()
            ],
        }


def _place(span: Span) -> dict[str, Any]:
    place: dict[str, Any] = {"path": span.path, "line": span.line, "column": span.column}
    return place if span.cell is None else {**place, "cell": span.cell}
