"""An inline activation moves as it is written: what stands at `activation=` stands behind the BatchNormalization afterwards."""

import pytest

from bnlint.api import fix_source
from bnlint.findings import Applied, Fix, InsertActivation, Safety
from bnlint.fixer import apply, edits
from bnlint.graph.model import Span
from bnlint.text import load

SOURCE = """\
import keras
import tensorflow as tf
from keras import layers

act = {value}


def block(x, own={value}):
    x = layers.Dense(8, activation={text})(x)
    return layers.BatchNormalization()(x)
"""

MOVED = {
    '"relu"': 'layers.Activation("relu")',
    "'relu'": "layers.Activation('relu')",
    "act": "layers.Activation(act)",
    "own": "layers.Activation(own)",
    "tf.nn.relu": "layers.Activation(tf.nn.relu)",
    "keras.activations.relu": "layers.Activation(keras.activations.relu)",
    'keras.activations.get("relu")': 'layers.Activation(keras.activations.get("relu"))',
    "layers.LeakyReLU(0.2)": "layers.LeakyReLU(0.2)",
    'layers.Activation("relu")': 'layers.Activation("relu")',
}


@pytest.mark.parametrize("text", MOVED)
def test_the_text_of_the_activation_moves(text: str) -> None:
    source = SOURCE.format(value='"relu"', text=text)
    before = f"layers.Dense(8, activation={text})(x)\n    return layers.BatchNormalization()(x)\n"
    after = f"layers.Dense(8)(x)\n    return {MOVED[text]}(layers.BatchNormalization()(x))\n"
    fixed = fix_source(source, select=["BN101"], isolated=True, unsafe=True)
    assert fixed.source == source.replace(before, after)


def test_a_variable_may_hold_a_function() -> None:
    source = SOURCE.format(value="tf.nn.relu", text="act")
    assert "layers.Activation(act)(" in fix_source(source, select=["BN101"], isolated=True, unsafe=True).source


def test_the_arms_of_a_choice_stay_a_choice() -> None:
    source = SOURCE.replace("own={value}", "wide=False").format(value="None", text='"relu" if wide else "elu"')
    assert 'layers.Activation("relu" if wide else "elu")(' in fix_source(source, select=["BN101"], isolated=True, unsafe=True).source


def test_a_lambda_moves_as_it_is() -> None:
    """The check does not offer this, as no name says what a lambda does; the fixer has to keep it whole all the same."""
    text = "lambda t: t * tf.sigmoid(t)"
    lines = ["from keras import layers", f"x = layers.Dense(8, activation=({text}))(x)", "x = layers.BatchNormalization()(x)", ""]
    document = load("model.py", "\n".join(lines).encode())

    def spot(line: int, needle: str) -> Span:
        column = lines[line - 1].index(needle) + 1
        return Span("model.py", line, column, line, column + len(needle))

    hole = Span("model.py", 3, len(lines[2]) - 1, 3, len(lines[2]))
    after = Applied(spot(3, "layers.BatchNormalization()(x)"), hole)
    fix = Fix(Safety.UNSAFE, (InsertActivation(after, "?", spot(2, text)),))
    assert edits.feasible(document, fix) == ""
    changed = apply.apply(document, edits.render(document, fix), [fix]).decode().splitlines()
    assert changed[1:] == ["x = layers.Dense(8)(x)", "x = layers.BatchNormalization()(x)", f"x = layers.Activation({text})(x)"]


SHARED = """\
from functools import partial
from keras import layers

conv = partial(layers.Conv2D, kernel_size=3, activation="relu")


def normalised(x):
    x = conv(8)(x)
    return layers.BatchNormalization()(x)


def plain(x):
    return conv(8)(x)
"""


def test_an_activation_that_other_calls_share_is_not_taken_away() -> None:
    fixed = fix_source(SHARED, select=["BN101"], isolated=True, unsafe=True)
    assert fixed.source == SHARED
    assert [finding.reason for finding in fixed.findings] == ["the activation is not written as `activation=` at the layer"]


def test_settings_of_a_bias_that_other_calls_share_stay() -> None:
    source = SHARED.replace('activation="relu"', 'bias_regularizer="l2"')
    fixed = fix_source(source, select=["BN103"], isolated=True, unsafe=True)
    assert fixed.source == source.replace("x = conv(8)(x)", "x = conv(8, use_bias=False)(x)")


def test_two_fixes_of_a_round_import_a_layer_once() -> None:
    source = """\
from keras.layers import Dense, Flatten
from keras.layers import BatchNormalization, Conv2D
from keras.models import Sequential

model = Sequential()
model.add(Conv2D(8, 3, activation="relu"))
model.add(BatchNormalization())
model.add(Flatten())
model.add(Dense(8, activation="relu"))
model.add(BatchNormalization())
model.add(Dense(1))
"""
    fixed = fix_source(source, isolated=True, unsafe=True, select=["BN101"]).source
    assert fixed.splitlines()[:2] == ["from keras.layers import Activation, Dense, Flatten", source.splitlines()[1]]
    assert fixed.count("Activation(") == 2
