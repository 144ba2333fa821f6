"""SavedModels, checkpoints and frozen graphs of a few nodes, made by hand; tests/saved/test_wire_truth.py reads real ones."""

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bnlint import saved
from bnlint.api import lint_paths
from bnlint.graph.model import ABSENT, Call, Layer, ModelGraph
from bnlint.graph.verify import verify
from bnlint.saved import Unreadable, recognise
from tests.saved import encode, samples
from tests.saved.encode import (
    ARGUMENTS,
    call,
    checkpoint,
    constant,
    function,
    inference,
    integers,
    node,
    placeholder,
    proto,
    savedmodel,
    training,
)

RESULT = {"y": "end:output:0"}
END = node("end", "Identity", "bn/batchnorm/add_1:z:0")


def serving(*nodes: encode.Node, **more: Sequence[encode.Node]) -> list[encode.Node]:
    """The function that is served, and others beside it."""
    others = [function(name, ARGUMENTS, RESULT, body) for name, body in more.items()]
    return [function("serve", ARGUMENTS, RESULT, nodes), *others]


def read(path: Path) -> ModelGraph:
    graph = saved.read(str(path))
    verify(graph)
    return graph


def batchnorms(graph: ModelGraph) -> list[Call]:
    return [each for each in graph.calls if each.layer.role == "batchnorm"]


def moved(graph: ModelGraph) -> dict[str | None, object]:
    """By the layers whose statistics the signature assigns, which they are."""
    found: dict[str | None, object] = {}
    for event in graph.events:
        if event.kind == "assigned":
            assert isinstance(event.target, Layer)
            assert event.args["signature"] == "serving_default"
            found[event.target.origin.key] = event.args["statistics"]
    return found


BOTH = ("moving_mean", "moving_variance")


def test_batchnorm_in_inference_is_read_with_its_arrays_and_its_epsilon(tmp_path: Path) -> None:
    graph = read(savedmodel(tmp_path, serving(*inference("bn", "x"), END)))
    (found,) = batchnorms(graph)
    assert (found.layer.origin.key, found.layer.config, found.training) == ("norm", {"axis": -1, "epsilon": 0.25}, ABSENT)
    values = {name: list(stats.values) for name, stats in found.layer.weights.items()}
    assert values == {"gamma": [1.5, 2.5], "beta": [0.5, 0.25], "moving_mean": [3.0, 4.0], "moving_variance": [5.0, 6.0]}
    assert [each.layer.kind for each in found.inputs if isinstance(each, Call)] == ["Input"]
    assert graph.outputs == (found,)
    assert moved(graph) == {}
    assert graph.artifact is not None
    assert (graph.artifact.format, graph.artifact.keras, graph.artifact.weights) == ("SavedModel", None, True)
    assert (graph.artifact.layers, graph.artifact.batchnorms) == (2, 1)
    assert "not momentum" in graph.artifact.notes[0]


def test_without_weights_none_are_read(tmp_path: Path) -> None:
    graph = saved.read(str(savedmodel(tmp_path, serving(*inference("bn", "x"), END))), weights=False)
    assert [dict(found.layer.weights) for found in batchnorms(graph)] == [{}]
    assert graph.artifact is not None
    assert not graph.artifact.weights


def test_a_signature_that_assigns_the_statistics_is_said_at_the_layer(tmp_path: Path) -> None:
    graph = read(savedmodel(tmp_path, serving(*training("bn", "x"), END)))
    (found,) = batchnorms(graph)
    assert moved(graph) == {"norm": BOTH}
    assert found.training is ABSENT
    assert set(found.layer.weights) == {"gamma", "beta", *BOTH}


def test_what_the_signature_does_not_reach_does_not_count(tmp_path: Path) -> None:
    graph = read(savedmodel(tmp_path, serving(*inference("bn", "x"), END, train=[*training("bn", "x"), END])))
    assert moved(graph) == {}


def test_functions_are_entered_where_they_are_called(tmp_path: Path) -> None:
    outer = [call("inner", "deeper", "x", "gamma", "beta", "mean", "variance"), node("end", "Identity", "inner:output:0")]
    graph = read(savedmodel(tmp_path, serving(*outer, deeper=[*training("bn", "x"), END])))
    assert moved(graph) == {"norm": BOTH}
    assert [each.layer.kind for each in graph.calls] == ["Input", "BatchNormalization"]


