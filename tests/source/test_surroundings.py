"""Where layers are built, applied and held, as events."""

import pytest

from tests.source.programs import read

BLOCK = """
class Block(keras.layers.Layer):
    def call(self, x):
{body}
        return x
"""


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("        x = BatchNormalization()(x)", ["call"]),
        ("        if self.flag:\n            x = BatchNormalization()(x)", ["call"]),
        ("        if self.bn is None:\n            self.bn = BatchNormalization()", []),
        ("        if hasattr(self, 'bn'):\n            return self.bn(x)\n        self.bn = BatchNormalization()", []),
        ("        x = Dense(8)(x)", []),
    ],
)
def test_a_layer_that_is_built_with_each_call(body: str, where: list[str]) -> None:
    program = read(BLOCK.format(body=body))
    assert [event.args["where"] for event in program.events("built")] == where


def test_a_lambda_builds_or_captures() -> None:
    program = read("""
bn = BatchNormalization(name="held")
x = Input((8,))
y = keras.layers.Lambda(lambda t: bn(t))(x)
model = keras.Model(x, keras.layers.Lambda(lambda t: BatchNormalization(name="made")(t))(y))
""")
    assert {event.target.name for event in program.events("captured")} == {"held"}
    assert {event.target.name for event in program.events("built")} == {"made"}


@pytest.mark.parametrize(
    ("strategy", "found"),
    [
        ("tf.distribute.MirroredStrategy()", [("MirroredStrategy", None, True)]),
        ("tf.distribute.MirroredStrategy(['a', 'b'])", [("MirroredStrategy", 2, True)]),
        ("tf.distribute.experimental.TPUStrategy(r)", [("TPUStrategy", None, True)]),
        ("tf.distribute.TPUStrategy(r) if tpu() else tf.distribute.get_strategy()", [("TPUStrategy", None, False)]),
        ("tf.distribute.get_strategy()", []),
    ],
)
def test_layers_in_the_scope_of_a_strategy(strategy: str, found: list[tuple[str, int | None, bool]]) -> None:
    program = read(f"strategy = {strategy}\nwith strategy.scope():\n    BatchNormalization()\nBatchNormalization()\n")
    events = [(event.args["strategy"], event.args["replicas"], event.args["certain"]) for event in program.events("distributed")]
    assert events == found


def test_a_size_for_each_replica() -> None:
    program = read("strategy = tf.distribute.MirroredStrategy()\nsize = 8 * strategy.num_replicas_in_sync\n")
    assert [event.args["size"] for event in program.events("per_replica")] == [8]


@pytest.mark.parametrize(("times", "found"), [("3", 1), ("1", 0), ("num_layers", 1), ("use_bn", 0), ("len(sizes)", 1), ("flag()", 0)])
def test_a_list_that_holds_one_layer_several_times(times: str, found: int) -> None:
    program = read(f"def build(x, num_layers, use_bn, sizes):\n    return [BatchNormalization()] * {times}\n")
    assert len(program.events("repeated")) == found


def test_optimizers_are_known_to_compile() -> None:
    program = read("""
model = keras.Sequential([Dense(1)])
optimizer = keras.optimizers.AdamW(1e-3, weight_decay=0.1)
optimizer.exclude_from_weight_decay(var_names=["gamma"])
model.compile(optimizer, "mse")
""")
    (made,), (excluded,), (compiled,) = (program.events(kind) for kind in ("optimizer", "exclude", "compile"))
    assert (made.args["class"], made.args["weight_decay"]) == ("AdamW", 0.1)
    assert made.target is excluded.target is compiled.args["optimizer"]
