"""Settings: [tool.bnlint] in pyproject.toml, or bnlint.toml, and the command line, as one frozen value."""

from __future__ import annotations

import os
from functools import lru_cache

from bnlint.records import dataclass, field
from bnlint.selection import Selection, UnknownRule, did_you_mean, find, is_selected, selector, weight

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from typing import Any, Final

    from bnlint.findings import Severity
    from bnlint.selection import KnownRule


LENGTH: Final = 1000
"""Characters of the longest message: what it quotes may be of any length."""


class SettingsError(Exception):
    """Settings that cannot be used. The message is one line that names the file (or option) and the key."""

    def __init__(self, message: str) -> None:
        shortened = message if len(message) <= LENGTH else f"{message[:LENGTH]} …"
        super().__init__("".join(char if char.isprintable() else ascii(char)[1:-1] for char in shortened))


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, checked, with rule names turned into codes.

    `selections` are those of the settings file and of the command line, in this order. Globs are relative to `root`: the folder of the
    settings file, or the working directory where `--config` gives the file or there is none. `options` holds, for each rule that has
    some, all its options with their values. `exclude` is None where the default excludes hold.
    """

    root: str = ""
    file: str | None = None
    selections: tuple[Selection, ...] = (Selection(),)
    preview: bool = False
    fixable: tuple[str, ...] = ("ALL",)
    unfixable: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    placement: str = "before"
    min_batch: int = 32
    target_keras: str | None = None
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    respect_gitignore: bool = True
    include_models: bool = False
    fail_on: str = "warning"
    output_format: str | None = None
    baseline: str | None = None
    require_ignore_reason: bool = False
    cache_dir: str | None = None
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


KEYS: Final[Mapping[str, Any]] = {
    "select": list[str],
    "extend-select": list[str],
    "ignore": list[str],
    "extend-ignore": list[str],
    "preview": bool,
    "fixable": list[str],
    "unfixable": list[str],
    "severity": dict[str, str],
    "per-file-ignores": dict[str, list[str]],
    "placement": str,
    "min-batch": int,
    "target-keras": str | int,
    "exclude": list[str],
    "extend-exclude": list[str],
    "force-exclude": bool,
    "respect-gitignore": bool,
    "include-models": bool,
    "fail-on": str,
    "output-format": str,
    "baseline": str,
    "require-ignore-reason": bool,
    "cache-dir": str,
    "rules": dict[str, dict[str, object]],
}
"""The keys of a settings file and the types of their values."""

FOR_FILES: Final = frozenset({"severity", "per-file-ignores", "output-format", "baseline", "require-ignore-reason", "rules"})
"""Keys that are no overrides: the command line and the Python API do not set them, or have their own way to."""

CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "placement": ("before", "after", "consistent", "off"),
    "fail-on": ("info", "warning", "error", "never"),
}

_SHORTCUTS: Final = ("placement", "min-batch")
"""Keys that set the option of the same name of every rule that has it."""

_PLAIN: Final = (
    "preview",
    "exclude",
    "extend-exclude",
    "force-exclude",
    "respect-gitignore",
    "include-models",
    "fail-on",
    "output-format",
    "baseline",
    "require-ignore-reason",
    "cache-dir",
    *_SHORTCUTS,
)
"""Keys whose values are taken as they are."""


# Finding and reading


class Disk:
    """The settings files on the disk as one run sees them: each is looked for, and read, once."""

    def __init__(self) -> None:
        self._found: dict[str, str | None] = {}
        self._tables: dict[str, dict[str, Any] | None] = {}

    def find(self, folder: str) -> str | None:
        """The settings file that holds for an (absolute) folder: the closest bnlint.toml or pyproject.toml with [tool.bnlint]."""
        above: list[str] = []
        while folder not in self._found:
            above.append(folder)
            own, parent = self._own(folder), os.path.dirname(folder)
            if own is not None or parent == folder:
                self._found[folder] = own
            else:
                folder = parent
        self._found.update(dict.fromkeys(above, self._found[folder]))
        return self._found[folder]

    def _own(self, folder: str) -> str | None:
        """The settings file in a folder."""
        own = os.path.join(folder, "bnlint.toml")
        if os.path.isfile(own):
            return own
        project = os.path.join(folder, "pyproject.toml")
        return project if os.path.isfile(project) and self.table(project) is not None else None

    def table(self, file: str) -> dict[str, Any] | None:
        """The settings in a file; None if it is a pyproject.toml without any. Raises SettingsError."""
        if file not in self._tables:
            self._tables[file] = _read(file)
        return self._tables[file]


def load_settings(
    start: str,
    rules: Iterable[KnownRule],
    config: str | None = None,
    isolated: bool = False,
    overrides: Mapping[str, Any] | None = None,
    disk: Disk | None = None,
) -> Settings:
    """The settings for a file or folder.

    `config` is a settings file, or TOML (`key = value`) that is laid over the settings file that is found. `isolated` ignores all files.
    `overrides` are what the command line gives: keys as in a settings file, None for what is not given. Raises SettingsError.
    """
    known, disk = tuple(rules), disk or Disk()
    table: dict[str, Any] = {}
    inline: dict[str, Any] = {}
    file: str | None = None
    if config is not None:
        if os.path.isfile(config) or not _is_toml(config):
            file = os.path.abspath(config)
        else:
            inline = _checked("--config", _parse("--config", config))
    if file is None and not isolated:
        start = os.path.abspath(start)
        file = disk.find(start if os.path.isdir(start) else os.path.dirname(start))
    if file is not None:
        table = _checked(shown(file), disk.table(file) or {})
    given = {key.replace("_", "-"): value for key, value in (overrides or {}).items() if value is not None}
    _check_keys("the command line", given)
    for key in CHOICES.keys() & given.keys():
        _check_choice(f"--{key}", given[key], CHOICES[key])
    root = os.getcwd() if file is None or (config is not None and not inline) else os.path.dirname(file)
    return _build(root, file, _Source(shown(file) if file else "--config", table | inline, known, inline), _Source("", given, known))


def _is_toml(config: str) -> bool:
    if "=" not in config:
        return False
    from bnlint import toml

    try:
        return bool(toml.parse(config))
    except toml.Invalid:
        return not config.endswith(".toml")


def shown(file: str) -> str:
    """A path as it is shown: relative to the working directory if it is inside."""
    inside = os.path.relpath(file) if os.path.splitdrive(file)[0] == os.path.splitdrive(os.getcwd())[0] else file
    return file if inside.startswith(os.pardir) else inside


def _parse(where: str, text: str) -> dict[str, Any]:
    from bnlint import toml

    try:
        return toml.parse(text)
    except toml.Invalid as error:
        raise SettingsError(f"{where}: not valid TOML: {error}") from None


def _read(file: str) -> dict[str, Any] | None:
    from bnlint import toml
    from bnlint.regular import read_bytes

    try:
        data = read_bytes(file, toml.SIZE_LIMIT + 1)
    except OSError as error:
        raise SettingsError(f"{shown(file)}: cannot be read: {error.strerror}") from None
    project = os.path.basename(file) == "pyproject.toml"
    if project and b"bnlint" not in data:
        return None
    if len(data) > toml.SIZE_LIMIT:
        raise SettingsError(f"{shown(file)}: larger than {toml.SIZE_LIMIT // 2**20} MB, and settings are not")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{shown(file)}: not valid UTF-8") from None
    table = _parse(shown(file), text)
    if not project:
        return table
    tool = table.get("tool")
    own = tool.get("bnlint") if isinstance(tool, dict) else None
    if own is not None and not isinstance(own, dict):
        raise SettingsError(f"{shown(file)}: `tool.bnlint` must be a table")
    return own


# Checking


def _check_keys(where: str, table: Iterable[str]) -> None:
    for key in table:
        if key not in KEYS:
            raise SettingsError(f"{where}: unknown key `{key}`{did_you_mean(key, KEYS)}")


def _checked(where: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """The table, if its keys are known and its values have the right types."""
    import msgspec

    _check_keys(where, table)
    checked = {}
    for key, value in table.items():
        if key in CHOICES:
            _check_choice(f"{where}: `{key}`", value, CHOICES[key])
        try:
            checked[key] = msgspec.convert(value, KEYS[key])
        except msgspec.ValidationError as error:
            reason, _, at = str(error).partition(" - at `$")
            raise SettingsError(f"{where}: `{key}{at.rstrip('`')}`: {reason[0].lower()}{reason[1:]}") from None
    return checked


def _check_choice(at: str, value: object, choices: Sequence[str]) -> None:
    if value not in choices:
        raise SettingsError(f"{at} must be one of {', '.join(choices)}, not {value!r}{did_you_mean(str(value), choices)}")


# Building


@dataclass(frozen=True, slots=True)
class _Source:
    """Where settings come from: a file with keys that `--config` laid over it, or (no name) the command line."""

    name: str
    table: Mapping[str, Any]
    known: Sequence[KnownRule]
    inline: Collection[str] = ()

    def at(self, key: str) -> str:
        name = "--config" if key.partition(".")[0] in self.inline else self.name
        return f"{name}: `{key}`" if name else f"--{key}"

    def selector(self, key: str, word: str) -> str:
        try:
            return selector(word, self.known)
        except UnknownRule as error:
            raise SettingsError(f"{self.at(key)}: {error}") from None

    def selectors(self, key: str) -> tuple[str, ...]:
        return tuple(self.selector(key, word) for word in self.table.get(key, ()))

    def selection(self) -> Selection:
        select = self.selectors("select") if "select" in self.table else None
        return Selection(select, self.selectors("extend-select"), self.selectors("ignore") + self.selectors("extend-ignore"))


def _build(root: str, file: str | None, table: _Source, given: _Source) -> Settings:
    def last(key: str) -> _Source:
        return given if key in given.table else table

    values = dict(table.table) | dict(given.table)
    if "extend-exclude" in values:
        values["extend-exclude"] = (*table.table.get("extend-exclude", ()), *given.table.get("extend-exclude", ()))
    if "exclude" in values:
        values["exclude"] = tuple(values["exclude"])
    if values.get("min-batch", 1) < 1:
        raise SettingsError(f"{last('min-batch').at('min-batch')} must be at least 1, not {values['min-batch']}")
    for glob in values.get("per-file-ignores", {}):
        matcher(root, (glob.removeprefix("!"),))
    return Settings(
        root=root,
        file=file,
        selections=(table.selection(), given.selection()),
        fixable=last("fixable").selectors("fixable") if "fixable" in values else ("ALL",),
        unfixable=last("unfixable").selectors("unfixable"),
        severity=_severity(table) | _severity(given),
        per_file_ignores={
            glob: tuple(last("per-file-ignores").selector("per-file-ignores", word) for word in words)
            for glob, words in values.get("per-file-ignores", {}).items()
        },
        target_keras=_target(last("target-keras")),
        options=_options(table, given),
        **{key.replace("-", "_"): values[key] for key in _PLAIN if key in values},
    )


def _severity(source: _Source) -> dict[str, Severity]:
    """Severities by code; where several selectors name a rule, the longest counts."""
    if "severity" not in source.table:
        return {}
    from bnlint.findings import Severity

    found: dict[str, tuple[int, Severity]] = {}
    for word, level in source.table["severity"].items():
        _check_choice(source.at(f"severity.{word}"), level, [str(severity) for severity in Severity])
        named = source.selector("severity", word)
        for rule in source.known:
            precision = weight([named], rule)
            if precision and precision >= found.get(rule.code, (0,))[0]:
                found[rule.code] = (precision, Severity[level.upper()])
    return {code: severity for code, (_, severity) in found.items()}


def _target(source: _Source) -> str | None:
    if "target-keras" not in source.table:
        return None
    text = str(source.table["target-keras"])
    major, dot, minor = text.partition(".")
    if major not in ("1", "2", "3") or (dot and not (minor.isascii() and minor.isdecimal())):
        raise SettingsError(f'{source.at("target-keras")} must be "1", "2", "3" or "3.N", not {text!r}')
    return text


def _options(table: _Source, given: _Source) -> dict[str, dict[str, Any]]:
    """The options of all rules that have some: the page's default, a shortcut in the file, the rule's own table, the command line."""
    layers = [part for source in (table, given) for part in (_shortcuts(source), _own_options(source))]
    return {
        rule.code: {
            name: next((part[key] for part in reversed(layers) for key in ((rule.code, name), ("", name)) if key in part), default)
            for name, default in rule.options.items()
        }
        for rule in table.known
        if rule.options
    }


def _shortcuts(source: _Source) -> dict[tuple[str, str], Any]:
    """The options that a key of its own sets for every rule that has it, by ("", name)."""
    return {("", key.replace("-", "_")): source.table[key] for key in _SHORTCUTS if key in source.table}


def _own_options(source: _Source) -> dict[tuple[str, str], Any]:
    """The options in the tables of single rules, by (code, name)."""
    own: dict[tuple[str, str], Any] = {}
    for word, options in source.table.get("rules", {}).items():
        try:
            rule = find(word, source.known)
        except UnknownRule as error:
            raise SettingsError(f"{source.at('rules')}: {error}") from None
        names = {name.replace("_", "-"): name for name in rule.options}
        for key, value in options.items():
            if key not in names:
                raise SettingsError(f"{source.at(f'rules.{word}')}: unknown option `{key}`{did_you_mean(key, names)}")
            default = rule.options[names[key]]
            accepted = (int, float) if type(default) is float else type(default)
            if not isinstance(value, accepted) or isinstance(value, bool) is not isinstance(default, bool):
                at = source.at(f"rules.{word}.{key}")
                raise SettingsError(f"{at}: expected `{type(default).__name__}`, got `{type(value).__name__}`")
            if key in CHOICES:
                _check_choice(source.at(f"rules.{word}.{key}"), value, CHOICES[key])
            own[rule.code, names[key]] = value
    return own


# Asking


def selected(settings: Settings, rules: Iterable[KnownRule]) -> frozenset[str]:
    """The codes of the rules that are on."""
    return frozenset(rule.code for rule in rules if is_selected(rule, settings.selections, settings.preview))


def without_preview(settings: Settings, rules: Iterable[KnownRule]) -> tuple[str, ...]:
    """The codes of rules that are selected in full and are off all the same: they are in preview, and that is not on."""
    asked = {word for each in settings.selections for word in (*(each.select or ()), *each.extend_select)}
    return tuple(rule.code for rule in rules if rule.preview and not settings.preview and rule.code in asked)


def fixable(settings: Settings, rules: Iterable[KnownRule]) -> frozenset[str]:
    """The codes of the rules whose fixes may be applied."""
    return frozenset(rule.code for rule in rules if weight(settings.fixable, rule) > weight(settings.unfixable, rule))


def ignored(settings: Settings, path: str, rules: Iterable[KnownRule]) -> frozenset[str]:
    """The codes that `per-file-ignores` ignores in a file. A glob that begins with `!` means all other files."""
    if not settings.per_file_ignores:
        return frozenset()
    words = [
        word
        for glob, selectors in settings.per_file_ignores.items()
        if matcher(settings.root, (glob.removeprefix("!"),))(path) is not glob.startswith("!")
        for word in selectors
    ]
    return frozenset(rule.code for rule in rules if weight(words, rule))


@lru_cache(maxsize=64)
def matcher(root: str, globs: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether one of the globs (as in .gitignore, relative to `root`) matches a path or a folder that it is in. Raises SettingsError."""
    if not globs:
        return lambda path: False
    from bnlint import globs as reader

    try:
        spec = reader.read(globs)
    except ValueError as error:
        raise SettingsError(f"not a valid glob: {error}") from None

    def matches(path: str) -> bool:
        path = os.path.abspath(path)
        inside = path.startswith(root.rstrip(os.sep) + os.sep)
        return spec.match_file((os.path.relpath(path, root) if inside else os.path.splitdrive(path)[1].lstrip(os.sep)).replace(os.sep, "/"))

    return matches
