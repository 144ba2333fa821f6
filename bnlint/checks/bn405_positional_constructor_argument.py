"""The first parameter is `axis`: a number written there without a name is an axis, whatever it was meant to be."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.channels import is_possible_axis
from bnlint.checks.written import in_call
from bnlint.findings import DropArgument, Edit, Fix, Hit, RenameArgument, Safety
from bnlint.graph import query
from bnlint.graph.model import Layer, Project


def check(project: Project) -> Iterator[Hit]:
    for layer in query.batchnorms(project):
        positional = layer.arguments.positional
        if not positional or layer.subclass is not None or layer.attempted:
            continue
        value = query.resolve(positional[0].value)
        case = _case(value)
        if case:
            yield Hit(case, layer.origin, layer, {"value": repr(value)}, fix=_fix(project, layer, case))


def _case(value: object) -> str:
    """What the value was meant to be; "" for what may well be an axis, and for what is unknown."""
    match value:
        case bool() | str() | None:
            return "default"
        case int():
            return "" if is_possible_axis(value) else "size" if value > 0 else "default"
        case float():
            return "momentum" if 0.5 <= value < 1 else "epsilon" if 0 < value <= 0.01 else "default"
        case _:
            return ""


def _fix(project: Project, layer: Layer, case: str) -> Fix | None:
    at, arguments = layer.origin.span, layer.arguments
    if case == "default" or at is None:
        return None
    if len(arguments.positional) > 1 or not arguments.complete or not in_call(layer, arguments.positional[0]):
        return Fix(Safety.SAFE, refused="several")
    if case == "size":
        return Fix(Safety.SAFE, (DropArgument(at, 0),), (layer,))
    if arguments.keyword(case) is not None:
        return Fix(Safety.SAFE, refused="twice")
    edit: Edit = RenameArgument(at, 0, case)
    return Fix(Safety.SAFE if _cannot_run(project, layer) else Safety.UNSAFE, (edit,), (layer,))


def _cannot_run(project: Project, layer: Layer) -> bool:
    """Keras 2 refuses a float. Keras 3 cuts it to 0, the batch axis, and raises only where it builds on a batch of open size."""
    if project.keras.major < 3:
        return True
    calls = [call for _, call in query.applications(project, layer) if not call.under]
    shapes = [step.call.shape for call in calls for step in query.producers(call) if step.call is not None]
    return any(shape is not None and len(shape) > 0 and shape[0] is None for shape in shapes)
