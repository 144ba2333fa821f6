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
    assert model["moves"] == {"fit": [True], "evaluate": [False], "call": [False]}
    assert answer["sites"] == [[8, [["linear", "relu"]], [["linear", None]]]]


def test_a_builder_is_called_with_a_tensor(run: Run, major: int) -> None:
    source = IMPORTS + "def block(x):\n    x = layers.Conv2D(4, 3)(x)\n    return layers.BatchNormalization()(x)\n"
    (model,) = run(major, "describe", path="p.py", source=source)["models"]
    assert [layer["kind"] for layer in model["layers"]] == ["InputLayer", "Conv2D", "BatchNormalization"]


def test_a_layer_that_is_applied_to_nothing_is_exercised_but_stands_nowhere(run: Run, major: int) -> None:
    answer = run(major, "describe", path="p.py", source=IMPORTS + "norm = layers.BatchNormalization()\n")
    assert answer["models"][0]["moves"]["fit"] == [True]
    assert answer["sites"] == []


def test_only_keras_3_needs_the_training_parameter(run: Run, major: int) -> None:
    without, with_it = (
        run(major, "describe", path="p.py", source=IMPORTS + SUBCLASS.format(parameter=parameter)) for parameter in ("", ", training=None")
    )
    assert without["models"][0]["moves"]["fit"] == [major == 2]
    assert with_it["models"][0]["moves"]["fit"] == [True]


def test_functions_that_use_a_model_are_called(run: Run, major: int) -> None:
    source = IMPORTS + SEQUENTIAL + "\n\n@tf.function\ndef step(x, y):\n    return tf.reduce_mean((model(x, training=True) - y) ** 2)\n"
    answer = run(major, "describe", path="p.py", source=source)
    assert answer["models"][0]["moves"]["functions"] == [True]


def test_equal_programs_are_equal(run: Run, major: int) -> None:
    source = IMPORTS + SEQUENTIAL + "\n\ndef predict(x):\n    return model(x)\n"
    apart = run(major, "difference", path="p.py", first=source, second=source)
    assert apart == {"results": 0.0, "outputs": 0.0, "weights": 0.0}


def test_a_difference_in_training_is_seen(run: Run, major: int) -> None:
    source = IMPORTS + SEQUENTIAL
    apart = run(major, "difference", path="p.py", first=source, second=source.replace("momentum=0.5", "momentum=0.6"))
    assert apart["results"] is None
    assert apart["outputs"] == 0.0
    assert apart["weights"] > 0.01


def test_a_difference_in_a_result_is_seen(run: Run, major: int) -> None:
    source = IMPORTS + SEQUENTIAL + "\n\ndef predict(x):\n    return model(x)\n"
    apart = run(major, "difference", path="p.py", first=source, second=source.replace("model(x)", "model(x, training=True)"))
    assert apart["results"] > 0.01


def test_the_lines_that_ran_are_told(run: Run, major: int) -> None:
    source = "from keras import Sequential, layers\n\ndef never(a, b, c):\n    return a\n\nmodel = Sequential([layers.Dense(4)])\n"
    assert run(major, "describe", path="p.py", source=source)["lines"] == [1, 3, 6]
