"""The shapes that bnlint reads in programs, against those that the installed Keras 3 and tf_keras (Keras 2) build."""

import importlib
import os
from typing import Any

import pytest

from bnlint.graph.model import Call, Join, Unknown
from tests.conftest import needs
from tests.source.programs import read

needs("tensorflow", "keras", "tf_keras")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

pytestmark = pytest.mark.keras

HEADS = {
    3: "import keras\nfrom keras import layers as L, ops\n",
    2: "import tensorflow as tf\nimport tf_keras as keras\nfrom tf_keras import layers as L, backend as K\n",
}

IMAGE, SERIES, VECTOR, VOLUME, VIDEO, FIRST = (15, 18, 6), (12, 5), (10,), (6, 7, 8, 3), (4, 9, 10, 3), (3, 9, 10)

LAYERS: list[tuple[tuple[int | None, ...], str, int | None]] = [
    # Convolutions
    (IMAGE, "L.Conv2D(4, 3)(x)", 3),
    (IMAGE, "L.Conv2D(4, (3, 2), strides=(2, 3), padding='same')(x)", 3),
    (IMAGE, "L.Conv2D(4, 3, dilation_rate=2)(x)", 3),
    (FIRST, "L.ZeroPadding2D(2, data_format='channels_first')(x)", 1),
    ((None, None, 3), "L.Conv2D(4, 3)(x)", 3),
    (SERIES, "L.Conv1D(4, 3, strides=2, padding='causal')(x)", 2),
    (SERIES, "L.Conv1D(4, 3)(x)", 2),
    (VOLUME, "L.Conv3D(4, 3, strides=(1, 2, 3), padding='same')(x)", 4),
    (IMAGE, "L.Conv2DTranspose(4, 5, strides=2)(x)", 3),
    (IMAGE, "L.Conv2DTranspose(4, 2, strides=3, padding='same')(x)", 3),
    (IMAGE, "L.Conv2DTranspose(4, 3, strides=2, padding='same', output_padding=1)(x)", 3),
    (SERIES, "L.Conv1DTranspose(4, 3, strides=2, padding='same')(x)", 2),
    (VOLUME, "L.Conv3DTranspose(4, 2, strides=2)(x)", 4),
    (IMAGE, "L.DepthwiseConv2D(3, depth_multiplier=2, padding='same')(x)", 3),
    (SERIES, "L.DepthwiseConv1D(3, strides=2)(x)", 2),
    (IMAGE, "L.SeparableConv2D(4, 3, strides=2, padding='same')(x)", 3),
    (SERIES, "L.SeparableConv1D(4, 3)(x)", 2),
    # Pooling
    (IMAGE, "L.MaxPooling2D()(x)", 3),
    (IMAGE, "L.AveragePooling2D(3, strides=2, padding='same')(x)", 3),
    (FIRST, "L.GlobalAveragePooling2D(data_format='channels_first')(x)", 1),
    (SERIES, "L.MaxPooling1D(3)(x)", 2),
    (VOLUME, "L.AveragePooling3D((2, 1, 2))(x)", 4),
    (IMAGE, "L.GlobalAveragePooling2D()(x)", 1),
    (IMAGE, "L.GlobalMaxPooling2D(keepdims=True)(x)", 3),
    (FIRST, "L.GlobalMaxPooling2D(data_format='channels_first', keepdims=True)(x)", 1),
    (SERIES, "L.GlobalAveragePooling1D()(x)", 1),
    (SERIES, "L.GlobalMaxPooling1D(keepdims=True)(x)", 2),
    (VOLUME, "L.GlobalAveragePooling3D()(x)", 1),
    # Padding, cropping, resizing
    (IMAGE, "L.ZeroPadding2D(((1, 2), (3, 4)))(x)", 3),
    (SERIES, "L.ZeroPadding1D((1, 2))(x)", 2),
    (IMAGE, "L.Cropping2D((1, 2))(x)", 3),
    (VOLUME, "L.Cropping3D(1)(x)", 4),
    (IMAGE, "L.UpSampling2D((2, 3), interpolation='bilinear')(x)", 3),
    (SERIES, "L.UpSampling1D(2)(x)", 2),
    (IMAGE, "L.Resizing(8, 9)(x)", 3),
    (IMAGE, "L.CenterCrop(8, 9)(x)", 3),
    # Reshaping
    (IMAGE, "L.Flatten()(x)", 1),
    (VECTOR, "L.Reshape((5, 2))(x)", None),
    (IMAGE, "L.Reshape((-1, 6))(x)", None),
    (IMAGE, "L.Reshape((x.shape[1] * x.shape[2], x.shape[3]))(x)", None),
    (IMAGE, "L.Permute((3, 1, 2))(L.Conv2D(4, 3)(x))", 1),
    (VECTOR, "L.RepeatVector(3)(x)", 2),
    # Dense and recurrent
    (VECTOR, "L.Dense(4)(x)", 1),
    (IMAGE, "L.Dense(4)(x)", 3),
    ((12,), "L.Embedding(99, 7)(x)", 2),
    (SERIES, "L.LSTM(4)(x)", 1),
    (SERIES, "L.GRU(4, return_sequences=True)(x)", 2),
    (SERIES, "L.SimpleRNN(4)(x)", 1),
    (SERIES, "L.LSTM(4, return_state=True)(x)[0]", 1),
    (SERIES, "L.Bidirectional(L.LSTM(4, return_sequences=True))(x)", 2),
    (SERIES, "L.Bidirectional(L.GRU(4), merge_mode='sum')(x)", 1),
    (VIDEO, "L.ConvLSTM2D(4, 3)(x)", 3),
    (VIDEO, "L.ConvLSTM2D(4, 3, padding='same', return_sequences=True)(x)", 4),
    # Wrappers
    (VIDEO, "L.TimeDistributed(L.Conv2D(4, 3))(x)", 4),
    (SERIES, "L.TimeDistributed(L.Dense(4))(x)", 2),
    (VIDEO, "L.TimeDistributed(L.Flatten())(x)", 2),
    (VIDEO, "L.TimeDistributed(L.GlobalAveragePooling2D())(x)", 2),
    (VIDEO, "L.TimeDistributed(L.MaxPooling2D())(x)", 4),
    # Merging
    (IMAGE, "L.Concatenate()([L.Conv2D(4, 1)(x), L.Conv2D(2, 1)(x)])", 3),
    (IMAGE, "L.Concatenate(axis=1)([x, x])", None),
    (IMAGE, "L.concatenate([L.Conv2D(4, 1)(x), L.Conv2D(4, 1)(x)], axis=-2)", 3),
    (IMAGE, "L.Add()([L.Conv2D(6, 1)(x), x])", 3),
    (IMAGE, "L.Multiply()([L.Conv2D(6, 1)(x), L.GlobalAveragePooling2D(keepdims=True)(x)])", 3),
    (IMAGE, "L.average([x, L.Conv2D(6, 1)(x)])", 3),
    (VECTOR, "L.Dot(axes=1)([x, x])", 1),
    (SERIES, "L.Dot(axes=(2, 2))([x, L.Dense(5)(x)])", None),
    (SERIES, "L.Dot(axes=(1, 1))([x, L.Dense(4)(x)])", None),
    # What keeps its input
    (IMAGE, "L.BatchNormalization()(L.Conv2D(4, 3)(x))", 3),
    (IMAGE, "L.LayerNormalization()(L.Dropout(0.5)(L.LeakyReLU()(L.Conv2D(4, 3)(x))))", 3),
    (SERIES, "L.SpatialDropout1D(0.5)(L.Conv1D(4, 3)(x))", 2),
    (IMAGE, "L.PReLU(shared_axes=[1, 2])(L.GaussianNoise(0.1)(x))", None),
    (SERIES, "L.MultiHeadAttention(2, 4)(x, x)", 2),
    (SERIES, "L.Attention()([x, L.Dense(5)(x)])", 2),
    (SERIES, "L.EinsumDense('abc,cd->abd', output_shape=(None, 7))(x)", None),
    # Operators, indices, functions
    (IMAGE, "L.Conv2D(6, 1)(x) * 2 + x", 3),
    (IMAGE, "L.Conv2D(4, 1)(x)[:, 1:9, ::2, :]", 3),
    (IMAGE, "L.Conv2D(4, 1)(x)[:, 0]", 2),
    (IMAGE, "L.Conv2D(4, 1)(x)[..., 1]", None),
    (VECTOR, "L.Dense(4)(x)[:, None, None, :]", 3),
    (IMAGE, "L.Lambda(lambda t: t[:, ::2, ::2] * 0.5)(L.Conv2D(4, 1)(x))", 3),
    # Inner models
    (IMAGE, "keras.Sequential([L.Conv2D(4, 3, strides=2), L.BatchNormalization(), L.Flatten(), L.Dense(5)])(x)", 1),
    (IMAGE, "keras.Sequential([L.Conv2D(4, 3, activation='relu', input_shape=(15, 18, 6)), L.MaxPooling2D()])(x)", 3),
]
"""Input shape, application, and the channel axis of what it makes (None: it does not follow)."""

