"""BN107: one layer at two depths has one set of statistics, which fits neither; a list made by `*` holds one layer."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

WEIGHTS = "fact = sum(len(layer.weights) for layer in model.layers if hasattr(layer, 'moving_mean'))"


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize(("number", "layers"), [(0, 3), (1, 2)])
def test_the_layers_share_four_weights(observe: Observe, major: int, number: int, layers: int) -> None:
    assert observe(major, bad("BN107", number), WEIGHTS) == 4
    assert observe(major, fixed("BN107", number), WEIGHTS) == 4 * layers


MIXED = """
layer, other = (keras.layers.BatchNormalization(momentum=0.9) for _ in range(2))
one, two = keras.Input((4,)), keras.Input((4,))
second = other if {own} else layer
model = keras.Model([one, two], [layer(one), second(two)])
generator = np.random.default_rng(0)
x, y = (generator.normal(mean, 1.0, (64, 4)).astype("float32") for mean in (-10.0, 10.0))
for _ in range(100):
    model([x, y], training=True)
outputs = [np.array(output) for output in model([x, y], training=False)]
fact = [float(abs(output.mean())) for output in outputs] + [float(output.std()) for output in outputs]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_shared_statistics_fit_neither_input(observe: Observe, major: int) -> None:
    shared, own = (observe(major, "", MIXED.format(own=own)) for own in (False, True))
    assert min(shared[:2]) > 5
    assert max(own[:2]) < 0.01
    assert min(own[2:]) > 0.95
