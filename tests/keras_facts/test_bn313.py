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