OPERATIONS = [
    (IMAGE, "ops.reshape(x, (-1, 270, 6))", None),
    (IMAGE, "ops.transpose(L.Conv2D(4, 1)(x), (0, 3, 1, 2))", 1),
    (IMAGE, "ops.mean(L.Conv2D(4, 1)(x), axis=[1, 2], keepdims=True)", 3),
    (IMAGE, "ops.max(L.Conv2D(4, 1)(x), axis=(1, 2))", 1),
    (IMAGE, "ops.concatenate([x, x], axis=-1)", None),
    (IMAGE, "ops.expand_dims(L.Conv2D(4, 1)(x), 1)", 4),
    (IMAGE, "ops.squeeze(ops.mean(L.Conv2D(4, 1)(x), axis=1, keepdims=True), axis=1)", 2),
    (IMAGE, "ops.pad(L.Conv2D(4, 1)(x), [[0, 0], [1, 1], [2, 0], [0, 0]])", 3),
    (IMAGE, "ops.image.resize(L.Conv2D(4, 1)(x), (8, 9))", 3),
    (IMAGE, "ops.relu(ops.add(L.Conv2D(6, 1)(x), x))", 3),
    (IMAGE, "ops.stack([x, x], axis=1)", None),
    (IMAGE, "ops.split(L.Conv2D(4, 1)(x), 2, axis=-1)[0]", 3),
    (IMAGE, "ops.swapaxes(L.Conv2D(4, 1)(x), 1, 3)", 1),
    (IMAGE, "ops.moveaxis(L.Conv2D(4, 1)(x), -1, 1)", 1),
    (SERIES, "ops.matmul(x, ops.transpose(x, (0, 2, 1)))", 2),
    (SERIES, "ops.einsum('btc,bsc->bts', x, L.Dense(5)(x))", None),
]

