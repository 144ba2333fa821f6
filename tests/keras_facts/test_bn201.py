"""BN201: in a batch of one, each value is its own mean."""

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

ONE = """
norm = keras.layers.BatchNormalization(beta_initializer="ones")
fact = np.asarray(norm(np.array([[3.0, -7.0, 20.0]], "float32"), training=True)).tolist()
"""

SPREAD = """
norm = keras.layers.BatchNormalization(momentum=0.0)
generator = np.random.default_rng(0)
means, variances = [], []
for _ in range(2000):
    norm(generator.normal(size=({size}, 4)).astype("float32"), training=True)
    means.append(np.array(norm.moving_mean))
    variances.append(np.array(norm.moving_variance))
fact = [float(np.std(means)), float(np.mean(variances))]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_a_batch_of_one_gives_beta(observe: Observe, major: int) -> None:
    assert observe(major, ONE) == [[1.0, 1.0, 1.0]]


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize(("size", "noise", "variance"), [(2, 0.71, 0.5), (8, 0.35, 0.875), (32, 0.18, 0.97)])
def test_the_noise_of_the_statistics_is_that_of_the_table(observe: Observe, major: int, size: int, noise: float, variance: float) -> None:
    measured = observe(major, SPREAD.format(size=size))
    assert measured == pytest.approx([noise, variance], abs=0.03)
