"""What the oracle says of models that are small enough to be told by hand, in both Kerases."""

import importlib
import sys
from typing import Any

import pytest

from tests.conftest import needs
from tests.oracle.families import KERAS
from tests.oracle.truth import Sides, build, nodes_of

pytestmark = pytest.mark.keras


@pytest.fixture(params=[3, 2], ids=["keras-3", "keras-2"])
def keras(request: pytest.FixtureRequest) -> Any:
    needs("tensorflow", KERAS[request.param])
    return importlib.import_module(KERAS[request.param])


def test_a_site_is_the_line_of_the_constructor(keras: Any) -> None:
    layers = keras.layers
    lines: list[int] = []

    def builder() -> Any:
        x = inputs = keras.Input((8,))
        for units in (4, 8):
            x = layers.Dense(units, activation="swish")(x)
            lines.append(sys._getframe().f_lineno + 1)
            x = layers.BatchNormalization(momentum=0.9)(x)  # bnlint: ignore[BN106] both activations are what is tested
            x = layers.ReLU()(x)
        return keras.Model(inputs, x)

    sides = Sides(frozenset({("linear", "silu")}), frozenset({("activation", "relu")}))
    assert build(keras, builder) == {(__file__, lines[0]): sides}


def test_nested_models_are_flattened(keras: Any) -> None:
    layers = keras.layers

    def builder() -> Any:
        inner = keras.Sequential([keras.Input((8,)), layers.Dense(8), layers.BatchNormalization()])
        inputs = keras.Input((8,))
        return keras.Model(inputs, layers.Dropout(0.5)(inner(layers.Flatten()(inputs))))

    (sides,) = build(keras, builder).values()
    assert sides == Sides(frozenset({("linear", None)}), frozenset({("dropout", None)}))
    assert [node.neighbour[0] for node in nodes_of(builder())] == ["input", "reshape", "linear", "batchnorm", "dropout"]


def test_operators_and_wrappers(keras: Any) -> None:
    layers = keras.layers

    def builder() -> Any:
        inputs = keras.Input((5, 8))
        x = layers.TimeDistributed(layers.Dense(8, activation="relu"))(inputs)
        y = layers.BatchNormalization()(x)
        return keras.Model(inputs, [y + x, y * 0.5, y[:, 0], layers.Activation("tanh")(y)])

    (sides,) = build(keras, builder).values()
    fed = {("merge", None), ("other", None), ("reshape", None), ("activation", "tanh")}
    assert sides == Sides(frozenset({("linear", "relu")}), frozenset(fed))