FUNCTIONS = [
    (IMAGE, "tf.reshape(x, [tf.shape(x)[0], 270, 6])", None),
    (IMAGE, "tf.transpose(L.Conv2D(4, 1)(x), perm=[0, 3, 1, 2])", 1),
    (IMAGE, "tf.reduce_mean(L.Conv2D(4, 1)(x), [1, 2], keepdims=True)", 3),
    (IMAGE, "K.mean(L.Conv2D(4, 1)(x), axis=[1, 2])", 1),
    (IMAGE, "tf.concat([x, L.Conv2D(4, 1)(x)], -1)", 3),
    (IMAGE, "K.reshape(x, (-1, K.int_shape(x)[1] * K.int_shape(x)[2], 6))", None),
    (IMAGE, "K.permute_dimensions(L.Conv2D(4, 1)(x), (0, 2, 1, 3))", 3),
    (IMAGE, "tf.pad(L.Conv2D(4, 1)(x), [[0, 0], [1, 1], [2, 0], [0, 0]])", 3),
    (IMAGE, "tf.image.resize(L.Conv2D(4, 1)(x), [8, 9])", 3),
    (IMAGE, "tf.image.resize(L.Conv2D(4, 1)(x), x.shape[1:3])", 3),
    (IMAGE, "K.resize_images(L.Conv2D(4, 1)(x), 2, 3, 'channels_last')", 3),
    (IMAGE, "tf.split(L.Conv2D(4, 1)(x), 2, axis=3)[1]", 3),
    (IMAGE, "tf.expand_dims(tf.nn.relu(L.Conv2D(4, 1)(x)), axis=-1)", 3),
    (IMAGE, "tf.stack([x, x, x], axis=-1)", None),
    (IMAGE, "tf.tile(L.Conv2D(4, 1)(x), [1, 2, 3, 1])", 3),
    ((16, 18, 8), "tf.nn.depth_to_space(L.Conv2D(8, 1)(x), 2)", 3),
    ((16, 18, 8), "tf.nn.space_to_depth(L.Conv2D(8, 1)(x), 2)", 3),
    (SERIES, "tf.matmul(x, tf.transpose(x, [0, 2, 1]))", 2),
    (VECTOR, "L.Dense(4)(x)[:, tf.newaxis]", 2),
    (IMAGE, "L.Lambda(lambda t: tf.reduce_max(t, axis=[1, 2]), output_shape=(6,))(L.Conv2D(6, 1)(x))", 1),
]


