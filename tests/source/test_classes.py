"""Users' classes: layers, models, inheritance, properties, class attributes, subclasses of concrete layers."""

import pytest

from tests.source.programs import known, names, read

BLOCK = "unknown > Conv2D > BatchNormalization > ReLU"


@pytest.mark.parametrize(
    "body",
    [
        """
        def __init__(self, n=4, **kwargs):
            super().__init__(**kwargs)
            self.conv = Conv2D(n, 3)
            self.bn = BatchNormalization()
            self.act = ReLU()

        def call(self, x, training=None):
            return self.act(self.bn(self.conv(x), training=training))
        """,
        """
        def __init__(self, n=4):
            super(Block, self).__init__()
            self.n = n

        def build(self, input_shape):
            self.conv = Conv2D(self.n, 3)
            self.bn = BatchNormalization()
            self.act = ReLU()
            super().build(input_shape)

        def call(self, x):
            return self.act(self.bn(self.conv(x)))
        """,
        """
        def __init__(self):
            super().__init__()
            self.steps = [Conv2D(4, 3), BatchNormalization(), ReLU()]

        def call(self, x):
            for step in self.steps:
                x = step(x)
            return x
        """,
        """
        def __init__(self):
            super().__init__()
            self.steps = []
            for kind in (Conv2D, BatchNormalization, ReLU):
                self.steps.append(kind(4, 3) if kind is Conv2D else kind())

        def call(self, inputs):
            x = inputs
            for i in range(len(self.steps)):
                x = self.steps[i](x)
            return x
        """,
        """
        def __init__(self):
            super().__init__()
            self.steps = {"conv": Conv2D(4, 3), "bn": BatchNormalization()}
            self.seq = keras.Sequential([ReLU()])

        def call(self, x):
            return self.seq(self.steps["bn"](self.steps["conv"](x)))
        """,
        """
        def __init__(self):
            super().__init__()
            self.body = keras.Sequential([Conv2D(4, 3), BatchNormalization(), ReLU()])

        def call(self, x, training=False):
            return self.body(x, training=training)
        """,
        """
        def __init__(self):
            super().__init__()
            self.body = keras.Sequential()
            self.body.add(Conv2D(4, 3))
            self.body.add(BatchNormalization())

        def call(self, x):
            return tf.nn.relu(self.body(x)) if False else ReLU()(self.body(x))
        """,
        """
        kind = Conv2D

        def __init__(self):
            super().__init__()
            self._make()

        def _make(self):
            self.conv, self.bn = self.kind(4, 3), BatchNormalization()
            setattr(self, "act", ReLU())

        @property
        def activation(self):
            return self.act

        def head(self, x):
            return self.activation(x)

        def call(self, x):
            return self.head(self.bn(self.conv(x)))
        """,
        """
        def __init__(self):
            super().__init__()
            for i, made in enumerate([Conv2D(4, 3), BatchNormalization(), ReLU()]):
                setattr(self, f"step{i}", made)

        def call(self, x):
            for i in range(3):
                x = getattr(self, f"step{i}")(x)
            return x
        """,
    ],
)
def test_layers_are_followed_into_their_call(body: str) -> None:
    program = read("class Block(layers.Layer):\n" + "\n".join("    " + line[8:] for line in body.splitlines()))
    assert program.flow == BLOCK
    assert (program.models[0].kind, program.models[0].name) == ("block", "Block")


BLOCK_CLASS = """
class Block(layers.Layer):
    def __init__(self, n, norm=True, **kwargs):
        super().__init__(**kwargs)
        self.dense = Dense(n)
        self.bn = BatchNormalization() if norm else None

    def call(self, x, training=None):
        x = self.dense(x)
        if self.bn is not None:
            x = self.bn(x, training=training)
        return x
"""


def test_an_object_of_a_users_layer_is_looked_into() -> None:
    program = read(BLOCK_CLASS + "x = Input((8,)); y = Block(4)(x); m = keras.Model(x, Block(2, norm=False)(y))")
    assert program.flow == "Input > Dense > BatchNormalization > Dense.2"


def test_a_users_layer_in_a_sequential() -> None:
    assert read(BLOCK_CLASS + "m = keras.Sequential([Input((8,)), Block(4), ReLU()])").flow == "Input > Dense > BatchNormalization > ReLU"


