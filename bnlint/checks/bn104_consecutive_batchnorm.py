"""BN directly after BN: the second normalises what is normal already."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks import order
from bnlint.checks.channels import axis_of
from bnlint.findings import Fix, Hit, Related, Safety
from bnlint.graph import query
from bnlint.graph.model import ABSENT, Call, ModelGraph, Project, Unknown


def check(project: Project) -> Iterator[Hit]:
    for graph in project.models:
        for bn in order.batchnorms(graph):
            first = _before(bn)
            if first is not None and query.frozen(project, order.core(first)) is not True:
                related = (Related(order.core(first).origin, "first", order.core(first)),)
                case = "default"
                if first.layer is bn.layer:
                    case, related = "itself", (Related(bn.origin, "second"),)
                elif _between_models(project, graph, first, bn):
                    case = "between-models"
                fix = _fix(project, graph, first, bn) if case == "default" else None
                yield Hit(case, order.core(bn).origin, order.core(bn), related=related, fix=fix)


def _before(bn: Call) -> Call | None:
    """The other BN that feeds this one on every path, normalising the same axis."""
    calls = [step.call for step in query.producers(bn)]
    first = calls[0] if calls else None
    if first is None or not all(call is not None and call.layer.role == "batchnorm" and call.layer.family in order.OWN for call in calls):
        return None
    if first.layer is bn.layer and not (_is_elsewhere(first, bn) and _trains(first) and _trains(bn)):
        return None
    own = _axis(bn, bn)
    return first if all(_axis(call, bn) == own for call in calls if call is not None) else None


def _is_elsewhere(first: Call, second: Call) -> bool:
    """Whether the code has two calls, and not two rounds of a loop."""
    return (first.origin.span, first.origin.stack) != (second.origin.span, second.origin.stack)


def _trains(call: Call) -> bool:
    """Whether the call certainly updates the statistics in training: it is told so, or takes the mode of the model."""
    modes = query.alternatives(call.training)
    return all(mode.mode if isinstance(mode, Unknown) else mode in (True, None, ABSENT) for mode in modes)


def _axis(call: Call, bn: Call) -> object:
    """The axis, counted from the front where the rank is known."""
    axis = axis_of(order.core(call))
    return axis % len(bn.shape) if isinstance(axis, int) and bn.shape else axis


def _between_models(project: Project, graph: ModelGraph, first: Call, second: Call) -> bool:
    """Whether another model holds one of the two only."""
    models = [*query.with_parts(graph), *(other for other in project.models if other.kind not in ("open", "block"))]
    return any(query.contains(each, first.layer) is not query.contains(each, second.layer) for each in models)


def _fix(project: Project, graph: ModelGraph, first: Call, second: Call) -> Fix | None:
    fix = order.removal(project, graph, first)
    if fix is None or fix.refused:
        return fix
    followers = [step.call for each, call in query.applications(project, first.layer) for step in query.consumers(each, call)]
    alone = order.adjacent(graph, first, second) and all(call is not None and call.layer is second.layer for call in followers)
    return fix if alone else Fix(Safety.UNSAFE, refused="several-consumers")
