"""BN409: Keras 3 keeps the parameters in float16 under such a policy, Keras 2 and mixed precision in float32."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

TYPES = """
layer = next(layer for layer in model.layers if hasattr(layer, "moving_variance"))
fact = sorted({str(getattr(weight.dtype, "name", weight.dtype)) for weight in layer.weights})
"""

LARGE = """
layer = next(layer for layer in model.layers if hasattr(layer, "moving_variance"))
x = (1000 * np.random.default_rng(0).normal(size=(64, 64))).astype("float16")
for _ in range(100):
    layer(x, training=True)
fact = [bool(np.isinf(np.array(layer.moving_variance)).all()), float(np.abs(np.array(layer(x), "float32")).max())]
"""


@pytest.mark.parametrize("number", [0, 1])
def test_parameters_are_float16_on_keras_3(observe: Observe, number: int) -> None:
    assert observe(3, bad("BN409", number), TYPES) == ["float16"]


@pytest.mark.parametrize("major", [2, 3])
def test_mixed_precision_keeps_float32(observe: Observe, major: int) -> None:
    assert observe(major, fixed("BN409"), TYPES) == ["float32"]


def test_keras_2_keeps_float32(observe: Observe) -> None:
    assert observe(2, bad("BN409"), TYPES) == ["float32"]


def test_a_large_variance_becomes_infinite_and_the_output_zero(observe: Observe) -> None:
    assert observe(3, bad("BN409"), LARGE) == [True, 0.0]
    infinite, largest = observe(3, fixed("BN409"), LARGE)
    assert not infinite
    assert largest > 1
