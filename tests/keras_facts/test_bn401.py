"""BN401: statistics along an axis that is not that of the channels."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

NUMBERS = """
fact = [int(layer.moving_mean.shape[0]) for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
"""


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize(("number", "wrong", "channels"), [(0, 30, 16), (1, 96, 32)])
def test_there_is_one_value_for_each_row_or_time_step(observe: Observe, major: int, number: int, wrong: int, channels: int) -> None:
    assert observe(major, bad("BN401", number), NUMBERS) == [wrong]
    assert observe(major, fixed("BN401", number), NUMBERS) == [channels]


@pytest.mark.parametrize("major", [2, 3])
def test_a_list_is_no_axis_on_keras_3(observe: Observe, major: int) -> None:
    answer = observe(major, bad("BN401", 2), "block(keras.Input((8, 8, 3)))\nfact = 'built'")
    assert answer == "built" if major == 2 else answer["error"] == "TypeError"
    assert observe(major, fixed("BN401", 2), "block(keras.Input((8, 8, 3)))\nfact = 'built'") == "built"
