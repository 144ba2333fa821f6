"""The rules of the catalogue on saved models: programs whose model is saved by real Keras, and linted as a file."""

import json
import textwrap
import zipfile
from dataclasses import dataclass
from typing import Any

import pytest

from bnlint import catalogue
from tests.proofs.conftest import Run, run
from tests.saved_models import lint, save

pytestmark = pytest.mark.keras

__all__ = ["run"]

HEAD = """
import keras
import numpy as np
from keras import layers as L

BN = L.BatchNormalization


def chain(*shape_and_layers, **given):
    shape, *layers = shape_and_layers
    return keras.Sequential([keras.Input(shape, **given), *layers])


"""


@dataclass(frozen=True)
class Case:
    """A program, and the findings that its model must have: layer and severity, "" for the model as a whole; of one code, no others."""

    title: str
    code: str
    program: str
    found: dict[str, str]
    majors: tuple[int, ...] = (3, 2)


CASES = (
    Case("relu before", "BN101", "model = chain((8,), L.Dense(4, activation='relu'), BN(name='bn'), L.Dense(1))", {"bn": "warning"}),
    Case("relu before, a layer", "BN101", """
model = chain((8, 8, 3), L.Conv2D(4, 3), L.ReLU(), BN(name='bn'), L.Conv2D(4, 3))
""", {"bn": "warning"}),
    Case("relu after", "BN101", "model = chain((8,), L.Dense(4), BN(name='bn'), L.Activation('relu'), L.Dense(1))", {}),
    Case("in a nested model", "BN101", """
inner = keras.Sequential([keras.Input((8,)), L.Dense(4, activation='relu'), BN(name='bn'), L.Dense(2)], name='inner')
model = chain((8,), inner)
""", {"inner/bn": "warning"}),
    Case("dropout before", "BN102", "model = chain((8,), L.Dense(4), L.Dropout(0.5), BN(name='bn'), L.Dense(1))", {"bn": "warning"}),
    Case("dropout two before", "BN102", "model = chain((8,), L.Dropout(0.5), L.Dense(4), BN(name='bn'), L.Dense(1))", {"bn": "info"}),
    Case("dropout behind", "BN102", "model = chain((8,), L.Dense(4), BN(name='bn'), L.Dropout(0.5), L.Dense(1))", {}),
    Case("bias", "BN103", "model = chain((8, 8, 3), L.Conv2D(4, 3, name='conv'), BN(), L.ReLU())", {"conv": "info"}),
    Case("no bias", "BN103", "model = chain((8, 8, 3), L.Conv2D(4, 3, use_bias=False), BN(), L.ReLU())", {}),
    Case("bias, frozen BN", "BN103", "model = chain((8, 8, 3), L.Conv2D(4, 3), BN(trainable=False), L.ReLU())", {}),
    Case("BN after BN", "BN104", "model = chain((8,), L.Dense(4), BN(name='one'), BN(name='two'), L.Dense(1))", {"two": "warning"}),
    Case("BN behind Normalization", "BN104", "model = chain((8,), L.Dense(4), L.Rescaling(2.0), BN(), L.Dense(1))", {}),
    Case("BN on softmax", "BN105", "model = chain((8,), L.Dense(4, activation='softmax'), BN(name='bn'))", {"bn": "error"}),
    Case("BN last, trained", "BN105", """
model = chain((8,), L.Dense(1), BN(name='bn'))
model.compile('sgd', 'mse')
""", {"bn": "warning"}),
    Case("BN last, an encoder", "BN105", "model = chain((8,), L.Dense(4), BN(name='bn'))", {}),
    Case("between activations", "BN106", """
model = chain((8,), L.Dense(4, activation='relu'), BN(name='bn'), L.ReLU(), L.Dense(1))
""", {"bn": "info"}),
    Case("shared", "BN107", """
bn = BN(name='bn')
x = inputs = keras.Input((8,))
for _ in range(2):
    x = L.ReLU()(bn(L.Dense(8)(x)))
model = keras.Model(inputs, L.Dense(1)(x))
""", {"bn": "warning"}),
    Case("a tower used twice", "BN107", """
tower = keras.Sequential([keras.Input((8,)), L.Dense(4), BN(), L.ReLU()])
one, two = keras.Input((8,)), keras.Input((8,))
model = keras.Model([one, two], L.Dense(1)(L.Concatenate()([tower(one), tower(two)])))
""", {}),
    Case("TimeDistributed", "BN109", """
model = chain((5, 8), L.TimeDistributed(BN(name='bn'), name='steps'), L.Dense(1))
""", {"steps/bn": "warning"}, (3,)),
    Case("TimeDistributed on Keras 2", "BN109", "model = chain((5, 8), L.TimeDistributed(BN(name='bn')), L.Dense(1))", {}, (2,)),
    Case("selu", "BN110", "model = chain((8,), L.Dense(4, activation='selu'), BN(name='bn'), L.Dense(1))", {"bn": "info"}),
    Case("mask lost", "BN111", "model = chain((9, 4), L.Masking(), L.Conv1D(4, 3), BN(name='bn'))", {"bn": "info"}),
    Case("mask kept", "BN111", "model = chain((9, 4), L.Masking(), BN(name='bn'), L.LSTM(4))", {}),
    Case("static batch of 1", "BN201", """
model = chain((8,), L.Dense(4), BN(name='bn'), L.Dense(1), batch_size=1)
model.compile('sgd', 'mse')
""", {"bn": "error"}),
    Case("static batch of 4, images", "BN201", """
model = chain((8, 8, 3), L.Conv2D(4, 3), BN(name='bn'), L.ReLU(), batch_size=4)
model.compile('sgd', 'mse')
""", {"bn": "warning"}),
    Case("static batch of 64", "BN201", """
model = chain((8,), L.Dense(4), BN(name='bn'), L.Dense(1), batch_size=64)
model.compile('sgd', 'mse')
""", {}),
    Case("static batch, never trained", "BN201", "model = chain((8,), L.Dense(4), BN(name='bn'), L.Dense(1), batch_size=1)", {}),
    Case("recorded True is BN610's", "BN305", """
x = inputs = keras.Input((8,))
model = keras.Model(inputs, L.Dense(1)(BN()(L.Dense(8)(x), training=True)))
""", {}),
    Case("a backbone in inference mode", "BN309", """
backbone = keras.Sequential([keras.Input((8,)), L.Dense(4), BN(), L.ReLU()], name='backbone')
inputs = keras.Input((8,))
model = keras.Model(inputs, L.Dense(1)(backbone(inputs, training=False)))
model.compile('sgd', 'mse')
""", {"backbone": "error"}, (3,)),
    Case("a frozen backbone", "BN309", """
backbone = keras.Sequential([keras.Input((8,)), L.Dense(4), BN(), L.ReLU()], name='backbone')
backbone.trainable = False
inputs = keras.Input((8,))
model = keras.Model(inputs, L.Dense(1)(backbone(inputs, training=False)))
model.compile('sgd', 'mse')
""", {}),
    Case("channels last, axis 1", "BN401", "model = chain((8, 8, 3), L.Conv2D(4, 3), BN(axis=1, name='bn'), L.ReLU())", {"bn": "error"}),
    Case("through an activation", "BN401", """
model = chain((8, 8, 3), L.Conv2D(4, 3), L.ReLU(), L.MaxPooling2D(), L.Dropout(0.2), BN(axis=2, name='bn'))
""", {"bn": "error"}),
    Case("axis 3 and -1", "BN401", "model = chain((8, 8, 3), L.Conv2D(4, 3), BN(axis=3), L.ReLU(), L.Conv2D(4, 3), BN(), L.ReLU())", {}),
    Case("channels first, axis -1", "BN401", """
model = chain(
    (3, 8, 8),
    L.ZeroPadding2D(data_format='channels_first'),
    L.DepthwiseConv2D(1, data_format='channels_first'),
    BN(name='bn'),
)
""", {"bn": "error"}),
    Case("channels first, axis 1", "BN401", """
model = chain((3, 8, 8), L.DepthwiseConv2D(1, data_format='channels_first'), BN(axis=1, name='bn'))
""", {}),
    Case("steps", "BN401", "model = chain((16, 3), L.Conv1D(4, 3), BN(axis=1, name='bn'), L.ReLU())", {"bn": "warning"}),
    Case("momentum 1", "BN402", "model = chain((8,), L.Dense(4), BN(momentum=1.0, name='bn'), L.Dense(1))", {"bn": "error"}),
    Case("momentum 0.8", "BN402", "model = chain((8,), L.Dense(4), BN(momentum=0.8, name='bn'), L.Dense(1))", {}),
    Case("momentum 0.1", "BN403", "model = chain((8,), L.Dense(4), BN(momentum=0.1, name='bn'), L.Dense(1))", {"bn": "warning"}),
    Case("momentum 0.9", "BN403", "model = chain((8,), L.Dense(4), BN(momentum=0.9, name='bn'), L.Dense(1))", {}),
    Case("epsilon 0", "BN404", "model = chain((8,), L.Dense(4), BN(epsilon=0.0, name='bn'), L.Dense(1))", {"bn": "error"}, (3,)),
    Case("epsilon 1", "BN404", "model = chain((8,), L.Dense(4), BN(epsilon=1.0, name='bn'), L.Dense(1))", {"bn": "info"}),
    Case("epsilon of ResNet", "BN404", "model = chain((8,), L.Dense(4), BN(epsilon=1.001e-5, name='bn'), L.Dense(1))", {}),
    Case("float16", "BN409", "model = chain((8,), L.Dense(4), BN(dtype='float16', name='bn'), L.Dense(1))", {"bn": "error"}, (3,)),
    Case("mixed float16", "BN409", "model = chain((8,), L.Dense(4), BN(dtype='mixed_float16', name='bn'), L.Dense(1))", {}, (3,)),
    Case("float16 on Keras 2", "BN409", "model = chain((8,), L.Dense(4), BN(dtype='float16', name='bn'), L.Dense(1))", {}, (2,)),
    Case("a regularizer on gamma", "BN410", """
model = chain((8,), L.Dense(4), BN(gamma_regularizer='l2', name='bn'), L.Dense(1))
""", {"bn": "info"}),
    Case("AdamW: what it leaves out is not recorded", "BN410", """
model = chain((8,), L.Dense(4), BN(name='bn'), L.Dense(1))
model.compile(keras.optimizers.AdamW(weight_decay=0.01), 'mse')
""", {}, (3,)),
    Case("too few steps", "BN204", """
model = chain((8,), L.Dense(4), BN(name='bn'), L.Dense(1))
model.compile('sgd', 'mse')
model.fit(np.random.normal(size=(128, 8)), np.zeros((128, 1)), epochs=2, verbose=0)
""", {"bn": "warning"}),
    Case("enough steps", "BN204", """
model = chain((8,), L.Dense(4), BN(name='bn', momentum=0.8), L.Dense(1))
model.compile('sgd', 'mse')
model.fit(np.random.normal(size=(128, 8)), np.zeros((128, 1)), epochs=5, verbose=0)
""", {}),
    Case("few steps after loaded weights", "BN204", """
model = chain((8,), BN(name='bn'), L.Dense(1))
model.layers[0].set_weights([np.ones(8), np.zeros(8), np.zeros(8), np.linspace(0.01, 2.0, 8)])
model.compile('sgd', 'mse')
model.fit(np.random.normal(size=(128, 8)), np.zeros((128, 1)), epochs=2, verbose=0)
""", {}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("case", "major"), [(case, major) for case in CASES for major in case.majors], ids=lambda value: getattr(value, "title", value)
)
def test_a_rule_on_a_model(run: Run, case: Case, major: int) -> None:
    select = [case.code] if case.found or not catalogue.rules()[case.code].default else ["ALL"]
    found = [each for each in lint(save(run, major, HEAD + case.program), select) if each.code == case.code]
    assert {each.layer or "": str(each.severity) for each in found} == case.found


HEALTHY = """
x = inputs = keras.Input((8, 8, 3))
for filters in (8, 16):
    x = L.Conv2D(filters, 3, padding='same', use_bias=False)(x)
    x = L.ReLU()(BN(momentum=0.8)(x))
    y = BN(momentum=0.8)(L.Conv2D(filters, 3, padding='same', use_bias=False)(x))
    x = L.ReLU()(L.Add()([x, y]))
x = L.Dropout(0.2)(L.GlobalAveragePooling2D()(x))
model = keras.Model(inputs, L.Dense(4, activation='softmax')(x))
model.compile('adam', 'sparse_categorical_crossentropy')
labels = np.arange(256) % 4
images = np.random.normal(size=(256, 8, 8, 3)) + labels[:, None, None, None]
model.fit(images.astype('float32'), labels, epochs=5, verbose=0)
"""


@pytest.mark.parametrize("major", [3, 2])
def test_a_healthy_model_is_silent_of_all_rules(run: Run, major: int) -> None:
    assert [(each.code, each.layer, each.message) for each in lint(save(run, major, HEAD + HEALTHY))] == []


def tampered(path: str, **changes: Any) -> str:
    """A copy of a `.keras` file in which the configuration of each layer that has one of these arguments gives it another value."""
    copy = f"{path.removesuffix('.keras')}-tampered.keras"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                model = json.loads(data)
                for layer in model["config"]["layers"]:
                    layer["config"] |= {key: value for key, value in changes.items() if key in layer["config"]}
                data = json.dumps(model).encode()
            new.writestr(name, data)
    return copy


CUBE = (
    HEAD
    + """
model = chain((8, 8, 8), L.Conv2D(8, 3, padding='same'), L.ReLU(), L.Dropout(0.1), BN(name='bn'), L.Flatten(), L.Dense(4))
model.layers[-3].set_weights([np.linspace(0.5, 1.5, 8), np.zeros(8), np.linspace(-1, 1, 8), np.linspace(0.2, 2, 8)])
"""
)


def test_an_axis_that_was_edited_is_found_though_all_sizes_agree(run: Run) -> None:
    """Height, width and channels are 8: Keras loads the file without a word."""
    path = save(run, 3, CUBE)
    assert not [each for each in lint(path) if each.code == "BN401"]
    for axis in (1, 2):
        (finding,) = [each for each in lint(tampered(path, axis=axis)) if each.code == "BN401"]
        assert (finding.layer, str(finding.severity)) == ("bn", "error")
        assert finding.message.startswith("the axis of `bn` is inconsistent with the data_format")


def test_arrays_that_do_not_fit_the_axis_are_found(run: Run) -> None:
    path = save(run, 3, HEAD + "model = chain((8,), L.Dense(4, name='dense'), BN(name='bn'), L.Dense(1, name='last'))")
    (finding,) = [each for each in lint(tampered(path, units=6)) if each.code == "BN401"]
    assert (finding.layer, str(finding.severity)) == ("bn", "error")
    assert "holds arrays of 4 values" in finding.message


def test_what_is_concatenated_has_an_axis_of_its_own(run: Run) -> None:
    program = """
    x = keras.Input((8, 8, 4))
    y = L.Concatenate()([L.Conv2D(4, 3, padding='same')(x), L.Conv2D(8, 3, padding='same')(x)])
    model = keras.Model(x, L.ReLU()(BN(name='bn')(y)))
    """
    assert not [each for each in lint(save(run, 3, HEAD + textwrap.dedent(program))) if each.code == "BN401"]
