"""What programs as people write them (fixtures/programs) taught the front end."""

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
