"""Where settings come from: [tool.bnlint] in pyproject.toml, or bnlint.toml, what `--config` lays over it, and the command line."""

from __future__ import annotations

import os

from bnlint.records import dataclass
from bnlint.selection import Selection, UnknownRule, did_you_mean, find, selector, weight
from bnlint.settings import CHOICES, KEYS, Settings, SettingsError, matcher, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Any, Final

    from bnlint.findings import Severity
    from bnlint.selection import KnownRule

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
