"""The settings are all explained, and what is said of them is true."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from bnlint import api, catalogue, reference, settings
from bnlint.settings_files import load_settings
from tests.test_cli import run


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def load(toml: str, tmp_path: Path) -> settings.Settings:
    (tmp_path / "bnlint.toml").write_text(toml, encoding="utf-8")
    return load_settings(str(tmp_path), catalogue.rules().values())


def test_every_key_is_explained_and_no_other() -> None:
    assert set(reference.KEYS) == set(settings.KEYS)


@pytest.mark.parametrize("name", reference.KEYS)
def test_the_example_of_a_key_is_accepted_and_changes_something(name: str, tmp_path: Path) -> None:
    assert load(f"{name} = {reference.KEYS[name].example}\n", tmp_path) != load("", tmp_path)


@pytest.mark.parametrize("name", reference.KEYS)
def test_the_default_of_a_key_is_the_default(name: str, tmp_path: Path) -> None:
    try:
        default = tomllib.loads(f"x = {reference.KEYS[name].default}")["x"]
    except tomllib.TOMLDecodeError:
        return  # said in words
    if name != "output-format":  # text, where nothing is said
        import json

        written = json.dumps(default) if not isinstance(default, dict) else "{}"
        assert load(f"{name} = {written}\n", tmp_path) == load("", tmp_path)


@pytest.mark.parametrize("name", reference.KEYS)
def test_config_explains_a_key(name: str) -> None:
    for word in (name, name.replace("-", "_"), f"tool.bnlint.{name}"):
        text = run("config", word).stdout
        assert text.startswith(f"{name}\n\n{reference.KEYS[name].text}\n")
    assert f"\n{name}  " in "\n" + run("config").stdout


def test_config_of_an_unknown_key_has_a_hint() -> None:
    result = run("config", "min-bach")
    assert result.exit_code == 2
    assert result.stderr == "bnlint: there is no setting `min-bach`; did you mean `min-batch`?\n"


EVERYTHING = """\
target-keras = "2"
placement = "after"
min-batch = 8
select = ["BN1", "BN2"]
ignore = ["BN103"]
fixable = ["BN1"]
unfixable = ["BN101"]
severity = { BN102 = "info" }
per-file-ignores = { "examples/**" = ["BN2"], 'odd "name"' = ["BN1"] }
fail-on = "error"
output-format = "concise"
baseline = "known.json"
require-ignore-reason = true
exclude = ["legacy/"]
extend-exclude = ["x.py"]
force-exclude = true
respect-gitignore = false
include-models = true
rules = { BN201 = { min-batch = 4 } }
"""


@pytest.mark.parametrize("toml", ["", EVERYTHING])
def test_the_settings_that_are_shown_are_settings_that_mean_the_same(toml: str, tmp_path: Path) -> None:
    before = load(toml, tmp_path)
    shown = run("--show-settings").stdout
    assert shown.startswith(f'# settings: "{tmp_path / "bnlint.toml"}"\n')
    after = load(shown, tmp_path)

    def meaning(found: settings.Settings) -> dict[str, Any]:
        values: dict[str, Any] = {name: getattr(found, name) for name in found.__slots__ if name != "selections"}
        return {**values, "on": settings.selected(found, catalogue.rules().values())}

    assert meaning(after) == meaning(before)


def test_no_name_forges_a_line(tmp_path: Path) -> None:
    folder = tmp_path / "a\x1b[2J\nselect = []\x7f"
    folder.mkdir()
    (folder / "bnlint.toml").write_text('exclude = ["\\u001b\\u007f"]\n')
    shown = api.show_settings(str(folder), api.Plans())
    assert all(char == "\n" or char.isprintable() for char in shown)
    assert shown.count("\nselect = ") == 1


def test_without_a_file_it_says_so(tmp_path: Path) -> None:
    assert "# settings: no file\n" in api.show_settings(str(tmp_path), api.Plans(isolated=True))
