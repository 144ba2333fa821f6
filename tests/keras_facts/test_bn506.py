"""BN506: contrib is gone; what its function did is documented by TensorFlow 1.15 and cannot be run any more."""

import pytest

from bnlint.keras_api.tf1 import TF1_LAYERS
from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("major", [2, 3])
def test_tensorflow_has_no_contrib(observe: Observe, major: int) -> None:
    assert observe(major, "import tensorflow as tf", "fact = tf.contrib")["error"] == "AttributeError"


def test_the_defaults_that_the_page_names() -> None:
    assert {"decay": 0.999, "scale": False, "is_training": True}.items() <= TF1_LAYERS["tf.contrib.layers.batch_norm"].defaults.items()


@pytest.mark.parametrize("major", [2, 3])
def test_the_defaults_of_keras(observe: Observe, major: int) -> None:
    probe = "layer = keras.layers.BatchNormalization(); fact = [layer.momentum, layer.scale]"
    assert observe(major, "", probe) == [0.99, True]
