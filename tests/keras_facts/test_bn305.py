"""BN305: what a layer does that is always called in training mode, and where Keras 3 overrides it."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

FUNCTIONAL = """
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 32, 32, 3)).astype("float32")
norm = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))


def moves(act):
    before = np.array(norm.moving_mean)
    act()
    return bool(np.abs(np.array(norm.moving_mean) - before).max() > 0)


fact = [moves(lambda: model.predict(x, verbose=0)), moves(lambda: model(x))]
"""

BLOCK = """
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 32, 32, 3)).astype("float32")
block = Block()
whole, alone = np.asarray(block(x)), np.asarray(block(x[:1]))
fact = [bool(np.abs(np.array(block.bn.moving_mean)).max() > 0), float(np.abs(whole[:1] - alone).max())]
"""


@pytest.mark.parametrize(("major", "predict", "bare"), [(2, True, True), (3, False, True)])
def test_keras_3_overrides_it_in_predict_only(observe: Observe, major: int, predict: bool, bare: bool) -> None:
    assert observe(major, bad("BN305"), FUNCTIONAL) == [predict, bare]
    assert observe(major, fixed("BN305"), FUNCTIONAL) == [False, False]


@pytest.mark.parametrize("major", [2, 3])
def test_in_a_layer_an_answer_depends_on_its_company(observe: Observe, major: int) -> None:
    moved, apart = observe(major, bad("BN305", 1), BLOCK)
    assert moved
    assert apart > 0.01
    moved, apart = observe(major, fixed("BN305", 1), BLOCK)
    assert not moved
    assert apart < 1e-4
