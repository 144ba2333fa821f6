"""BN309: which backbones keep their statistics in `fit`."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

MOVED = """
norm = next(layer for layer in reversed(base.layers) if isinstance(layer, keras.layers.BatchNormalization))
before = np.array(norm.moving_mean)
data = np.random.default_rng(0).normal(5.0, 2.0, (8, 8)).astype("float32")
model.fit(data, np.zeros((8, 1), "float32"), verbose=0)
fact = bool(np.abs(np.array(norm.moving_mean) - before).max() > 0)
"""


@pytest.mark.parametrize(("major", "moves"), [(2, False), (3, True)])
def test_fit_overrides_the_recorded_value_on_keras_3_only(observe: Observe, major: int, moves: bool) -> None:
    assert observe(major, bad("BN309", 0), MOVED) is moves


@pytest.mark.parametrize("major", [2, 3])
def test_a_bare_backbone_loses_its_statistics_on_both(observe: Observe, major: int) -> None:
    assert observe(major, bad("BN309", 1), MOVED) is True


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize("number", [0, 1])
def test_frozen_layers_keep_theirs(observe: Observe, major: int, number: int) -> None:
    assert observe(major, fixed("BN309", number), MOVED) is False


@pytest.mark.parametrize("major", [2, 3])
def test_the_loop_reaches_nested_models(observe: Observe, major: int) -> None:
    nested = """
inner = keras.Sequential([keras.Input((4,)), keras.layers.BatchNormalization()])
outer = keras.Sequential([keras.Input((4,)), inner, keras.layers.Dense(1)])
kinds = lambda layers: any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers)
fact = [kinds(outer._flatten_layers()), kinds(outer.layers)]
"""
    assert observe(major, "import keras\n", nested) == [True, False]


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize("name", ["DenseNet121", "EfficientNetV2B0", "MobileNetV2", "ResNet50V2"])
def test_a_model_of_applications_holds_no_models(observe: Observe, major: int, name: str) -> None:
    built = f"import keras\nmodel = keras.applications.{name}(weights=None)\n"
    flat = "fact = len(model.layers) if list(model._flatten_layers(include_self=False)) == model.layers else 0"
    assert observe(major, built, flat) > 100