def test_a_users_layer_in_a_users_model() -> None:
    program = read(
        BLOCK_CLASS
        + """
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [Block(n) for n in (1, 2)]
        self.head = Dense(10)

    def call(self, x, training=None):
        for block in self.blocks:
            x = block(x, training=training)
        return self.head(x)
"""
    )
    assert program.flow == "Input > Dense > BatchNormalization > Dense.2 > BatchNormalization.2 > Dense.3"
    assert program.models[0].kind == "subclass"
    net = next(cls for cls in program.module.classes if cls.name == "Net")
    block = next(cls for cls in program.module.classes if cls.name == "Block")
    assert (net.base, block.base) == ("Model", "Layer")
    assert "sublayer" in block.used
    assert [layer.kind for layer in net.layers] == ["Dense", "BatchNormalization", "Dense", "BatchNormalization", "Dense"]


def test_a_shared_users_layer_shares_its_layers() -> None:
    program = read(BLOCK_CLASS + "b = Block(8); x = Input((8,)); m = keras.Model(x, b(b(x)))")
    assert program.flow == "Input > Dense > BatchNormalization > Dense.2 > BatchNormalization.2"
    calls = program.models[0].calls
    assert calls[1].layer is calls[3].layer
    assert calls[2].layer is calls[4].layer


def test_a_users_layer_that_calls_no_layer_is_one_node() -> None:
    program = read("""
        class Scale(layers.Layer):
            def call(self, x):
                return x * 2

        y = Dense(1)(Scale()(Input((8,))))
        """)
    assert program.flow == "Input > Scale > Dense"
    assert (program.models[0].calls[1].layer.role, program.models[0].calls[1].layer.family) == ("other", "user")


def test_inheritance_between_users_classes() -> None:
    program = read("""
        class Base(layers.Layer):
            units = 4

            def __init__(self):
                super().__init__()
                self.dense = self.make()

            def make(self):
                return Dense(self.units)

            def call(self, x):
                return self.after(self.dense(x))

            def after(self, x):
                return x

        class Child(Base):
            units = 7

            def __init__(self):
                super().__init__()
                self.bn = BatchNormalization()

            def after(self, x):
                return self.bn(super().after(x))

        x = Input((8,)); m = keras.Model(x, Child()(x))
        """)
    assert program.named("model") == "Input > Dense > BatchNormalization"
    assert [layer.config["units"] for layer in program.module.constructions if layer.kind == "Dense"][:1] == [7]


def test_mixins_and_abstract_bases() -> None:
    program = read("""
        import abc

        class Normed:
            def norm(self, x):
                return BatchNormalization()(x)

        class Net(Normed, keras.Model, abc.ABC):
            def __init__(self):
                super().__init__()
                self.d = Dense(3)

            def call(self, x):
                return self.norm(self.d(x))
        """)
    assert program.flow == "Input > Dense > BatchNormalization"


def test_a_call_of_super_call() -> None:
    program = read(
        BLOCK_CLASS
        + """
class More(Block):
    def call(self, x, training=None):
        return ReLU()(super().call(x, training))

x = Input((8,)); m = keras.Model(x, More(4)(x))
"""
    )
    assert program.named("model") == "Input > Dense > BatchNormalization > ReLU"


def test_a_subclass_of_batch_normalization_is_one() -> None:
    program = read("""
        class BN(BatchNormalization):
            def __init__(self, momentum=0.8, name=None):
                super(BN, self).__init__(momentum=momentum, axis=1, name=name)

            def call(self, x, training=None):
                return super().call(x, training=training and self.trainable)

        x = Input((8,)); m = keras.Model(x, BN()(Dense(4)(x)))
        """)
    assert program.flow == "Input > Dense > BatchNormalization"
    layer = program.layer("BatchNormalization")
    assert (layer.subclass, layer.config["momentum"], layer.config["axis"]) == ("BN", 0.8, 1)


def test_a_subclass_without_constructor_takes_its_own_arguments() -> None:
    program = read("class BN(BatchNormalization):\n    pass\nx = Dense(4)(Input((8,))); y = BN(momentum=0.5)(x)")
    assert program.layer("BatchNormalization").config["momentum"] == 0.5


