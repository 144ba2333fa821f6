"""What the trace says of models whose layers are applied inside other layers, in both Kerases."""

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import needs
from tests.oracle.families import KERAS
from tests.oracle.roles import Neighbour
from tests.oracle.trace import traced
from tests.oracle.truth import recorded_sites, sides_of

pytestmark = pytest.mark.keras

INPUT, LINEAR, ADD, DROPOUT, OTHER = (("input", None), ("linear", None), ("merge", None), ("dropout", None), ("other", None))
RELU = ("activation", "relu")


@pytest.fixture(params=[3, 2], ids=["keras-3", "keras-2"])
def major(request: pytest.FixtureRequest) -> int:
    needs("tensorflow", KERAS[request.param])
    return int(request.param)


def sides_in(major: int, builder: Callable[[Any], object]) -> list[tuple[set[Neighbour], set[Neighbour]]]:
    """What feeds each site and what it feeds, in the order of the lines."""
    keras = importlib.import_module(KERAS[major])
    with traced(major) as trace, recorded_sites(keras, __file__) as sites:
        kept = builder(keras)
        truth = sides_of(trace.nodes(), sites)
        del kept
    assert not trace.opaque
    return [(set(sides.feeding), set(sides.fed)) for _, sides in sorted(truth.items())]


def test_the_call_of_a_layer_within_layers_is_looked_into(major: int) -> None:
    def builder(keras: Any) -> Any:
        class Block(keras.layers.Layer):
            def __init__(self) -> None:
                super().__init__()
                self.conv = keras.layers.Conv1D(8, 1, use_bias=False)
                self.norm = keras.layers.BatchNormalization()

            def call(self, x: Any, training: Any = None) -> Any:
                return self.norm(self.conv(x), training=training) + x

        class Net(keras.Model):
            def __init__(self) -> None:
                super().__init__()
                self.first = keras.layers.BatchNormalization()
                self.blocks = [Block(), Block()]
                self.head = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.ReLU()])

            def call(self, x: Any) -> Any:
                x = self.first(x)
                for block in self.blocks:
                    x = block(x)
                return self.head(x)

        return Net()(keras.Input((4, 8)))

    assert sides_in(major, builder) == [({LINEAR}, {ADD}), ({INPUT}, {LINEAR, ADD}), ({ADD}, {RELU})]


def test_a_layer_that_applies_none_is_one_node(major: int) -> None:
    def builder(keras: Any) -> Any:
        class Relu(keras.layers.Layer):
            def call(self, x: Any) -> Any:
                return x * 0.5 + x

        return Relu()(keras.layers.BatchNormalization()(keras.Input((8,))))

    assert sides_in(major, builder) == [({INPUT}, {OTHER})]


def test_the_input_of_a_model_that_is_applied_stands_for_what_it_is_applied_to(major: int) -> None:
    def builder(keras: Any) -> Any:
        inputs = keras.Input((8,))
        inner = keras.Model(inputs, keras.layers.BatchNormalization()(inputs))
        return keras.layers.Dropout(0.5)(inner(keras.layers.Dense(8, use_bias=False)(keras.Input((8,)))))

    assert sides_in(major, builder) == [({LINEAR}, {DROPOUT})]


def test_a_look_leaves_no_trace_in_the_books_of_keras(major: int) -> None:
    def builder(keras: Any) -> Any:
        inner = keras.Sequential([keras.Input((8,)), keras.layers.BatchNormalization(), keras.layers.Dense(8)])
        before = [(len(layer._inbound_nodes), len(layer._outbound_nodes)) for layer in inner.layers]
        outputs = inner(keras.Input((8,)))
        assert [(len(layer._inbound_nodes), len(layer._outbound_nodes)) for layer in inner.layers] == before
        return keras.Model(inner.inputs, inner.layers[0].output), outputs

    assert sides_in(major, builder) == [({INPUT}, {LINEAR})]
