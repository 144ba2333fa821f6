"""BN403: Keras's momentum is the share that stays, PyTorch's the share that is new."""

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

SCATTER = """
norm = keras.layers.BatchNormalization(momentum={momentum})
generator = np.random.default_rng(0)
seen = []
for step in range(1200):
    norm(generator.normal(0.0, 4.0, (32, 4)).astype("float32"), training=True)
    if step > 600:
        seen.append(np.array(norm.moving_variance))
fact = float(np.std(seen))
"""


@pytest.mark.parametrize("major", [2, 3])
def test_a_tenth_leaves_it_to_the_last_batch(observe: Observe, major: int) -> None:
    """A true variance of 16, batches of 32."""
    assert observe(major, SCATTER.format(momentum=0.1)) == pytest.approx(3.6, abs=0.6)
    assert observe(major, SCATTER.format(momentum=0.9)) == pytest.approx(0.9, abs=0.3)