def conditional(predicate: str) -> list[encode.Node]:
    attributes = {"then_branch": {10: {1: "train"}}, "else_branch": {10: {1: "infer"}}}
    return [node("if", "If", predicate, *ARGUMENTS, **attributes), node("end", "Identity", "if:output:0")]


def test_an_assignment_under_a_test_that_is_open_is_no_proof(tmp_path: Path) -> None:
    functions = serving(*conditional("x"), train=[*training("bn", "x"), END], infer=[*inference("bn", "x"), END])
    graph = read(savedmodel(tmp_path, functions))
    assert moved(graph) == {}
    assert [each.layer.role for each in graph.outputs if isinstance(each, Call)] == ["unknown"]


@pytest.mark.parametrize(("truth", "expected"), [(True, {"norm": BOTH}), (False, {})])
def test_a_test_of_a_constant_is_decided(tmp_path: Path, truth: bool, expected: Mapping[str, object]) -> None:
    decided = node("flag", "Const", value={8: {1: 10, 11: int(truth)}})
    body = [decided, *conditional("flag:output:0")]
    functions = serving(*body, train=[*training("bn", "x"), END], infer=[*inference("bn", "x"), END])
    assert moved(read(savedmodel(tmp_path, functions))) == expected


def test_the_body_of_a_loop_is_what_the_signature_does(tmp_path: Path) -> None:
    loop = node("loop", "While", *ARGUMENTS, body={10: {1: "train"}}, cond={10: {1: "go_on"}})
    functions = serving(loop, node("end", "Identity", "loop:output:0"), train=[*training("bn", "x"), END])
    assert moved(read(savedmodel(tmp_path, functions))) == {"norm": BOTH}


FUSED = ("x", "gamma_value:value:0", "beta_value:value:0", "mean_value:value:0", "variance_value:value:0")


def fused(**attributes: encode.Node) -> list[encode.Node]:
    reads = [node(f"{name}_value", "ReadVariableOp", name) for name in ARGUMENTS[1:]]
    end = node("end", "Identity", "bn/FusedBatchNormV3:y:0")
    return [*reads, node("bn/FusedBatchNormV3", "FusedBatchNormV3", *FUSED, **attributes), end]


def test_attributes_that_are_left_out_have_the_defaults_of_tensorflow(tmp_path: Path) -> None:
    """In a SavedModel `is_training` is left out where it is True."""
    (found,) = batchnorms(read(savedmodel(tmp_path / "bare", serving(*fused()))))
    assert (found.layer.config, found.training) == ({"axis": -1, "epsilon": 1e-4}, True)
    said = {"is_training": {5: 0}, "epsilon": {4: 0.5}, "data_format": {2: "NCHW"}}
    (found,) = batchnorms(read(savedmodel(tmp_path / "said", serving(*fused(**said)))))
    assert (found.layer.config, found.training) == ({"axis": 1, "epsilon": 0.5}, ABSENT)
    assert list(found.layer.weights["moving_variance"].values) == [5.0, 6.0]


def test_a_moment_of_the_fused_operation_leads_to_the_variable_that_takes_it_in(tmp_path: Path) -> None:
    assign = [
        node("assign", "AssignVariableOp", "mean", "bn/FusedBatchNormV3:batch_mean:0"),
        node("assign_1", "AssignVariableOp", "variance", "bn/FusedBatchNormV3:batch_variance:0"),
    ]
    graph = read(savedmodel(tmp_path, serving(*fused(), *assign)))
    assert moved(graph) == {"norm": BOTH}
    (found,) = batchnorms(graph)
    assert (list(found.layer.weights["moving_mean"].values), found.training) == ([3.0, 4.0], ABSENT)


def test_the_axis_is_told_by_the_form_of_the_statistics(tmp_path: Path) -> None:
    names = ("mean", "variance", "gamma", "beta")
    formed = [
        made
        for name in names
        for made in (
            node(f"{name}_value", "ReadVariableOp", name),
            node(f"{name}_formed", "Reshape", f"{name}_value:value:0", "form:output:0"),
        )
    ]
    order = [f"{name}_formed:output:0" for name in names]
    body = [integers("form", 1, 2, 1, 1), *formed, *encode.batchnorm("bn", "x", *order), END]
    (found,) = batchnorms(read(savedmodel(tmp_path, serving(*body))))
    assert found.layer.config["axis"] == 1


