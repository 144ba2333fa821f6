"""What the body of a `call` sets off, in order, and the mode that each step of it is told."""

from __future__ import annotations

from operator import itemgetter

from bnlint.checks.modes import inside
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Call, Layer, Method, Origin, Project, Span, Under
from bnlint.keras_api.applications import APPLICATIONS
from bnlint.records import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One call of a layer or model inside a `call`, or in a block that it applies.

    `layer` is None for what is told its mode and is not looked into.
    """

    origin: Origin
    training: object
    under: Under
    layer: Layer | None


def step_of(call: Call) -> Step:
    return Step(call.origin, call.training, call.under, call.layer)


def is_step(call: Call) -> bool:
    """Whether a layer is called there, and not a backbone built whose own output stands for it (`ResNet50().output`)."""
    return call.layer.kind not in APPLICATIONS or call.origin.span != call.layer.origin.span


def steps_of(project: Project, calls: tuple[Call, ...], method: Method, body: Span) -> list[Step]:
    """What the body of a `call` sets off, in order: also in the blocks that it applies, of which the mode that they leave behind counts."""
    events = (event for event in query.events(project, "apply") if event.origin.scope == method.origin.scope)
    told = [Step(event.origin, event.args.get("training"), event.under, None) for event in events]
    placed = [(_place(step.origin.span), step) for step in told if inside(step.origin.span, body)]
    left: dict[tuple[int, int], Call] = {}
    for call in calls:
        if inside(call.origin.span, body) and is_step(call) and (not call.layer.is_function or call.training is not ABSENT):
            placed.append((_place(call.origin.span), step_of(call)))
        elif call.training is not ABSENT:
            site = next((span for span in call.origin.stack if inside(span, body)), None)
            left |= {_place(site): call} if site is not None else {}
    placed += [(place, step_of(call)) for place, call in left.items() if isinstance(call.training, bool)]
    return [step for _, step in sorted(placed, key=itemgetter(0))]


def _place(span: Span | None) -> tuple[int, int]:
    """Of calls within calls the inner one comes first: it ends first."""
    assert span is not None
    return span.end_line, span.end_column
