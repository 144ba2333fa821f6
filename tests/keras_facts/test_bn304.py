"""BN304: a constant mode reaches the layers called after it, in Keras 3 only."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

MADE = """
model = next(value for value in list(globals().values()) if isinstance(value, type) and issubclass(value, keras.Model))()
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
model(x)
before = np.array(model.bn.moving_mean)
{run}
fact = bool((np.array(model.bn.moving_mean) != before).any())
"""
FIT = MADE.format(run='model.compile("sgd", "mse")\nmodel.fit(x, x[:, :1], verbose=0)')
INFER = MADE.format(run="model(x, training=False)")
BARE = MADE.format(run="model(x)")


@pytest.mark.parametrize(("major", "moves"), [(2, True), (3, False)])
def test_false_leaks(observe: Observe, major: int, moves: bool) -> None:
    assert observe(major, bad("BN304", 0), FIT) is moves
    assert observe(major, fixed("BN304", 0), FIT) is True


@pytest.mark.parametrize(("major", "moves"), [(2, False), (3, True)])
def test_true_leaks(observe: Observe, major: int, moves: bool) -> None:
    assert observe(major, bad("BN304", 1), BARE) is moves
    assert observe(major, fixed("BN304", 1), INFER) is False


@pytest.mark.parametrize(("major", "moves"), [(2, True), (3, False)])
def test_none_infers(observe: Observe, major: int, moves: bool) -> None:
    assert observe(major, fixed("BN304", 0).replace("training=training", "training=None"), FIT) is moves


@pytest.mark.parametrize("major", [2, 3])
def test_a_functional_model_gives_each_layer_the_mode_anew(observe: Observe, major: int) -> None:
    functional = """
import keras
from keras import layers

inputs = keras.Input((4,))
bn = layers.BatchNormalization()
net = keras.Model(inputs, layers.Dense(1)(bn(layers.Dropout(0.5)(inputs, training=False))))
net.bn = bn
"""
    probe = FIT.replace(FIT.split("\n")[1], "model = net")
    assert observe(major, functional, probe) is True


BLOCK = """
import keras
from keras import layers


class Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = layers.BatchNormalization()

    def call(self, x, training=None):
        return self.inner(x, training=INNER)


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.BatchNormalization()
        self.block = Block()
        self.bn = layers.BatchNormalization()
        self.head = layers.Dense(1)

    def call(self, x, training=None):
        x = self.first(x, training=FIRST)
        return self.head(self.bn(self.block(x, training=training)))
"""


@pytest.mark.parametrize(("major", "moves"), [(2, True), (3, False)])
def test_a_constant_leaks_out_of_a_block(observe: Observe, major: int, moves: bool) -> None:
    assert observe(major, BLOCK.replace("INNER", "False").replace("FIRST", "training"), FIT) is moves


@pytest.mark.parametrize("major", [2, 3])
def test_a_block_that_is_told_its_mode_ends_the_leak(observe: Observe, major: int) -> None:
    assert observe(major, BLOCK.replace("INNER", "training").replace("FIRST", "False"), FIT) is True
