"""Blocks of a weighted layer, an activation and a BN, and the side of the activation on which the BN stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bnlint.checks import order
from bnlint.graph import query
from bnlint.graph.model import Call, Layer, ModelGraph, Span, Under
from bnlint.records import dataclass

NEVER = ("selu", "softmax")
"""Activations of no block: SELU normalises by itself, and a BatchNormalization on a softmax is BN105's."""


@dataclass(frozen=True, slots=True)
class Block:
    """`place` is where the activation stands: "inline" in the weighted layer or "separate" (both before BN), or "after" BN.

    `name` is what `activation` applies; inline, `activation` is the weighted layer itself.
    """

    place: str
    linear: Call
    activation: Call
    name: str

    @property
    def is_after(self) -> bool:
        return self.place == "after"


Site = Span | Layer
"""Where a layer is written; of a model file, the layer itself."""


def sites(bn: Call, block: Block) -> tuple[Site, Site]:
    """Where the activation and the BN of a block are written."""
    return _site(block.activation), _site(bn)


def _site(call: Call) -> Site:
    return order.core(call).origin.span or order.core(call)


def blocks(graph: ModelGraph) -> dict[Call, Block]:
    """The blocks of a graph by their BN, as far as they are certain on every path through the BN."""
    return {bn: block for bn in order.batchnorms(graph) if (block := _block(graph, bn)) is not None}


def optional(found: Iterable[Mapping[Call, Block]]) -> set[tuple[Site, Site]]:
    """The `sites` of blocks whose order is an option of the code: a parameter picks it, be it one with a default that decides the test."""
    offered: set[tuple[Site, Site]] = set()
    chosen: dict[Site, dict[bool, set[tuple[Site, Site]]]] = {}
    for each in found:
        tested: dict[tuple[str | None, bool], set[Under]] = {}
        for bn, block in each.items():
            if bn.under:
                tested.setdefault((order.path(bn.origin), block.is_after), set()).add(bn.under)
        for bn, block in each.items():
            if bn.under and _contradicted(bn.under, tested.get((order.path(bn.origin), not block.is_after), ())):
                offered.add(sites(bn, block))
            if bn.decided > block.linear.decided:
                chosen.setdefault(_site(block.linear), {}).setdefault(block.is_after, set()).add(sites(bn, block))
    return offered.union(*(places for both in chosen.values() if len(both) > 1 for places in both.values()))


def _contradicted(tests: Under, others: Iterable[Under]) -> bool:
    """Whether the code has the other order under the opposite outcome of a test: in the same file; another one builds another network."""
    held = dict(tests)
    return any(query.merge(held, other) is None for other in others)


def _block(graph: ModelGraph, bn: Call) -> Block | None:
    before = [_before(step) for step in query.producers(bn, order.weightless)]
    first = before[0] if before else None
    if first is None or any(each is None or each.is_after is not first.is_after for each in before):
        return None
    followers = query.consumers(graph, bn, order.weightless)
    if not followers:  # the tests of all that uses BN contradict its own
        return None
    activations = [step for step in followers if step.call is not None and step.call.layer.role == "activation"]
    if first.is_after:
        return _activated(graph, first, activations) if len(activations) == len(followers) else None
    unknown = any(step.call is not None and step.call.layer.role == "unknown" for step in followers)
    if activations or unknown or (first.name in order.SQUASHING and order.ends(graph, bn)):
        return None
    return first


def _before(step: query.Step) -> Block | None:
    """What stands before BN on one path. A weighted layer without activation promises a block whose activation comes after."""
    call = step.call
    if call is None or call.layer.role not in ("linear", "activation"):
        return None
    name = order.activation(call, step.under)
    if call.layer.role == "linear" and name is None:
        pooled = any(via.layer.role == "pool" for via in step.via)
        return None if pooled else Block("after", call, call, "")
    if not isinstance(name, str) or name in NEVER:
        return None
    if call.layer.role == "linear":
        return Block("inline", call, call, name)
    weighted = [each.call for each in query.producers(call, _weightless_or_activation, step.under)]
    if not weighted or not all(each is not None and each.layer.role == "linear" for each in weighted) or weighted[0] is None:
        return None
    return Block("separate", weighted[0], call, name)


def _activated(graph: ModelGraph, block: Block, followers: list[query.Step]) -> Block | None:
    """The block with the activation that follows its BN; None if that is uncertain, or gives out the probabilities of a model."""
    names = {order.activation(step.call, step.under) for step in followers if step.call is not None}
    call, name = followers[0].call, next(iter(names))
    if call is None or len(names) != 1 or not isinstance(name, str) or name in NEVER:
        return None
    if name in order.SQUASHING and any(step.call is not None and order.ends(graph, step.call) for step in followers):
        return None
    return Block("after", block.linear, call, name)


def _weightless_or_activation(call: Call) -> bool:
    return order.weightless(call) or call.layer.role == "activation"
