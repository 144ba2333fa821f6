"""What programs as people write them (fixtures/programs) taught the front end."""

import pytest

from bnlint.graph.model import Layer
from tests.source.programs import read


def test_a_layer_of_a_part_escapes_only_where_the_part_reads_it() -> None:
    program = read("""
        class Block(layers.Layer):
            def __init__(self):
                super().__init__()
                self.conv = layers.Conv2D(8, 3)
                self.bn = layers.BatchNormalization()

            def call(self, x):
                return self.conv(x)

        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.block = Block()

            def call(self, x):
                return self.block(x)

        Net().compile("adam", "mse")
    """)
    assert program.events("escape") == []


FREEZE = """
    base = keras.applications.VGG16(include_top=False)
    {}
    model = keras.Sequential([base, Flatten(), Dense(8)])
"""


@pytest.mark.parametrize(
    "statement",
    [
        "for layer in base.layers: layer.trainable = False",
        "for layer in base.layers[:-4]: layer.trainable = False",
        "for number, layer in enumerate(base.layers): layer.trainable = number > 10",
        "base.layers[3].trainable = False",
        "base.get_layer('block5_conv1').trainable = False",
    ],
)
def test_freezing_a_layer_of_a_backbone_concerns_that_backbone(statement: str) -> None:
    program = read(FREEZE.format(statement))
    targets = {event.target for event in program.events("set_trainable")}
    assert [target.kind for target in targets if isinstance(target, Layer)] == ["VGG16"]


@pytest.mark.parametrize(
    "chained", ["chain.from_iterable([Dense(n), ReLU()] for n in (8, 4))", "chain([Dense(8), ReLU()], [Dense(4), ReLU()])"]
)
def test_chained_lists_of_layers(chained: str) -> None:
    program = read(f"from itertools import chain\nmodel = keras.Sequential([Input((3,)), *{chained}])")
    assert program.flow == "Input > Dense > ReLU > Dense.2 > ReLU.2"


def test_a_builder_that_names_its_layers_in_texts() -> None:
    program = read("""
        def build(x):
            x = getattr(layers, "Dense")(8)(x)
            return getattr(layers, "BatchNormalization")()(x)
    """)
    assert program.flow == "unknown > Dense > BatchNormalization"


@pytest.mark.parametrize(
    ("data", "size"),
    [
        ("ImageDataGenerator().flow(x, y, 8)", 8),
        ("ImageDataGenerator().flow(x, y)", 32),
        ("ImageDataGenerator().flow_from_directory('train', (64, 64), 'rgb', None, 'binary', 4)", 4),
        ("Batches(x, 2)", 2),
    ],
)
def test_who_makes_the_batches(data: str, size: int) -> None:
    program = read(f"""
        from tensorflow.keras.preprocessing.image import ImageDataGenerator

        class Batches(keras.utils.Sequence):
            def __init__(self, x, batch_size):
                self.x, self.batch_size = x, batch_size

        model = keras.Sequential([Input((3,)), Dense(8)])
        model.fit({data})
    """)
    assert program.event("fit").args["batch_size"] == size
