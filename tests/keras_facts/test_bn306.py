"""BN306: a `call` that trains by default."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

CALLED = """
block = Block()
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
block(x)
fact = bool(np.abs(np.array(block.bn.moving_mean)).max() > 0)
"""


@pytest.mark.parametrize("major", [2, 3])
def test_a_bare_call_moves_the_statistics(observe: Observe, major: int) -> None:
    assert observe(major, bad("BN306"), CALLED) is True
    assert observe(major, fixed("BN306"), CALLED) is False


INSIDE = """
class Outer(keras.Model):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def call(self, x, training=None):
        return self.block(x)


outer = Outer()
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
fact = []
for settings in ({}, {"training": False}, {"training": True}):
    outer(x, **settings)
    fact.append(bool(np.abs(np.array(outer.block.bn.moving_mean)).max() > 0))
"""


@pytest.mark.parametrize("default", ["training=None", "training: bool = False"])
@pytest.mark.parametrize("major", [2, 3])
def test_both_defaults_follow_the_layer_around(observe: Observe, major: int, default: str) -> None:
    program = fixed("BN306").replace("training=None", default)
    assert observe(major, program, CALLED) is False
    assert observe(major, program, INSIDE) == [False, False, True]
