"""BN503: what Keras 3 and Keras 2 do with a second positional argument."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

BUILT = "made = keras.layers.BatchNormalization(); x = np.random.default_rng(0).normal(5.0, 2.0, (8, 4)).astype('float32')"


@pytest.mark.parametrize("given", ["True", "False", "1"])
def test_keras_3_takes_tensors_only_by_position(observe: Observe, given: str) -> None:
    answer = observe(3, BUILT, f"made(x, {given})")
    assert answer["error"] == "ValueError"
    assert "Only input tensors may be passed as positional arguments" in answer["message"]


def test_a_tensor_by_position_is_given_twice(observe: Observe) -> None:
    answer = observe(3, BUILT, "made(x, keras.ops.convert_to_tensor(True))")
    assert answer["error"] == "TypeError"
    assert "multiple values for argument 'training'" in answer["message"]


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize("call", ["made(x, None)", "made(x, training=True)"])
def test_none_and_the_keyword_pass(observe: Observe, major: int, call: str) -> None:
    assert observe(major, BUILT, f"fact = {call}.shape[0]") == 8


@pytest.mark.parametrize("given", ["True", "False"])
def test_on_keras_2_position_and_name_are_the_same(observe: Observe, given: str) -> None:
    assert observe(2, BUILT, f"fact = float(np.abs(np.array(made(x, {given})) - np.array(made(x, training={given}))).max())") == 0.0


def test_the_method_call_is_not_checked(observe: Observe) -> None:
    assert observe(3, BUILT + "; made.build((None, 4))", "fact = made.call(x, True).shape[0]") == 8


@pytest.mark.parametrize("program", [bad, fixed], ids=["bad", "fixed"])
def test_the_programs_of_the_page(observe: Observe, program: object) -> None:
    source = program("BN503")  # type: ignore[operator]
    probe = "fact = Block()(np.ones((2, 8, 8, 3), 'float32'), training=True).shape[0]"
    answer = observe(3, source, probe)
    assert answer["error"] == "ValueError" if program is bad else answer == 2
    assert observe(2, source, probe) == 2
