"""BN610: what each Keras makes of a `training` that a functional model records."""

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

RECORDED = """
backbone = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization(momentum=0.5)])
head = keras.layers.BatchNormalization(momentum=0.5)
inputs = keras.Input((4,))
model = keras.Model(inputs, head(backbone(inputs, training={training})))
model.compile("sgd", "mse")
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")


def moves(act):
    before = [np.array(norm.moving_mean) for norm in (backbone.layers[-1], head)]
    act()
    return [bool(np.abs(np.array(norm.moving_mean) - old).max() > 0) for norm, old in zip((backbone.layers[-1], head), before)]


fact = {{
    "fit": moves(lambda: model.fit(x, x, verbose=0)),
    "predict": moves(lambda: model.predict(x, verbose=0)),
    "call": moves(lambda: model(x)),
}}
"""


def test_training_false_of_a_model_is_kept_by_keras_2_and_ignored_by_fit_of_keras_3(observe: Observe) -> None:
    """Each pair is the statistics of the backbone that was told, and those of the head, which was not."""
    quiet = {"predict": [False, False], "call": [False, False]}
    assert observe(2, RECORDED.format(training=False)) == {"fit": [False, True], **quiet}
    assert observe(3, RECORDED.format(training=False)) == {"fit": [True, True], **quiet}


def test_training_true_is_kept_by_keras_2_and_by_a_bare_call_of_keras_3_which_it_leaves_for_the_head(observe: Observe) -> None:
    assert observe(2, RECORDED.format(training=True)) == {"fit": [True, True], "predict": [True, False], "call": [True, False]}
    assert observe(3, RECORDED.format(training=True)) == {"fit": [True, True], "predict": [False, False], "call": [True, True]}


@pytest.mark.parametrize("major", [2, 3])
def test_none_is_as_if_nothing_was_said(observe: Observe, major: int) -> None:
    assert observe(major, RECORDED.format(training=None)) == {
        "fit": [True, True],
        "predict": [False, False],
        "call": [False, False],
    }
