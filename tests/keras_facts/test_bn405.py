"""BN405: the first argument of the constructor is the axis."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("major", [2, 3])
def test_a_momentum_or_a_number_of_features_raises(observe: Observe, major: int) -> None:
    assert "error" in observe(major, bad("BN405"))
    assert observe(major, fixed("BN405"), "fact = 'built'") == "built"


def test_keras_3_takes_a_float_for_axis_0(observe: Observe) -> None:
    assert observe(3, "", "norm = keras.layers.BatchNormalization(0.8)\nfact = [norm.axis, norm.momentum]") == [0, 0.99]
    assert observe(2, "", "norm = keras.layers.BatchNormalization(0.8)")["error"] == "TypeError"
