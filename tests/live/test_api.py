"""`bnlint.lint_model`."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import bnlint
from tests.conftest import needs


@pytest.mark.parametrize(
    ("given", "what"),
    [(3, "a value of type int"), (None, "a value of type NoneType"), (dict, "the class dict"), ([1], "a value of type list")],
)
def test_what_is_no_model_is_named(given: object, what: str) -> None:
    with pytest.raises(TypeError) as raised:
        bnlint.lint_model(given, isolated=True)
    assert str(raised.value) == f"bnlint lints models of Keras 3 and tf_keras, and was given {what}"


def test_what_is_no_model_is_told_without_keras() -> None:
    code = "import bnlint, sys\ntry:\n    bnlint.lint_model(3)\nexcept TypeError:\n    print({'keras', 'numpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.fixture
def keras() -> Any:
    needs("tensorflow", "keras")
    import keras

    return keras


def behind_dropout(keras: Any) -> Any:
    layers = keras.layers
    inside = keras.Sequential([keras.Input((8,)), layers.Dropout(0.2), layers.BatchNormalization(name="norm")], name="inside")
    return keras.Sequential([keras.Input((8,)), inside, layers.Dense(1)], name="tiny")


@pytest.mark.keras
def test_findings_name_the_model_and_the_layer_and_are_advice(keras: Any) -> None:
    found = bnlint.lint_model(behind_dropout(keras), isolated=True, select=["BN102"])
    assert isinstance(found, tuple)
    assert [(each.code, each.path, each.layer, each.span, each.fix) for each in found] == [
        ("BN102", "<model tiny>", "inside/norm", None, None)
    ]


@pytest.mark.keras
def test_weights_are_judged_as_they_are_now(keras: Any) -> None:
    model = behind_dropout(keras)
    assert bnlint.lint_model(model, isolated=True, select=["BN602"]) == ()
    model.get_layer("inside").get_layer("norm").moving_mean.assign([float("nan"), *range(7)])
    assert [(each.code, each.layer) for each in bnlint.lint_model(model, isolated=True, select=["BN602"])] == [("BN602", "inside/norm")]


@pytest.mark.keras
def test_settings_are_those_of_the_working_directory(keras: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bnlint.toml").write_text('ignore = ["BN102"]\n')
    model = behind_dropout(keras)
    assert "BN102" not in {each.code for each in bnlint.lint_model(model)}
    assert "BN102" in {each.code for each in bnlint.lint_model(model, select=["BN102"])}


@pytest.mark.keras
def test_a_layer_and_a_class_are_no_models(keras: Any) -> None:
    with pytest.raises(TypeError, match="was given a layer of type Dense"):
        bnlint.lint_model(keras.layers.Dense(3))
    with pytest.raises(TypeError, match="was given the class Sequential"):
        bnlint.lint_model(keras.Sequential)