def test_layers_round_it_are_what_the_operations_make(tmp_path: Path) -> None:
    body = [
        node("conv/Conv2D", "Conv2D", "x", "kernel:output:0", strides={1: {3: [1, 1, 1, 1]}}, padding={2: "SAME"}),
        node("kernel", "Const", value={8: {1: 1, 2: {2: [{1: 3}, {1: 3}, {1: 2}, {1: 4}]}, 4: bytes(288)}}),
        constant("bias", 1.0, 2.0, 3.0, 4.0),
        node("conv/BiasAdd", "BiasAdd", "conv/Conv2D:output:0", "bias:output:0"),
        *inference("bn", "conv/BiasAdd:output:0"),
        node("act/Relu6", "Relu6", "bn/batchnorm/add_1:z:0"),
        node("add/add", "AddV2", "act/Relu6:activations:0", "conv/BiasAdd:output:0"),
        node("half", "Mul", "add/add:z:0", "two:output:0"),
        constant("two", 2.0),
        node("end", "Identity", "half:z:0"),
    ]
    graph = read(savedmodel(tmp_path, serving(*body)))
    found = [(each.layer.kind, each.layer.role, each.layer.activation) for each in graph.calls]
    assert found == [
        ("Input", "input", None),
        ("Conv2D", "linear", None),
        ("BatchNormalization", "batchnorm", None),
        ("Activation", "activation", "relu6"),
        ("Add", "merge", None),
        ("Mul", "other", None),
    ]
    conv = graph.calls[1].layer
    assert (conv.origin.key, conv.config["use_bias"], conv.config["filters"], conv.config["kernel_size"]) == ("conv", True, 4, (3, 3))


# What Keras 2 writes beside


def configured(folder: Path, in_objects: bool) -> ModelGraph:
    """A functional model; its configs stand in a file of their own, or (TensorFlow up to 2.4) in the graph of objects."""
    config = samples.old_config()
    root = {**config, "is_graph_network": True, "name": "net", "keras_version": "2.15.0"}
    listed = config["config"]["layers"]
    layer = {"name": "bn", **next(each for each in listed if each["class_name"] == "BatchNormalization")}
    texts = [json.dumps(root), json.dumps(layer)]
    functions = serving(*training("bn", "x"), END)
    if not in_objects:
        savedmodel(folder, functions)
        (folder / "keras_metadata.pb").write_bytes(proto({1: [{2: number, 5: text} for number, text in enumerate(texts)]}))
    else:
        savedmodel(folder, functions, metadata=texts)
    return read(folder)


@pytest.mark.parametrize("in_objects", [False, True])
def test_a_model_of_keras2_is_read_from_its_config(tmp_path: Path, in_objects: bool) -> None:
    graph = configured(tmp_path, in_objects)
    assert graph.kind == "functional"
    (found,) = batchnorms(graph)
    assert (found.layer.origin.key, found.layer.config["axis"], found.layer.config["momentum"]) == ("bn", 3, 0.99)
    assert list(found.layer.weights["moving_mean"].values) == [3.0, 4.0]
    assert moved(graph) == {"bn": BOTH}
    assert graph.artifact is not None
    assert (graph.artifact.format, graph.artifact.keras) == ("SavedModel of Keras 2", "2.15.0")
    assert (graph.artifact.weights, graph.artifact.batchnorms, graph.artifact.notes) == (True, 1, ())


# What is not as it should be


def test_a_signature_is_not_needed_for_the_arrays(tmp_path: Path) -> None:
    graph = read(savedmodel(tmp_path, [], f5=[]))
    (found,) = batchnorms(graph)
    assert list(found.layer.weights["gamma"].values) == [1.5, 2.5]
    assert [each.layer.role for each in graph.calls] == ["unknown", "batchnorm", "unknown"]
    assert graph.artifact is not None
    assert "no serving signature" in graph.artifact.notes[0]


def test_weights_that_are_not_there_are_said(tmp_path: Path) -> None:
    folder = savedmodel(tmp_path, serving(*inference("bn", "x"), END))
    (folder / "variables" / "variables.data-00000-of-00001").unlink()
    graph = read(folder)
    (found,) = batchnorms(graph)
    assert found.layer.weights == {}
    assert graph.artifact is not None
    assert not graph.artifact.weights
    assert "were not read: this file has a variables" in graph.artifact.notes[-1]
    assert "needs variables.data-00000-of-00001, which cannot be read" in graph.artifact.notes[-1]


