"""What bnlint knows of the calls of training code, against the installed Keras 3, tf_keras (Keras 2) and TensorFlow."""

import importlib
import inspect
import os

import pytest

from bnlint.keras_api.training import BATCHING, FLOWS, KEEPING, LOADERS, MODEL_METHODS, SELECTING, SIGNATURES
from tests.conftest import needs

needs("tensorflow", "keras", "tf_keras")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

pytestmark = pytest.mark.keras

OURS = {"generator": "x", "filepath": "source", "weights": "source"}
"""What bnlint calls some parameters."""


def parameters(function: object) -> dict[str, object]:
    found = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    return {parameter.name: parameter.default for parameter in found if parameter.name != "self"}


def reached(dotted: str) -> object | None:
    """What a canonical name leads to in Keras 3, tf_keras or TensorFlow."""
    root, *path = dotted.split(".")
    for package in {"keras": ("keras", "tf_keras"), "tf": ("tensorflow",)}.get(root, ()):
        found: object | None = importlib.import_module(package)
        for part in path:
            found = getattr(found, part, None)
        if found is not None:
            return found
    return None


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
@pytest.mark.parametrize("method", sorted(SIGNATURES))
def test_methods_of_models(package: str, method: str) -> None:
    function = getattr(importlib.import_module(package).Model, method, None)
    if function is None:
        assert method.endswith("_generator")
        return
    real = list(parameters(function))
    first = [OURS.get(name, name) if MODEL_METHODS[method] != "save" else name for name in real]
    ours = list(SIGNATURES[method])
    assert ours == first[: len(ours)]


def test_every_method_has_a_signature() -> None:
    assert set(SIGNATURES) == set(MODEL_METHODS)


@pytest.mark.parametrize("name", [name for name in LOADERS if name.startswith(("keras.", "tf."))])
def test_loaders(name: str) -> None:
    function = reached(name)
    assert function is not None
    real = parameters(function)
    position, default = LOADERS[name]
    assert list(real)[position] == "batch_size"
    assert real["batch_size"] == (inspect.Parameter.empty if default is None else default)


@pytest.mark.parametrize("method", sorted(FLOWS))
def test_flows(method: str) -> None:
    generator = importlib.import_module("tf_keras").preprocessing.image.ImageDataGenerator
    real = parameters(getattr(generator, method))
    assert (list(real)[FLOWS[method]], real["batch_size"]) == ("batch_size", 32)


@pytest.mark.parametrize("name", sorted(BATCHING))
def test_what_makes_batches(name: str) -> None:
    data = importlib.import_module("tensorflow").data
    real = list(parameters(getattr(data.Dataset, name, None) or getattr(data.experimental, name)))
    ours = ["bucket_batch_sizes" if name.startswith("bucket") and each == "batch_size" else each for each in BATCHING[name]]
    assert ours == real[: len(ours)]


def test_methods_of_data_sets() -> None:
    data = importlib.import_module("tensorflow").data
    known = {*dir(data.Dataset), *dir(data.experimental)}
    assert known >= KEEPING | SELECTING
    assert not KEEPING & SELECTING
