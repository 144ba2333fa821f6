"""Settings as one frozen value, and what follows from them: which rules are on, which files they mean."""

from __future__ import annotations

import os
from functools import lru_cache

from bnlint.records import dataclass, field
from bnlint.selection import Selection, is_selected, weight

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
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


def shown(file: str) -> str:
    """A path as it is shown: relative to the working directory if it is inside."""
    inside = os.path.relpath(file) if os.path.splitdrive(file)[0] == os.path.splitdrive(os.getcwd())[0] else file
    return file if inside.startswith(os.pardir) else inside


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
