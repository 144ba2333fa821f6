"""BN103: a bias before BatchNormalization has no effect in training, and no gradient."""

import pytest

from tests.keras_facts.conftest import Observe, bad

pytestmark = pytest.mark.keras

SHIFTED = """
x = np.random.default_rng(0).normal(size=(16, 32, 32, 3)).astype("float32")
before = np.asarray(model(x, training=True))
kernel, bias = model.layers[0].get_weights()
model.layers[0].set_weights([kernel, bias + np.arange(len(bias))])
fact = [float(np.abs(np.asarray(model(x, training=True)) - before).max()), float(np.abs(before).max())]
"""

GRADIENT = """
import tensorflow as tf

x = np.random.default_rng(0).normal(size=(16, 32, 32, 3)).astype("float32")
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(model(x, training=True) ** 3)
kernel, bias = tape.gradient(loss, [model.layers[0].kernel, model.layers[0].bias])
fact = [float(np.abs(kernel).max()), float(np.abs(bias).max())]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_the_bias_cancels(observe: Observe, major: int) -> None:
    change, size = observe(major, bad("BN103"), SHIFTED)
    assert change < 1e-4 * size


@pytest.mark.parametrize("major", [2, 3])
def test_its_gradient_is_noise(observe: Observe, major: int) -> None:
    kernel, bias = observe(major, bad("BN103"), GRADIENT)
    assert bias < 1e-4 * kernel
