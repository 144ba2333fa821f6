"""The runner itself: it sees crashes, structures, moving statistics and differences, in both Kerases."""

import pytest

from tests.proofs.conftest import Run

pytestmark = pytest.mark.keras

IMPORTS = """
import numpy as np
import tensorflow as tf
import keras
from keras import layers
from keras.layers import BatchNormalization
from tensorflow.keras import layers as KL
"""

SEQUENTIAL = "model = keras.Sequential([layers.Dense(4, activation='relu'), BatchNormalization(momentum=0.5), KL.Dense(2)])"
SUBCLASS = """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.norm = layers.BatchNormalization()

    def call(self, inputs{parameter}):
        return self.norm(inputs)
"""


@pytest.fixture(params=[3, 2], ids=["keras-3", "keras-2"])
def major(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


def test_a_crash_is_told(run: Run, major: int) -> None:
    answer = run(major, "describe", path="p.py", source=IMPORTS + "keras.Sequential([BatchNormalization])")
    assert answer["error"] == ("ValueError" if major == 3 else "TypeError")


def test_a_model_is_described_and_trained(run: Run, major: int) -> None:
    answer = run(major, "describe", path="p.py", source=IMPORTS + SEQUENTIAL)
    (model,) = answer["models"]
    assert [layer["kind"] for layer in model["layers"]][-3:] == ["Dense", "BatchNormalization", "Dense"]
    assert model["layers"][-2]["momentum"] == 0.5
    assert model["moved"] == [True]
    assert answer["sites"] == [[8, [["linear", "relu"]], [["linear", None]]]]


def test_a_builder_is_called_with_a_tensor(run: Run, major: int) -> None:
    source = IMPORTS + "def block(x):\n    x = layers.Conv2D(4, 3)(x)\n    return layers.BatchNormalization()(x)\n"
    (model,) = run(major, "describe", path="p.py", source=source)["models"]
    assert [layer["kind"] for layer in model["layers"]] == ["InputLayer", "Conv2D", "BatchNormalization"]


def test_only_keras_3_needs_the_training_parameter(run: Run, major: int) -> None:
    without, with_it = (
        run(major, "describe", path="p.py", source=IMPORTS + SUBCLASS.format(parameter=parameter)) for parameter in ("", ", training=None")
    )
    assert without["models"][0]["moved"] == [major == 2]
    assert with_it["models"][0]["moved"] == [True]


def test_equal_programs_are_equal(run: Run, major: int) -> None:
    source = IMPORTS + SEQUENTIAL + "\ny = model(np.ones((2, 8), 'float32'))"
    apart = run(major, "difference", path="p.py", first=source, second=source)
    assert apart == {"values": 0.0, "outputs": 0.0, "weights": 0.0, "models": 1, "named": ["y"]}


def test_a_difference_in_training_is_seen(run: Run, major: int) -> None:
    source = IMPORTS + SEQUENTIAL
    apart = run(major, "difference", path="p.py", first=source, second=source.replace("momentum=0.5", "momentum=0.6"))
    assert apart["outputs"] == 0.0
    assert apart["weights"] > 0.01
