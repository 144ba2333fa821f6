"""BN307: Keras hands the mode to a parameter of one name only, and Keras 3 takes any text for true."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

FITTED = """
model.compile("sgd", "mse")
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
model.fit(x, x[:, :1], verbose=0)
fact = bool((np.array(model.layers[-2].bn.moving_mean) != 0).any())
"""
TEXT = """
norm = keras.layers.BatchNormalization()
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
norm(x, training="False")
fact = bool((np.array(norm.moving_mean) != 0).any())
"""


@pytest.mark.parametrize("major", [2, 3])
def test_fit_sets_training_only(observe: Observe, major: int) -> None:
    assert observe(major, bad("BN307"), FITTED) is False
    assert observe(major, fixed("BN307"), FITTED) is True


def test_a_text_is_true_in_keras_3_and_an_error_in_keras_2(observe: Observe) -> None:
    assert observe(3, "import keras\n", TEXT) is True
    assert observe(2, "import keras\n", TEXT)["error"] == "TypeError"
