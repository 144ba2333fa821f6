"""BN402: no Keras checks the momentum, and outside its range the moving statistics are no average."""

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

TRAINED = """
norm = keras.layers.BatchNormalization(momentum={momentum})
generator = np.random.default_rng(0)
for _ in range(20):
    batch = generator.normal(5.0, 2.0, (32, 4)).astype("float32")
    norm(batch, training=True)
fact = [float(np.array(norm.moving_mean).mean()), float(np.array(norm.moving_variance).min()), float(batch.mean())]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_above_one_the_variance_is_negative(observe: Observe, major: int) -> None:
    assert observe(major, TRAINED.format(momentum=1.5))[1] < -1000


@pytest.mark.parametrize("major", [2, 3])
def test_with_one_nothing_moves_and_with_zero_the_last_batch_is_all(observe: Observe, major: int) -> None:
    assert observe(major, TRAINED.format(momentum=1.0))[:2] == [0.0, 1.0]
    mean, _, last = observe(major, TRAINED.format(momentum=0.0))
    assert mean == pytest.approx(last, rel=1e-5)
