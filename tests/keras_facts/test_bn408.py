"""BN408: names of arguments that Keras does not know."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras


@pytest.mark.parametrize(
    ("major", "error", "text"), [(2, "TypeError", "Keyword argument not understood"), (3, "ValueError", "Unrecognized keyword arguments")]
)
def test_another_name_raises(observe: Observe, major: int, error: str, text: str) -> None:
    answer = observe(major, bad("BN408"))
    assert answer["error"] == error
    assert text in answer["message"].replace("(s)", "").replace("argument(s)", "argument")
    assert observe(major, fixed("BN408"), "fact = 'built'") == "built"
