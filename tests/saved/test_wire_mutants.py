"""Damaged SavedModels, checkpoints, frozen graphs, ONNX and TensorFlow Lite files: read, or refused in a line, and never for long."""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bnlint import saved
from bnlint.graph.verify import verify
from bnlint.saved import Unreadable
from tests.saved import samples
from tests.saved.encode import (
    NAMES,
    call,
    checkpoint,
    constant,
    inference,
    node,
    onnx_model,
    onnx_node,
    onnx_tensor,
    placeholder,
    proto,
    savedmodel,
    training,
)
from tests.saved.mutate import mutate
from tests.saved.test_onnx import NORM, norm
from tests.saved.test_savedmodel import END, lite, serving

GATE, ALL, BATCH = 500, 5000, 250
NIGHT, PART = 100_000, 10_000
SECONDS = 10
"""Of the processor, for one file of a few kilobytes."""


def operations(folder: Path) -> Path:
    """Functions in functions, both modes, a branch and a loop."""
    branch = node("if", "If", "x", "x", "gamma", then_branch={10: {1: "train"}}, else_branch={10: {1: "infer"}})
    loop = node("loop", "While", "x", "gamma", body={10: {1: "train"}}, cond={10: {1: "infer"}})
    outer = [call("inner", "train", "x", "gamma", "beta", "mean", "variance"), branch, loop, node("end", "Identity", "inner:output:0")]
    savedmodel(folder, serving(*outer, train=[*training("bn", "x"), END], infer=[*inference("bn", "x"), END]))
    return folder


def configured(folder: Path) -> Path:
    """As Keras 2 writes it."""
    operations(folder)
    config = samples.old_config()
    root = {**config, "is_graph_network": True, "name": "net", "keras_version": "2.15.0"}
    layer = {"name": "bn", **next(each for each in config["config"]["layers"] if each["class_name"] == "BatchNormalization")}
    entries = [{3: "root", 5: json.dumps(root)}, {2: 1, 3: "root.norm", 5: json.dumps(layer)}]
    (folder / "keras_metadata.pb").write_bytes(proto({1: entries}))
    return folder


def variables(folder: Path) -> Path:
    checkpoint(folder / "m", {f"net/bn{number}/{name}": [1.0, 2.0] for number in range(4) for name in NAMES})
    return folder / "m.index"


def frozen(folder: Path) -> Path:
    arrays = [constant(name, 1.0, 2.0) for name in ("g", "b", "m", "v")]
    fused = node("bn/F", "FusedBatchNormV3", "x", "g", "b", "m", "v", is_training={5: 0}, epsilon={4: 0.5})
    (folder / "m.pb").write_bytes(proto({1: [placeholder("x", -1, 4, 4, 2), *arrays, fused, node("out", "Relu", "bn/F")]}))
    return folder / "m.pb"


def onnx(folder: Path) -> Path:
    branch = {1: [norm("before", ["inner"])], 12: {1: "inner"}}
    conv = onnx_node("Conv", ["x", "w", "c"], ["h"], strides=(1, 1), pads=(1, 1, 1, 1), kernel_shape=(3, 3), group=1)
    weights = [*NORM, onnx_tensor("w", [0.0] * 36, 2, 2, 3, 3), onnx_tensor("c", [0.0, 1.0])]
    test = onnx_node("If", ["before"], ["z"], then_branch=branch)
    nodes = [conv, norm("h", ["before"], epsilon=0.5), test, onnx_node("Relu", ["z"], ["y"])]
    (folder / "m.onnx").write_bytes(onnx_model(nodes, weights, "y"))
    return folder / "m.onnx"


def tflite(folder: Path) -> Path:
    (folder / "m.tflite").write_bytes(lite("FlexErf", "Other"))
    return folder / "m.tflite"


SEEDS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "operations": (operations, "saved_model.pb"),
    "configured": (configured, "keras_metadata.pb"),
    "values": (operations, "variables/variables.data-00000-of-00001"),
    "index": (operations, "variables/variables.index"),
    "variables": (variables, "m.index"),
    "frozen": (frozen, "m.pb"),
    "onnx": (onnx, "m.onnx"),
    "tflite": (tflite, "m.tflite"),
}
"""What makes a model, and the file of it that is damaged."""


def read_all(name: str, start: int, stop: int, folder: Path) -> int:
    """How many of the mutants were read; the others were refused."""
    make, damaged = SEEDS[name]
    path = make(folder)
    data, sound = (folder / damaged).read_bytes(), 0
    for seed in range(start, stop):
        (folder / damaged).write_bytes(mutate(data, random.Random(f"{name} {seed}")))
        began, said = time.process_time(), "a note"
        try:
            graph = saved.read(str(path))
        except Unreadable as error:
            said = error.message
        except BaseException as error:
            error.add_note(f"mutant {seed} of {name}")
            raise
        else:
            verify(graph)
            assert graph.artifact is not None
            said += "".join(graph.artifact.notes)
            sound += 1
        assert said, seed
        assert "\n" not in said, seed
        assert time.process_time() - began < SECONDS, seed
    return sound


@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize("start", range(0, GATE, BATCH))
def test_damaged_files_are_read_or_refused(name: str, start: int, tmp_path: Path) -> None:
    sound = read_all(name, start, start + BATCH, tmp_path)
    assert sound > BATCH / 20, "the damage is too large to try anything"
    assert sound < BATCH or name in ("values", "index"), "the damage is too small to try anything"


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDS)
def test_many_damaged_files_are_read_or_refused(name: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    sound = read_all(name, GATE, GATE + ALL, tmp_path)
    record_property("table", f"{ALL} mutants of {name}: {sound} read, {ALL - sound} refused")
    assert sound > 0


@pytest.mark.nightly
@pytest.mark.parametrize("start", range(GATE + ALL, NIGHT, PART))
@pytest.mark.parametrize("name", SEEDS)
def test_a_hundred_thousand_damaged_files_are_read_or_refused(
    name: str, start: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    stop = min(start + PART, NIGHT)
    sound = read_all(name, start, stop, tmp_path)
    record_property("table", f"mutants {start} to {stop} of {name}: {sound} read, {stop - start - sound} refused")
    assert sound > 0
