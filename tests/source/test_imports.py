"""Every way to get at Keras by import."""

import pytest

from tests.source.programs import notebook, read

STYLES = {
    "keras": ("import keras", "keras.layers."),
    "keras as K": ("import keras as k", "k.layers."),
    "from keras": ("from keras import layers", "layers."),
    "from keras, renamed": ("from keras import layers as L", "L."),
    "layers as KL": ("import keras.layers as KL", "KL."),
    "keras.layers": ("import keras.layers", "keras.layers."),
    "names": ("from keras.layers import *", ""),
    "tf": ("import tensorflow as tf", "tf.keras.layers."),
    "tensorflow": ("import tensorflow", "tensorflow.keras.layers."),
    "from tensorflow": ("from tensorflow import keras", "keras.layers."),
    "from tensorflow, renamed": ("from tensorflow import keras as tfk", "tfk.layers."),
    "tensorflow.keras": ("from tensorflow.keras import layers", "layers."),
    "tensorflow.keras as": ("import tensorflow.keras as tfkeras", "tfkeras.layers."),
    "tfkl": ("import tensorflow.keras.layers as tfkl", "tfkl."),
    "bound": ("import tensorflow as tf\ntfk = tf.keras\ntfkl = tfk.layers", "tfkl."),
    "bound attributes": ("from tensorflow import keras\nlayers = keras.layers", "layers."),
    "star": ("from tensorflow.keras.layers import *", ""),
    "tensorflow.python": ("from tensorflow.python.keras import layers", "layers."),
    "tensorflow.python layers": ("from tensorflow.python.keras.layers import *", ""),
    "compat.v1": ("import tensorflow.compat.v1 as tf", "tf.keras.layers."),
    "tf.compat.v1": ("import tensorflow as tf", "tf.compat.v1.keras.layers."),
    "tf.compat.v2": ("import tensorflow as tf", "tf.compat.v2.keras.layers."),
    "tf_keras": ("import tf_keras", "tf_keras.layers."),
    "tf_keras as keras": ("import tf_keras as keras", "keras.layers."),
    "keras_core": ("import keras_core as keras", "keras.layers."),
    "keras.src": ("from keras.src import layers", "layers."),
    "tf_keras.src": ("from tf_keras.src import layers", "layers."),
    "keras._tf_keras": ("from keras._tf_keras.keras import layers", "layers."),
    "keras.api": ("from keras.api import layers", "layers."),
    "tensorflow.contrib": ("from tensorflow.contrib.keras import layers", "layers."),
    "in try": ("try:\n    from tensorflow.keras import layers\nexcept ImportError:\n    from keras import layers", "layers."),
    "in try, another package": ("try:\n    import keras_core as keras\nexcept ImportError:\n    import keras", "keras.layers."),
    "importlib": ("import keras\nL = getattr(keras, 'layers')", "L."),
}


@pytest.mark.parametrize("style", STYLES)
def test_every_style_of_import_leads_to_keras(style: str) -> None:
    head, prefix = STYLES[style]
    program = read(f"x = {prefix}Input((8,))\nx = {prefix}Dense(4)(x)\nx = {prefix}BatchNormalization()(x)\n", head + "\n")
    assert program.flow == "Input > Dense > BatchNormalization"


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("from keras.layers.normalization import BatchNormalization", "BatchNormalization"),
        ("from keras.layers.normalization.batch_normalization import BatchNormalization as BN", "BN"),
        ("from keras.layers import BatchNormalization as BN", "BN"),
        ("from tensorflow.python.keras.layers.normalization import BatchNormalization", "BatchNormalization"),
        ("from tensorflow.keras.layers.experimental import SyncBatchNormalization as BN", "BN"),
        ("import tensorflow as tf\nBN = tf.keras.layers.BatchNormalization", "BN"),
        ("import tensorflow as tf", "tf.compat.v1.keras.layers.BatchNormalization"),
        ("import tensorflow.keras.backend as K\nfrom tensorflow import keras as K2", "K2.layers.BatchNormalization"),
    ],
)
def test_batch_normalization_has_many_addresses(head: str, name: str) -> None:
    program = read(f"y = {name}()(x)\n", head + "\nfrom keras import Input\nx = Input((8,))\n")
    assert program.flow in ("Input > BatchNormalization", "Input > SyncBatchNormalization")


@pytest.mark.parametrize(
    "head",
    [
        "from flax.linen import BatchNorm as BatchNormalization",
        "from chainer.links import BatchNormalization",
        "from mine import BatchNormalization",
        "from . import BatchNormalization",
        "from .keras.layers import BatchNormalization",
        "import mine as keras\nBatchNormalization = keras.layers.BatchNormalization",
        "class BatchNormalization: pass",
        "def BatchNormalization(): return lambda x: x",
    ],
)
def test_what_only_bears_the_name_is_not_keras(head: str) -> None:
    program = read("from keras import Input, Model\nx = Input((8,))\ny = BatchNormalization()(x)\nm = Model(x, y)\n", head + "\n")
    assert not [layer for layer in program.module.constructions if layer.kind == "BatchNormalization"]
    applied = [call.layer for graph in program.models for call in graph.calls if call.layer.kind != "Input"]
    assert all(layer.role != "batchnorm" and layer.family != "keras" for layer in applied)


def test_a_package_that_passes_keras_on_passes_on_keras() -> None:
    assert read("y = keras.layers.Dense(1)(keras.Input((8,)))", "from keras_cv.src.backend import keras\n").flow == "Input > Dense"


def test_a_star_import_that_is_not_known_may_bind_layers() -> None:
    assert read("y = Dense(1)(Input((8,)))", "from mine import *\n").flow == "Input > Dense"


def test_a_name_of_an_unknown_package_is_unknown_and_says_so() -> None:
    program = read("x = Input((8,))\ny = Dense(1)(norm(x))", "from keras.layers import Dense, Input\nfrom mine import norm\n")
    assert program.flow == "Input > unknown > Dense"
    assert "mine.norm" in str(program.models[0].calls[1].layer.name)


def test_imports_inside_functions_count() -> None:
    program = read("def f():\n    from keras import layers\n    return layers.Dense(1)(layers.Input((8,)))\n", "")
    assert program.flow == "Input > Dense"


def test_the_imports_are_listed_with_their_full_names() -> None:
    program = read(
        "", "import tensorflow.keras.backend as K\nfrom keras.layers import Dense as D\nimport os.path\nfrom .own import thing\n"
    )
    assert [(item.name, item.dotted) for item in program.module.imports] == [
        ("K", "tensorflow.keras.backend"),
        ("D", "keras.layers.Dense"),
        ("os", "os.path"),
        ("thing", ".own.thing"),
    ]


def test_imports_of_one_cell_hold_in_the_next() -> None:
    assert notebook("from keras.layers import *", "y = Dense(1)(Input((8,)))").flow == "Input > Dense"


def test_a_fragment_without_imports_means_keras() -> None:
    assert (
        read("x = layers.Input((8,))\nx = BatchNormalization()(tf.keras.layers.Dense(1)(x))", "").flow
        == "Input > Dense > BatchNormalization"
    )


def test_the_layer_remembers_the_address_that_the_source_used() -> None:
    assert read("x = tf.keras.layers.Dense(1)").layer("Dense").path == "tensorflow.keras.layers.Dense"


def test_an_import_that_is_tried_is_listed_once() -> None:
    program = read("", "try:\n    import keras_core as keras\nexcept ImportError:\n    import keras\n")
    assert [item.dotted for item in program.module.imports] == ["keras_core", "keras"]
