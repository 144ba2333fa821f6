"""`bnlint --select BN5 --fix` moves real Keras 2 packages from PyPI to Keras 3, as far as BatchNormalization stands in the way."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import needs
from tests.oracle.packages import Unreachable, install

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Move:
    """A package, one of its files, what that builds, and how it fails under Keras 3 as it is.

    `folder` is what is linted and fixed. `stubs` are the modules that the file imports besides Keras, TensorFlow and numpy.
    """

    requirement: str
    folder: str
    file: str
    builds: str
    error: str
    stubs: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.requirement}-{Path(self.file).stem}"


MOVES = (
    Move(
        "sktime-dl==0.1.0",
        "sktime_dl",
        "sktime_dl/classifiers/deeplearning/_resnet.py",
        "module.ResNetClassifier.build_model(module.ResNetClassifier(), (24, 1), 3)(np.ones((2, 24, 1), 'float32'))",
        "AttributeError: module 'keras.layers' has no attribute 'normalization'",
        ("pandas", "sktime.utils.validation", "sktime_dl.classifiers.deeplearning._base"),
    ),
    Move(
        "tensorflow-similarity==0.17.1",
        "tensorflow_similarity/architectures",
        "tensorflow_similarity/architectures/resnet18.py",
        "module.build_resnet((32, 32, 3))(np.ones((2, 32, 32, 3), 'float32'))",
        "AttributeError: module 'keras._tf_keras.keras.layers' has no attribute 'experimental'",
        ("tensorflow_similarity.layers", "tensorflow_similarity.models"),
    ),
    Move(
        "tensorflow-graphics==2021.12.3",
        "tensorflow_graphics/nn/layer",
        "tensorflow_graphics/nn/layer/pointnet.py",
        "module.PointNetConv2Layer(8, 0.5)(np.ones((2, 16, 1, 3), 'float32'), training=True)",
        "Only input tensors may be passed as positional arguments",
        ("tensorflow_graphics.util",),
    ),
)

BUILD = """
import importlib.util, sys, types
import numpy as np


class Stub:
    def __init__(self, *arguments, **named):
        pass

    def __getattr__(self, name):
        return lambda *arguments, **named: []


class Module(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Stub() if name.islower() else Stub if name[:1].isupper() else None


path, builds, *stubs = sys.argv[1:]
for stub in stubs:
    parts = stub.split(".")
    for length in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:length]), Module(".".join(parts[:length])))
found = importlib.util.spec_from_file_location("moved", path)
module = importlib.util.module_from_spec(found)
found.loader.exec_module(module)
made = eval(builds)
print("built", np.isfinite(np.array(made)).all())
"""


def lint(folder: Path, *options: str) -> Any:
    command = [sys.executable, "-m", "bnlint", "check", "--isolated", "--no-cache", "--select", "BN5", "--target-keras", "3", "--exit-zero"]
    done = subprocess.run([*command, *options, str(folder)], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if "json" in options else done.stdout


def build(path: Path, move: Move) -> str:
    """What the file says under Keras 3: `built True`, or the last line of its traceback."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", BUILD, str(path), move.builds, *move.stubs]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    return done.stdout.strip() if done.returncode == 0 else done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("move", MOVES, ids=str)
def test_a_package_for_keras_2_builds_under_keras_3_once_it_is_fixed(move: Move, tmp_path: Path) -> None:
    needs("tensorflow", "keras")
    try:
        home = install(move.requirement)
    except Unreachable as error:
        pytest.fail(str(error), pytrace=False)
    folder = tmp_path / move.folder
    shutil.copytree(home / move.folder, folder)
    assert move.error in build(tmp_path / move.file, move)

    lint(folder, "--fix")

    left = lint(folder, "--output-format", "json")
    assert [finding for finding in left if finding["fix"] is not None and finding["fix"]["applicability"] == "safe"] == []
    assert build(tmp_path / move.file, move) == "built True"
