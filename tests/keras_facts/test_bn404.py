"""BN404: what epsilon 0 makes of a channel that is constant, and a large one of any channel."""

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

DEAD = """
norm = keras.layers.BatchNormalization(epsilon={epsilon})
fact = bool(np.isfinite(np.asarray(norm(np.zeros((8, 4), "float32"), training=True))).all())
"""

SPREAD = """
norm = keras.layers.BatchNormalization(epsilon={epsilon})
x = np.random.default_rng(0).normal(size=(4096, 4)).astype("float32")
fact = float(np.asarray(norm(x, training=True)).var())
"""


@pytest.mark.parametrize("major", [2, 3])
def test_with_zero_a_constant_channel_is_not_finite(observe: Observe, major: int) -> None:
    assert observe(major, DEAD.format(epsilon=0.0)) is False
    assert observe(major, DEAD.format(epsilon=0.001)) is True


@pytest.mark.parametrize("major", [2, 3])
def test_with_a_half_the_variance_is_two_thirds(observe: Observe, major: int) -> None:
    assert observe(major, SPREAD.format(epsilon=0.5)) == pytest.approx(2 / 3, abs=0.03)
    assert observe(major, SPREAD.format(epsilon=0.001)) == pytest.approx(1, abs=0.03)
