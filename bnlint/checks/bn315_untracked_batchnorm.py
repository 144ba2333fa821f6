"""BN that is held where Keras does not look for weights: it runs, and is neither trained nor saved."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.modes import normalises
from bnlint.findings import Hit, Related
from bnlint.graph import query
from bnlint.graph.model import Event, Layer, Project

CASES = {"Lambda": "lambda", "Module": "module", "function": "function"}


def check(project: Project) -> Iterator[Hit]:
    for event in query.events(project, "captured"):
        layer, where = event.target, str(event.args.get("where"))
        if not isinstance(layer, Layer) or not normalises(layer) or layer.origin.span is None:
            continue
        if where != "function" or _by_function_only(project, layer, event):
            values = {"name": event.args.get("name")}
            yield Hit(CASES[where], layer.origin, layer, values=values, related=(Related(event.origin, "held"),))


def _by_function_only(project: Project, layer: Layer, event: Event) -> bool:
    """Whether a layer is applied by this function and nowhere else, and no object of a Keras class holds it."""
    body, applied = event.origin.span, [call.origin.span for _, call in query.applications(project, layer)]
    if body is None or not applied or event.args.get("tracked") is not False or query.done_to(project, layer, "escape"):
        return False
    return all(span is not None and query.lies_in(span, body) for span in applied)
