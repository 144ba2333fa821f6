"""BN508: what a subclass of BatchNormalization loses."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

RELOADED = """
import os, tempfile
folder = tempfile.mkdtemp()
path = os.path.join(folder, "model" + {suffix!r})
model.save(path)
fact = len(keras.models.load_model(path).weights)
"""


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize(("suffix", "error", "text"), [(".keras", "TypeError", "Norm"), (".h5", "ValueError", "Unknown layer: 'Norm'")])
def test_a_class_that_is_not_registered_cannot_be_loaded(observe: Observe, major: int, suffix: str, error: str, text: str) -> None:
    source = bad("BN508") if major == 3 else bad("BN508").replace(", mask=None", "").replace(", mask=mask", "")
    answer = observe(major, source, RELOADED.format(suffix=suffix))
    assert answer["error"] == error
    assert text in answer["message"]


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_registered_one_can(observe: Observe, suffix: str) -> None:
    assert observe(3, fixed("BN508"), RELOADED.format(suffix=suffix)) == 4


TRAINED = """
model = keras.Sequential([Norm()])
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 8)).astype("float32")
model.compile("sgd", "mse")
model.fit(x, x, verbose=0)
fact = bool(np.abs(np.array(model.layers[0].moving_mean)).max() > 0)
"""


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize("parameters", ["self, inputs", "self, inputs, training=None"])
def test_without_training_it_is_not_trained(observe: Observe, major: int, parameters: str) -> None:
    assert observe(major, bad("BN508", 1).replace("self, inputs", parameters), TRAINED) is False


@pytest.mark.parametrize("major", [2, 3])
def test_with_training_both_do(observe: Observe, major: int) -> None:
    assert observe(major, bad("BN508", 2), TRAINED) is True


MASKED = """
x = np.zeros((8, 6, 4), "float32")
x[:, :3] = np.random.default_rng(0).normal(5.0, 2.0, (8, 3, 4))
layer = keras.layers.Masking()
norm = Norm(momentum=0.0)
norm(layer(x), training=True)
fact = float(np.array(norm.moving_mean).mean())
"""


def test_without_mask_padding_counts(observe: Observe) -> None:
    assert observe(3, fixed("BN508"), MASKED) == pytest.approx(5.0, abs=0.5)
    assert observe(3, bad("BN508", 2), MASKED) == pytest.approx(2.5, abs=0.25)