def functions_that_call_two(depth: int) -> list[encode.Node]:
    """2 ** depth frames from a few hundred bytes."""
    body = [call(name, "f{}", *ARGUMENTS) for name in ("one", "two")]
    made = [function("serve", ARGUMENTS, RESULT, [call("one", "f0", *ARGUMENTS), node("end", "Identity", "one:output:0")])]
    for number in range(depth):
        nodes = [{**each, 5: encode.mapping({"f": {10: {1: f"f{number + 1}"}}})} for each in body]
        made.append(function(f"f{number}", ARGUMENTS, {"y": "one:output:0"}, nodes))
    return made


def test_functions_that_call_functions_are_limited(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="runs more than 100,000 operations"):
        saved.read(str(savedmodel(tmp_path / "wide", functions_that_call_two(30))))
    itself = [call("again", "serve", *ARGUMENTS), node("end", "Identity", "again:output:0")]
    with pytest.raises(Unreadable, match=r"runs more than 100,000 operations|circle"):
        saved.read(str(savedmodel(tmp_path / "round", serving(*itself))))


def test_operations_in_a_circle_are_a_gap(tmp_path: Path) -> None:
    body = [node("a", "Relu", "b:activations:0"), node("b", "AddV2", "a:activations:0", "x"), node("end", "Identity", "b:z:0")]
    assert [gap.reason for gap in read(savedmodel(tmp_path, serving(*body))).gaps] == ["a loop"]


def test_a_chain_of_sums_is_no_recursion(tmp_path: Path) -> None:
    sums = [node(f"s{number}", "AddV2", f"s{number - 1}:z:0" if number else "x", "two:output:0") for number in range(5_000)]
    body = [constant("two", 1.0, 2.0), *sums, node("end", "Identity", "s4999:z:0")]
    calls = read(savedmodel(tmp_path, serving(*body))).calls
    assert sum(each.layer.kind == "AddV2" for each in calls) == 5_000


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "holds no graph"),
        (b"nonsense", "is no SavedModel: it "),
        (proto({1: 1, 2: [b"\x0a\xff\xff"]}), "is no SavedModel: it ends within"),
        (proto({1: 1, 2: {7: {1: [{1: {1: 9, 2: "x"}}]}}}), "one which does not exist"),
    ],
)
def test_a_file_that_is_none_is_refused_in_a_line(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "saved_model.pb").write_bytes(data)
    with pytest.raises(Unreadable, match=words):
        saved.read(str(tmp_path))


# Checkpoints and frozen graphs


def test_a_checkpoint_that_goes_by_names(tmp_path: Path) -> None:
    checkpoint(tmp_path / "m", {f"net/bn/{name}": [1.0, 2.0] for name in encode.NAMES} | {"net/bn/gamma/Adam": [0.0], "net/w": [1.0]})
    for name in ("m.index", "m.data-00000-of-00001"):
        graph = read(tmp_path / name)
        (found,) = batchnorms(graph)
        assert (found.layer.origin.key, set(found.layer.weights)) == ("net/bn", set(encode.NAMES))
        assert [each.layer.role for each in graph.calls] == ["unknown", "batchnorm", "unknown"]


def test_a_checkpoint_without_batchnorm_says_so(tmp_path: Path) -> None:
    checkpoint(tmp_path / "m", {"net/w": [1.0]})
    artifact = read(tmp_path / "m.index").artifact
    assert artifact is not None
    assert (artifact.batchnorms, artifact.notes) == (0, ("none of its variables is named as the statistics of BatchNormalization are",))


def test_a_frozen_graph(tmp_path: Path) -> None:
    arrays = [constant(name, *values) for name, values in (("g", (1.0, 2.0)), ("b", (0.0, 1.0)), ("m", (3.0, 4.0)), ("v", (5.0, 6.0)))]
    fused_node = node("bn/F", "FusedBatchNormV3", "x", "g", "b", "m", "v", is_training={5: 0}, epsilon={4: 0.5})
    nodes = [placeholder("x", -1, 4, 4, 2), *arrays, fused_node, node("out", "Relu", "bn/F")]
    (tmp_path / "net.pb").write_bytes(proto({1: nodes}))
    graph = read(tmp_path / "net.pb")
    assert [each.layer.kind for each in graph.calls] == ["Input", "BatchNormalization", "ReLU"]
    (found,) = batchnorms(graph)
    assert (found.layer.config["epsilon"], list(found.layer.weights["moving_variance"].values)) == (0.5, [5.0, 6.0])
    (tmp_path / "net.pb").write_bytes(proto({1: [placeholder("x", -1, 2), node("out", "Relu", "x")]}))
    artifact = read(tmp_path / "net.pb").artifact
    assert artifact is not None
    assert artifact.notes[0].startswith("no BatchNormalization is left in this file")


