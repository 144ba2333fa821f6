"""BN605, BN606: what t updates leave of the initial variance, and what a constant channel makes of it."""

from math import log

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

UPDATED = """
norm = keras.layers.BatchNormalization(momentum={momentum})
random = np.random.default_rng(0)
for _ in range({updates}):
    x = random.normal(5.0, 1.0, (8, 64)).astype("float32")
    x[:, 0] = 3.0
    norm(x, training=True)
fact = float(np.array(norm.moving_variance).min())
"""


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize(("momentum", "updates"), [(0.99, 10), (0.99, 64), (0.999, 256), (0.9, 30)])
def test_a_quiet_channel_tells_the_number_of_updates(observe: Observe, major: int, momentum: float, updates: int) -> None:
    variance = observe(major, UPDATED.format(momentum=momentum, updates=updates))
    assert log(variance) / log(momentum) == pytest.approx(updates, rel=1e-3)


def test_a_constant_channel_has_collapsed_after_1000_updates(observe: Observe) -> None:
    assert observe(3, UPDATED.format(momentum=0.99, updates=1000)) == pytest.approx(4.3e-5, rel=0.02)


SCALED = """
norm = keras.layers.BatchNormalization()
norm(np.zeros((2, 1), "float32"))
norm.moving_variance.assign([0.0])
fact = float(np.asarray(norm(np.ones((1, 1), "float32")))[0, 0])
"""


@pytest.mark.parametrize("major", [2, 3])
def test_a_collapsed_channel_is_multiplied_by_one_over_the_root_of_epsilon(observe: Observe, major: int) -> None:
    assert observe(major, SCALED) == pytest.approx(31.6, abs=0.05)
