"""A package of our own, built as those from PyPI are: in a process of its own, under old names, with stand-ins."""

import json
from pathlib import Path

import pytest

from tests.conftest import needs
from tests.oracle.packages import Package, build

pytestmark = pytest.mark.keras

MODELS = """\
from nowhere import cached, logged
import nowhere.deeper as deeper
from keras.layers import Activation, Add, BatchNormalization, Dense, Layer
from {engine} import InputSpec

class Task(deeper.Base):
    rate = deeper.rates.slow

@cached
@logged(level=3)
def block(x, units):
    x = Dense(units)(x)
    return BatchNormalization(axis=-1)(x)

class Residual(Layer):
    def __init__(self):
        super().__init__()
        self.norm = BatchNormalization()

    def call(self, x):
        return Add()([x, self.norm(x)])

def net(x):
    x = Activation("relu")(block(x, 8))
    return Residual()(x)
"""


@pytest.mark.parametrize(("major", "engine"), [(2, "keras.engine.topology"), (3, "keras")])
def test_a_package_is_built_in_a_process_of_its_own(major: int, engine: str, tmp_path: Path) -> None:
    needs("tensorflow", "keras", "tf_keras")
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "__init__.py").write_text("")
    (tmp_path / "tiny" / "models.py").write_text(MODELS.format(engine=engine))
    aliases = {"keras.engine.topology": "tf_keras.src.engine.input_spec"} if major == 2 else {}
    builders = ("tiny.models: net(Input((8,)))", "tiny.models: keras.layers.BatchNormalization()(Input((8,)))", "tiny.models: 1 / 0")
    package = Package("tiny==1", major, "tiny", builders, stubs=("nowhere",), aliases=aliases)
    build(package, tmp_path / "tiny", [tmp_path], tmp_path / "answer.json")
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert answer == {
        "sites": [
            ["models.py", 13, [["linear", None]], [["activation", "relu"]]],
            ["models.py", 18, [["activation", "relu"]], [["merge", None]]],
        ],
        "opaque": {},
        "failures": {"tiny.models: 1 / 0": "ZeroDivisionError: division by zero"},
    }
