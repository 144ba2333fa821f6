"""BN108: a layer whose result is dropped is not in the model, and nobody says so."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

NORMS = """
fact = [type(layer).__name__ for layer in model.layers]
"""

OWNED = """
net = Net()
net(np.zeros((2, 4), "float32"))
fact = sorted({weight.name.split("/")[-1].split(":")[0] for weight in net.weights})
"""


@pytest.mark.parametrize("major", [2, 3])
def test_a_dropped_result_leaves_no_layer(observe: Observe, major: int) -> None:
    assert "BatchNormalization" not in observe(major, bad("BN108"), NORMS)
    assert "BatchNormalization" in observe(major, fixed("BN108"), NORMS)


@pytest.mark.parametrize("major", [2, 3])
def test_a_layer_that_is_never_called_has_no_weights(observe: Observe, major: int) -> None:
    assert "moving_mean" not in observe(major, bad("BN108", 1), OWNED)
    assert "moving_mean" in observe(major, fixed("BN108", 1), OWNED)
