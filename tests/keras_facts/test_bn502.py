"""BN502: what the constructor of BatchNormalization takes, on Keras 3 and Keras 2."""

import pytest

from bnlint import catalogue
from bnlint.checks.bn502_removed_argument import CASES
from bnlint.graph.model import KerasTarget
from bnlint.keras_api.layers import accepted, once_accepted
from bnlint.keras_api.migration import ARGUMENTS, is_gone
from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

VALUES = {
    "batch_input_shape": (None, 4),
    "batch_size": 4,
    "beta_init": "zero",
    "dynamic": True,
    "fused": None,
    "gamma_init": "one",
    "implementation": 1,
    "input_dtype": "float32",
    "mode": 0,
    "virtual_batch_size": 2,
}
REFUSAL = {3: ("ValueError", "Unrecognized keyword arguments passed to BatchNormalization"), 2: ("TypeError", "not understood")}


def test_the_table_holds_all_that_keras_took_and_no_longer_takes() -> None:
    kind = "BatchNormalization"
    back = {name for name, removed in ARGUMENTS.items() if removed.until is not None}
    assert ARGUMENTS.keys() == (once_accepted(kind) - accepted(kind, 3)) | back


def test_the_page_and_the_table_name_the_same_versions() -> None:
    cases = catalogue.page("BN502").cases
    for name, removed in ARGUMENTS.items():
        if removed.until is not None:
            major, minor = removed.until
            assert cases[CASES[name]].keras == f">=3.0,<{major}.{minor}"


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("target", [KerasTarget(3), KerasTarget(2, 21)], ids=str)
def test_an_argument_is_refused_where_the_table_says_so(observe: Observe, target: KerasTarget, argument: str) -> None:
    program = f"made = keras.layers.BatchNormalization(**{{{argument!r}: {VALUES.get(argument)!r}}})"
    answer = observe(target.major, program, "fact = made(np.ones((8, 4), 'float32')).shape[0]")
    if is_gone(ARGUMENTS[argument], target):
        error, text = REFUSAL[target.major]
        assert answer["error"] == error
        assert text in answer["message"]
    else:
        assert answer == 8


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_programs_of_the_page_run_once_they_are_fixed(observe: Observe, number: int) -> None:
    assert observe(3, bad("BN502", number))["error"] == "ValueError"
    assert observe(3, fixed("BN502", number), "fact = True") is True


TRAINED = """
layer = keras.layers.BatchNormalization({})
x = np.random.default_rng(0).normal(5.0, 2.0, (8, 4, 4, 3)).astype("float32")
layer(x, training=True)
fact = np.array(layer.moving_variance).tolist()
"""


@pytest.mark.parametrize(("argument", "close"), [("fused=True", True), ("fused=None", True), ("fused=False", False)])
def test_keras_2_keeps_its_statistics_without_fused_unless_that_was_false(observe: Observe, argument: str, close: bool) -> None:
    with_it, without = (observe(2, "", TRAINED.format(text)) for text in (argument, ""))
    assert (with_it == pytest.approx(without, abs=1e-6)) is close


@pytest.mark.parametrize("name", ["normal", "one", "uniform", "zero", "glorot_uniform"])
def test_initializers_of_keras_1_still_have_their_names(observe: Observe, name: str) -> None:
    answer = observe(3, f"made = keras.layers.BatchNormalization(gamma_initializer={name!r})", "fact = made.gamma_initializer is not None")
    assert answer is True
