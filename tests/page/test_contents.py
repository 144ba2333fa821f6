"""What the page is told: nodes, findings on them, statistics, sources."""

import base64
import json
import struct
from array import array
from math import isnan, nan
from pathlib import Path
from typing import Any

import pytest

from bnlint import api
from bnlint.findings import Severity
from bnlint.graph import dump
from bnlint.graph.model import Layer, Span, WeightStats
from bnlint.page import Page, norms, words
from bnlint.page.contents import contents
from bnlint.page.nodes import nodes
from bnlint.page.sources import AROUND, WIDTH, Sources
from tests.graphs import Net, add, bn, chain, conv, dense, dropout, relu, unknown
from tests.page import models


def shown(graph: Any, *findings: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(json.dumps(contents(Page([graph], findings))))
    return data


def test_the_nodes_are_those_of_the_dump() -> None:
    net = Net()
    x = net.input()
    y = net(conv(), x)
    joined = net.join(net(bn(), y), y, unknown())
    graph = net.build(net(add(), joined, x)).graph
    printed = dump.as_data([graph])["models"][0]["nodes"]
    found = shown(graph)["models"][0]["nodes"]
    assert [node["kind"] for node in found] == [node["kind"] for node in printed]
    ids = {node["id"]: position for position, node in enumerate(printed)}
    assert [node["inputs"] for node in found] == [[ids[each] for each in node["inputs"]] for node in printed]
    assert [node["output"] for node in found] == [False, False, False, True, False]


def test_findings_stand_on_the_nodes_of_their_layer() -> None:
    data = shown(models.small(), *models.SMALL_FINDINGS)
    assert [node["findings"] for node in data["models"][0]["nodes"]] == [[], [0], [2], [], [], [1, 3], [], []]
    assert [finding["at"] for finding in data["findings"]] == [[[0, 1]], [[0, 5]], [[0, 2]], [[0, 5]]]


def test_a_finding_in_another_file_stands_on_no_node() -> None:
    data = shown(models.small(), models.finding("BN404", "unsafe-epsilon", Severity.ERROR, "x", "bn", path="other.keras"))
    assert data["findings"][0]["at"] == []


def test_unknown_neighbours_under_the_key_of_a_layer_carry_none_of_its_findings() -> None:
    """A file of weights knows no neighbours."""
    before = models.saved("unknown", "unknown", "bn")
    norm = models.norm("bn", before, 4, models.Random(1))
    graph = models.graph("weights", [before, norm, models.saved("unknown", "unknown", "bn", norm)])
    data = shown(graph, models.finding("BN603", "negative-variance", Severity.ERROR, "x", "bn"))
    assert data["findings"][0]["at"] == [[0, 1]]


def test_findings_in_source_stand_on_what_is_built_there(tmp_path: Path) -> None:
    """Also where the place is only a part of the constructor call, and for all layers that one place builds."""
    source = (
        "import keras\nfrom keras import layers\nx = y = keras.Input((8,))\nfor _ in range(3):\n"
        "    y = layers.BatchNormalization(momentum=0.1)(layers.Dense(8)(y))\nkeras.Model(x, y).compile()\n"
    )
    (tmp_path / "model.py").write_text(source)
    drawn, result = api.report([tmp_path], isolated=True, select=["BN403", "BN103"])
    data = contents(drawn)
    at = {finding["code"]: [node for _, node in finding["at"]] for finding in data["findings"]}
    kinds = [node["kind"] for node in data["models"][0]["nodes"]]
    assert {code: [kinds[node] for node in places] for code, places in at.items()} == {
        "BN103": ["Dense"] * 3,
        "BN403": ["BatchNormalization"] * 3,
    }
    assert len(result.findings) == 2


def test_the_model_with_the_worst_finding_is_shown_first() -> None:
    quiet, loud = models.residual((1,)), models.small()
    assert contents(Page([quiet, loud], models.SMALL_FINDINGS))["chosen"] == 1
    assert contents(Page([loud, quiet]))["chosen"] == 1


# Statistics


def test_values_survive_as_float32() -> None:
    values = array("d", [0.0, -1.5, 1e-30, nan, float("inf"), 1e300])
    decoded = struct.unpack("<6f", base64.b64decode(norms.encoded(WeightStats.of(values))))
    assert decoded[:2] == (0.0, -1.5)
    assert decoded[2] == pytest.approx(1e-30)
    assert isnan(decoded[3])
    assert decoded[4] == decoded[5] == float("inf")


def variances(*values: float) -> Layer:
    return Layer("BatchNormalization", "batchnorm", weights={"moving_variance": WeightStats.of(array("d", values))})


def test_a_sparkline_counts_channels_on_the_scale_of_the_model() -> None:
    layer = variances(1e-3, 1e-3, 1.0, nan, -1.0, 0.0)
    assert norms.scale([layer]) == (-3.0, 0.0)
    bins = norms.sparkline(layer, (-3.0, 0.0))
    assert (bins[0], bins[-1], sum(bins)) == (2, 1, 3)


def test_equal_variances_stand_in_the_middle_of_a_decade() -> None:
    layer = variances(1.0, 1.0)
    assert norms.scale([layer]) == (-0.5, 0.5)
    assert norms.sparkline(layer, norms.scale([layer]))[norms.BINS // 2] == 2


def test_a_layer_without_a_usable_variance_has_no_sparkline() -> None:
    assert norms.sparkline(variances(nan, -1.0), (-1.0, 0.0)) == []
    assert "spark" not in shown(models.graph("m", [models.saved("BatchNormalization", "batchnorm", "bn")]))["models"][0]["norms"][0]


def test_a_shared_layer_is_one_row() -> None:
    net = Net()
    x, shared = net.input(), bn()
    graph = net.build(net(shared, net(shared, x))).graph
    (row,) = shown(graph)["models"][0]["norms"]
    assert row["nodes"] == [1, 2]


def folding(*layers: Any) -> str:
    graph = chain(*layers).graph
    return next(norms.folding(graph, node) for node in nodes(graph) if node.norm is not None)


@pytest.mark.parametrize(
    ("layers", "words_"),
    [
        ((conv(), bn(), relu()), "the bias becomes s · (bias − mean) + β"),
        ((dense(use_bias=False), bn()), "its bias becomes β − s · mean"),
        ((conv("relu"), bn()), "an activation of its own"),
        ((conv(), dropout(), bn()), "has no kernel"),
    ],
)
def test_what_folding_would_do(layers: tuple[Any, ...], words_: str) -> None:
    assert words_ in folding(*layers)


def test_what_is_used_elsewhere_is_not_folded() -> None:
    net = Net()
    y = net(conv(), net.input())
    graph = net.build(net(add(), net(bn(), y), y)).graph
    assert "used elsewhere" in norms.folding(graph, nodes(graph)[2])


def test_batch_statistics_are_not_folded() -> None:
    net = Net()
    graph = net.build(net(bn(), net(conv(), net.input()), training=True)).graph
    assert "training=True" in norms.folding(graph, nodes(graph)[2])


# Sources

LINES = [f"line {number}" for number in range(1, 101)]


def sources(lines: list[str]) -> Sources:
    return Sources(lambda path, cell: lines if path == "a.py" else ())


def test_only_the_lines_around_a_place_are_told() -> None:
    made = sources(LINES)
    made.place(Span("a.py", 50, 1, 50, 5))
    made.place(Span("a.py", 55, 1, 56, 5))
    (file,) = made.files()
    assert [(each["start"], len(each["lines"])) for each in file["windows"]] == [(50 - AROUND, 6 + 2 * AROUND + 1)]
    assert file["windows"][0]["lines"][0] == "line 44"


def test_a_place_without_source_is_only_named() -> None:
    made = sources(LINES)
    assert made.place(Span("b.py", 3, 4, 3, 6)) == {"text": "b.py:3:4", "line": 3}
    assert made.place(Span("a.py", 900, 4, 900, 6)) == {"text": "a.py:900:4", "line": 900}
    assert made.place(None) is None
    assert made.files() == []


@pytest.mark.parametrize(
    ("line", "column", "marked"),
    [
        ("x = bn()", 5, "bn()"),
        ("\tx = bn()", 6, "bn()"),
        ("ü = bn()", 5, "bn()"),
        ("'\U0001f600' + bn()", 7, "bn()"),
        ("'\x1b' + bn()", 7, "bn()"),
    ],
)
def test_marks_count_as_javascript_does(line: str, column: int, marked: str) -> None:
    """UTF-16 units of the line as it is shown, tabs and control characters replaced."""
    made = sources([line])
    place = made.place(Span("a.py", 1, column, 1, column + 4))
    assert place is not None
    units = made.files()[0]["windows"][0]["lines"][0].encode("utf-16-le")
    assert units[2 * place["from"] : 2 * place["to"]].decode("utf-16-le") == marked


def test_long_lines_are_cut() -> None:
    made = sources(["x" * 10_000])
    place = made.place(Span("a.py", 1, 9_000, 1, 9_005))
    assert place is not None
    assert len(made.files()[0]["windows"][0]["lines"][0]) == WIDTH
    assert place["from"] <= WIDTH


# Words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        ("same", "'same'"),
        ((3, 3), "(3, 3)"),
        ((3,), "(3,)"),
        ([1], "[1]"),
        (None, "None"),
        (True, "True"),
        (unknown("a flag"), "unknown"),
        ({"a": 1}, "not shown"),
        (10**400, "a very large number"),
        ("\x1b", "'\\x1b'"),
    ],
)
def test_values_are_written_as_in_python(value: object, text: str) -> None:
    assert words.value(value) == text
