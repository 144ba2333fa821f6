"""What training code calls: the methods of models, where data comes from, and in which batches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from bnlint.keras_api.tables import by_word, words

MODEL_METHODS: Final[Mapping[str, str]] = by_word(
    {
        "compile": "compile",
        "evaluate": "evaluate evaluate_generator test_on_batch",
        "fit": "fit fit_generator",
        "load_weights": "load_weights set_weights",
        "predict": "predict predict_generator predict_on_batch",
        "save": "export save save_weights",
        "train_on_batch": "train_on_batch",
    }
)
"""Method of a model -> the kind of its event."""

_FIT: Final = (
    "x y batch_size epochs verbose callbacks validation_split validation_data shuffle class_weight sample_weight initial_epoch "
    "steps_per_epoch validation_steps validation_batch_size validation_freq"
)

SIGNATURES: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(parameters.split())
    for name, parameters in {
        "compile": "optimizer loss",
        "evaluate": "x y batch_size verbose sample_weight steps",
        "evaluate_generator": "x steps callbacks",
        "export": "filepath",
        "fit": _FIT,
        "fit_generator": "x steps_per_epoch epochs verbose callbacks validation_data validation_steps",
        "load_weights": "source",
        "predict": "x batch_size verbose steps",
        "predict_generator": "x steps callbacks",
        "predict_on_batch": "x",
        "save": "filepath overwrite",
        "save_weights": "filepath overwrite",
        "set_weights": "source",
        "test_on_batch": "x y sample_weight",
        "train_on_batch": "x y sample_weight",
    }.items()
}
"""The first parameters of these methods, as far as both Kerases agree, `x` for the data and `source` for the weights."""

OLD_NAMES: Final[Mapping[str, str]] = {"generator": "x", "nb_epoch": "epochs", "filepath": "source", "weights": "source"}
"""Keyword arguments of these methods that stand for one of these parameters."""

VARIABLES: Final = words("non_trainable_variables non_trainable_weights trainable_variables trainable_weights variables weights")
"""Attributes of models that list variables."""

MODES: Final = ("training", "is_training", "is_train", "istraining", "in_training", "train", "train_mode", "training_mode", "train_phase")
"""Parameters of a `call` that say whether the model is training. Keras knows the first only."""


def mode(value: object) -> object:
    """A value of `training` as Keras takes it: 1 and 0 say what True and False say."""
    return bool(value) if type(value) is int and value in (0, 1) else value


def is_mode(name: str, default: object) -> bool:
    """Whether a parameter of a `call` says if the model is training. `mode` alone says many things; not with a default of False or None."""
    return name in MODES or (name == "mode" and (default is False or default is None))


def says_training(name: str) -> bool:
    """Whether the name of a parameter speaks of training: one of MODES, or `train_bn`, `bnTraining`."""
    return name in MODES or not _TRAINING.isdisjoint(word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name))


_TRAINING: Final = frozenset({"train", "training", "istrain", "istraining"})


LOADERS: Final[Mapping[str, tuple[int, int | None]]] = {
    "keras.preprocessing.image_dataset_from_directory": (5, 32),
    "keras.preprocessing.sequence.TimeseriesGenerator": (9, 128),
    "keras.preprocessing.text_dataset_from_directory": (4, 32),
    "keras.preprocessing.timeseries_dataset_from_array": (5, 128),
    "keras.utils.audio_dataset_from_directory": (4, 32),
    "keras.utils.image_dataset_from_directory": (5, 32),
    "keras.utils.text_dataset_from_directory": (4, 32),
    "keras.utils.timeseries_dataset_from_array": (5, 128),
    "tensorflow_datasets.load": (99, None),
    "torch.utils.data.DataLoader": (1, 1),
    "tf.data.experimental.make_batched_features_dataset": (1, None),
    "tf.data.experimental.make_csv_dataset": (1, None),
}
"""Functions that read a data set and batch it: the position of `batch_size`, and its default."""

FLOWS: Final[Mapping[str, int]] = {"flow": 2, "flow_from_directory": 5, "flow_from_dataframe": 9}
"""Methods of ImageDataGenerator that make batches, of 32 by default, and the position of `batch_size`."""

BATCHING: Final[Mapping[str, tuple[str, ...]]] = {
    "batch": ("batch_size", "drop_remainder"),
    "bucket_by_sequence_length": ("element_length_func", "bucket_boundaries", "batch_size"),
    "dense_to_ragged_batch": ("batch_size", "drop_remainder"),
    "dense_to_sparse_batch": ("batch_size",),
    "map_and_batch": ("map_func", "batch_size", "num_parallel_batches", "drop_remainder"),
    "padded_batch": ("batch_size", "padded_shapes", "padding_values", "drop_remainder"),
    "ragged_batch": ("batch_size", "drop_remainder"),
    "rebatch": ("batch_size", "drop_remainder"),
    "sparse_batch": ("batch_size",),
}
"""Methods of tf.data.Dataset that make batches, and functions of tf.data.experimental that are applied to one: their parameters."""

KEEPING: Final = words(
    "cache copy_to_device enumerate map options prefetch prefetch_to_device shuffle snapshot with_options as_numpy_iterator"
)
"""Methods that leave the batches and the number of samples as they are."""

SELECTING: Final = words(
    "assert_cardinality filter ignore_errors rejection_resample shard shuffle_and_repeat take_while unique skip take repeat"
)
"""Methods that leave the batches as they are, but not the number of samples."""

ARRAYS: Final[Mapping[str, str]] = by_word(
    {
        "shape": (
            "keras.ops.ones keras.ops.zeros keras.random.normal keras.random.uniform numpy.empty numpy.ones numpy.random.random "
            "numpy.random.random_sample numpy.random.standard_normal numpy.zeros tf.ones tf.random.normal tf.random.truncated_normal "
            "tf.random.uniform tf.zeros"
        ),
        "size": "numpy.random.normal numpy.random.randint numpy.random.uniform",
        "sizes": "numpy.random.rand numpy.random.randn",
        "array": "keras.ops.array keras.ops.convert_to_tensor numpy.array numpy.asarray tf.cast tf.constant tf.convert_to_tensor",
    }
)
"""Functions that make arrays -> what tells their shape: `shape` (first argument), `size` (third), each argument, or another array."""

_MNIST: Final = (((60000, 28, 28), (60000,)), ((10000, 28, 28), (10000,)))
_CIFAR: Final = (((50000, 32, 32, 3), (50000, 1)), ((10000, 32, 32, 3), (10000, 1)))

DATASETS: Final[Mapping[str, tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]]] = {
    "cifar10": _CIFAR,
    "cifar100": _CIFAR,
    "fashion_mnist": _MNIST,
    "mnist": _MNIST,
}
"""Modules of keras.datasets -> what their `load_data()` returns, as shapes (channels last)."""
