"""BN608: an epsilon that was edited in the configuration of a saved model is loaded without a word, and changes what it says."""

import pytest

from tests.keras_facts.conftest import Observe

pytestmark = pytest.mark.keras

EDITED = """
import warnings, zipfile

model = keras.Sequential([keras.Input((8,)), keras.layers.BatchNormalization(), keras.layers.Dense(4, activation="softmax")])
model.save("whole.keras")
with zipfile.ZipFile("whole.keras") as old, zipfile.ZipFile("edited.keras", "w") as new:
    for name in old.namelist():
        data = old.read(name)
        new.writestr(name, data.replace(b'"{old}"', b'"{new}"') if name == "config.json" else data)
x = np.random.default_rng(0).normal(0.0, 2.0, (256, 8)).astype("float32")
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    edited = keras.models.load_model("edited.keras")
fact = [float(np.abs(model.predict(x, verbose=0) - edited.predict(x, verbose=0)).max()), len(said)]
"""


def edited(old: str, new: str) -> str:
    return EDITED.replace("""b'"{old}"', b'"{new}"'""", f"b'{old}', b'{new}'")


@pytest.mark.parametrize("major", [2, 3])
def test_an_edited_epsilon_changes_predictions(observe: Observe, major: int) -> None:
    apart, warnings = observe(major, "", edited('"epsilon": 0.001', '"epsilon": 100.0'))
    assert apart > 0.1
    assert warnings == 0


@pytest.mark.parametrize("major", [2, 3])
def test_an_edited_momentum_does_not(observe: Observe, major: int) -> None:
    assert observe(major, "", edited('"momentum": 0.99', '"momentum": 0.5'))[0] == 0
