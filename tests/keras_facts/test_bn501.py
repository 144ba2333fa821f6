"""BN501: by which paths BatchNormalization is reached, in Keras 3 and in tf_keras."""

import pytest

from bnlint.graph.model import KerasTarget
from bnlint.keras_api.migration import PATHS, gone, is_gone, today
from tests.keras_facts.conftest import Observe, bad, fixed

pytestmark = pytest.mark.keras

CLASS = {
    "keras.layers.experimental": "SyncBatchNormalization",
    "tensorflow.keras.layers.experimental": "SyncBatchNormalization",
    "keras.api._v1": "keras.layers.BatchNormalization",
    "keras.api._v2": "keras.layers.BatchNormalization",
}
"""How the class is reached below a path; BatchNormalization, or layers.BatchNormalization, elsewhere."""


def whole(path: str) -> str:
    """A path of the table down to the class."""
    if path.rpartition(".")[2].startswith("BatchNormalization"):
        return path
    return f"{path}.{CLASS.get(path, 'BatchNormalization' if '.layers' in path else 'layers.BatchNormalization')}"


def imported(dotted: str) -> str:
    module, _, name = dotted.rpartition(".")
    return f"from {module} import {name} as Class"


SKIPPED = {"tensorflow.keras.api._v1", "tensorflow.keras.api._v2", "keras.api._v1"}
"""Not asked of Keras 2: paths inside of packages that other names lead to."""


@pytest.mark.parametrize("path", PATHS)
def test_the_newest_keras_has_none_of_the_paths(observe: Observe, path: str) -> None:
    answer = observe(3, imported(whole(path)), "fact = Class.__name__")
    assert answer["error"] in ("ImportError", "ModuleNotFoundError")


@pytest.mark.parametrize("path", [path for path in PATHS if path not in SKIPPED])
def test_keras_2_has_the_paths_that_the_table_lets_it_have(observe: Observe, path: str) -> None:
    if path.startswith("tensorflow.python"):
        return  # it belongs to TensorFlow, whose one version is installed
    answer = observe(2, imported(whole(path)), "fact = Class.__name__")
    if is_gone(PATHS[path], KerasTarget(2, 21)):
        assert answer["error"] in ("ImportError", "ModuleNotFoundError")
    else:
        assert "BatchNormalization" in answer


ATTRIBUTES = [whole(path) for path in PATHS if path.startswith("tensorflow.")]
COMPATIBLE = [
    dotted.replace("keras", f"compat.{api}.keras", 1)
    for dotted in ATTRIBUTES
    if dotted.startswith("tensorflow.keras.")
    for api in ("v1", "v2")
]


@pytest.mark.parametrize("dotted", ATTRIBUTES + COMPATIBLE)
def test_attributes_are_gone_as_the_table_says(observe: Observe, dotted: str) -> None:
    answer = observe(3, "import tensorflow as tf", f"fact = {dotted.replace('tensorflow', 'tf', 1)}.__name__")
    if gone(dotted, by_import=False) is None:
        assert answer == "BatchNormalization"
    else:
        assert answer["error"] == "AttributeError"


@pytest.mark.parametrize("dotted", [dotted for path in PATHS if (dotted := today(whole(path))) is not None])
def test_todays_paths_exist_in_both(observe: Observe, dotted: str) -> None:
    for major in (2, 3):
        assert observe(major, imported(dotted), "fact = Class.__name__") == "BatchNormalization"


@pytest.mark.parametrize(
    ("number", "error"),
    [(0, "ModuleNotFoundError"), (1, "ImportError"), (2, "AttributeError"), (3, "ImportError"), (4, "ModuleNotFoundError")],
)
def test_the_programs_of_the_page(observe: Observe, number: int, error: str) -> None:
    assert observe(3, bad("BN501", number))["error"] == error
    assert observe(3, fixed("BN501", number), "fact = len(model.weights)") > 4


def test_a_test_of_type_by_a_path_that_is_gone_raises(observe: Observe) -> None:
    assert observe(3, bad("BN501", 5))["error"] == "AttributeError"
    assert observe(3, fixed("BN501", 5), "fact = model.layers[-1].trainable") is False


TRAINED = """
keras.utils.set_random_seed(3)
model = keras.Sequential([keras.layers.Dense(8), {}, keras.layers.Dense(1)])
x = np.random.default_rng(0).normal(5.0, 2.0, (64, 4)).astype("float32")
model.compile("sgd", "mse")
model.fit(x, x[:, :1], epochs=2, verbose=0)
fact = [np.array(weight).tolist() for weight in model.weights] + [model.predict(x, verbose=0).tolist()]
"""


def test_on_keras_2_synchronized_is_the_same_layer(observe: Observe) -> None:
    old, new = "keras.layers.experimental.SyncBatchNormalization()", "keras.layers.BatchNormalization(synchronized=True)"
    assert observe(2, "", TRAINED.format(old)) == observe(2, "", TRAINED.format(new))
