"""What makes a graph legal: whatever breaks that is told with its place."""

import re
from dataclasses import replace

import pytest

from bnlint.graph.model import ModelGraph
from bnlint.graph.verify import verify
from tests.graphs import Net, bn, conv, relu, unknown


def graph() -> ModelGraph:
    net = Net()
    x = net(conv(), net.input())
    return net.build(net(relu(), net.join(net(bn(), x), x, unknown()))).graph


def test_what_is_built_is_legal() -> None:
    verify(graph())


def test_a_join_needs_two_alternatives() -> None:
    net = Net()
    x = net(conv(), net.input())
    with pytest.raises(ValueError, match=r"^input of ReLU at Span\(.*\): a join of one alternative \(a flag\)$"):
        net.build(net(relu(), net.join(x, x, unknown("a flag"))))


def test_a_call_stands_once_and_behind_what_feeds_it() -> None:
    legal = graph()
    start, first, *others = legal.calls
    for calls, problem in (
        ((start, *others), f"Conv2D at {first.origin.span} is not an earlier call of the graph {legal.name!r}"),
        ((start, first, first, *others), f"Conv2D at {first.origin.span} stands twice in the graph {legal.name!r}"),
        ((start, first, *others, object()), f"{legal.name!r} holds a object among its calls"),
    ):
        with pytest.raises(ValueError, match=f"{re.escape(problem)}$"):
            verify(replace(legal, calls=calls))


def test_an_output_is_a_call_of_the_graph() -> None:
    legal = graph()
    with pytest.raises(ValueError, match=r"^output of "):
        verify(replace(legal, calls=legal.calls[:-1]))
