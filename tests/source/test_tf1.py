"""TF1: tf.layers as functions and classes, slim and contrib under their arg_scope, what becomes of UPDATE_OPS."""

import pytest

from bnlint.graph.model import Call, Unknown
from tests.source.programs import Program, known, read

HEAD = """\
import tensorflow as tf
from tensorflow.contrib import slim
from tensorflow.contrib.framework import arg_scope
from tensorflow.contrib.layers import batch_norm, conv2d, fully_connected
v1 = tf.compat.v1
x = tf.placeholder(tf.float32, [None, 32, 32, 3])
"""


def program(source: str, head: str = HEAD) -> Program:
    return read(source, head=head)


def norm(found: Program) -> Call:
    """The only application of a batch norm."""
    (call,) = (call for graph in found.models for call in graph.calls if call.layer.role == "batchnorm")
    return call


def test_functions_and_classes_are_the_same_layers() -> None:
    functions = program("""
y = tf.layers.conv2d(x, 8, 3, activation=tf.nn.relu, use_bias=False)
y = tf.layers.batch_normalization(y, momentum=0.9, training=True)
y = tf.layers.dropout(y, training=True)
y = tf.layers.dense(tf.layers.flatten(y), 10)
""")
    classes = program("""
y = tf.layers.Conv2D(8, 3, activation=tf.nn.relu, use_bias=False)(x)
y = v1.layers.BatchNormalization(momentum=0.9)(y, training=True)
y = tf.layers.Dropout()(y, training=True)
y = tf.layers.Dense(10)(tf.layers.Flatten()(y))
""")
    applied = program("""
conv = tf.layers.Conv2D(8, 3, activation=tf.nn.relu, use_bias=False)
norm = tf.layers.BatchNormalization(-1, 0.9)
y = norm.apply(conv.apply(x), training=True)
y = tf.layers.Dropout().apply(y, training=True)
y = tf.layers.Dense(units=10)(tf.layers.Flatten()(y))
""")
    assert functions.flow == "Input > Conv2D:relu > BatchNormalization > Dropout > Flatten > Dense"
    for found in (functions, classes, applied):
        assert found.flow == functions.flow
        assert {call.layer.family for call in found.models[0].calls} == {"tf1"}
        assert [call.shape for call in found.models[0].calls] == [call.shape for call in functions.models[0].calls]
        assert norm(found).layer.config["momentum"] == 0.9
        assert norm(found).training is True
        assert found.models[0].calls[3].layer.config["rate"] == 0.5
        assert found.models[0].calls[1].layer.config["use_bias"] is False


def test_channels_first() -> None:
    found = program("y = tf.layers.batch_normalization(tf.layers.conv2d(x, 8, 3, data_format='channels_first'), axis=1)")
    assert norm(found).inputs[0].channels == 1
    assert norm(found).layer.config["axis"] == 1


@pytest.mark.parametrize(
    ("code", "shape"),
    [
        ("tf.placeholder(tf.float32, [None, 8])", (None, 8)),
        ("tf.compat.v1.placeholder(dtype=tf.float32, shape=(4, 8))", (4, 8)),
        ("tf.keras.backend.placeholder(shape=(None, 8))", (None, 8)),
    ],
)
def test_placeholders_are_inputs(code: str, shape: tuple[int | None, ...]) -> None:
    found = program(f"y = tf.layers.dense({code}, 2)", "import tensorflow as tf\n")
    assert found.flow == "Input > Dense"
    assert found.models[0].calls[0].shape == shape


@pytest.mark.parametrize("code", ["tf.placeholder(tf.bool)", "tf.placeholder(tf.bool, [])", "tf.placeholder_with_default(False, ())"])
def test_a_flag_of_the_graph_is_unknown(code: str) -> None:
    found = program(f"training = {code}\ny = tf.layers.batch_normalization(x, training=training)")
    assert isinstance(norm(found).training, Unknown)


@pytest.mark.parametrize(
    ("code", "flow"),
    [
        ("slim.conv2d(x, 8, 3, normalizer_fn=slim.batch_norm)", "Input > Conv2D > BatchNormalization"),
        ("conv2d(x, 8, [3, 3], normalizer_fn=batch_norm, activation_fn=None)", "Input > Conv2D > BatchNormalization"),
        ("slim.conv2d(x, 8, 3, 1, activation_fn=tf.nn.elu, normalizer_fn=slim.batch_norm)", "Input > Conv2D > BatchNormalization > elu"),
        ("slim.conv2d(x, 8, 3, activation_fn=tf.nn.elu, normalizer_fn=None)", "Input > Conv2D:elu"),
        ("slim.conv2d(x, 8, 3, activation_fn=None, normalizer_fn=mine)", "Input > Conv2D > BatchNormalization > tanh"),
        ("slim.batch_norm(x, activation_fn=tf.nn.relu)", "Input > BatchNormalization > relu"),
        ("slim.conv2d(x, 8, 3)", "Input > Conv2D:?"),
        ("slim.instance_norm(x, activation_fn=None)", "Input > GroupNormalization"),
    ],
)
def test_a_normalizer_stands_behind_what_it_normalises(code: str, flow: str) -> None:
    mine = "def mine(t):\n    return tf.nn.tanh(tf.layers.batch_normalization(t))\n" if "mine" in code else ""
    assert program(f"{mine}y = {code}").flow == flow


