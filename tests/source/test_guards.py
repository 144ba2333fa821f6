"""Which code is ready for another version of a library."""

import pytest

from bnlint.source.guards import guarded
from bnlint.text import load

TRY = """\
try:
    from keras.layers import BatchNormalization
except {error}:
    from keras.layers.normalization import BatchNormalization
after = 1
"""


def lines(source: str) -> set[int]:
    chunk = load("m.py", source.encode()).chunks[0]
    return {line for span in guarded(chunk, chunk.parse()) for line in range(span.line, span.end_line + 1)}


@pytest.mark.parametrize("error", ["ImportError", "ModuleNotFoundError", "(KeyError, AttributeError)", "Exception", "builtins.ImportError"])
def test_both_arms_of_an_attempt_are_guarded(error: str) -> None:
    assert lines(TRY.format(error=error)) == {1, 2, 3, 4}


@pytest.mark.parametrize("error", ["KeyError", "OSError", "(ValueError, TypeError)"])
def test_an_attempt_at_something_else_guards_nothing(error: str) -> None:
    assert lines(TRY.format(error=error)) == set()


@pytest.mark.parametrize(
    "test",
    [
        "tf.__version__ < '2.16'",
        "keras_version() >= (3,)",
        "hasattr(K, 'learning_phase')",
        "TYPE_CHECKING",
        "typing.TYPE_CHECKING",
        "IS_KERAS_3 and x",
        "not TF2",
        "backend.is_tf_keras_2",
    ],
)
def test_both_arms_of_a_test_of_versions_are_guarded(test: str) -> None:
    assert lines(f"if {test}:\n    x = 1\nelse:\n    x = 2\nafter = 1\n") == {1, 2, 3, 4}


@pytest.mark.parametrize("test", ["training", "use_bn", "k > 3", "conv_1 is not None", "self.v_size == 2"])
def test_other_tests_guard_nothing(test: str) -> None:
    assert lines(f"if {test}:\n    x = 1\nelse:\n    x = 2\n") == set()


def test_what_a_test_of_versions_leaves_early_guards_the_rest_of_its_block() -> None:
    assert lines("def f():\n    x = 1\n    if version >= 3:\n        return x\n    y = 2\n    return y\nafter = 1\n") == {3, 4, 5, 6}


def test_inner_blocks_are_looked_into() -> None:
    source = (
        "class A:\n    def f(self):\n        for x in y:\n            with suppress(AttributeError):\n                K.learning_phase()\n"
    )
    assert lines(source) == {4, 5}


@pytest.mark.parametrize("statement", ["IS_TF_1 or fail()", "assert version < 3", "IS_TF_1 or _raise(ValueError())"])
def test_what_is_required_of_the_version_guards_what_follows(statement: str) -> None:
    assert lines(f"def f():\n    x = 1\n    {statement}\n    y = 2\n    return y\nafter = 1\n") == {3, 4, 5}
    assert lines(f"class A:\n    def __init__(self):\n        {statement}\n    def f(self):\n        return 1\nafter = 1\n") == {
        1,
        2,
        3,
        4,
        5,
    }


def test_what_else_is_required_guards_nothing() -> None:
    assert lines("assert version(tf) >= version('1.3')\nx = 1\n") == set()
    assert lines("def f(x):\n    assert x > 2\n    x.ok or fail()\n    return x\n") == set()
