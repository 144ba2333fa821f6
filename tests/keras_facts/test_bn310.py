"""BN310: when `trainable` counts for a model that is compiled already."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

NET = """
import keras
from keras import layers
import numpy as np

x, y = np.random.rand(64, 4), np.random.rand(64, 1)
model = keras.Sequential([keras.Input((4,)), layers.Dense(8), layers.BatchNormalization(), layers.Dense(1)])
model.compile("sgd", "mse")
"""
FIT = """
mean = lambda: np.array(model.layers[1].moving_mean)
before = mean()
model.fit(x, y, verbose=0)
fact = bool((mean() != before).any())
"""
STEP = """
before = [np.array(weight) for weight in discriminator.weights]
discriminator.trainable = {value}
discriminator.train_on_batch(real, ones)
fact = sum(bool((np.array(weight) != old).any()) for weight, old in zip(discriminator.weights, before))
"""

TWO_MODELS = """
import keras
from keras import layers
import numpy as np

real, noise = np.random.rand(64, 4), np.random.rand(64, 2)
generator = keras.Sequential([keras.Input((2,)), layers.Dense(4)])
critic = keras.Sequential([keras.Input((4,)), layers.Dense(8), layers.BatchNormalization(), layers.Dense(1)])
generator.trainable = False
inputs = keras.Input((4,))
for_critic = keras.Model(inputs, critic(inputs))
for_critic.compile("sgd", "mse")
critic.trainable = False  # for the model that is compiled next
generator.trainable = True
seed = keras.Input((2,))
for_generator = keras.Model(seed, critic(generator(seed)))
for_generator.compile("sgd", "mse")
"""
"""The part that two models share is frozen for the second one."""
SHARED_STEP = """
before = [np.array(weight) for weight in critic.weights]
for_critic.train_on_batch(real, np.ones((64, 1)))
fact = sum(bool((np.array(weight) != old).any()) for weight, old in zip(critic.weights, before))
"""


@pytest.mark.parametrize("major", [2, 3])
def test_after_the_first_step_it_is_ignored(observe: Observe, major: int) -> None:
    assert observe(major, bad("BN310", 0), FIT) is True
    assert observe(major, fixed("BN310", 0), FIT) is False


@pytest.mark.parametrize(("major", "moves"), [(2, True), (3, False)])
def test_before_the_first_step_it_counts_on_keras_3_only(observe: Observe, major: int, moves: bool) -> None:
    assert observe(major, NET, "model.layers[1].trainable = False\n" + FIT) is moves


@pytest.mark.parametrize(("major", "trained"), [(2, True), (3, False)])
def test_a_frozen_discriminator_trains_on_keras_2_only(observe: Observe, major: int, trained: bool) -> None:
    changed = observe(major, bad("BN310", 1), STEP.format(value=False))
    assert (changed > 0) is trained


@pytest.mark.parametrize("major", [2, 3])
def test_a_toggled_discriminator_trains_on_both_and_rests_in_the_other_step(observe: Observe, major: int) -> None:
    assert observe(major, fixed("BN310", 1), STEP.format(value=True)) >= 6
    rest = STEP.format(value=False).replace("discriminator.train_on_batch(real, ones)", "gan.train_on_batch(noise, ones)")
    assert observe(major, fixed("BN310", 1), rest) == 0


@pytest.mark.parametrize(("major", "trained"), [(2, True), (3, False)])
def test_what_is_frozen_for_the_second_of_two_models_rests_in_the_first_on_keras_3(observe: Observe, major: int, trained: bool) -> None:
    assert (observe(major, TWO_MODELS, SHARED_STEP) > 0) is trained