def test_a_subclass_of_a_subclass() -> None:
    program = read("""
        class A(BatchNormalization):
            def __init__(self, axis=-1, **kw):
                super().__init__(axis=axis, momentum=0.7, **kw)

        class B(A):
            def __init__(self):
                super().__init__(axis=3, epsilon=1e-5)

        y = B()(Input((8, 8, 3)))
        """)
    config = program.layer("BatchNormalization").config
    assert (config["axis"], config["momentum"], config["epsilon"]) == (3, 0.7, 1e-5)


def test_functional_through_super() -> None:
    program = read("""
        class Net(keras.Model):
            def __init__(self, n):
                i = Input((8,))
                x = BatchNormalization()(Dense(n)(i))
                super().__init__(i, x)
                self.n = n

            def train_step(self, data):
                x, y = data
                with tf.GradientTape() as tape:
                    loss = self.compiled_loss(y, self(x, training=True))
                grads = tape.gradient(loss, self.trainable_variables)
                self.optimizer.apply_gradients(zip(grads, self.trainable_variables))

        net = Net(4)
        net.compile("adam", "mse")
        """)
    assert program.flow == "Input > Dense > BatchNormalization"
    assert names(program.event("compile").target) == program.models[0].name


def test_flags_of_the_constructor() -> None:
    program = read(BLOCK_CLASS)
    assert program.flow == "unknown > Dense > BatchNormalization"


def test_flags_without_default_fork() -> None:
    program = read(BLOCK_CLASS.replace("norm=True", "norm"))
    assert program.flow == "unknown > Dense > BatchNormalization"
    assert len(program.models[0].calls[2].under) == 1
    assert len(program.models[0].outputs) == 1


def test_class_attributes_may_be_written_through_the_class() -> None:
    program = read("""
        class Config:
            units = 4

        Config.units = 9
        y = Dense(Config.units)(Input((8,)))
        """)
    assert program.layer("Dense").config["units"] == 9


@pytest.mark.parametrize(
    "config",
    [
        "class C:\n    units = 4\nc = C()",
        "class C:\n    def __init__(self, units=4):\n        self.units = units\nc = C()",
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    units: int = 4\nc = C()",
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass C:\n    units: int\nc = C(4)",
        "from typing import NamedTuple\nclass C(NamedTuple):\n    units: int = 4\nc = C()",
        "class C:\n    @property\n    def units(self):\n        return 4\nc = C()",
        "from functools import cached_property\nclass C:\n    @cached_property\n    def units(self):\n        return 4\nc = C()",
        "class C:\n    pass\nc = C()\nc.units = 4",
        "import enum\nclass C(enum.IntEnum):\n    units = 4\nc = C",
    ],
)
def test_objects_that_hold_constants(config: str) -> None:
    assert read(f"{config}\ny = Dense(c.units)(Input((8,)))").layer("Dense").config["units"] == 4


@pytest.mark.parametrize(
    "config",
    [
        "from mine import Namespace\nc = Namespace(units=4)",
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--units', type=int)\nc = p.parse_args()",
        "from absl import flags\nc = flags.FLAGS",
        "c = tf.flags.FLAGS",
        "import config as c",
        "from config import c",
    ],
)
def test_objects_that_are_not_followed_hold_unknown_values(config: str) -> None:
    program = read(
        f"{config}\nx = Input((8,))\nif c.norm:\n    x = BatchNormalization()(x)\ny = Dense(c.units)(x)\nif c.norm:\n    z = ReLU()(y)"
    )
    assert known(program.layer("Dense").config["units"]) == "?"
    assert program.flow == "Input > BatchNormalization > Dense({BatchNormalization | Input}) > ReLU"
    assert program.models[0].calls[1].under == program.models[0].calls[3].under


