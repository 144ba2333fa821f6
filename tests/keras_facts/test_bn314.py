"""BN314: a layer that is built in `call` is no part of the layer, and cannot be traced."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

OWNED = """
block = Block()
block(np.ones((4, 8), "float32"))
fact = len(block.weights)
"""

TRAINED = """
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8), Block()])
model.compile("sgd", "mse")
model.fit(np.ones((64, 8), "float32"), np.ones((64, 8), "float32"), verbose=0)
fact = "trained"
"""

KEPT = """
class Kept(keras.layers.Layer):
    def call(self, x):
        self.bn = keras.layers.BatchNormalization()
        return self.bn(x)

model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(8), Kept()])
model.compile("sgd", "mse")
model.fit(np.ones((64, 8), "float32"), np.ones((64, 8), "float32"), verbose=0)
"""

LAZY = """
class Lazy(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.bn = None
        self.dense = keras.layers.Dense(8)

    def call(self, x):
        if self.bn is None:
            self.bn = keras.layers.BatchNormalization()
        return self.bn(self.dense(x))

lazy = Lazy()
lazy(np.ones((4, 8), "float32"))
fact = [len(lazy.weights), len(lazy.trainable_weights)]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_the_layer_does_not_have_the_weights(observe: Observe, major: int) -> None:
    assert observe(major, bad("BN314"), OWNED) == 0
    assert observe(major, fixed("BN314"), OWNED) == 4


@pytest.mark.parametrize("major", [2, 3])
def test_it_cannot_be_fitted(observe: Observe, major: int) -> None:
    assert observe(major, bad("BN314"), TRAINED)["error"] == "ValueError"
    assert observe(major, fixed("BN314"), TRAINED) == "trained"


@pytest.mark.parametrize("major", [2, 3])
def test_an_attribute_does_not_help(observe: Observe, major: int) -> None:
    assert observe(major, "", KEPT)["error"] == "ValueError"


@pytest.mark.parametrize("major", [2, 3])
def test_a_layer_that_is_built_once_is_tracked(observe: Observe, major: int) -> None:
    assert observe(major, "", LAZY) == [6, 4]


@pytest.mark.parametrize("major", [2, 3])
def test_a_traced_function_refuses_it(observe: Observe, major: int) -> None:
    answer = observe(major, bad("BN314", 2), "fact = np.array(normalise(np.ones((4, 8), 'float32'))).shape")
    assert answer["error"] == "ValueError"
    assert "tf.function only supports singleton tf.Variables" in answer["message"]


@pytest.mark.parametrize("major", [2, 3])
def test_of_three_rounds_of_a_loop_the_last_layer_has_seen_one(observe: Observe, major: int) -> None:
    seen = "fact = [float(np.array(bn.moving_mean).mean() / data.mean()), np.array(bn.gamma).tolist() == [1.0] * 8]"
    assert observe(major, bad("BN314", 3), seen) == [pytest.approx(0.01, abs=0.002), True]
    source = (
        bad("BN314", 3)
        .replace("    bn = layers.BatchNormalization()", "    pass")
        .replace("for x, y", "bn = layers.BatchNormalization()\nfor x, y")
    )
    assert observe(major, source, seen) == [pytest.approx(0.03, abs=0.002), True]


@pytest.mark.parametrize("major", [2, 3])
def test_no_model_holds_what_a_lambda_builds(observe: Observe, major: int) -> None:
    answer = observe(major, bad("BN314", 1), "fact = len(model.weights)")
    assert answer == 1 or answer["error"] == "ValueError"
