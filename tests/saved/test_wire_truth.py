"""What is read of SavedModels, checkpoints, frozen graphs and ONNX files that real Keras and TensorFlow wrote is what these say of them."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bnlint import saved
from bnlint.api import lint_paths
from bnlint.graph.model import ABSENT, Layer, ModelGraph
from bnlint.graph.verify import verify
from tests.conftest import needs

pytestmark = pytest.mark.keras

ROOT = Path(__file__).parent.parent.parent

CONFIGURED = ("keras2_functional", "keras2_plain", "keras2_wrapped", "keras2_nested")
"""What Keras 2 saves with a config that lists its layers."""

OPERATING = (
    "keras2_subclassed",
    "keras2_exported",
    "keras3_leak",
    "keras3_plain",
    "keras3_wrapped",
    "keras3_nested",
    "keras3_subclassed",
    "keras3_saved_by_tensorflow",
    "module_that_trains",
    "module_that_infers",
    "graph_of_tensorflow1",
)
"""What is read from the operations that the signature runs."""

VARIABLES = ("module_without_signature", "checkpoint_of_objects", "checkpoint_of_keras3", "checkpoint_of_names")
OTHERS = ("frozen", "lite")

ONNX = ("onnx_by_hand", "onnx_by_converter")

FILES = {
    "onnx_by_hand": "model.onnx",
    "onnx_by_converter": "model.onnx",
    "checkpoint_of_objects": "model.index",
    "checkpoint_of_keras3": "model.index",
    "checkpoint_of_names": "model.ckpt.index",
    "frozen": "frozen.pb",
    "lite": "model.tflite",
}
"""What is named where it is not the folder."""

APPLICATIONS = ("MobileNetV2", "ResNet50", "DenseNet121", "EfficientNetB0", "NASNetMobile", "Xception", "InceptionV3")

Read = Callable[[str], tuple[ModelGraph, dict[str, Any]]]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("wire")


def write(folder: Path, *names: str) -> None:
    """Let Keras write the models of these names; those that are there already are kept."""
    needs("tensorflow", "keras", "tf_keras")
    wanted = [name for name in names if not (folder / f"{name}.json").exists()]
    if wanted:
        command = [sys.executable, "-m", "tests.saved.wire_models", str(folder), *wanted]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]


def load(folder: Path, name: str) -> tuple[ModelGraph, dict[str, Any]]:
    graph = saved.read(str(folder / name / FILES[name] if name in FILES else folder / name))
    verify(graph)
    return graph, json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def read(folder: Path) -> Read:
    """`read(name)`: the graph of a model, and what Keras said of it."""

    def one(name: str) -> tuple[ModelGraph, dict[str, Any]]:
        write(folder, *CONFIGURED, *OPERATING, *VARIABLES, *OTHERS)
        return load(folder, name)

    return one


def batchnorms(graph: ModelGraph) -> Iterator[Layer]:
    """Each BatchNormalization once, in the order of the calls; what is wrapped itself."""
    layers = (call.layer.inner or call.layer for call in graph.calls if call.layer.role == "batchnorm")
    return iter(dict.fromkeys(layers))


def arrays(layer: Layer) -> dict[str, list[float]]:
    return {name: list(stats.values) for name, stats in layer.weights.items()}


def by_weights(found: list[dict[str, Any]]) -> list[str]:
    """The weights of layers, to be compared in any order."""
    return sorted(json.dumps(weights, sort_keys=True) for weights in found)


@pytest.mark.parametrize("name", CONFIGURED)
def test_a_model_of_keras2_is_what_keras_says(read: Read, name: str) -> None:
    graph, truth = read(name)
    same(graph, truth)


def same(graph: ModelGraph, truth: dict[str, Any]) -> None:
    """The layers by name and class, the settings and the arrays of every BatchNormalization."""
    layers = dict.fromkeys(call.layer for call in graph.calls)
    kinds = sorted([layer.kind.replace("Input", "InputLayer"), str(layer.name)] for layer in layers if layer.role != "unknown")
    inputs = [each for each in kinds if each[0] == "InputLayer"]
    assert [each for each in kinds if each not in inputs] == sorted(each for each in truth["layers"] if each[0] != "InputLayer")
    assert graph.artifact is not None
    assert (graph.artifact.format, graph.artifact.weights) == ("SavedModel of Keras 2", True)
    assert graph.artifact.batchnorms == len(truth["batchnorms"])
    found = {layer.name: layer for layer in batchnorms(graph)}
    names = [each["name"] for each in truth["batchnorms"]]
    for each in truth["batchnorms"]:
        layer = found[each["name"]]
        config = {key: layer.config[key] for key in each["config"]}
        axis = each["config"]["axis"]
        assert config == {**each["config"], "axis": axis[0] if len(axis) == 1 else tuple(axis)}
        if names.count(each["name"]) == 1:
            assert arrays(layer) == each["weights"]
    assert by_weights([arrays(layer) for layer in batchnorms(graph)]) == by_weights([each["weights"] for each in truth["batchnorms"]])


@pytest.mark.parametrize("name", OPERATING)
def test_epsilon_axis_and_arrays_are_told_by_the_operations(read: Read, name: str) -> None:
    graph, truth = read(name)
    assert graph.gaps == ()
    assert graph.artifact is not None
    assert (graph.artifact.batchnorms, graph.artifact.weights) == (len(truth["batchnorms"]), True)
    found = {json.dumps(arrays(layer), sort_keys=True): layer for layer in batchnorms(graph)}
    assert sorted(found) == by_weights([each["weights"] for each in truth["batchnorms"]])
    for each in truth["batchnorms"]:
        layer = found[json.dumps(each["weights"], sort_keys=True)]
        if "config" in each:
            assert layer.config["epsilon"] == pytest.approx(each["config"]["epsilon"], rel=1e-12)
            assert layer.config["axis"] in (-1, 1)
    assert all(call.training is ABSENT for call in graph.calls)


MOVED = {
    "keras2_functional": ["second"],
    "keras2_exported": ["second"],
    "module_that_trains": ["norm"],
}
"""The layers whose statistics the signature assigns; nothing in the other models, but in the leak of Keras 3, which was tried."""


@pytest.mark.parametrize("name", [*CONFIGURED, *OPERATING])
def test_the_signature_assigns_what_it_assigns(read: Read, name: str) -> None:
    graph, truth = read(name)
    targets = [event.target for event in graph.events if event.kind == "assigned"]
    assert [target.name for target in targets if isinstance(target, Layer)] == truth.get("moved", MOVED.get(name, []))


def test_two_requests_to_the_leak_moved_the_layers_behind_it(read: Read) -> None:
    """Keras 3 exports `training=True` of one layer for those behind it, too: the model was asked, and its variables compared."""
    assert read("keras3_leak")[1]["moved"] == ["second", "third", "fourth"]


@pytest.mark.parametrize("name", ["keras2_functional", "keras2_exported", "keras3_leak", "keras3_plain", "module_that_infers"])
def test_bn609_on_real_files(read: Read, folder: Path, name: str) -> None:
    truth = read(name)[1]
    result = lint_paths([folder / name], isolated=True, select=["BN609"])
    assert result.failures == ()
    assert sorted(str(finding.layer) for finding in result.findings) == sorted(truth.get("moved", MOVED.get(name, [])))


def test_the_layers_of_an_exported_model_stand_in_their_order(read: Read) -> None:
    graph, _ = read("keras3_plain")
    assert [(call.layer.kind, call.layer.name) for call in graph.calls if call.layer.role == "batchnorm"] == [
        ("BatchNormalization", name) for name in ("first", "second", "third", "fourth")
    ]
    kinds = [call.layer.kind for call in graph.calls if call.layer.role != "batchnorm"]
    assert kinds == ["Input", "Conv2D", "ReLU", "Conv2D", "GlobalAveragePooling2D", "Dense", "Dense", "Softmax"]
    assert [call.layer.config["use_bias"] for call in graph.calls if call.layer.role == "linear"] == [True, False, True, True]
    assert [call.shape for call in graph.calls if call.layer.kind == "Conv2D"] == [(None, 6, 6, 4), (None, 4, 4, 5)]


def test_one_layer_that_keras3_runs_for_each_step_stays_one(read: Read) -> None:
    graph, _ = read("keras3_wrapped")
    calls = [call.layer for call in graph.calls if call.layer.role == "batchnorm"]
    assert [layer.origin.key for layer in calls] == ["steps/inner"] * 3 + ["across"]
    assert len(set(calls)) == 2


def test_what_wrote_the_model_is_told(read: Read) -> None:
    import tf_keras

    told = {}
    for name in ("keras2_subclassed", "keras2_exported", "keras3_leak", "keras3_saved_by_tensorflow"):
        artifact = read(name)[0].artifact
        assert artifact is not None
        told[name] = (artifact.format, artifact.keras)
    assert told == {
        "keras2_subclassed": ("SavedModel of Keras 2", tf_keras.__version__),
        "keras2_exported": ("SavedModel, exported by Keras 2", "2"),
        "keras3_leak": ("SavedModel, exported by Keras 3", "3"),
        "keras3_saved_by_tensorflow": ("SavedModel", None),
    }


def test_a_subclassed_model_of_keras2_has_the_settings_of_its_layers(read: Read) -> None:
    graph, truth = read("keras2_subclassed")
    assert [(layer.origin.key, layer.config["momentum"], layer.config["epsilon"]) for layer in batchnorms(graph)] == [
        ("head", 0.8, 0.001),
        ("blocks/0/norm", 0.99, 0.01),
        ("blocks/1/norm", 0.99, 0.01),
    ]
    assert [arrays(layer) for layer in batchnorms(graph)] == [each["weights"] for each in truth["batchnorms"]]


@pytest.mark.parametrize("name", VARIABLES)
def test_variables_alone(read: Read, name: str) -> None:
    graph, truth = read(name)
    assert by_weights([arrays(layer) for layer in batchnorms(graph)]) == by_weights([each["weights"] for each in truth["batchnorms"]])
    assert {call.layer.role for call in graph.calls} == {"unknown", "batchnorm"}


def test_a_frozen_graph(read: Read) -> None:
    graph, truth = read("frozen")
    for layer, each in zip(batchnorms(graph), truth["batchnorms"], strict=True):
        found = arrays(layer)
        assert {name: found[name] for name in each["weights"] if name in found and name != "gamma"} == {
            name: values for name, values in each["weights"].items() if name != "gamma"
        }
        assert layer.config["epsilon"] == pytest.approx(each["config"]["epsilon"])


@pytest.mark.parametrize("name", ONNX)
def test_onnx_files(folder: Path, name: str) -> None:
    needs("onnx", "tf2onnx")
    write(folder, name)
    graph, truth = load(folder, name)
    assert truth.get("kinds", ["BatchNormalization"] * 2).count("BatchNormalization") == 2
    for layer, each in zip(batchnorms(graph), truth["batchnorms"], strict=True):
        found = arrays(layer)
        assert {name: found[name] for name in each["weights"]} == each["weights"]
        assert (layer.config["axis"], layer.config["epsilon"]) == (1, pytest.approx(each["config"]["epsilon"]))
        assert "momentum" not in layer.config


def test_tensorflow_lite(read: Read, folder: Path) -> None:
    graph, _ = read("lite")
    assert graph.calls == ()
    result = lint_paths([folder / "lite" / "model.tflite"], isolated=True)
    assert (result.findings, result.failures) == ((), ())


def test_an_application_of_keras2(folder: Path) -> None:
    write(folder, "MobileNet")
    same(*load(folder, "MobileNet"))


@pytest.mark.slow
@pytest.mark.parametrize("name", APPLICATIONS)
def test_applications_of_keras2(folder: Path, name: str) -> None:
    write(folder, name)
    same(*load(folder, name))
