"""BN401: statistics along an axis that is not that of the channels."""

import pytest

from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

NUMBERS = """
fact = [int(layer.moving_mean.shape[0]) for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
"""


@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize(("number", "wrong", "channels"), [(0, 30, 16), (1, 96, 32)])
def test_there_is_one_value_for_each_row_or_time_step(observe: Observe, major: int, number: int, wrong: int, channels: int) -> None:
    assert observe(major, bad("BN401", number), NUMBERS) == [wrong]
    assert observe(major, fixed("BN401", number), NUMBERS) == [channels]


@pytest.mark.parametrize("major", [2, 3])
def test_a_list_is_no_axis_on_keras_3(observe: Observe, major: int) -> None:
    answer = observe(major, bad("BN401", 2), "block(keras.Input((8, 8, 3)))\nfact = 'built'")
    assert answer == "built" if major == 2 else answer["error"] == "TypeError"
    assert observe(major, fixed("BN401", 2), "block(keras.Input((8, 8, 3)))\nfact = 'built'") == "built"


EDITED = """
import json, zipfile

x = inputs = keras.Input((8, 8, 8))
x = keras.layers.BatchNormalization()(keras.layers.Conv2D(8, 3, padding="same")(x))
model = keras.Model(inputs, keras.layers.Dense(4)(keras.layers.Flatten()(x)))
model.layers[2].set_weights([np.linspace(0.5, 1.5, 8), np.zeros(8), np.linspace(-1, 1, 8), np.linspace(0.2, 2, 8)])
model.save("whole.keras")
with zipfile.ZipFile("whole.keras") as old, zipfile.ZipFile("edited.keras", "w") as new:
    for name in old.namelist():
        data = old.read(name)
        new.writestr(name, data.replace(b'"axis": -1', b'"axis": 1') if name == "config.json" else data)
data = np.random.default_rng(0).normal(size=(64, 8, 8, 8)).astype("float32")
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    edited = keras.models.load_model("edited.keras")
apart = np.abs(model.predict(data, verbose=0) - edited.predict(data, verbose=0)).max()
fact = [edited.layers[2].axis, float(apart), len(said)]
"""


def test_an_edited_axis_loads_without_a_word_where_all_sizes_agree(observe: Observe) -> None:
    axis, apart, warnings = observe(3, "import warnings", EDITED)
    assert (axis, warnings) == (1, 0)
    assert apart > 0.1
