"""BN313: the moving statistics are weights, but no trainable ones."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

APART = """
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
online.compile("sgd", "mse")
online.fit(x, np.zeros((64, 2), "float32"), epochs=20, verbose=0)
for old, new in zip(target.{which}, online.{which}):
    old.assign(new)
fact = float(np.abs(np.array(target(x)) - np.array(online(x))).max())
"""


@pytest.mark.parametrize("major", [2, 3])
def test_networks_agree_only_where_the_statistics_are_copied(observe: Observe, major: int) -> None:
    assert observe(major, bad("BN313"), APART.format(which="trainable_variables")) > 0.01
    assert observe(major, fixed("BN313"), APART.format(which="weights")) == 0.0


AVERAGED = """
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.Dense(2)])
model.compile(keras.optimizers.Adam(0.1, use_ema=True, ema_momentum=0.9), "mse")
x = np.random.default_rng(0).normal(5.0, 2.0, (256, 4)).astype("float32")
for batch in np.split(x, 8):  # `fit` swaps at its end
    model.train_on_batch(batch, np.ones((32, 2)))
trained = [np.array(weight) for weight in model.weights]
model.optimizer.finalize_variable_values(model.trainable_variables)
trainable = {id(weight) for weight in model.trainable_variables}
fact = {True: [], False: []}
for weight, old in zip(model.weights, trained):
    fact[id(weight) in trainable].append(bool(np.abs(np.array(weight) - old).max() > 0))
fact = [all(fact[True]), any(fact[False])]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_averages_are_swapped_in_for_trainable_variables_only(observe: Observe, major: int) -> None:
    assert observe(major, AVERAGED) == [True, False]
