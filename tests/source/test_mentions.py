"""Which functions and classes are analysed on their own where only BatchNormalization matters."""

import pytest

from bnlint.source import modules
from bnlint.source.files import Files
from bnlint.source.machine import Machine
from bnlint.source.mentions import Mentions
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


def relevant(source: str) -> set[str]:
    m = Machine(Files([load("program.py", source.encode())]))
    for file in m.files.asked:
        modules.load(m, file)
    return {unit.name for unit in Mentions(m, whole=False).relevant()}


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
