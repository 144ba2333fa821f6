"""BN312: a model called inside `call` takes the mode of the call, frozen ones infer."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

MOVED = """
made = Classifier()
images = np.random.default_rng(0).normal(5.0, 2.0, (4, 32, 32, 3)).astype("float32")
made(images)
norm = next(layer for layer in made.features.layers if isinstance(layer, keras.layers.BatchNormalization))
before = np.array(norm.moving_mean)
made.compile("sgd", "mse")
made.fit(images, np.zeros((4, 1), "float32"), verbose=0)
fact = bool((np.array(norm.moving_mean) != before).any())
"""


@pytest.mark.parametrize("major", [2, 3])
def test_the_statistics_move_unless_the_model_is_frozen(observe: Observe, major: int) -> None:
    assert observe(major, bad("BN312"), MOVED) is True
    assert observe(major, fixed("BN312"), MOVED) is False
