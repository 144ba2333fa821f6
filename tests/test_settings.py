"""Settings: where they are found, what they mean, and how mistakes in them are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bnlint import pins, settings
from bnlint.findings import Severity
from bnlint.graph.model import KerasTarget
from bnlint.settings import Settings, SettingsError
from bnlint.settings_files import load_settings


@dataclass(frozen=True)
class Rule:
    code: str
    name: str
    default: bool = True
    preview: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


RULES = (
    Rule("BN001", "unreadable-input"),
    Rule("BN101", "activation-order", options={"placement": "before"}),
    Rule("BN102", "dropout-before-batchnorm"),
    Rule("BN107", "odd-one", default=False),
    Rule("BN201", "small-batch", options={"min_batch": 32, "share": 0.5, "strict": False}),
    Rule("BN202", "batch-of-one"),
)
DEFAULTS = {"BN001", "BN101", "BN102", "BN201", "BN202"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(folder: Path, toml: str, **overrides: Any) -> Settings:
    (folder / "bnlint.toml").write_text(toml)
    return load_settings(str(folder), RULES, overrides=overrides)


def codes(value: Settings) -> set[str]:
    return set(settings.selected(value, RULES))


# Where settings are found


def test_without_a_file_all_default_rules_are_on(folder: Path) -> None:
    value = load_settings(str(folder / "a.py"), RULES)
    assert (value.file, value.root) == (None, str(folder))
    assert codes(value) == DEFAULTS
    assert (value.placement, value.min_batch, value.fail_on) == ("before", 32, "warning")
    assert value.options == {"BN101": {"placement": "before"}, "BN201": {"min_batch": 32, "share": 0.5, "strict": False}}


def test_the_closest_file_wins_and_nothing_is_merged(folder: Path) -> None:
    inner = folder / "a" / "b"
    inner.mkdir(parents=True)
    (folder / "pyproject.toml").write_text("[tool.bnlint]\nplacement = 'after'\nmin-batch = 8")
    (folder / "a" / "pyproject.toml").write_text("[tool.ruff]\n# bnlint is not set up here")
    assert load_settings(str(inner / "x.py"), RULES).placement == "after"
    (inner / "bnlint.toml").write_text("min-batch = 4")
    value = load_settings(str(inner / "x.py"), RULES)
    assert (value.placement, value.min_batch, value.root) == ("before", 4, str(inner))


def test_bnlint_toml_comes_before_pyproject(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.bnlint]\nplacement = 'after'")
    assert load(folder, "placement = 'off'").placement == "off"


def test_a_broken_pyproject_that_does_not_name_bnlint_is_not_our_matter(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.")
    assert load_settings(str(folder), RULES).file is None


def test_isolated_reads_no_file(folder: Path) -> None:
    (folder / "bnlint.toml").write_text("nonsense")
    assert load_settings(str(folder), RULES, isolated=True).file is None


def test_config_is_a_file_or_toml(folder: Path) -> None:
    (folder / "bnlint.toml").write_text("placement = 'after'\nmin-batch = 8")
    (folder / "other.toml").write_text("min-batch = 4")
    assert load_settings(str(folder), RULES, config="other.toml").placement == "before"
    value = load_settings(str(folder), RULES, config="min-batch = 2")
    assert (value.placement, value.min_batch) == ("after", 2)
    assert load_settings(str(folder), RULES, config="rules.BN201.share = 0.25").options["BN201"]["share"] == 0.25
    assert load_settings(str(folder), RULES, config="min-batch = 2", isolated=True).placement == "before"


def test_the_command_line_wins(folder: Path) -> None:
    value = load(folder, "min-batch = 8\nplacement = 'after'\nextend-exclude = ['a']", min_batch=4, placement=None, extend_exclude=["b"])
    assert (value.min_batch, value.placement, value.extend_exclude) == (4, "after", ("a", "b"))


# Which rules are on


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ("", DEFAULTS),
        ("select = ['BN1']", {"BN101", "BN102"}),
        ("select = ['ALL']", DEFAULTS),
        ("select = ['small-batch', 'bn101']", {"BN101", "BN201"}),
        ("ignore = ['BN1', 'BN2']", {"BN001"}),
        ("ignore = ['BN1']\nextend-select = ['BN101']", DEFAULTS - {"BN102"}),
        ("select = ['BN1']\nignore = ['BN101']", {"BN102"}),
        ("select = ['BN10']\nignore = ['BN1']", {"BN101", "BN102"}),
        ("select = ['BN101']\nignore = ['BN101']", set()),
        ("select = ['BN10']", {"BN101", "BN102"}),
        ("extend-select = ['BN107']", DEFAULTS | {"BN107"}),
        ("extend-select = ['odd-one']\nignore = ['BN1']", {"BN001", "BN107", "BN201", "BN202"}),
        ("select = ['BN107']\nextend-ignore = ['odd-one']", set()),
        ("select = []", set()),
    ],
)
def test_the_longest_selector_decides(folder: Path, toml: str, expected: set[str]) -> None:
    assert codes(load(folder, toml)) == expected


@pytest.mark.parametrize(
    ("toml", "overrides", "expected"),
    [
        ("select = ['BN1']", {"select": ["BN2"]}, {"BN201", "BN202"}),
        ("select = ['BN101', 'BN201']", {"ignore": ["BN1"]}, {"BN201"}),
        ("ignore = ['BN101']", {"select": ["BN1"]}, {"BN102"}),
        ("ignore = ['BN101']", {"select": ["BN101"]}, {"BN101"}),
        ("ignore = ['BN101']", {"extend_select": ["BN101"]}, DEFAULTS),
        ("select = ['BN1']", {"extend_select": ["odd-one"]}, {"BN101", "BN102", "BN107"}),
        ("extend-select = ['BN107']", {"select": ["ALL"]}, DEFAULTS),
    ],
)
def test_the_command_line_replaces_select_and_adds_the_rest(folder: Path, toml: str, overrides: dict[str, Any], expected: set[str]) -> None:
    assert codes(load(folder, toml, **overrides)) == expected


def test_fixable_rules(folder: Path) -> None:
    value = load(folder, "fixable = ['BN1', 'small-batch']\nunfixable = ['BN102']")
    assert settings.fixable(value, RULES) == {"BN101", "BN107", "BN201"}
    assert settings.fixable(Settings(), RULES) == {rule.code for rule in RULES}


def test_severities_by_code_name_and_prefix(folder: Path) -> None:
    value = load(folder, "severity = {small-batch = 'off', BN2 = 'error', BN101 = 'info'}")
    assert value.severity == {"BN101": Severity.INFO, "BN201": Severity.OFF, "BN202": Severity.ERROR}


def test_per_file_ignores(folder: Path) -> None:
    value = load(folder, "[per-file-ignores]\n'examples/**' = ['BN1']\n'*.ipynb' = ['small-batch']\n'!src/**' = ['BN202']")

    def ignored(name: str) -> frozenset[str]:
        return settings.ignored(value, str(folder / name), RULES)

    assert ignored("examples/a/b.py") == {"BN101", "BN102", "BN107", "BN202"}
    assert ignored("src/examples/b.py") == frozenset()
    assert ignored("src/a/b.ipynb") == {"BN201"}
    assert ignored("../elsewhere/b.ipynb") == {"BN201", "BN202"}


def test_options_of_a_rule(folder: Path) -> None:
    value = load(folder, "min-batch = 8\nplacement = 'off'\n[rules.small-batch]\nmin-batch = 16\nstrict = true\nshare = 1")
    assert value.options == {"BN101": {"placement": "off"}, "BN201": {"min_batch": 16, "share": 1, "strict": True}}
    assert load(folder, "rules.BN201.min-batch = 16", min_batch=2).options["BN201"]["min_batch"] == 2


# Mistakes


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("selct = []", "bnlint.toml: unknown key `selct`; did you mean `select`?"),
        ("min_batch = 3", "bnlint.toml: unknown key `min_batch`; did you mean `min-batch`?"),
        ("select = ['BN109']", "bnlint.toml: `select`: unknown rule `BN109`; did you mean `BN10"),
        ("ignore = ['smal-batch']", "bnlint.toml: `ignore`: unknown rule `smal-batch`; did you mean `small-batch`?"),
        ("select = ['BN9']", "bnlint.toml: `select`: unknown rule `BN9`"),
        ("select = ['']", "bnlint.toml: `select`: unknown rule ``"),
        ("select = 'BN1'", "bnlint.toml: `select`: expected `array`, got `str`"),
        ("select = ['BN1', 3]", "bnlint.toml: `select[1]`: expected `str`, got `int`"),
        ("min-batch = true", "bnlint.toml: `min-batch`: expected `int`, got `bool`"),
        ("min-batch = 0", "bnlint.toml: `min-batch` must be at least 1, not 0"),
        ("placement = 'befor'", "must be one of before, after, consistent, off, not 'befor'; did you mean `before`?"),
        ("fail-on = 'warn'", "`fail-on` must be one of info, warning, error, never"),
        ("target-keras = '4'", "`target-keras` must be"),
        ("target-keras = '3.'", "`target-keras` must be"),
        ("target-keras = 3.1", "`target-keras`: expected `int | str`, got `float`"),
        ("severity = {BN101 = 'bad'}", "`severity.BN101` must be one of off, info, warning, error"),
        ("severity = {BN11 = 'info'}", "`severity`: unknown rule `BN11`; did you mean `BN10"),
        ("[rules.BN201]\nmin-bach = 3", "`rules.BN201`: unknown option `min-bach`; did you mean `min-batch`?"),
        ("[rules.BN201]\nmin-batch = '3'", "`rules.BN201.min-batch`: expected `int`, got `str`"),
        ("[rules.BN201]\nmin-batch = true", "`rules.BN201.min-batch`: expected `int`, got `bool`"),
        ("[rules.small-bach]", "`rules`: unknown rule `small-bach`; did you mean `small-batch`?"),
        ("per-file-ignores = {'*.py' = ['BNX']}", "`per-file-ignores`: unknown rule `BNX`"),
        ('"a\\nb\\u001b" = 3', r"bnlint.toml: unknown key `a\nb\x1b`"),
        ("x = ", "bnlint.toml: not valid TOML: "),
    ],
)
def test_mistakes_name_file_and_key(folder: Path, toml: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(folder, toml)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"overrides": {"select": ["BNN1"]}}, "--select: unknown rule `BNN1`"),
        ({"overrides": {"target_keras": "5"}}, "--target-keras must be"),
        ({"overrides": {"placement": "befor"}}, "--placement must be one of before, after, consistent, off, not 'befor'"),
        ({"overrides": {"selct": []}}, "the command line: unknown key `selct`"),
        ({"config": "nowhere.toml"}, "nowhere.toml: cannot be read: No such file or directory"),
        ({"config": "selct = 3"}, "--config: unknown key `selct`; did you mean `select`?"),
        ({"config": "select = ["}, "--config: not valid TOML"),
        ({"config": "select = ['BNX']"}, "--config: `select`: unknown rule `BNX`"),
    ],
)
def test_mistakes_on_the_command_line_name_the_option(folder: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(str(folder), RULES, **arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize("data", [b"\xff", b"a = " + b"[" * 100_000, b"tool = {bnlint = 3}"])
def test_files_that_are_no_settings_are_told(folder: Path, data: bytes) -> None:
    (folder / "bnlint.toml").write_bytes(data)
    with pytest.raises(SettingsError, match=r"^bnlint.toml: "):
        load_settings(str(folder), RULES)


def test_a_bad_glob_is_told(folder: Path) -> None:
    with pytest.raises(SettingsError, match="not a valid glob"):
        settings.matcher(str(folder), ("!",))("a.py")


# The target


@pytest.mark.parametrize(
    ("setting", "imports", "legacy", "expected"),
    [
        (None, (), False, KerasTarget(3)),
        (None, ("keras.layers",), False, KerasTarget(3)),
        (None, ("tf_keras.layers",), False, KerasTarget(2, None, "the file imports tf_keras")),
        (None, ("tensorflow.keras",), True, KerasTarget(2, None, "the file mentions TF_USE_LEGACY_KERAS")),
        ("3", ("tf_keras",), True, KerasTarget(3, None, "set by target-keras")),
        ("3.15", (), False, KerasTarget(3, 15, "set by target-keras")),
        ("1", (), False, KerasTarget(2, None, "set by target-keras; Keras 1 counts as 2")),
    ],
)
def test_the_target(folder: Path, setting: str | None, imports: tuple[str, ...], legacy: bool, expected: KerasTarget) -> None:
    assert pins.target(setting, imports, legacy, lambda: pins.read(str(folder))) == expected


def test_the_target_from_pins_depends_on_what_is_imported(folder: Path) -> None:
    (folder / "requirements.txt").write_text("tensorflow==2.15\nkeras==3.4.0")
    assert pins.target(None, ("keras",), False, lambda: pins.read(str(folder))) == KerasTarget(3, 4, "from requirements.txt")
    assert pins.target(None, ("tensorflow.keras",), False, lambda: pins.read(str(folder))) == KerasTarget(2, None, "from requirements.txt")


WITH_PREVIEW = (*RULES, Rule("BN109", "new-one", preview=True))


@pytest.mark.parametrize("select", [["ALL"], ["BN1"], ["BN109"], ["new-one"]])
def test_a_rule_in_preview_is_on_only_with_preview(select: list[str]) -> None:
    chosen = {"select": select}
    off = load_settings(".", WITH_PREVIEW, isolated=True, overrides=chosen)
    on = load_settings(".", WITH_PREVIEW, isolated=True, overrides={**chosen, "preview": True})
    assert "BN109" not in settings.selected(off, WITH_PREVIEW)
    assert "BN109" in settings.selected(on, WITH_PREVIEW)
    assert settings.without_preview(off, WITH_PREVIEW) == (("BN109",) if select[0] in ("BN109", "new-one") else ())
    assert settings.without_preview(on, WITH_PREVIEW) == ()


def test_preview_alone_turns_it_on_and_a_file_may_say_so(tmp_path: Path) -> None:
    assert "BN109" in settings.selected(load_settings(".", WITH_PREVIEW, config="preview = true"), WITH_PREVIEW)
    (tmp_path / "bnlint.toml").write_text("preview = true\n")
    assert "BN109" in settings.selected(load_settings(str(tmp_path), WITH_PREVIEW), WITH_PREVIEW)
    assert "BN109" not in settings.selected(load_settings(str(tmp_path), WITH_PREVIEW, overrides={"preview": False}), WITH_PREVIEW)
