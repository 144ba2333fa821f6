"""BN111: a mask reaches BatchNormalization through layers that support it, and not through convolutions along time."""

import pytest

from bnlint.checks.bn111_mask_lost import DROPS, KEEPS
from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

MADE = """
arguments = {"Activation": ["relu"], "AveragePooling1D": [2],
             "Conv1D": [4, 3], "Conv1DTranspose": [4, 3], "DepthwiseConv1D": [3], "Dense": [4],
             "LocallyConnected1D": [4, 3], "SeparableConv1D": [4, 3]}
rates = ("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D")
fact = {}
for name in NAMES:
    if hasattr(keras.layers, name):
        layer = getattr(keras.layers, name)(*arguments.get(name, [0.1] if name in rates else []))
        fact[name] = bool(layer.supports_masking)
"""


@pytest.mark.parametrize("major", [2, 3])
def test_which_layers_pass_a_mask_on(observe: Observe, major: int) -> None:
    answer = observe(major, "", MADE.replace("NAMES", repr(sorted(DROPS | KEEPS))))
    assert {name for name, passes in answer.items() if passes} == KEEPS
    assert {name for name, passes in answer.items() if not passes} >= DROPS - {"LocallyConnected1D"}


MEAN = """
layer = keras.layers.BatchNormalization(momentum=0.0)
between = keras.layers.{between}
model = keras.Sequential([keras.Input((4, 1)), keras.layers.Masking(), between, layer])
x = np.array([[[2.0], [4.0], [0.0], [0.0]]] * 8, "float32")
model(x, training=True)
fact = float(np.array(layer.moving_mean)[0])
"""


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize(
    ("between", "mean"), [("Activation('linear')", 3.0), ("Conv1D(1, 1, kernel_initializer='ones')", 1.5), ("MaxPooling1D(1)", 1.5)]
)
def test_padding_is_left_out_of_the_mean_where_the_mask_arrives(observe: Observe, major: int, between: str, mean: float) -> None:
    assert observe(major, "", MEAN.format(between=between)) == pytest.approx(mean)
