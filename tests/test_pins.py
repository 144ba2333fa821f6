"""The Keras version that follows from requirements and lock files."""

import json
from pathlib import Path

import pytest

from bnlint import pins
from bnlint.graph.model import KerasTarget


def target(package: str, specifier: str) -> str | None:
    found = pins._target(package, [specifier], "")
    return None if found is None else str(found)


@pytest.mark.parametrize(
    ("package", "specifier", "expected"),
    [
        ("tensorflow", ">=2.0", None),
        ("tensorflow", "", None),
        ("tensorflow", "*", None),
        ("tensorflow", ">2.15", None),
        ("tensorflow", "<=2.16", None),
        ("tensorflow", "!=2.10", None),
        ("tensorflow", "^2.10", None),
        ("tensorflow", "~=2.10", None),
        ("tensorflow", "==2.*", None),
        ("tensorflow", "<2.10 || >2.16", None),
        ("tensorflow", "<2.16", "Keras 2"),
        ("tensorflow", "<2.16.0", "Keras 2"),
        ("tensorflow", "<=2.15.1", "Keras 2"),
        ("tensorflow", "==1.15.*", "Keras 2"),
        ("tensorflow", "~=2.10.0", "Keras 2"),
        ("tensorflow", "~2.10", "Keras 2"),
        ("tensorflow", ">=2.4,<2.11", "Keras 2"),
        ("tensorflow", "=2.10", "Keras 2"),
        ("tensorflow", "2.10", "Keras 2"),
        ("tensorflow", ">=2.16", "Keras 3"),
        ("tensorflow", "==2.16.0rc0", "Keras 3"),
        ("tensorflow", "^2.16", "Keras 3"),
        ("keras", ">=2.6", None),
        ("keras", "<3", "Keras 2"),
        ("keras", "==2.15.0", "Keras 2.15"),
        ("keras", "==1.2.2", "Keras 2"),
        ("keras", ">=3", "Keras 3"),
        ("keras", ">=3.0.0,<4", "Keras 3"),
        ("keras", "==3.4.1", "Keras 3.4"),
        ("keras", "~=3.4.1", "Keras 3.4"),
        ("keras", "==3.0.0", "Keras 3.0"),
        ("keras", "==3", "Keras 3.0"),
        ("keras", "==3.4.*", "Keras 3.4"),
        ("keras", "~=3.4", "Keras 3"),
    ],
)
def test_specifiers(package: str, specifier: str, expected: str | None) -> None:
    assert target(package, specifier) == expected


@pytest.mark.parametrize(
    ("name", "text", "keras", "tensorflow"),
    [
        ("requirements.txt", "numpy\nTensorFlow-GPU[and-cuda] == 2.10.0  # why\nkeras>=2.10,<3\n", "2", "2"),
        ("requirements.txt", "# tensorflow==2.10\nmy-tensorflow==2.10\ntensorflow-probability==0.1\nkeras-tuner==1\n", None, None),
        ("requirements.txt", "tensorflow==2.10; python_version<'3.8'\ntensorflow==2.17; python_version>='3.9'\n", None, None),
        ("requirements-dev.txt", "tensorflow>=2.16", None, "3"),
        ("requirements/base.txt", "keras==3.5.0 --hash=sha256:1", "3.5", None),
        ("pyproject.toml", '[project]\ndependencies = ["keras>=3.1"]\noptional-dependencies = {tf = ["tensorflow<2.16"]}', "3", "2"),
        ("pyproject.toml", '[tool.poetry.dependencies]\nkeras = "3.1"\ntensorflow = {version = "~2.10", extras = []}', "3.1", "2"),
        (
            "pyproject.toml",
            '[tool.poetry.group.dev.dependencies]\nkeras = "*"\n[dependency-groups]\na = ["keras==3.2.1", {include-group = "b"}]',
            "3.2",
            None,
        ),
        (
            "uv.lock",
            'version = 1\n[[package]]\nname = "keras"\nversion = "3.6.0"\n\n[[package]]\nname = "keras-hub"\nversion = "0.1"\n',
            "3.6",
            None,
        ),
        ("poetry.lock", '[[package]]\nname = "tensorflow"\nversion = "2.15.0"\ndescription = ""\n', None, "2"),
        ("Pipfile.lock", json.dumps({"default": {"keras": {"version": "==2.6.0"}}, "develop": {}}), "2.6", None),
        ("Pipfile", '[packages]\nkeras = "==2.6.0"\ntensorflow = "*"', "2.6", None),
        ("environment.yml", "dependencies:\n  - python=3.9\n  - tensorflow=2.10=gpu_py39\n  - pip:\n    - keras==2.10.0\n", "2.10", "2"),
        ("setup.cfg", "[options]\ninstall_requires =\n    tensorflow>=2.16\n    numpy\n", None, "3"),
        ("setup.py", "setup(install_requires=['numpy', \"tensorflow>=2.2, <2.12\", 'keras'])", None, "2"),
        ("pyproject.toml", "not toml", None, None),
        ("Pipfile.lock", "[3", None, None),
        ("pyproject.toml", "[project]\ndependencies = 3\n[tool]\npoetry = []", None, None),
    ],
)
def test_files(tmp_path: Path, name: str, text: str, keras: str | None, tensorflow: str | None) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    found = pins.read(str(tmp_path))
    assert [pin and str(pin) for pin in (found.keras, found.tensorflow)] == [
        version and f"Keras {version}" for version in (keras, tensorflow)
    ]
    assert {pin.why for pin in (found.keras, found.tensorflow) if pin} <= {f"from {name}"}


def test_lock_files_come_before_loose_requirements(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("keras>=3")
    (tmp_path / "uv.lock").write_text('[[package]]\nname = "keras"\nversion = "3.4.1"\n')
    assert pins.read(str(tmp_path)).keras == KerasTarget(3, 4, "from uv.lock")


def test_unreadable_pin_files_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    (tmp_path / "setup.cfg").write_bytes(b"\xff\xfe\n  tensorflow<2.16\n")
    assert pins.read(str(tmp_path)).tensorflow == KerasTarget(2, None, "from setup.cfg")
    assert pins.read(str(tmp_path / "nowhere")) == pins.Pins()
