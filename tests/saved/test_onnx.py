"""ONNX files of a few nodes, made by hand. What the `onnx` package writes and converters make is read in tests/saved/test_wire_truth.py."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bnlint import saved
from bnlint.api import lint_paths
from bnlint.graph.model import ABSENT, Call, ModelGraph, Unknown
from bnlint.graph.verify import verify
from bnlint.saved import Unreadable
from tests.saved.encode import Node, onnx_model, onnx_node, onnx_tensor, proto

NORM = [onnx_tensor(name, values) for name, values in (("g", [1.0, 2.0]), ("b", [0.0, 1.0]), ("m", [3.0, 4.0]), ("v", [5.0, 6.0]))]
ORDER = ("g", "b", "m", "v")


def read(tmp_path: Path, nodes: Sequence[Node], output: str = "y", tensors: Sequence[Node] = NORM, **more: Any) -> ModelGraph:
    path = tmp_path / "model.onnx"
    path.write_bytes(onnx_model(nodes, tensors, output, **more))
    graph = saved.read(str(path))
    verify(graph)
    return graph


def norm(source: str = "x", outputs: Sequence[str] = ("y",), **attributes: Any) -> Node:
    return onnx_node("BatchNormalization", [source, *ORDER], outputs, **attributes)


def batchnorm(graph: ModelGraph) -> Call:
    (found,) = [call for call in graph.calls if call.layer.role == "batchnorm"]
    return found


def kinds(graph: ModelGraph) -> list[tuple[str, str]]:
    return [(call.layer.kind, call.layer.role) for call in graph.calls]


def test_what_is_left_out_has_the_defaults_of_onnx(tmp_path: Path) -> None:
    """epsilon 1e-5, inference; momentum says nothing there, whatever stands in the file."""
    found = batchnorm(read(tmp_path, [norm(momentum=0.1)]))
    assert (found.layer.config, found.training) == ({"axis": 1, "epsilon": 1e-5}, ABSENT)
    values = {name: list(stats.values) for name, stats in found.layer.weights.items()}
    assert values == {"gamma": [1.0, 2.0], "beta": [0.0, 1.0], "moving_mean": [3.0, 4.0], "moving_variance": [5.0, 6.0]}


def test_training_mode_and_its_momentum(tmp_path: Path) -> None:
    """running = running * momentum + batch * (1 - momentum): it is counted as Keras counts it."""
    found = batchnorm(read(tmp_path, [norm(training_mode=1, epsilon=0.25)]))
    assert (found.layer.config, found.training) == ({"axis": 1, "epsilon": 0.25, "momentum": 0.9}, True)
    old = batchnorm(read(tmp_path, [norm(outputs=("y", "mean", "var"), momentum=0.75)]))
    assert (old.layer.config["momentum"], old.training) == (0.75, True)
    assert batchnorm(read(tmp_path, [norm(outputs=("y", "", ""))])).training is ABSENT


def test_momentum_in_inference_is_no_finding(tmp_path: Path) -> None:
    """What PyTorch calls 0.1 is 0.9 here; a converter that forgets it writes 0.1, and it means nothing."""
    for number, attributes in enumerate(({"momentum": 0.1}, {"momentum": 0.9}, {"momentum": 0.9, "training_mode": 1})):
        path = tmp_path / f"{number}.onnx"
        path.write_bytes(onnx_model([norm(**attributes)], NORM, "y"))
        result = lint_paths([path], isolated=True, select=["BN402", "BN403"])
        assert (result.findings, result.failures) == ((), ())


def conv(*shape: int, bias: bool = True, **attributes: Any) -> tuple[Node, list[Node]]:
    kernel = onnx_tensor("w", [0.0] * 2, *shape)
    inputs = ["x", "w", "c"] if bias else ["x", "w"]
    return onnx_node("Conv", inputs, ["h"], **attributes), [kernel, onnx_tensor("c", [0.0, 0.0]), *NORM]


@pytest.mark.parametrize(
    ("shape", "attributes", "kind", "config"),
    [
        ((2, 2, 3, 3), {"pads": (1, 1, 1, 1), "kernel_shape": (3, 3)}, "Conv2D", {"filters": 2, "padding": "same", "kernel_size": (3, 3)}),
        ((2, 2, 3, 3), {"strides": (2, 2)}, "Conv2D", {"strides": (2, 2), "padding": "valid", "data_format": "channels_first"}),
        ((2, 1, 3, 3), {"group": 2}, "DepthwiseConv2D", {"depth_multiplier": 1, "use_bias": True}),
        ((2, 2, 5), {"auto_pad": "SAME_UPPER"}, "Conv1D", {"padding": "same", "kernel_size": (5,)}),
    ],
)
def test_convolutions(tmp_path: Path, shape: Sequence[int], attributes: Mapping[str, Any], kind: str, config: Mapping[str, Any]) -> None:
    node, tensors = conv(*shape, **attributes)
    graph = read(tmp_path, [node, norm("h")], tensors=tensors)
    assert kinds(graph) == [("Input", "input"), (kind, "linear"), ("BatchNormalization", "batchnorm")]
    made = graph.calls[1].layer
    assert {name: made.config[name] for name in config} == config
    assert made.weights == {}


def test_a_padding_without_a_word_in_keras_leaves_the_size_open(tmp_path: Path) -> None:
    node, tensors = conv(2, 2, 3, 3, pads=(0, 0, 1, 1), kernel_shape=(3, 3))
    graph = read(tmp_path, [node, norm("h")], tensors=tensors)
    assert isinstance(graph.calls[1].layer.config["padding"], Unknown)
    shape = graph.calls[1].shape
    assert shape is not None
    assert (shape[:2], isinstance(shape[2], Unknown)) == ((1, 2), True)


def test_shapes_and_the_channel_axis_follow(tmp_path: Path) -> None:
    node, tensors = conv(2, 2, 3, 3)
    graph = read(tmp_path, [node, norm("h")], tensors=tensors)
    assert (batchnorm(graph).shape, graph.calls[1].channels) == ((1, 2, 2, 2), 1)


def test_the_layers_round_it(tmp_path: Path) -> None:
    weights = [onnx_tensor("w2", [0.0] * 4, 2, 2), onnx_tensor("c2", [0.0, 0.0])]
    weights += [onnx_tensor("six", [6.0], 1), onnx_tensor("zero", [0.0], 1)]
    nodes = [
        norm("x", ["n"]),
        onnx_node("Clip", ["n", "zero", "six"], ["a"]),
        onnx_node("Dropout", ["a"], ["d"]),
        onnx_node("Sigmoid", ["d"], ["s"]),
        onnx_node("Mul", ["d", "s"], ["silu"]),
        onnx_node("Add", ["silu", "a"], ["sum"]),
        onnx_node("Identity", ["sum"], ["same"]),
        onnx_node("GlobalAveragePool", ["same"], ["pooled"]),
        onnx_node("Flatten", ["pooled"], ["flat"]),
        onnx_node("MatMul", ["flat", "w2"], ["product"]),
        onnx_node("Add", ["product", "c2"], ["biased"]),
        onnx_node("Mul", ["biased", "six"], ["scaled"]),
        onnx_node("Softmax", ["scaled"], ["y"]),
    ]
    graph = read(tmp_path, nodes, tensors=[*NORM, *weights])
    assert [(call.layer.kind, call.layer.role, call.layer.activation) for call in graph.calls] == [
        ("Input", "input", None),
        ("BatchNormalization", "batchnorm", None),
        ("Activation", "activation", "relu6"),
        ("Dropout", "dropout", None),
        ("Activation", "activation", "silu"),
        ("Add", "merge", None),
        ("GlobalAveragePooling2D", "pool", None),
        ("Flatten", "reshape", None),
        ("Dense", "linear", None),
        ("Mul", "other", None),
        ("Softmax", "activation", "softmax"),
    ]
    dense = graph.calls[8].layer
    assert (dense.config["units"], dense.config["use_bias"], graph.calls[3].layer.config["rate"]) == (2, True, 0.5)
    assert graph.outputs == (graph.calls[-1],)


def test_what_is_not_known_is_unknown(tmp_path: Path) -> None:
    foreign = {**onnx_node("FusedThing", ["x"], ["h"]), 7: "com.example"}
    assert kinds(read(tmp_path, [foreign, norm("h")]))[1] == ("com.example:FusedThing", "unknown")
    assert kinds(read(tmp_path, [onnx_node("Erf", ["x"], ["h"]), norm("h")]))[1] == ("Erf", "other")


def test_batchnorm_in_a_branch_is_a_gap(tmp_path: Path) -> None:
    """What the branch takes from outside, it consumes: the layer before is no end of the model."""
    branch = {1: [norm("before", ["inner"])], 12: {1: "inner"}}
    nodes = [norm("x", ["before"]), onnx_node("If", ["x"], ["y"], then_branch=branch)]
    graph = read(tmp_path, nodes)
    assert [gap.reason for gap in graph.gaps] == ["1 BatchNormalization in the branches of `If`, `Loop` or `Scan`"]
    assert kinds(graph) == [("Input", "input"), ("BatchNormalization", "batchnorm"), ("If", "unknown")]
    assert graph.calls[1] in graph.calls[2].inputs


def test_branches_in_branches_are_limited(tmp_path: Path) -> None:
    deep: dict[int, Any] = {1: [norm()]}
    for _ in range(20):
        deep = {1: [onnx_node("If", ["x"], ["y"], then_branch=deep)]}
    with pytest.raises(Unreadable, match="graphs in graphs"):
        read(tmp_path, deep[1])


def test_nothing_left_is_said(tmp_path: Path) -> None:
    artifact = read(tmp_path, [onnx_node("Relu", ["x"], ["y"])]).artifact
    assert artifact is not None
    assert (artifact.format, artifact.batchnorms) == ("ONNX", 0)
    assert artifact.notes[0].startswith("no BatchNormalization is left in this file")


def test_a_name_that_is_used_before_it_is_made_or_never_is_no_crash(tmp_path: Path) -> None:
    assert kinds(read(tmp_path, [norm("later"), onnx_node("Relu", ["x"], ["later"])]))[-1] == ("BatchNormalization", "batchnorm")
    assert read(tmp_path, [norm("nowhere")]).calls == ()
    assert read(tmp_path, [norm("y")]).calls == ()
    assert [gap.reason for gap in read(tmp_path, [norm("h"), onnx_node("Add", ["x", "y"], ["h"])]).gaps] == ["a loop"]


TEXT_FOR_A_NUMBER = proto({7: {1: [{5: [{1: "a", 2: "a text"}]}]}})


@pytest.mark.parametrize(
    "data",
    [b"", b"nonsense", proto({1: 8}), proto({7: {}}), proto({7: b"\x0a\xff"}), proto({7: {1: 5}}), TEXT_FOR_A_NUMBER],
)
def test_a_file_that_is_none_is_refused_in_a_line(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(Unreadable, match="is no ONNX model: it "):
        saved.read(str(tmp_path / "m.onnx"))


def test_numbers_in_other_files_are_not_looked_for(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(8))
    elsewhere = {1: [2], 2: 1, 8: "m", 13: [{1: "location", 2: "secret"}], 14: 1}
    tensors = [each for each in NORM if each[8] != "m"]
    graph = read(tmp_path, [norm()], tensors=[*tensors, elsewhere])
    assert set(batchnorm(graph).layer.weights) == {"gamma", "beta", "moving_variance"}
    assert graph.artifact is not None
    assert not graph.artifact.weights
    assert graph.artifact.notes[-1] == "weights were not read: this file keeps its numbers in another file, which bnlint does not open"


def test_one_norm_on_two_tensors_is_one_layer(tmp_path: Path) -> None:
    nodes = [norm("x", ["a"]), onnx_node("Relu", ["a"], ["r"]), norm("r", ["y"])]
    graph = read(tmp_path, nodes)
    assert graph.calls[1].layer is graph.calls[3].layer
