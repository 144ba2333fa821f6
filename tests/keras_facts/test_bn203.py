"""BN203: replicas are not synchronised unless the layer is told so, and alone that changes nothing."""

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

ALONE = """
one, two = keras.layers.BatchNormalization(), keras.layers.BatchNormalization(synchronized=True)
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
apart = max(float(np.abs(np.array(one(x, training=mode)) - np.array(two(x, training=mode))).max()) for mode in (True, False))
fact = [one.synchronized, two.synchronized, apart < 1e-5]
"""


@pytest.mark.parametrize("major", [2, 3])
def test_layers_are_not_synchronised_by_default(observe: Observe, major: int) -> None:
    assert observe(major, "", ALONE) == [False, True, True]


REPLICAS = """
import os, subprocess, sys
program = '''
import os
os.environ["TF_USE_LEGACY_KERAS"] = "{legacy}"
import tensorflow as tf
import numpy as np
{importing} as keras
device = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(device, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"], cross_device_ops=tf.distribute.ReductionToOneDevice())
with strategy.scope():
    layer = keras.layers.BatchNormalization(synchronized={synchronized}, momentum=0.0)
    layer.build((None, 1))

@tf.function
def step():
    def of_replica():
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        x = tf.constant([[4.0], [6.0]]) + 10.0 * tf.cast(number, tf.float32)
        return layer(x, training=True)
    return strategy.run(of_replica)

outputs = strategy.experimental_local_results(step())
print(max(float(np.abs(np.array(output)).min()) for output in outputs), float(np.array(layer.moving_variance)[0]))
'''
done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
fact = [float(word) for word in done.stdout.split()[-2:]]
"""


@pytest.mark.parametrize(("major", "importing"), [(2, "import tf_keras"), (3, "import keras")])
def test_each_replica_has_statistics_of_its_own(observe: Observe, major: int, importing: str) -> None:
    """Inputs 4 and 6 on the one, 14 and 16 on the other: a variance of 1 each, of 26 together."""
    (_, alone), (_, together) = (
        observe(major, "", REPLICAS.format(legacy=int(major == 2), importing=importing, synchronized=synchronized))
        for synchronized in (False, True)
    )
    assert alone == pytest.approx(1, abs=0.01)
    assert together == pytest.approx(26, abs=0.1)
