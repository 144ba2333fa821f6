"""BN302: a bare call under a tape, or in a `train_step`, infers."""

import pytest

from tests.keras_facts.conftest import MOVES, Observe, bad, fixed

pytestmark = pytest.mark.keras

TAPE = MOVES.format(made="", act="train_step(x, y)")
STEP = MOVES.format(made='model = Regressor()\nmodel(x)\nmodel.compile("sgd", "mse")', act="model.fit(x, y, verbose=0)")


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize(("number", "probe"), [(0, TAPE), (1, STEP)])
def test_only_with_training_do_the_statistics_move(observe: Observe, major: int, number: int, probe: str) -> None:
    assert observe(major, bad("BN302", number), probe) is False
    assert observe(major, fixed("BN302", number), probe) is True