def test_a_part_of_a_savedmodel_is_told_from_a_frozen_graph(tmp_path: Path) -> None:
    savedmodel(tmp_path, serving(*inference("bn", "x"), END))
    (tmp_path / "fingerprint.pb").write_bytes(proto({1: 5}))
    (tmp_path / "renamed.pb").write_bytes((tmp_path / "saved_model.pb").read_bytes())
    for name, words in (("fingerprint.pb", "part of a SavedModel: name the folder"), ("renamed.pb", "is a SavedModel, which stands in")):
        with pytest.raises(Unreadable, match=words):
            saved.read(str(tmp_path / name))


# Formats that are looked through, or refused


def lite(*custom: str) -> bytes:
    """A FlatBuffer of TensorFlow Lite with these custom operations."""
    count = len(custom)
    model = struct.pack("<HHHH", 8, 12, 4, 8)  # vtable: its size, that of the table, where `version` and `operator_codes` stand
    table_at, vector_at = 16, 28
    head = struct.pack("<I4s", table_at, b"TFL3") + model + struct.pack("<iII", table_at - 8, 3, vector_at - (table_at + 8))
    codes, texts = b"", b""
    code_at = vector_at + 4 + 4 * count
    text_at = code_at + 16 * count
    references = b""
    for number, name in enumerate(custom):
        vtable_at = code_at + 16 * number
        references += struct.pack("<I", vtable_at + 8 - (vector_at + 4 + 4 * number))
        codes += struct.pack("<HHHHiI", 8, 8, 0, 4, 8, text_at + len(texts) - (vtable_at + 12))
        texts += struct.pack("<I", len(name)) + name.encode() + b"\0"
    return head + struct.pack("<I", count) + references + codes + texts


def test_tensorflow_lite_has_no_batchnorm_left(tmp_path: Path) -> None:
    (tmp_path / "m.tflite").write_bytes(lite("FlexErf"))
    result = lint_paths([tmp_path / "m.tflite"], isolated=True)
    assert (result.findings, result.failures) == ((), ())
    artifact = saved.read(str(tmp_path / "m.tflite")).artifact
    assert artifact is not None
    assert artifact.notes[0].startswith("no BatchNormalization is left in this format")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (lite("FlexErf", "FlexFusedBatchNormV3"), "runs FlexFusedBatchNormV3"),
        (b"\x10\0\0\0TFL3", "is damaged"),
        (b"\xff\xff\xff\x7fTFL3" + bytes(40), "is damaged"),
        (lite("FlexErf")[:40], "is damaged"),
        (b"something else", "no file of TensorFlow Lite"),
    ],
)
def test_tensorflow_lite_that_is_not_understood_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "m.tflite").write_bytes(data)
    with pytest.raises(Unreadable, match=words):
        saved.read(str(tmp_path / "m.tflite"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("model.pt", "PyTorch"),
        ("model.pth", "PyTorch"),
        ("model.yaml", "to_json"),
        ("model.weights.npz", "numpy"),
        ("model.ckpt.meta", r"name the `\.index` beside it"),
        ("model.safetensors", "arrays alone"),
        ("orbax/_CHECKPOINT_METADATA", "Orbax"),
    ],
)
def test_what_is_not_read_is_found_and_not_clean(tmp_path: Path, name: str, words: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"PK\x03\x04")
    named = path if path.parent == tmp_path else path.parent
    result = lint_paths([named], isolated=True, select=["BN101"])
    assert [finding.code for finding in result.findings] == ["BN001"]
    with pytest.raises(Unreadable, match=words):
        saved.read(str(named))


def test_formats_are_recognised_by_name_and_content(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert recognise(str(tmp_path / "folder")) is None
    savedmodel(tmp_path / "folder", [])
    (tmp_path / "nameless").write_bytes(b"\x1c\0\0\0TFL3")
    names = ("folder", "folder/saved_model.pb", "nameless", "x.onnx", "x.pb", "x.index")
    assert [recognise(str(tmp_path / name)) for name in names] == ["savedmodel", "savedmodel", "tflite", "onnx", "frozen", "checkpoint"]
