"""BN308: a bare call infers, and `training=False` changes nothing; unless the learning phase is set (Keras 2)."""

import pytest

from tests.keras_facts.conftest import Observe, bad

pytestmark = pytest.mark.keras

SAME = """
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
model(x, training=True)
fact = float(np.abs(np.asarray(predict(x)) - np.asarray(model(x, training=False))).max())
"""


@pytest.mark.parametrize("major", [2, 3])
def test_the_difference_is_zero(observe: Observe, major: int) -> None:
    assert observe(major, bad("BN308"), SAME) == 0.0


def test_the_learning_phase_of_keras_2_makes_one(observe: Observe) -> None:
    assert observe(2, bad("BN308"), f"keras.backend.set_learning_phase(1)\n{SAME}\nkeras.backend.clear_session()") > 0.01
