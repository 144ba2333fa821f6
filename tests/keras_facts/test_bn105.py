"""BN105: behind a softmax, BatchNormalization gives no probabilities."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

OUTPUTS = """
x = np.random.default_rng(0).normal(size=(256, 32)).astype("float32")
y = np.asarray(model(x, training=True))
fact = [float(y.min()), float(y.max()), float(np.abs(y.sum(axis=1) - 1).max())]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_outputs_are_no_probabilities(observe: Observe, major: int) -> None:
    least, most, off = observe(major, bad("BN105"), OUTPUTS)
    assert least < 0
    assert most > 1
    assert off > 0.5
    least, most, off = observe(major, fixed("BN105"), OUTPUTS)
    assert 0 <= least < most <= 1
    assert off < 1e-5
