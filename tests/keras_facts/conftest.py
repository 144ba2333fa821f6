"""A fact about Keras: a program of a page, and what is asked of it once it ran."""

from typing import Any, Protocol

import pytest

from tests.proofs.conftest import Run, run
from tests.test_pages import everything

__all__ = ["run"]


MOVES = """
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
y = np.zeros((64, 1), "float32")
{made}
norm = next(layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization))
before = np.array(norm.moving_mean)
{act}
fact = bool(np.abs(np.array(norm.moving_mean) - before).max() > 0)
"""
"""A probe: whether the statistics of `model`, as it is `made`, move by an `act` on x and y."""


class Observe(Protocol):
    """`observe(keras, program, probe)`: the value of `fact` after both ran, or `{"error": type, "message": text}`.

    The probe sees the names of the program, `keras` and `np` (numpy).
    """

    def __call__(self, keras: int | str, program: str, probe: str = "") -> Any: ...


@pytest.fixture
def observe(run: Run) -> Observe:
    def ask(keras: int | str, program: str, probe: str = "") -> Any:
        answer = run(keras, "observe", path="program.py", source=program, probe=probe)
        return answer.get("fact", answer)

    return ask


def bad(code: str, number: int = 0) -> str:
    """The *Bad* program of that number (from 0) on a page."""
    return [example for example in everything("Bad") if example.code == code][number].source


def fixed(code: str, number: int = 0) -> str:
    """The *Fixed* program of that number (from 0) on a page."""
    return [example for example in everything("Fixed") if example.code == code][number].source
