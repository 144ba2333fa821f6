"""BN407: the constructor takes settings, not a tensor."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras


@pytest.mark.parametrize(("major", "text"), [(2, "Expected an int or a list/tuple of ints for the argument 'axis'"), (3, "symbolic")])
def test_a_tensor_in_the_constructor_raises(observe: Observe, major: int, text: str) -> None:
    assert text in observe(major, bad("BN407"))["message"]
    assert observe(major, fixed("BN407"), "fact = 'built'") == "built"
