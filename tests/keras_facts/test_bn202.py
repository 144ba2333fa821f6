"""BN202: a last batch of one mixes a variance of 0 into the moving variance."""

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

VARIANCE = """
norm = keras.layers.BatchNormalization()
model = keras.Sequential([keras.Input((4,)), norm, keras.layers.Dense(1)])
model.compile(keras.optimizers.SGD(0.0), "mse")
x = np.random.default_rng(0).normal(scale=3.0, size=({samples}, 4)).astype("float32")
model.fit(x, np.zeros(({samples}, 1)), batch_size=32, epochs=200, verbose=0)
fact = float(np.mean(np.array(norm.moving_variance)) / x.var())
"""


@pytest.mark.parametrize("major", [2, 3])
def test_one_sample_more_spoils_the_variance(observe: Observe, major: int) -> None:
    assert observe(major, VARIANCE.format(samples=64)) > 0.9
    assert observe(major, VARIANCE.format(samples=65)) < 0.75