def test_arguments_of_the_normalizer() -> None:
    found = program("""
params = {"is_training": False, "decay": 0.9, "updates_collections": None}
y = slim.conv2d(x, 8, 3, normalizer_fn=slim.batch_norm, normalizer_params=params, data_format="NHWC")
""")
    call = norm(found)
    assert (call.training, call.layer.config["momentum"], call.layer.config["scale"]) == (False, 0.9, False)
    assert call.layer.config["updates_collections"] is None
    assert call.inputs[0].layer.config["use_bias"] is False  # type: ignore[union-attr]


SCOPE = """
def scope(is_training):
    params = {"is_training": is_training, "decay": 0.9}
    with slim.arg_scope([slim.conv2d, slim.fully_connected], activation_fn=tf.nn.relu, normalizer_fn=slim.batch_norm):
        with slim.arg_scope([slim.batch_norm], **params) as kept:
            return kept
"""
BLOCK = "Conv2D > BatchNormalization > relu"


@pytest.mark.parametrize("name", ["slim.arg_scope", "arg_scope", "tf.contrib.framework.arg_scope"])
def test_an_arg_scope_sets_what_is_not_given(name: str) -> None:
    found = program(f"""
with {name}([slim.conv2d], activation_fn=tf.nn.relu, normalizer_fn=slim.batch_norm, normalizer_params={{"is_training": True}}):
    y = slim.conv2d(x, 8, 3)
    with {name}([slim.conv2d], normalizer_fn=None):
        y = slim.conv2d(y, 8, 3)
    y = slim.conv2d(y, 8, 3, activation_fn=None)
y = slim.conv2d(y, 8, 3, activation_fn=None)
""")
    assert found.flow == f"Input > {BLOCK} > Conv2D.2:relu > Conv2D.3 > BatchNormalization.2 > Conv2D.4"


def test_an_arg_scope_that_a_function_returns() -> None:
    found = program(SCOPE + "with slim.arg_scope(scope(True)):\n    y = slim.conv2d(x, 8, 3)")
    assert found.flow == f"Input > {BLOCK}"
    assert (norm(found).training, norm(found).layer.config["momentum"]) == (True, 0.9)


def test_an_arg_scope_that_is_not_followed() -> None:
    found = program("from nets import scope\nwith slim.arg_scope(scope()):\n    y = slim.conv2d(x, 8, 3)")
    assert found.flow == "Input > Conv2D:?"
    assert known(found.models[0].calls[1].layer.config["normalizer_fn"]) == "?"


def test_an_arg_scope_for_functions_of_the_user() -> None:
    found = program("""
@slim.add_arg_scope
def block(t, filters, norm=None):
    return slim.conv2d(t, filters, 3, activation_fn=None, normalizer_fn=norm)
with slim.arg_scope([block], norm=slim.batch_norm):
    y = block(x, 8)
y = block(y, 4)
""")
    assert found.flow == "Input > Conv2D > BatchNormalization > Conv2D.2"


def test_repeat_and_stack() -> None:
    found = program(SCOPE + "with slim.arg_scope(scope(True)):\n    y = slim.repeat(x, 2, slim.conv2d, 8, [3, 3], scope='c')\n")
    assert found.flow == f"Input > {BLOCK} > Conv2D.2 > BatchNormalization.2 > relu.2"
    found = program("y = slim.stack(x, slim.conv2d, [(8, [3, 3]), (4, 1)], activation_fn=None, normalizer_fn=None)")
    assert [call.layer.config["filters"] for call in found.models[0].calls[1:]] == [8, 4]


def test_slim_as_a_package_of_its_own() -> None:
    found = program("with slim.arg_scope([slim.conv2d], normalizer_fn=slim.batch_norm, activation_fn=None):\n    y = slim.conv2d(x, 8, 3)",
                    "import tensorflow as tf\nimport tf_slim as slim\nx = tf.compat.v1.placeholder(tf.float32, [None, 8, 8, 3])\n")  # fmt: skip
    assert found.flow == "Input > Conv2D > BatchNormalization"


@pytest.mark.parametrize(
    ("code", "events"),
    [
        ("tf.get_collection(tf.GraphKeys.UPDATE_OPS)", ["read"]),
        ("v1.get_collection(v1.GraphKeys.UPDATE_OPS, scope='d')", ["read"]),
        ("tf.get_default_graph().get_collection('update_ops')", ["read"]),
        ("tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES)", []),
        ("tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS))", ["read", "control_dependencies"]),
        ("tf.control_dependencies([x])", []),
        ("slim.learning.create_train_op(loss, opt)", ["run"]),
        ("slim.learning.create_train_op(loss, opt, update_ops=[])", []),
        ("tf.contrib.layers.optimize_loss(loss, None, 0.1, 'Adam')", ["run"]),
    ],
)
def test_update_operations(code: str, events: list[str]) -> None:
    found = program(f"loss = tf.reduce_mean(x)\nopt = tf.train.AdamOptimizer(0.1)\nheld = {code}")
    assert [event.args["how"] for event in found.events("update_ops")] == events


def test_a_training_step_after_the_updates() -> None:
    found = program("""
y = tf.layers.batch_normalization(x, training=True)
updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
with tf.control_dependencies(updates):
    step = tf.train.AdamOptimizer(0.1).minimize(tf.reduce_mean(y))
""")
    assert [event.kind for event in found.module.events] == ["update_ops", "update_ops", "apply_gradients"]