def test_classes_know_their_methods() -> None:
    (cls,) = read("""
        class Net(keras.Model):
            def __init__(self):
                super().__init__()

            def call(self, x, training=True, *rest, mask=None, **kw):
                return x
        """).module.classes
    call = cls.methods["call"]
    assert [(p.name, p.kind) for p in call.parameters] == [
        ("self", "positional"),
        ("x", "positional"),
        ("training", "positional"),
        ("rest", "*"),
        ("mask", "keyword"),
        ("kw", "**"),
    ]
    training = call.parameter("training")
    assert training is not None
    assert training.default is True
    assert call.origin.span is not None
    assert (call.origin.span.line, call.origin.span.column) == (10, 5)


def test_a_class_is_told_how_it_is_used() -> None:
    program = read("""
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.d = Dense(1)

            def call(self, x):
                return self.d(x)

        net = Net()
        net.compile("adam", "mse")
        net.fit(tf.zeros((8, 4)), tf.zeros((8, 1)))
        """)
    (cls,) = program.module.classes
    assert "fit" in cls.used
    assert names(program.event("fit").target) == "Net"
    assert program.event("fit").target is program.models[0]


def test_two_objects_of_one_model_class() -> None:
    program = read("""
        class Net(keras.Model):
            def __init__(self, n):
                super().__init__()
                self.d = Dense(n)
                self.bn = BatchNormalization()

            def call(self, x):
                return self.bn(self.d(x))

        a, b = Net(1), Net(2)
        x = Input((4,))
        m = keras.Model(x, Add()([a(x), b(x)]))
        """)
    assert (
        program.named("model")
        == "Input > Dense > BatchNormalization > Dense.2(Input) > BatchNormalization.2 > Add(BatchNormalization, BatchNormalization.2)"
    )


def test_nested_functions_inside_methods_see_self() -> None:
    program = read("""
        class Net(keras.Model):
            def __init__(self):
                super().__init__()
                self.bn = BatchNormalization()

            def call(self, x):
                def inner(y):
                    return self.bn(y)
                return inner(Dense(1)(x))
        """)
    assert program.flow == "Input > Dense > BatchNormalization"


def test_class_scopes_are_not_seen_from_methods() -> None:
    program = read("""
        units = 4

        class Net(keras.Model):
            units = 9

            def call(self, x):
                return Dense(units)(x)
        """)
    assert program.layer("Dense").config["units"] == 4


def test_attributes_that_a_branch_sets() -> None:
    program = read("""
        class Block(layers.Layer):
            def __init__(self, flag, **kw):
                super().__init__()
                if flag:
                    self.norm = BatchNormalization()
                else:
                    self.norm = LayerNormalization()

            def call(self, x):
                return ReLU()(self.norm(Dense(1)(x)))
        """)
    assert (
        program.flow == "unknown > Dense > BatchNormalization > LayerNormalization(Dense) > ReLU({BatchNormalization | LayerNormalization})"
    )


def test_a_layer_with_a_call_operator_of_its_own() -> None:
    program = read(
        """
        class Block(Layer):
            def __init__(self):
                super().__init__()
                self.norm = BatchNormalization()

            def __call__(self, x, **kwargs):
                return super().__call__(x, **kwargs)

            def call(self, x):
                return self.norm(x)

        x = Input((8,))
        y = Dense(1)(Block()(x))
        """
    )
    assert program.flow == "Input > BatchNormalization > Dense"


@pytest.mark.parametrize(
    ("held", "given", "test"), [("", "norm=False", "norm"), ("norm=False", "", "self.norm"), ("norm=None", "", "self.norm")]
)
def test_a_switch_of_a_method_or_of_its_object_is_open_where_its_default_leaves_a_batch_normalization_unseen(
    held: str, given: str, test: str
) -> None:
    program = read(f"""
        class Builder:
            def __init__(self, {held}):
                self.norm = {"norm" if held else "None"}

            def other(self):
                inputs = Input((4,))
                return keras.Model(inputs, ReLU()(inputs), name="other")

            def build(self, length, {given}):
                inputs = Input((length, 4))
                return keras.Model(inputs, self.body(inputs, {test}), name="net")

            def body(self, x, norm):
                x = Dense(4)(x)
                if norm:
                    x = BatchNormalization()(x)
                return ReLU()(x)
        """)
    assert program.flows.count("Input > ReLU") == 1
    assert "Input > Dense > BatchNormalization > ReLU({BatchNormalization | Dense})" in program.flows
    assert not any("unknown" in flow for flow in program.flows)
