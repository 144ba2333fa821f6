"""BN301: `fit` gives the mode to a `call` that takes it, and on Keras 2 to one that does not."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

TRAINED = """
made = next(value for value in list(globals().values()) if isinstance(value, type) and issubclass(value, keras.Model))()
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 32)).astype("float32")
made.compile("sgd", "mse")
made.fit(x, np.zeros_like(made(x)), verbose=0)
fact = [bool(np.abs(np.array(weight)).max() > 0) for weight in made.non_trainable_weights if "moving_mean" in weight.name]
"""


@pytest.mark.parametrize(("major", "moves"), [(2, True), (3, False)])
def test_fit_trains_a_call_without_training_on_keras_2_only(observe: Observe, major: int, moves: bool) -> None:
    assert set(observe(major, bad("BN301"), TRAINED)) == {moves}


@pytest.mark.parametrize("major", [2, 3])
def test_with_training_it_is_trained_on_both(observe: Observe, major: int) -> None:
    assert set(observe(major, fixed("BN301"), TRAINED)) == {True}
