"""BN507: what is normalised with the moments of its batch depends on the batch."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

APART = """
x = np.random.default_rng(0).normal(5.0, 2.0, (8, 4)).astype("float32")
one, all = (np.array(block({arguments})) for x in (x[:1], x))
fact = [float(np.abs(one).max()), float(np.abs(one[0] - all[0]).max())]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_a_batch_of_one_is_normalised_to_nothing(observe: Observe, major: int) -> None:
    alone, apart = observe(major, bad("BN507"), APART.format(arguments="x, None, None"))
    assert alone == 0.0
    assert apart > 0.1


@pytest.mark.parametrize("major", [2, 3])
def test_the_layer_treats_each_sample_alike(observe: Observe, major: int) -> None:
    alone, apart = observe(major, fixed("BN507"), APART.format(arguments="x, norm, False"))
    assert alone > 0.1
    assert apart == 0.0
