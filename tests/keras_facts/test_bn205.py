"""BN205: the output for one sample has a gradient with respect to the others, with LayerNormalization it has none."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

OTHERS = """
x = tf.constant(np.random.default_rng(0).normal(size=(8, 32)).astype("float32"))
with tf.GradientTape() as tape:
    tape.watch(x)
    first = critic(x, training=True)[0, 0]
fact = [float(np.abs(np.array(tape.gradient(first, x))[1:]).max()), float(gradient_penalty(x))]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_samples_depend_on_each_other(observe: Observe, major: int) -> None:
    others, penalty = observe(major, bad("BN205"), OTHERS)
    assert others > 1e-3
    assert penalty > 0
    others, penalty = observe(major, fixed("BN205"), OTHERS)
    assert others == 0.0
    assert penalty > 0
