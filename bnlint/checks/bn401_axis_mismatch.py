"""gamma, beta and the statistics have one value for each index of `axis`; that axis must be the one that holds the channels."""

from __future__ import annotations

from collections.abc import Iterator

from bnlint.checks.channels import Verdict, convention_of, is_possible_axis, verdict_on
from bnlint.checks.written import is_plain, single_axis
from bnlint.findings import DropArgument, Edit, Fix, Hit, Related, Safety, SetArgument
from bnlint.graph import query, statistics
from bnlint.graph.model import Call, Layer, Project
from bnlint.records import replace


def check(project: Project) -> Iterator[Hit]:
    if project.keras.major >= 3:
        yield from _lists(project)
    verdicts: dict[Layer, list[Verdict | None]] = {}
    for graph in project.models:
        convention = convention_of(project, graph)
        for call in query.calls_of(graph, "batchnorm"):
            layer = call.layer
            if layer.family in ("keras", "tf1") and layer.subclass is None and layer.inner is None:
                verdict = _judged(call, convention)
                recorded = graph.artifact is not None and verdict is not None and verdict.case == "default"
                verdicts.setdefault(layer, []).append(replace(verdict, case="recorded") if verdict and recorded else verdict)
    for layer, found in verdicts.items():
        first = next((verdict for verdict in found if verdict is not None), None)
        if first is None:
            continue
        agreed = all(v is not None and (v.case, v.channels) == (first.case, first.channels) for v in found)
        values = {"axis": first.axis, "channels": first.channels, "feeder": first.feeder.layer.kind, "rank": len(first.feeder.shape or ())}
        values |= {"held": statistics.channels(layer)}
        related = (Related(first.feeder.layer.origin, "feeder", first.feeder.layer),)
        yield Hit(first.case, layer.origin, layer, values, related, _fix(layer, first) if agreed else None)


def _lists(project: Project) -> Iterator[Hit]:
    for layer in query.batchnorms(project):
        axis = single_axis(query.config(layer, "axis"))
        at, argument = layer.origin.span, layer.arguments.keyword("axis")
        if axis is None or layer.subclass is not None or layer.origin.key is not None:
            continue  # Keras 3 reads the list of a file that Keras 2 wrote
        edits = (SetArgument(at, "axis", str(axis)),) if at is not None and is_plain(layer, argument) else ()
        yield Hit("list", layer.origin, layer, {"axis": axis}, fix=Fix(Safety.SAFE, edits, (layer,)) if edits else None)


def _judged(call: Call, convention: str) -> Verdict | None:
    """The verdict, but for a positional number that can be no axis of any tensor: that is BN405's."""
    verdict = verdict_on(call, convention)
    return None if verdict is not None and call.layer.arguments.positional and not is_possible_axis(verdict.axis) else verdict


def _fix(layer: Layer, verdict: Verdict) -> Fix | None:
    at, rank, arguments = layer.origin.span, len(verdict.feeder.shape or ()), layer.arguments
    if at is None or verdict.channels is None or not arguments.complete:
        return None
    if layer.family != "keras":
        return Fix(Safety.UNSAFE, refused="tf1")
    written = arguments.keyword("axis")
    edit: Edit
    if arguments.positional:
        if len(arguments.positional) > 1 or verdict.channels != rank - 1 or not is_plain(layer, arguments.positional[0]):
            return Fix(Safety.UNSAFE, refused="positional")
        edit = DropArgument(at, 0)
    elif written is not None and not is_plain(layer, written):
        return None
    else:
        edit = DropArgument(at, "axis") if verdict.channels == rank - 1 else SetArgument(at, "axis", str(verdict.channels))
    return Fix(Safety.UNSAFE, (edit,), (layer,))
