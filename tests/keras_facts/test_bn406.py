"""BN406: a model is made of layer objects."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

ERRORS = {
    2: ("TypeError", "The added layer must be an instance of class Layer"),
    3: ("ValueError", "Only instances of `keras.Layer` can be added"),
}


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize("number", [0, 1])
def test_a_class_or_a_function_raises(observe: Observe, major: int, number: int) -> None:
    answer = observe(major, bad("BN406", number))
    error, text = ERRORS[major]
    assert answer["error"] == error
    assert text.replace("`", "") in answer["message"].replace("`", "")
    assert observe(major, fixed("BN406", number), "fact = 'built'") == "built"
