"""BN104: the second of two BatchNormalization layers undoes what the first has learned."""

import pytest

from tests.keras_facts.conftest import Observe, bad

pytestmark = pytest.mark.keras

LEARNED = """
x = np.random.default_rng(0).normal(size=(64, 32)).astype("float32")
first, second = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
before = np.asarray(model(x, training=True))
gamma, beta, *statistics = first.get_weights()
first.set_weights([gamma * 3, beta + 5, *statistics])
fact = [float(np.abs(np.asarray(model(x, training=True)) - before).max()), float(np.abs(before).max())]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_gamma_and_beta_of_the_first_have_no_effect_in_training(observe: Observe, major: int) -> None:
    change, size = observe(major, bad("BN104"), LEARNED)
    assert change < 0.01 * size
