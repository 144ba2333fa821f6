"""BN207: accumulating gradients changes no statistics."""

import pytest

from tests.keras_facts.conftest import Observe, bad

pytestmark = pytest.mark.keras


def test_statistics_are_updated_with_each_small_batch(observe: Observe) -> None:
    """Weights differ a little, as they are changed more rarely; that there are 5120 updates and not 320 would show."""
    accumulated = observe(3, bad("BN207").replace("batch_size=4, epochs=10", "batch_size=4, epochs=1, shuffle=False"), UPDATES)
    plain = observe(
        3, bad("BN207").replace(", gradient_accumulation_steps=16", "").replace("epochs=10", "epochs=1, shuffle=False"), UPDATES
    )
    assert accumulated == plain == pytest.approx(512, abs=1)


UPDATES = """
layer = next(layer for layer in model.layers if hasattr(layer, "moving_mean"))
layer.moving_variance.assign(np.full(64, 1e30, "float32"))
layer.momentum = 0.99
model.compile(model.optimizer, "mse")
model.fit(np.random.rand(2048, 32), np.random.rand(2048, 1), batch_size=4, verbose=0)
fact = float(np.round(np.log(np.array(layer.moving_variance)[0] / 1e30) / np.log(0.99)))
"""
