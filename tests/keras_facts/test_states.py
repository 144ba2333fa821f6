"""The state of twenty small networks that were trained well, badly, or not at all: what BN6xx finds in their files, and what not."""

import pytest

from bnlint import catalogue
from tests.proofs.conftest import Run, run
from tests.saved_models import lint, save

pytestmark = [pytest.mark.keras, pytest.mark.slow]

__all__ = ["run"]

NETWORK = """
import keras
import numpy as np
import tensorflow as tf
from keras import layers as L


def network(momentum=0.9, after=False, weights=None, last={}, **norm):
    inputs = x = keras.Input((8, 8, 1))

    def block(layer, x, name, **more):
        bn = L.BatchNormalization(momentum=momentum, name=name, **norm, **more)
        return bn(L.ReLU()(layer(x))) if after else L.ReLU()(bn(layer(x)))

    for number in range(3):
        layer = L.Conv2D(16, 3, strides=1 + number % 2, padding="same", use_bias=False, kernel_regularizer=weights)
        x = block(layer, x, f"conv_norm_{number}")
    x = block(L.Dense(16, use_bias=False, kernel_regularizer=weights), L.GlobalAveragePooling2D()(x), "dense_norm", **last)
    return keras.Model(inputs, L.Dense(4, activation="softmax")(x))


random = np.random.default_rng(1)
y = random.integers(0, 4, 512)
patterns = random.normal(size=(4, 8, 8, 1))
x = (patterns[y] + random.normal(size=(512, 8, 8, 1))).astype("float32")


def train(model, x=x, steps=80, batch=32, decay=None):
    optimizer = keras.optimizers.AdamW(0.01, weight_decay=decay) if decay else keras.optimizers.Adam(0.01)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    samples = random.integers(0, 512, steps * batch)
    model.fit(x[samples], y[samples], batch_size=batch, verbose=0)
    return model


"""

LOOP = """
model = network()
optimizer = keras.optimizers.Adam(0.01)
for step in range(24):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(y[:64], model(x[:64])))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
"""

RESIDUAL = """
inputs = keras.Input((8, 8, 1))
x = L.Conv2D(16, 3, padding="same", use_bias=False)(inputs)
x = L.BatchNormalization(name="stem_norm")(x)
y = L.Conv2D(16, 3, padding="same", use_bias=False)(x)
y = L.BatchNormalization(gamma_initializer="zeros", name="zero_norm")(y)
model = keras.Model(inputs, L.Add()([x, y]))
"""

WELL = {
    "momentum 0.9": "model = train(network())",
    "momentum 0.99": "model = train(network(momentum=0.99), steps=400)",
    "behind the activation": "model = train(network(after=True))",
    "weight decay": "model = train(network(), decay=0.005)",
    "L2 of the weights": "model = train(network(weights='l2'))",
    "L1 of gamma": "model = train(network(gamma_regularizer=keras.regularizers.L1(0.02)))",
    "batches of 2": "model = train(network(), batch=2, steps=300)",
    "inputs as bytes": "model = train(network(), x=np.clip(x * 40 + 128, 0, 255))",
    "no gamma": "model = train(network(scale=False))",
    "no beta": "model = train(network(center=False))",
}

BAD = {
    "10 steps": ("model = train(network(momentum=0.99), steps=10)", {"BN605", "BN612"}),
    "64 steps": ("model = train(network(momentum=0.99), steps=64)", {"BN605"}),
    "256 steps at 0.999": ("model = train(network(momentum=0.999), steps=256)", {"BN605"}),
    "momentum 0.9999": ("model = train(network(momentum=0.9999), steps=200)", {"BN605", "BN612"}),
    "inputs of a thousandth": ("model = train(network(momentum=0.99), x=x / 1000, steps=100)", {"BN612"}),
    "fresh": ("model = network()", {"BN601 info"}),
    "frozen": ("model = train(network(trainable=False), steps=24)", {"BN601 info"}),
    "trained in inference mode": (LOOP, {"BN601 warning"}),
    "residual blocks that start with gamma 0": (RESIDUAL, {"BN601 info"}),
    "NaN in some images": ("x[:9, 0, 0, 0] = np.nan\nmodel = train(network(), steps=32)", {"BN602"}),
    "one layer reset": (
        "model = train(network())\nnorm = model.get_layer('conv_norm_1')\n"
        "norm.set_weights([*norm.get_weights()[:2], np.zeros(16), np.ones(16)])",
        {"BN604"},
    ),
    "momentum 1.5": ("model = train(network(momentum=1.5), x=x * 10, steps=24)", {"BN603"}),
}
"""Program, and what is found but for the rules on other things (momentum 1.5 is BN402's, too)."""


def found(run: Run, major: int, program: str) -> set[str]:
    findings = [each for each in lint(save(run, major, NETWORK + program)) if each.code[:3] in ("BN0", "BN6")]
    return {f"{each.code} {each.severity}" if each.code == "BN601" else each.code for each in findings}


@pytest.mark.parametrize("major", [3, 2])
@pytest.mark.parametrize("program", WELL.values(), ids=WELL)
def test_a_network_that_was_trained_is_silent(run: Run, major: int, program: str) -> None:
    findings = lint(save(run, major, NETWORK + program), [code for code in catalogue.rules() if code.startswith("BN6")])
    assert [(each.code, each.layer, each.message) for each in findings] == []


@pytest.mark.parametrize("major", [3, 2])
@pytest.mark.parametrize(("program", "codes"), BAD.values(), ids=BAD)
def test_what_went_wrong_is_seen_in_the_state(run: Run, major: int, program: str, codes: set[str]) -> None:
    states = found(run, major, program)
    assert codes <= states if "BN602" in codes else states == codes, "what else NaN leads to is another matter"
