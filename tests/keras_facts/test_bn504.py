"""BN504: Keras 3 has no learning phase, and what Keras 2 does with one."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

NAMES = ["learning_phase", "learning_phase_scope", "set_learning_phase"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", ["keras.backend", "tf.keras.backend"])
def test_only_keras_2_has_the_functions(observe: Observe, path: str, name: str) -> None:
    probe = f"fact = callable({path}.{name})"
    assert observe(3, "import tensorflow as tf", probe)["error"] == "AttributeError"
    assert observe(2, "import tensorflow as tf", probe) is True


@pytest.mark.parametrize("name", NAMES)
def test_the_private_copy_in_tensorflow_has_them_still(observe: Observe, name: str) -> None:
    assert observe(3, "from tensorflow.python.keras import backend as K", f"fact = callable(K.{name})") is True


def test_the_programs_of_the_page(observe: Observe) -> None:
    assert observe(3, bad("BN504"))["error"] == "AttributeError"
    assert observe(3, bad("BN504", 1), "Noise()(np.ones((2, 4), 'float32'))")["error"] == "AttributeError"
    assert observe(3, bad("BN504", 2), "explain(keras.Sequential([keras.layers.Dense(1)]), np.ones((2, 4)))")["error"] == "AttributeError"
    for major in (2, 3):
        assert observe(major, fixed("BN504"), "fact = len(model.weights)") == 7


MODEL = """
model = keras.Sequential([keras.layers.BatchNormalization()])
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
model.compile("sgd", "mse")
model(x, training=False)
keras.backend.set_learning_phase({phase})
"""


@pytest.mark.parametrize(
    ("call", "normalises"),
    [("model(x)", True), ("model.predict(x, verbose=0)", False), ("model(x, training=False)", False)],
)
def test_on_keras_2_a_phase_of_1_reaches_bare_calls_only(observe: Observe, call: str, normalises: bool) -> None:
    assert observe(2, MODEL.format(phase=1), f"fact = bool(np.abs(np.array({call}).mean()) < 0.1)") is normalises


def test_on_keras_2_a_phase_of_0_does_not_stop_fit(observe: Observe) -> None:
    probe = "model.fit(x, x, verbose=0); fact = bool(np.abs(np.array(model.layers[0].moving_mean)).max() > 0)"
    assert observe(2, MODEL.format(phase=0), probe) is True
