"""The layout that is made in Python, and the blocks that a large graph is folded into."""

from itertools import pairwise
from random import Random

import pytest

from bnlint.page import layout as layouts
from bnlint.page.blocks import blocks
from bnlint.page.layout import Layout, layout
from bnlint.page.nodes import nodes
from tests.page import models

SIZE = (100.0, 30.0)


def laid(*inputs: tuple[int, ...]) -> Layout:
    return layout([SIZE] * len(inputs), inputs)


def random_graph(seed: int, count: int = 60) -> list[tuple[int, ...]]:
    random = Random(seed)
    return [tuple(random.sample(range(node), min(node, random.randint(0, 3)))) for node in range(count)]


@pytest.mark.parametrize("seed", range(8))
def test_nodes_do_not_overlap_and_edges_lead_down(seed: int) -> None:
    inputs = random_graph(seed)
    sizes = [(Random(seed + node).choice([40.0, 160.0]), 30.0) for node in range(len(inputs))]
    made = layout(sizes, inputs)
    boxes = [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (x, y), (w, h) in zip(made.centres, sizes, strict=True)]
    for one, first in enumerate(boxes):
        assert first[0] >= -0.01
        assert first[2] <= made.width + 0.01
        assert first[3] <= made.height + 0.01
        for second in boxes[:one]:
            assert first[0] >= second[2] or second[0] >= first[2] or first[1] >= second[3] or second[1] >= first[3]
    for points in made.edges.values():
        assert all(above[1] < below[1] for above, below in pairwise(points))


def test_a_chain_is_a_straight_line() -> None:
    made = laid((), (0,), (1,), (2,))
    assert len({x for x, _ in made.centres}) == 1


def test_a_shortcut_runs_beside_what_it_skips() -> None:
    made = laid((), (0,), (1,), (0, 2))
    x = {point[0] for point in made.edges[0, 3][1:-1]}
    assert len(x) == 1
    assert abs(x.pop() - made.centres[1][0]) > SIZE[0] / 2


def test_what_feeds_late_stands_late() -> None:
    made = laid((), (), (0,), (2,), (1, 3))
    assert made.centres[1][1] == made.centres[3][1]


def test_nodes_without_edges_stand_below_each_other() -> None:
    made = laid((), (), ())
    assert made.width == SIZE[0]
    assert len({y for _, y in made.centres}) == 3


def test_edges_beyond_the_budget_run_straight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "PASSING", 3)
    made = laid((), (0,), (1,), (2,), (3,), (0, 4))
    assert [len(points) for points in made.edges.values()] == [2] * 6


def test_an_empty_graph_has_no_size() -> None:
    assert layout([], []) == Layout([], {}, 0, 0)


# Blocks


def test_repeated_blocks_are_found_and_called_by_what_their_names_share() -> None:
    found = blocks(nodes(models.residual((3, 4))))
    named = [block.name for block in found]
    assert named == ["conv2_block2", "conv2_block3", "conv3_block2", "conv3_block3", "conv3_block4"]
    assert {block.end - block.start for block in found} == {10}


def test_blocks_do_not_overlap() -> None:
    for seed in range(5):
        graph = models.residual((2, 9, 3), seed)
        found = blocks(nodes(graph))
        assert all(one.end <= two.start for one, two in pairwise(found))


def test_what_does_not_repeat_is_no_block() -> None:
    assert blocks(nodes(models.small())) == []
