"""BN311: the setter of a model does nothing in Keras 3 where its own flag has the value already."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

FLAGS = "fact = {layer.trainable for layer in model.layers} == {True}"


@pytest.mark.parametrize(("major", "set_free"), [(2, True), (3, False)])
def test_the_layers_follow_on_keras_2_only(observe: Observe, major: int, set_free: bool) -> None:
    assert observe(major, bad("BN311"), FLAGS) is set_free
    assert observe(major, fixed("BN311"), FLAGS) is True


@pytest.mark.parametrize("major", [2, 3])
def test_the_layers_follow_where_the_flag_changes(observe: Observe, major: int) -> None:
    assert observe(major, bad("BN311"), "model.trainable = False\nmodel.trainable = True\n" + FLAGS) is True
