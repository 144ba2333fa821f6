"""Where a range of versions on a page begins or ends: the neighbours on both sides, installed for the purpose."""

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = [pytest.mark.keras, pytest.mark.slow]

RECORDED = """
inputs = keras.Input((4,))
norm = keras.layers.BatchNormalization(momentum=0.5)
model = keras.Model(inputs, norm(inputs, training=True))
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")


def moves(act):
    before = np.array(norm.moving_mean)
    act()
    return bool(np.abs(np.array(norm.moving_mean) - before).max() > 0)


fact = [moves(lambda: model.predict(x, verbose=0)), moves(lambda: model(x)), keras.__version__]
"""


@pytest.mark.parametrize("version", ["3.0.5", "3.9.2", "3.15.1"])
def test_predict_overrides_a_recorded_constant_from_3_0_to_3_15(observe: Observe, version: str) -> None:
    """BN305, BN308: `>=3.0,<3.16`; the next test is the other side of the first edge, and 3.16 is not out."""
    assert observe(version, RECORDED) == [False, True, version]


def test_keras_2_obeys_a_recorded_constant(observe: Observe) -> None:
    assert observe(2, RECORDED)[:2] == [True, True]


@pytest.mark.parametrize(("version", "error"), [("3.0.5", "ValueError"), ("3.13.2", "ValueError"), ("3.14.1", None), ("3.15.1", None)])
def test_renorm_is_gone_until_3_14(observe: Observe, version: str, error: str | None) -> None:
    """BN502."""
    answer = observe(version, "", "keras.layers.BatchNormalization(renorm=True)\nfact = keras.__version__")
    assert (answer == version) if error is None else (answer["error"] == error)


TOLD_NONE = """
import keras
from keras import layers


class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.bn = layers.BatchNormalization()
        self.out = layers.Dense(1)

    def call(self, x, training=None):
        return self.out(self.bn(x, training=None))
"""

FITTED = """
model = Net()
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
model(x)
before = np.array(model.bn.moving_mean)
model.compile("sgd", "mse")
model.fit(x, x[:, :1], verbose=0)
fact = bool((np.array(model.bn.moving_mean) != before).any())
"""


@pytest.mark.parametrize(("version", "moves"), [(2, True), ("3.0.5", True), ("3.9.2", True), ("3.10.0", False), ("3.15.1", False)])
def test_none_infers_since_3_10(observe: Observe, version: int | str, moves: bool) -> None:
    """BN304: `>=3.10`."""
    assert observe(version, TOLD_NONE, FITTED) is moves


BACKBONE = """
backbone = keras.applications.MobileNetV2((32, 32, 3), include_top=False, weights=None)
backbone.trainable = True
inputs = keras.Input((32, 32, 3))
model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(backbone(inputs, training=False)))
model.compile("sgd", "mse")
norm = next(layer for layer in backbone.layers if isinstance(layer, keras.layers.BatchNormalization))
before = np.array(norm.moving_mean)
model.fit(np.random.default_rng(0).normal(1.0, 2.0, (32, 32, 32, 3)), np.zeros((32, 1280)), verbose=0)
fact = bool(np.abs(np.array(norm.moving_mean) - before).max() > 0)
"""


@pytest.mark.parametrize(("version", "moves"), [(2, False), ("3.0.5", True), ("3.15.1", True)])
def test_fit_ignores_training_false_of_a_backbone_from_3_0_to_3_15(observe: Observe, version: int | str, moves: bool) -> None:
    """BN309: `>=3.0,<3.16`."""
    assert observe(version, BACKBONE) is moves


@pytest.mark.parametrize("version", ["3.0.5", "3.15.1"])
def test_training_by_position_is_refused_by_all_of_keras_3(observe: Observe, version: str) -> None:
    """BN503."""
    answer = observe(version, "layer = keras.layers.BatchNormalization()", "layer(np.ones((8, 4), 'float32'), True)")
    assert answer["error"] == "ValueError"
    assert "Only input tensors may be passed as positional arguments" in answer["message"]


@pytest.mark.parametrize("version", ["3.0.5", "3.15.1"])
def test_all_of_keras_3_is_without_a_learning_phase(observe: Observe, version: str) -> None:
    """BN504."""
    assert observe(version, "", "keras.backend.set_learning_phase(0)")["error"] == "AttributeError"


@pytest.mark.parametrize("version", ["3.0.5", "3.15.1"])
def test_all_of_keras_3_is_without_the_module_normalization(observe: Observe, version: str) -> None:
    """BN501."""
    assert observe(version, "from keras.layers.normalization import BatchNormalization")["error"] == "ModuleNotFoundError"
