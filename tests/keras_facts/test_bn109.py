"""BN109: TimeDistributed gives BatchNormalization all time steps at once on Keras 2, one after the other on Keras 3."""

from typing import Any

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

TRAINED = """
shape = tuple(model.input_shape[1:])
steps = np.arange(shape[0], dtype="float32").reshape(-1, *[1] * (len(shape) - 1))
x = np.random.default_rng(0).normal(0.0, 1.0, (32, *shape)).astype("float32") + 10 * steps
for weight in model.weights:
    if weight.shape and "kernel" in weight.name:
        weight.assign(np.ones(weight.shape) * 0.1)
model(x, training=True)
fact = [float(np.array(weight).mean()) for weight in model.non_trainable_weights if "moving" in weight.name]
"""


@pytest.mark.parametrize("number", [0, 1])
def test_keras_2_takes_all_steps_together_with_or_without_the_wrapper(observe: Observe, number: int) -> None:
    wrapped = observe(2, bad("BN109", number), TRAINED)
    assert len(wrapped) == 2
    assert wrapped == pytest.approx(observe(2, fixed("BN109", number), TRAINED), rel=1e-5)


@pytest.mark.parametrize("number", [0, 1])
def test_keras_3_normalises_each_step_and_the_last_prevail(observe: Observe, number: int) -> None:
    (mean, variance), (right_mean, right_variance) = (observe(3, program("BN109", number), TRAINED) for program in (bad, fixed))
    assert mean > 2 * right_mean
    assert variance < right_variance


AXIS = """
wrapped = keras.layers.TimeDistributed(keras.layers.BatchNormalization(axis={axis}))
alone = keras.layers.BatchNormalization(axis={axis} + 1)
inputs = keras.Input((5, 6, 3))
wrapped(inputs), alone(inputs)
fact = [int(wrapped.layer.gamma.shape[0]), int(alone.gamma.shape[0])]
"""


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize(("axis", "size"), [(1, 6), (2, 3)])
def test_the_wrapper_hides_the_time_axis(observe: Observe, major: int, axis: int, size: int) -> None:
    facts: Any = observe(major, "", AXIS.format(axis=axis))
    assert facts == [size, size]


INSIDE = """
inner = encoder.layers[1]
x = np.random.default_rng(0).normal(5.0, 1.0, (4, 8, 16, 16, 3)).astype("float32")
before = np.array(inner.moving_mean)
model(x, training=True)
once = np.array(inner.moving_mean) / np.array(encoder.layers[0](x.reshape(-1, 16, 16, 3))).mean((0, 1, 2))
fact = [float(value) for value in (once.min(), once.max())]
"""


@pytest.mark.parametrize(("major", "least_updates", "most_updates"), [(2, 1, 2), (3, 8, 8)])
def test_a_wrapped_model_is_updated_once_a_step_on_keras_3(observe: Observe, major: int, least_updates: int, most_updates: int) -> None:
    least, most = observe(major, bad("BN109", 2), INSIDE)
    assert 0.8 * (1 - 0.99**least_updates) < least <= most < 1.2 * (1 - 0.99**most_updates)


WRAPPED = """
inner = keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization()])
wrapper = keras.layers.TimeDistributed(inner)
inputs = keras.Input((5, 3))
model = keras.Model(inputs, wrapper(inputs))
wrapper.trainable = {trainable}
model(np.ones((4, 5, 3), "float32"), training=True)
fact = float(np.array(inner.layers[-1].moving_mean).max())
"""


def test_a_wrapper_that_is_frozen_freezes_what_it_holds(observe: Observe) -> None:
    trained, frozen = (observe(3, "", WRAPPED.format(trainable=trainable)) for trainable in (True, False))
    assert trained != 0
    assert frozen == 0
