"""What the code leaves to an option is found, and not rewritten: the fix would take the option away."""

from pathlib import Path

import pytest

from bnlint.api import lint_source

HEAD = "from keras import Input, layers\n\n\n"


@pytest.mark.parametrize(
    ("code", "program"),
    [
        (
            "BN103",
            "def block(x, use_bias=True):\n    x = layers.Dense(8, use_bias=use_bias)(x)\n    x = layers.BatchNormalization()(x)\n"
            "    return layers.ReLU()(x)\n",
        ),
        (
            "BN103",
            "def block(x, norm=True):\n    x = layers.Dense(8)(x)\n    if norm:\n        x = layers.BatchNormalization()(x)\n"
            "    return layers.ReLU()(x)\n",
        ),
        ("BN403", "def block(x, momentum=0.1):\n    return layers.BatchNormalization(momentum=momentum)(x)\n"),
    ],
)
def test_an_option_is_not_taken_away(code: str, program: str) -> None:
    found = [finding for finding in lint_source(HEAD + program, isolated=True) if finding.code == code]
    assert len(found) == 1
    assert found[0].fix is None


def test_what_is_no_option_is_fixed() -> None:
    program = (
        "def block(x, norm=True):\n    if norm:\n        x = layers.Dense(8)(x)\n        x = layers.BatchNormalization()(x)\n    return x\n"
    )
    found = [finding for finding in lint_source(HEAD + program, isolated=True) if finding.code == "BN103"]
    assert [finding.fix is not None for finding in found] == [True]


LOADS = Path(__file__).parent.parent.parent / "fixtures" / "checks" / "BN101" / "loads_weights.py"


def test_no_fix_where_code_that_is_not_followed_loads_weights() -> None:
    (found,) = lint_source(LOADS.read_text(encoding="utf-8"), "model.py", isolated=True, select=["BN101"])
    assert found.fix is None
    assert "this file loads weights" in found.reason


def test_a_batchnorm_that_is_added_under_a_test_is_an_option() -> None:
    source = """
from keras import Input, Sequential, layers

def network(norm=True):
    model = Sequential([Input((8,)), layers.Dense(8)])
    if norm:
        model.add(layers.BatchNormalization())
    return model

model = network()
"""
    (found,) = lint_source(source, "model.py", isolated=True, select=["BN103"])
    assert found.fix is None
    assert "an option" in found.reason
