"""BN on the wrong side of its block's activation, by the setting `placement`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bnlint.checks import order
from bnlint.checks.blocks import Block, blocks, optional, sites
from bnlint.checks.written import in_call
from bnlint.findings import Fix, Hit, InsertActivation, Related, Safety
from bnlint.graph.model import Call, ModelGraph, Project
from bnlint.records import replace

AFTER_IS_WRONG = {"before": False, "after": True}
"""By placement: whether it is wrong that the activation comes after BN."""


def check(project: Project, *, placement: str = "before") -> Iterator[Hit]:
    everything = {graph: blocks(graph) for graph in project.models}
    options = optional(everything.values())
    for graph, certain in everything.items():
        found = {bn: block for bn, block in certain.items() if sites(bn, block) not in options}
        wrong = _minority(found) if placement == "consistent" else AFTER_IS_WRONG.get(placement)
        for bn, block in found.items():
            if block.is_after is wrong:
                yield Hit(
                    f"minority-{block.place}" if placement == "consistent" else block.place,
                    order.core(bn).origin,
                    order.core(bn),
                    {"kind": order.core(block.linear).kind, "activation": block.name},
                    (Related(block.activation.layer.origin, "activation", block.activation.layer),),
                    _fix(project, graph, bn, block),
                )


def _minority(found: Mapping[Call, Block]) -> bool | None:
    """Whether the smaller part of a model's BN layers stands before its activation; None where none is smaller."""
    after = len({id(bn.layer) for bn, block in found.items() if block.is_after})
    before = len({id(bn.layer) for bn, block in found.items() if not block.is_after})
    return None if after == before else after < before


def _fix(project: Project, graph: ModelGraph, bn: Call, block: Block) -> Fix | None:
    first, second = (bn, block.activation) if block.is_after else (block.activation, bn)
    fix = order.swap(project, graph, first, second, _refused(project, block, bn))
    after, linear = order.applied(bn), order.core(block.linear)
    if block.place != "inline" or fix is None or fix.refused or after is None:
        return fix
    written = linear.arguments.keyword("activation")
    if written is None or written.span is None or not in_call(linear, written):
        return Fix(Safety.UNSAFE, refused="not-written")
    return replace(fix, edits=(InsertActivation(after, f'"{block.name}"', written.span),))


def _refused(project: Project, block: Block, bn: Call) -> str:
    if order.loads_weights(project, bn):
        return "loads-weights"
    if any(order.core(call).arguments.keyword("activity_regularizer") for call in (block.linear, block.activation)):
        return "activity-regularizer"
    if block.activation.layer.kind == "PReLU":
        return "own-weights"
    if block.place == "separate" and order.activation(block.linear) is not None:
        return "activated-twice"
    return ""
