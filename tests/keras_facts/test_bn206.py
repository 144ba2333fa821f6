"""BN206: what is computed again for the gradients moves the statistics again."""

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

MOVED = """
import tensorflow as tf
layer = keras.layers.BatchNormalization(momentum=0.5)
x = tf.constant(np.random.default_rng(0).normal(9.0, 1.0, (64, 4)).astype("float32"))
layer(x, training=False)

def run(x):
    return layer(x, training=True)

function = {function}
with tf.GradientTape() as tape:
    tape.watch(x)
    loss = tf.reduce_sum(function(x) ** 3)
tape.gradient(loss, x)
fact = float(np.array(layer.moving_mean).mean())
"""


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize(("function", "updates"), [("run", 1), ("tf.recompute_grad(run)", 2)])
def test_recompute_grad_updates_twice(observe: Observe, major: int, function: str, updates: int) -> None:
    moved = observe(major, "", MOVED.format(function=function))
    assert moved == pytest.approx(9.0 * (1 - 0.5**updates), rel=0.1)


def test_remat_of_keras_3_updates_twice(observe: Observe) -> None:
    moved = observe(3, "", MOVED.format(function="keras.remat(run)"))
    assert moved == pytest.approx(9.0 * 0.75, rel=0.1)


SCOPED = """
import tensorflow as tf
with keras.RematScope(mode="{mode}"):
    layer = keras.layers.BatchNormalization(momentum=0.5)
x = tf.constant(np.random.default_rng(0).normal(9.0, 1.0, (64, 4)).astype("float32"))
layer(x, training=False)
with tf.GradientTape() as tape:
    tape.watch(x)
    loss = tf.reduce_sum(layer(x, training=True) ** 3)
tape.gradient(loss, x)
fact = float(np.array(layer.moving_mean).mean())
"""


@pytest.mark.parametrize(("mode", "updates"), [("full", 2), ("activations", 1)])
def test_a_scope_concerns_the_layers_that_are_built_in_it(observe: Observe, mode: str, updates: int) -> None:
    moved = observe(3, "", SCOPED.format(mode=mode))
    assert moved == pytest.approx(9.0 * (1 - 0.5**updates), rel=0.1)
