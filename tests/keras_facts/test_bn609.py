"""BN609: what an exported model does with its statistics, and what `predict` shows of that."""

import pytest

from tests.keras_facts.conftest import Observe
from tests.test_pages import models

pytestmark = pytest.mark.keras

SERVED = """
import tensorflow as tf

x = np.random.default_rng(0).normal(5.0, 2.0, (16, 8)).astype("float32")
expected = model.predict(x, verbose=0)
model.export("served")
served = tf.saved_model.load("served")


def ask(batch):
    return next(iter(served.signatures["serving_default"](tf.constant(batch)).values())).numpy()


def statistics():
    return {variable.name.removesuffix(":0"): variable.numpy() for variable in served.variables if "moving" in variable.name}


before = statistics()
first, alone, again = ask(x), ask(x[:1]), ask(x)
after = statistics()
moved = sorted({name.partition("/")[0] for name in before if np.abs(after[name] - before[name]).max() > 0})
company = float(np.abs(first[:1] - alone).max())
fact = [moved, float(np.abs(first - expected).max()), company]
"""


@pytest.mark.parametrize("number", [0, 1], ids=["keras3", "keras2"])
def test_a_served_model_learns_from_its_requests_and_answers_by_the_company(observe: Observe, number: int) -> None:
    example = models("BN609", "Bad")[number]
    moved, _, company = observe(int(example.settings["target_keras"]), example.source, SERVED)
    assert tuple(moved) == example.layers
    assert company > 0.01


def test_predict_of_keras3_shows_nothing_of_it(observe: Observe) -> None:
    _, apart, _ = observe(3, models("BN609", "Bad")[0].source, SERVED)
    assert apart > 0.01


@pytest.mark.parametrize("number", [0, 1], ids=["keras3", "keras2"])
def test_without_the_argument_an_answer_is_an_answer(observe: Observe, number: int) -> None:
    example = models("BN609", "Fixed")[number]
    moved, apart, company = observe(int(example.settings["target_keras"]), example.source, SERVED)
    assert moved == []
    assert apart < 1e-4
    assert company < 1e-4
