"""The models of keras.applications as files: nothing is found in them but what their source deserves, and that they are fresh."""

import pytest

from tests.oracle.families import FAMILIES, SHAPE, Family
from tests.proofs.conftest import Run, run
from tests.saved_models import lint, save

pytestmark = [pytest.mark.keras, pytest.mark.slow]

__all__ = ["run"]

BUILT = """
import keras
import numpy as np

model = keras.applications.{name}(weights=None, input_shape={shape}, classes=10)
"""

FILLED = """
random = np.random.default_rng(1)
for layer in model.layers:
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.set_weights([np.exp(random.normal(0.0, 1.5, array.shape)) for array in layer.get_weights()])
"""

DESERVED = {
    "ResNet50": {"BN103 info"},  # a bias in each of its 53 convolutions; in the source the weights that it loads excuse them
    "ResNetRS50": {"BN402 warning"},  # momentum 0.0, as its source says
}


def _name(value: Family | int) -> str:
    return value.name if isinstance(value, Family) else str(value)


@pytest.mark.parametrize(("family", "major"), [(family, major) for family in FAMILIES for major in family.majors], ids=_name)
def test_nothing_is_found_but_what_is_there(run: Run, family: Family, major: int) -> None:
    program, suffix = BUILT.format(name=family.name, shape=SHAPE), ".keras" if major == 3 else ".h5"
    deserved = DESERVED.get(family.name, set())
    for source, expected in ((program, deserved | {"BN601 info"}), (program + FILLED, deserved)):
        findings = lint(save(run, major, source, suffix))
        assert {f"{each.code} {each.severity}" for each in findings} == expected
