"""Fixes that would be right one by one and wrong together take turns."""

from bnlint.api import fix_source, lint_source

HEAD = "import keras\nfrom keras.layers import Activation, BatchNormalization, Dense, Input\n\n"


def fixed(source: str, **settings: str) -> str:
    return fix_source(HEAD + source, unsafe=True, isolated=True, target_keras="3", **settings).source.removeprefix(HEAD)  # type: ignore[arg-type]


def test_the_bias_of_an_output_stays_when_the_normalisation_behind_it_goes() -> None:
    source = "model = keras.Sequential([Input((4,)), Dense(1), BatchNormalization()])\nmodel.compile('sgd', 'mse')\n"
    assert fixed(source) == "model = keras.Sequential([Input((4,)), Dense(1)])\nmodel.compile('sgd', 'mse')\n"


def test_a_bias_stays_when_an_activation_comes_between() -> None:
    source = "model = keras.Sequential([Input((4,)), Dense(8), BatchNormalization(), Activation('relu'), Dense(1)])\n"
    expected = "model = keras.Sequential([Input((4,)), Dense(8), Activation('relu'), BatchNormalization(), Dense(1)])\n"
    assert fixed(source, placement="after") == expected


def test_a_bias_goes_when_the_activation_has_moved_away() -> None:
    source = "model = keras.Sequential([Input((4,)), Dense(8), Activation('relu'), BatchNormalization(), Dense(1)])\n"
    expected = "model = keras.Sequential([Input((4,)), Dense(8, use_bias=False), BatchNormalization(), Activation('relu'), Dense(1)])\n"
    assert fixed(source) == expected


def test_where_moving_is_refused_the_rest_is_fixed() -> None:
    source = (
        "model = keras.Sequential([Input((4,)), Dense(8), BatchNormalization(momentum=0.1), BatchNormalization(), Dense(1)])\n"
        "model.layers[2].get_weights()\n"
    )
    assert "BatchNormalization(momentum=0.9), BatchNormalization()" in fixed(source)


def test_an_import_in_a_function_is_seen_in_that_function_only() -> None:
    source = """\
import tensorflow as tf

def one(x):
    from keras.layers import BatchNormalization, Dense
    x = Dense(8, activation="relu")(x)
    return BatchNormalization()(x)

def two(x):
    bn = getattr(tf.keras.layers, "BatchNormalization")
    x = getattr(tf.keras.layers, "Dense")(8, activation="relu")(x)
    return bn()(x)
"""
    after = fix_source(source, unsafe=True, isolated=True, target_keras="3").source
    assert "from keras.layers import Activation, BatchNormalization, Dense" in after
    assert 'return Activation("relu")(BatchNormalization()(x))' in after
    assert 'return tf.keras.layers.Activation("relu")(bn()(x))' in after


def test_a_star_import_brings_what_the_file_uses() -> None:
    source = "from common import *\nmodel = Sequential([Input((4,)), Dense(8, activation='relu'), BatchNormalization(), Dense(2){}])\n"
    alone = fix_source(source.format(""), unsafe=True, isolated=True, target_keras="3")
    assert alone.source == source.format("")
    assert [finding.reason for finding in alone.findings] == ["nothing shows that the star import of this file brings `Activation`"]
    beside = fix_source(source.format(", Activation('tanh')"), unsafe=True, isolated=True, target_keras="3").source
    assert "BatchNormalization(), Activation('relu')" in beside


def test_an_argument_that_is_unpacked_is_not_given_twice() -> None:
    source = (
        "from keras import Input, layers\n"
        "options = dict(use_bias=True)\n"
        "x = layers.Conv2D(8, 3, **options)(Input((8, 8, 3)))\n"
        "x = layers.BatchNormalization()(x)\n"
    )
    (finding,) = lint_source(source, isolated=True)
    assert (finding.code, finding.fix) == ("BN103", None)
    assert "`**` argument" in finding.reason
