"""BN602, BN603: one NaN stays in the moving statistics for ever, and Keras loads a variance below zero without a word."""

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

POISONED = """
norm = keras.layers.BatchNormalization(momentum=0.5)
random = np.random.default_rng(0)
x = random.normal(5.0, 2.0, (32, 4)).astype("float32")
x[0, 0] = np.nan
norm(x, training=True)
for _ in range(200):
    x = random.normal(5.0, 2.0, (32, 4)).astype("float32")
    y = norm(x, training=True)
fact = [bool(np.isfinite(np.asarray(y)).all()), bool(np.isnan(np.array(norm.moving_mean)[0])), bool(np.isnan(np.asarray(norm(x))).any())]
"""

NEGATIVE = """
model = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization()])
model.layers[-1].set_weights([np.ones(4), np.zeros(4), np.zeros(4), -np.ones(4)])
model.save("negative.keras")
loaded = keras.models.load_model("negative.keras")
fact = bool(np.isnan(loaded.predict(np.ones((2, 4), "float32"), verbose=0)).all())
"""


@pytest.mark.parametrize("major", [2, 3])
def test_training_looks_fine_and_inference_is_nan_for_ever(observe: Observe, major: int) -> None:
    assert observe(major, POISONED) == [True, True, True]


@pytest.mark.parametrize("major", [2, 3])
def test_a_negative_variance_is_loaded_and_gives_nan(observe: Observe, major: int) -> None:
    assert observe(major, NEGATIVE) is True
