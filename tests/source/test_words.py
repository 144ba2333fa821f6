"""Which watched names stand in the code."""

import pytest

from bnlint.source import analyse
from bnlint.text import load


def mentioned(source: str) -> set[str]:
    return set(analyse([load("m.py", source.encode())]).modules[0].mentions)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)\n", {"UPDATE_OPS"}),
        ("def f():\n    return tf.get_collection('update_ops')\n", {"update_ops"}),
        ("from tensorflow.contrib.framework import arg_scope as scope\n", {"arg_scope"}),
        ("def f(moving_mean):\n    pass\n", {"moving_mean"}),
        ("def f():\n    g(update_ops=None)\n", {"update_ops"}),
        ("ema = tf.train.ExponentialMovingAverage(0.9)\n", {"ExponentialMovingAverage"}),
        ("# UPDATE_OPS\nx = 1\n", set()),
        ("x = batch_mean\n", set()),
    ],
)
def test_names_count_wherever_they_stand_but_in_comments(source: str, names: set[str]) -> None:
    assert mentioned(source) == names
