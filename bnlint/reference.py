"""What each key of the settings means, and what the settings of a file are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from bnlint.records import dataclass
from bnlint.selection import did_you_mean
from bnlint.settings import CHOICES, Settings, SettingsError

if TYPE_CHECKING:
    from bnlint.catalogue import Rule


@dataclass(frozen=True, slots=True)
class Key:
    """A key of `[tool.bnlint]`: the type of its value, its default and an example (both as TOML), what it does."""

    type: str
    default: str
    example: str
    text: str


SELECTORS: Final = "list of codes, names, prefixes of codes, or ALL"
GLOBS: Final = "list of globs, as in .gitignore"

KEYS: Final[dict[str, Key]] = {
    "target-keras": Key(
        "text",
        "from the imports of the file, then the pins of the project, then 3",
        '"3.10"',
        "The Keras that the code runs on: 1, 2, 3 or 3.N. Rules judge by that version.",
    ),
    "placement": Key(
        "text",
        '"before"',
        '"after"',
        "Where BN101 wants BatchNormalization: before the activation, after it, wherever most of a model has it, or off.",
    ),
    "min-batch": Key("number", "32", "16", "Batches smaller than this are worth knowing (BN201, BN207)."),
    "select": Key(SELECTORS, "all that are on by default", '["BN", "selu-with-batchnorm"]', "The rules that are on."),
    "extend-select": Key(SELECTORS, "[]", '["BN110"]', "Rules that are on besides."),
    "ignore": Key(SELECTORS, "[]", '["BN103"]', "Rules that are off."),
    "extend-ignore": Key(SELECTORS, "[]", '["BN106"]', "Rules that are off besides."),
    "preview": Key(
        "true or false",
        "false",
        "true",
        "Whether rules may be on that are in preview: new ones, that may still change. No selector does it.",
    ),
    "fixable": Key(SELECTORS, '["ALL"]', '["BN4", "BN5"]', "The rules whose fixes may be applied."),
    "unfixable": Key(SELECTORS, "[]", '["BN101"]', "Rules whose fixes may not be applied."),
    "severity": Key(
        "table from codes, names or prefixes to a severity",
        "{}",
        '{ BN102 = "info", removed-import = "warning" }',
        "Severities of your own: error, warning, info or off.",
    ),
    "per-file-ignores": Key(
        "table from globs to lists of rules",
        "{}",
        '{ "examples/**" = ["BN2"], "!src/**" = ["BN3"] }',
        "Rules that are off in some files; a glob with `!` in front means all others.",
    ),
    "fail-on": Key("text", '"warning"', '"error"', "The severity from which findings make the exit code 1."),
    "output-format": Key("text", '"text"', '"concise"', "How findings are printed; `bnlint check --help` lists the formats."),
    "baseline": Key(
        "path in the folder of the settings",
        '".bnlint-baseline.json", if it is there',
        '"ci/bnlint-baseline.json"',
        "The findings that the project lives with for now; `--write-baseline` writes it.",
    ),
    "require-ignore-reason": Key(
        "true or false", "false", "true", "Whether a comment that ignores findings must say why (BN002): `# bnlint: ignore[BN101]  # why`."
    ),
    "cache-dir": Key(
        "path, from the folder of the settings",
        '".bnlint_cache" in the folder of the project',
        '".cache/bnlint"',
        "Where results are kept for the next run; `--no-cache` keeps none, `bnlint clean` removes them.",
    ),
    "exclude": Key(
        GLOBS, "virtual environments, caches, build folders and the like", '["legacy/"]', "What a walk leaves out, instead of the default."
    ),
    "extend-exclude": Key(GLOBS, "[]", '["*_pb2.py"]', "What a walk leaves out besides."),
    "force-exclude": Key("true or false", "false", "true", "Whether excluded files are left out though they are named: for pre-commit."),
    "respect-gitignore": Key("true or false", "true", "false", "Whether a walk leaves out what .gitignore names."),
    "include-models": Key("true or false", "false", "true", "Whether a walk takes model files, too; one that is named is always taken."),
    "rules": Key("table from codes or names to options", "{}", "{ BN201 = { min-batch = 16 } }", "The options of single rules."),
}


def list_keys() -> str:
    """One line for each key."""
    width = max(map(len, KEYS))
    return "".join(f"{name:<{width}}  {key.text}\n" for name, key in KEYS.items())


def describe(name: str) -> str:
    """All about one key. Raises SettingsError."""
    word = name.removeprefix("tool.bnlint.").replace("_", "-")
    if word not in KEYS:
        raise SettingsError(f"there is no setting `{name}`{did_you_mean(word, KEYS)}")
    key = KEYS[word]
    choices = f"One of: {', '.join(CHOICES[word])}\n" if word in CHOICES else ""
    return f"{word}\n\n{key.text}\n\nType: {key.type}\n{choices}Default: {key.default}\nExample: {word} = {key.example}\n"


def effective(settings: Settings, rules: Iterable[Rule]) -> str:
    """The settings that hold, as TOML, with the rules that are on."""
    values: dict[str, Any] = {
        "target-keras": settings.target_keras,
        "placement": settings.placement,
        "min-batch": settings.min_batch,
        "select": [rule.code for rule in rules],
        "preview": settings.preview,
        "fixable": list(settings.fixable),
        "unfixable": list(settings.unfixable),
        "severity": {code: str(severity) for code, severity in settings.severity.items()},
        "per-file-ignores": {glob: list(codes) for glob, codes in settings.per_file_ignores.items()},
        "fail-on": settings.fail_on,
        "output-format": settings.output_format,
        "baseline": settings.baseline,
        "require-ignore-reason": settings.require_ignore_reason,
        "cache-dir": settings.cache_dir,
        "exclude": None if settings.exclude is None else list(settings.exclude),
        "extend-exclude": list(settings.extend_exclude),
        "force-exclude": settings.force_exclude,
        "respect-gitignore": settings.respect_gitignore,
        "include-models": settings.include_models,
        "rules": {code: {name.replace("_", "-"): value for name, value in own.items()} for code, own in settings.options.items()},
    }
    head = f"# settings: {_toml(settings.file) if settings.file else 'no file'}\n# globs are relative to: {_toml(settings.root)}\n"
    return head + "".join(_line(name, value) for name, value in values.items())


def _line(name: str, value: Any) -> str:
    return f"# {name}: {KEYS[name].default}\n" if value is None else f"{name} = {_toml(value)}\n"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        inner = ", ".join(
            f"{key if key.replace('-', '').isalnum() and key.isascii() else _toml(key)} = {_toml(each)}" for key, each in value.items()
        )
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value).replace("\x7f", "\\u007f")
