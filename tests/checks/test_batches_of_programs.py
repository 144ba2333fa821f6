"""Small batches in programs: where the finding points, and what is meant to be small."""

import pytest

from bnlint import lint_source
from bnlint.findings import Finding

HEAD = """\
import keras
import numpy as np
import tensorflow as tf
from keras import layers
from mine import data, labels, make
model = keras.Sequential([keras.Input({shape}), {layer}, layers.BatchNormalization(), layers.ReLU()])
"""
FLAT, IMAGES = ("(8,)", "layers.Dense(4)"), ("(32, 32, 3)", "layers.Conv2D(4, 3)")


def small(source: str, shape: str = FLAT[0], layer: str = FLAT[1], path: str = "train.py") -> list[Finding]:
    """The findings of BN201; the program begins on line 7."""
    found = lint_source(HEAD.format(shape=shape, layer=layer) + source, path=path)
    return [finding for finding in found if finding.code == "BN201"]


@pytest.mark.parametrize(
    ("made", "column"),
    [
        ("train = tf.data.Dataset.from_tensor_slices(data).batch(4)", 9),
        ("train = keras.utils.image_dataset_from_directory('d', batch_size=4)", 9),
        ("train = tf.keras.preprocessing.image.ImageDataGenerator().flow_from_directory('d', batch_size=4)", 9),
        ("train = tf.data.experimental.make_csv_dataset('f', 4, label_name='y')", 9),
    ],
)
def test_the_call_that_makes_the_batches_is_flagged(made: str, column: int) -> None:
    (finding,) = small(f"{made}\nmodel.fit(train)\n")
    assert finding.span is not None
    assert (finding.span.line, finding.span.column, str(finding.severity)) == (7, column, "warning")
    places = {span.line: message for message, span in finding.related if span is not None}
    assert places[8] == "the call that trains on these batches"
    assert 6 in places


@pytest.mark.parametrize("call", ["model.fit(data, labels, batch_size=4)", "model.train_on_batch(data[:4], labels[:4])"])
def test_a_call_that_makes_its_own_batches_is_flagged(call: str) -> None:
    (finding,) = small(call)
    assert finding.span is not None
    assert (finding.span.line, len(finding.related)) == (7, 1)


PIX2PIX = "class Pix2Pix:\n    def train(self, batch_size=1):\n        model.train_on_batch(data, np.ones((batch_size, 30, 30, 4)))\n"


@pytest.mark.parametrize(
    ("source", "path", "severity"),
    [
        (PIX2PIX, "train.py", "info"),
        ("model.fit(data, labels, batch_size=1)", "pix2pix.py", "info"),
        ("model.fit(data, labels, batch_size=1)\nmodel(make(), training=True)", "train.py", "info"),
        ("model.fit(data, labels, batch_size=1)", "train.py", "warning"),
        ("model.fit(data, labels, batch_size=2)", "pix2pix.py", "warning"),
    ],
)
def test_batches_of_one_image_may_be_meant(source: str, path: str, severity: str) -> None:
    (finding,) = small(source, *IMAGES, path=path)
    assert str(finding.severity) == severity


def test_batches_of_one_vector_are_never_meant() -> None:
    (finding,) = small("model.fit(data, labels, batch_size=1)", path="pix2pix.py")
    assert str(finding.severity) == "error"


@pytest.mark.parametrize(
    "source",
    [
        "model.fit(make().batch(64), validation_data=make().batch(1))",
        "train = keras.utils.image_dataset_from_directory('d')\nmodel.fit(train)",
        "model.evaluate(make().batch(1))\nmodel.predict(data, batch_size=1)",
        "model.fit(keras.utils.image_dataset_from_directory('d', batch_size=None))",
    ],
)
def test_batches_that_are_no_training_or_large(source: str) -> None:
    assert small(source) == []
