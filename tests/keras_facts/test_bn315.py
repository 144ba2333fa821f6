"""BN315: Keras 3 does not find weights in functions and modules; Keras 2 refuses the one and tracks the other."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

NUMBER = "fact = [len(model.weights), len(bn.weights)]"
MODULE = """
network = Network()
network(np.ones((4, 8), "float32"))
before = np.array(network.block.bn.moving_mean)
network(np.ones((4, 8), "float32"), training=True)
fact = [len(network.weights), bool((np.array(network.block.bn.moving_mean) != before).any())]
"""


def test_keras_3_does_not_have_what_a_lambda_captures(observe: Observe) -> None:
    assert observe(3, bad("BN315"), NUMBER) == [1, 4]
    assert observe(3, fixed("BN315"), NUMBER) == [5, 4]


def test_keras_2_refuses_such_a_lambda(observe: Observe) -> None:
    answer = observe(2, bad("BN315"), NUMBER)
    assert answer["error"] == "ValueError"
    assert "tracked" in answer["message"]


@pytest.mark.parametrize(("major", "weights"), [(2, 6), (3, 2)])
def test_a_module_is_tracked_by_keras_2_only(observe: Observe, major: int, weights: int) -> None:
    assert observe(major, bad("BN315", 1), MODULE) == [weights, True]


HELD = """
import functools
bn = keras.layers.BatchNormalization()

class Network(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(3)
        {held}

    def call(self, x):
        return self.normalise(self.dense(x))

network = Network()
network(np.ones((4, 2), "float32"))
fact = [len(network.weights), len(network.trainable_weights)]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_no_keras_looks_into_functions(observe: Observe, major: int) -> None:
    for held in ("self.normalise = lambda x: bn(x)", "self.normalise = functools.partial(lambda norm, x: norm(x), bn)"):
        assert observe(major, "", HELD.format(held=held)) == [2, 2]
        for kept in ("self.norm = bn", "self.norms = [bn]", "self.norms = {'a': bn}", "self.norms = (bn,)"):
            assert observe(major, "", HELD.format(held=f"{kept}; {held}")) == [6, 4]


@pytest.mark.parametrize("major", [2, 3])
def test_the_function_of_the_page(observe: Observe, major: int) -> None:
    probe = "network = Network()\nnetwork(np.ones((4, 8), 'float32'))\nfact = len(network.weights)"
    assert observe(major, bad("BN315", 2), probe) == 2
