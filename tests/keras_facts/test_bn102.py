"""BN102: the variance that Dropout adds in training is missing at inference."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

SPREAD = """
x = np.random.default_rng(0).normal(size=(4096, 32)).astype("float32")
model.layers[0].trainable = False
norm = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
norm.momentum = 0.9
model.compile(keras.optimizers.SGD(0.0), "mse")
model.fit(x, np.zeros((4096, 10)), batch_size=64, epochs=3, verbose=0)
fact = float(np.std(np.asarray(keras.Model(model.inputs, norm.output)(x)), axis=0).mean())
"""


@pytest.mark.parametrize("major", [2, 3])
def test_behind_dropout_the_output_at_inference_is_too_small(observe: Observe, major: int) -> None:
    """Linear outputs of mean 0 and a rate of .5: half the variance, .71 of the standard deviation."""
    assert observe(major, bad("BN102"), SPREAD) == pytest.approx(0.71, abs=0.03)


@pytest.mark.parametrize("major", [2, 3])
def test_before_dropout_it_has_variance_one(observe: Observe, major: int) -> None:
    assert observe(major, fixed("BN102"), SPREAD) == pytest.approx(1.0, abs=0.03)