def program(major: int, shape: tuple[int | None, ...], code: str) -> str:
    return f"{HEADS[major]}x = keras.Input({shape!r})\ny = {code}\nmodel = keras.Model(x, y)\n"


def built(source: str) -> tuple[int | None, ...]:
    """The shape that Keras has."""
    names: dict[str, Any] = {}
    exec(source, names)
    return tuple(names["y"].shape)


def leaves(tensor: Call | Join) -> tuple[object, ...] | None:
    return None if tensor.shape is None else tuple("?" if isinstance(size, Unknown) else size for size in tensor.shape)


@pytest.mark.parametrize(
    ("major", "shape", "code", "channels"),
    [
        *((major, *case) for major in (3, 2) for case in LAYERS),
        *((3, *case) for case in OPERATIONS),
        *((2, *case) for case in FUNCTIONS),
    ],
)
def test_the_shape_is_that_of_keras(major: int, shape: tuple[int | None, ...], code: str, channels: int | None) -> None:
    source = program(major, shape, code)
    model = read(source, head="").graph("model")
    (output,) = model.outputs
    real = built(source)
    found = leaves(output)
    assert found is not None
    assert len(found) == len(real)
    assert {(mine, true) for mine, true in zip(found, real, strict=True) if mine not in (true, "?")} == set()
    assert found.count("?") <= (1 if any(word in code for word in LOOSE) else 0)
    assert output.channels == channels


LOOSE = ("L.Attention", "EinsumDense")
"""Where a size is left unknown."""


@pytest.mark.parametrize("major", [3, 2])
def test_a_global_data_format(major: int) -> None:
    keras = importlib.import_module("keras" if major == 3 else "tf_keras")
    source = program(major, (3, 9, 10), "L.UpSampling2D()(L.ZeroPadding2D()(x))")
    source = source.replace("x = keras", "keras.backend.set_image_data_format('channels_first')\nx = keras")
    try:
        real = built(source)
    finally:
        keras.backend.set_image_data_format("channels_last")
    (output,) = read(source, head="").graph("model").outputs
    assert leaves(output) == real
    assert output.channels == 1
