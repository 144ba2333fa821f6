"""BN601, BN604: what a layer computes whose statistics are as Keras starts them, and which those are."""

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

FRESH = """
norm = keras.layers.BatchNormalization({arguments})
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
y = np.asarray(norm(x, training=False))
weights = {{weight.name.split("/")[-1].split(":")[0]: np.array(weight) for weight in norm.weights}}
fact = [float(np.abs(y / x - 0.9995).max()), {{name: sorted(set(array.tolist())) for name, array in weights.items()}}]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_a_fresh_layer_passes_its_input_on(observe: Observe, major: int) -> None:
    apart, values = observe(major, FRESH.format(arguments=""))
    assert apart < 1e-5
    assert values == {"gamma": [1.0], "beta": [0.0], "moving_mean": [0.0], "moving_variance": [1.0]}


@pytest.mark.parametrize("major", [2, 3])
def test_renorm_starts_its_own_statistics_at_0_and_1(observe: Observe, major: int) -> None:
    values = observe(major, FRESH.format(arguments="renorm=True"))[1]
    assert (values["renorm_mean"], values["renorm_stddev"]) == ([0.0], [1.0])
