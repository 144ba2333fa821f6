"""BN101: weights that were trained in one order load without a word into the other, which computes something else."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

TRAINED = """
x = np.random.default_rng(0).normal(size=(256, 32)).astype("float32")
model.compile("adam", "mse")
model.fit(x, np.eye(10)[np.arange(256) % 10], epochs=5, verbose=0)
fact = [[np.array(weight).tolist() for weight in model.weights], np.asarray(model(x)).tolist()]
"""

LOADED = """
x = np.random.default_rng(0).normal(size=(256, 32)).astype("float32")
weights, outputs = {trained!r}
model.set_weights([np.array(weight) for weight in weights])
fact = float(np.abs(np.asarray(model(x)) - np.array(outputs)).max())
"""


@pytest.mark.parametrize("major", [2, 3])
def test_old_weights_load_and_give_other_outputs(observe: Observe, major: int) -> None:
    trained = observe(major, bad("BN101"), TRAINED)
    assert observe(major, bad("BN101"), LOADED.format(trained=trained)) < 1e-5
    assert observe(major, fixed("BN101"), LOADED.format(trained=trained)) > 0.01
