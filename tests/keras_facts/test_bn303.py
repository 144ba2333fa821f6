"""BN303: `training=True` in evaluation changes the model that is measured."""

import pytest

from tests.keras_facts.conftest import MOVES, Observe, bad, fixed

pytestmark = pytest.mark.keras

EVALUATE = MOVES.format(made='model = Classifier()\nmodel(x)\nmodel.compile("sgd", "mse")', act="model.evaluate(x, y, verbose=0)")
PREDICT = MOVES.format(made="", act="predict(x)")

COMPANY = """
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
fact = float(np.abs(np.asarray(predict(x))[:8] - np.asarray(predict(x[:8]))).max())
"""


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize(("number", "probe"), [(0, EVALUATE), (1, PREDICT)])
def test_the_statistics_move(observe: Observe, major: int, number: int, probe: str) -> None:
    assert observe(major, bad("BN303", number), probe) is True
    assert observe(major, fixed("BN303", number), probe) is False


@pytest.mark.parametrize("major", [2, 3])
def test_an_answer_depends_on_its_company(observe: Observe, major: int) -> None:
    assert observe(major, bad("BN303", 1), COMPANY) > 0.01
    assert observe(major, fixed("BN303", 1), COMPANY) < 1e-5
