"""BN410: decay reaches gamma unless it is excluded."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

DECAYED = """
layer = next(layer for layer in model.layers if hasattr(layer, "gamma"))
layer.gamma.assign(np.full(64, 2.0, "float32"))
x = np.zeros((64, 32), "float32")
model.fit(x, model.predict(x, verbose=0), epochs=90, verbose=0)
fact = float(np.array(layer.gamma).mean())
"""


@pytest.mark.parametrize("major", [2, 3])
def test_gamma_decays_unless_excluded(observe: Observe, major: int) -> None:
    assert observe(major, bad("BN410"), DECAYED) < 1.9999
    assert observe(major, fixed("BN410"), DECAYED) == pytest.approx(2.0, abs=1e-5)
