"""BN204: after n steps the initial statistics still count momentum**n."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

SHARE = """
layer = keras.layers.BatchNormalization(momentum={momentum})
x = np.random.default_rng(0).normal(5.0, 1.0, (64, 4)).astype("float32")
for _ in range({steps}):
    layer(x, training=True)
fact = float((np.array(layer.moving_mean) / x.mean(0)).mean())
"""


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize(("momentum", "steps"), [(0.8, 14), (0.9, 29), (0.99, 299)])
def test_after_that_many_steps_a_twentieth_is_left(observe: Observe, major: int, momentum: float, steps: int) -> None:
    reached = observe(major, "", SHARE.format(momentum=momentum, steps=steps))
    assert reached == pytest.approx(1 - momentum**steps, abs=1e-4)
    assert reached >= 0.95


MOVED = """
layer = next(layer for layer in model.layers if hasattr(layer, "moving_variance"))
fact = float(np.array(layer.moving_variance).max())
"""


@pytest.mark.parametrize("major", [2, 3])
def test_the_initial_variance_is_seen_after_fit(observe: Observe, major: int) -> None:
    """The inputs have a variance of a twelfth; what is far above it is left over."""
    before, after = (observe(major, program("BN204"), MOVED) for program in (bad, fixed))
    assert before > 0.66 > after
