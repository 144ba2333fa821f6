"""BN208: in a common batch two kinds of samples are told apart by their mean, in batches of their own they are not."""

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

MEANS = """
generator = np.random.default_rng(0)
real, fake = (generator.normal(mean, 1.0, (64, 4)).astype("float32") for mean in (-3.0, 3.0))
layer = keras.layers.BatchNormalization()
apart = [float(np.array(layer(x, training=True)).mean()) for x in (real, fake)]
mixed = np.array(layer(np.concatenate([real, fake]), training=True))
fact = [*apart, float(mixed[:64].mean()), float(mixed[64:].mean())]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_the_mixture_tells_them_apart(observe: Observe, major: int) -> None:
    real, fake, first, second = observe(major, "", MEANS)
    assert (real, fake) == pytest.approx((0, 0), abs=1e-4)
    assert (first, second) == pytest.approx((-0.95, 0.95), abs=0.02)
