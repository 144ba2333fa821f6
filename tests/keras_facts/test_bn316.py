"""BN316: a stateless call leaves the statistics of the model alone, and returns the new ones."""

import pytest

from tests.keras_facts.conftest import Observe, bad

pytestmark = pytest.mark.keras

BOTH = """
kept = model.stateless_call(trainable, model.non_trainable_variables, x, training=True)[1]
initial = [np.zeros(8), np.ones(8)]
still = [bool((np.array(value) == old).all()) for value, old in zip(model.non_trainable_variables, initial)]
moved = [bool((np.array(new) != np.array(old)).any()) for new, old in zip(kept, model.non_trainable_variables)]
fact = [still, moved]
"""


def test_the_new_statistics_are_in_the_second_result_only(observe: Observe) -> None:
    assert observe(3, bad("BN316"), BOTH) == [[True, True], [True, True]]


def test_keras_2_has_no_stateless_call(observe: Observe) -> None:
    assert observe(2, "import keras\n", "keras.Sequential().stateless_call")["error"] == "AttributeError"
