"""BN505: what keeps the statistics of TensorFlow 1 moving. (Keras 2 runs `tf.compat.v1.layers`, Keras 3 refuses it.)"""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

TRAINED = """
import tensorflow as tf
v1 = tf.compat.v1
with tf.Graph().as_default():
    x = v1.placeholder(tf.float32, [None, 4])
    y = v1.layers.batch_normalization(x, {arguments})
    loss = tf.reduce_mean(tf.square(y @ v1.get_variable("w", [4, 1])))
    operations = v1.get_collection(v1.GraphKeys.UPDATE_OPS)
    with tf.control_dependencies({held}):
        step = v1.train.GradientDescentOptimizer(0.01).minimize(loss)
    mean = next(variable for variable in v1.global_variables() if "moving_mean" in variable.name)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        for _ in range(50):
            session.run(step, {{x: np.full((8, 4), 5.0, "float32")}})
        fact = [len(operations), float(session.run(mean)[0])]
"""


@pytest.mark.parametrize(
    ("arguments", "held", "operations", "mean"),
    [
        ("", "operations", 0, 0.0),
        ("training=True", "[]", 2, 0.0),
        ("training=True", "operations", 2, 5 * (1 - 0.99**50)),
        ("training=False", "operations", 0, 0.0),
    ],
)
def test_the_statistics_move_only_where_the_operations_run(
    observe: Observe, arguments: str, held: str, operations: int, mean: float
) -> None:
    assert observe(2, "", TRAINED.format(arguments=arguments, held=held)) == [operations, pytest.approx(mean, abs=1e-3)]


def test_keras_3_has_no_layers_of_tensorflow_1(observe: Observe) -> None:
    answer = observe(3, "import tensorflow as tf", "fact = tf.compat.v1.layers.batch_normalization")
    assert answer["error"] == "AttributeError"


GRAPH = """
import tensorflow as tf
with tf.Graph().as_default():
    exec({source!r})
    fact = len([op for op in tf.compat.v1.get_default_graph().get_operations() if "Adam" in op.name and op.control_inputs]) > 0
"""


@pytest.mark.parametrize("program", [bad, fixed], ids=["bad", "fixed"])
def test_the_programs_of_the_page_build(observe: Observe, program: object) -> None:
    assert observe(2, "", GRAPH.format(source=program("BN505"))) is True  # type: ignore[operator]
