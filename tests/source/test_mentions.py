"""Which functions and classes are analysed on their own where only BatchNormalization matters."""

import pytest

from bnlint.graph.model import Span
from bnlint.source import modules
from bnlint.source.files import Files
from bnlint.source.machine import Machine
from bnlint.source.mentions import Mentions
from bnlint.source.values import Class, Function
from bnlint.text import load

HEAD = "import keras\nimport tensorflow as tf\nfrom keras import layers\n"
NETWORK = "def {name}(rate=0.5):\n    x = keras.Input((8,))\n    return keras.Model(x, {layer}(layers.Dense(1)(x)))\n"
DROPS = HEAD + NETWORK.format(name="network", layer="layers.Dropout(rate)")
BLOCKS = """
class Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.drop = layers.Dropout(0.5)

    def call(self, x, training=None):
        return self.drop(x, training=training)

class Network(keras.Model):
    def __init__(self):
        super().__init__()
        self.block = Block()

    def call(self, x, training=True):
        return self.block(x, training=training)

def report():
    return Network().summary()
"""
STEP = "def step(model, x):\n    with tf.GradientTape() as tape:\n        return model(x)\n"


def mentions(source: str) -> Mentions:
    m = Machine(Files([load("program.py", source.encode())]))
    for file in m.files.asked:
        modules.load(m, file)
    return Mentions(m, whole=False)


def relevant(source: str) -> set[str]:
    return {unit.name for unit in mentions(source).relevant()}


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        (
            HEAD + NETWORK.format(name="network", layer="layers.BatchNormalization()") + "def large():\n    return network(0.9)\n",
            "large",
            True,
        ),
        (DROPS + "def large():\n    return network(0.9)\n", "large", False),
        (DROPS + STEP + "def train(x):\n    return step(network(0.9), x)\n", "train", True),
        (DROPS + "def train(x):\n    return network(0.9)(x)\n", "train", False),
        (HEAD + STEP + "def train(x):\n    return step(keras.models.load_model('a.keras'), x)\n", "train", True),
        (HEAD + STEP + "def train(x):\n    return step(x, x)\n", "train", False),
        (HEAD + STEP, "step", True),
        (HEAD + BLOCKS, "Block", True),
        (HEAD + BLOCKS, "Network", True),
        (HEAD + BLOCKS, "report", False),
    ],
)
def test_a_function_is_opened_where_batchnorm_may_matter(source: str, name: str, expected: bool) -> None:
    assert (name in relevant(source)) is expected


RUN = """
class Run:
    norm = layers.BatchNormalization

    def __init__(self, rate):
        self.rate = rate

    def build(self):
        self.net = keras.Sequential([layers.Dense(1), self.norm()])
        self.net.compile("sgd", self.loss)

    def loss(self, true, predicted):
        return self.distance(true - predicted)

    def distance(self, difference):
        return difference ** 2

    def fit(self, x, y):
        self.net.fit(x, y)

    def source(self):
        self.data = self.load()

    def load(self):
        return [self.rate]

    def plot(self):
        return self.data, self.rate

    def again(self):
        self.build()
"""


def methods(found: Mentions) -> set[str]:
    (cls,) = (unit for unit in found.relevant() if isinstance(unit, Class))
    return found.relevant_methods(cls, {name: value for name, value in cls.scope.names.items() if isinstance(value, Function)})


def test_of_a_plain_class_such_methods_are_opened_as_may_matter() -> None:
    assert methods(mentions(HEAD + RUN)) == {"build", "loss", "distance", "fit", "again"}


def test_the_methods_at_a_finding_are_opened_too() -> None:
    found = mentions(HEAD + RUN)
    before = methods(found)
    line = (HEAD + RUN).split("\n").index("    def plot(self):") + 1
    assert found.want([Span("program.py", line, 1, line, 1)]) == {id(unit) for unit in found.units()}
    assert methods(found) == before | {"plot", "source", "load", "__init__"}


def test_all_methods_of_a_layer_are_opened() -> None:
    source = HEAD + RUN.replace("class Run:", "class Run(keras.Model):")
    assert "plot" in methods(mentions(source))
