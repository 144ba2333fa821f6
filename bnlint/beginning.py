"""The first settings of a project: written into pyproject.toml or bnlint.toml, and never over anything."""

from __future__ import annotations

import os
import re
from copy import deepcopy
from typing import Any, Final

from bnlint import toml
from bnlint.regular import open_regular
from bnlint.settings import SettingsError

SETTINGS: Final = """\
# `bnlint config` explains the settings; these are some of them, with their defaults.
# target-keras = "3"
# placement = "before"
# min-batch = 32
# fail-on = "warning"
# per-file-ignores = { "examples/**" = ["BN2"] }
"""

EXTERNAL: Final = 'external = ["BN"]'
"""What keeps ruff from removing `# noqa: BN101`."""


def write_settings(folder: str) -> str:
    """The file that settings were written into. Raises SettingsError."""
    own, project = os.path.join(folder, "bnlint.toml"), os.path.join(folder, "pyproject.toml")
    if os.path.lexists(own):
        raise SettingsError("bnlint.toml is there already; `bnlint --show-settings` prints what it says")
    if os.path.isfile(project):
        old, data = _read(project)
        if "bnlint" in _table(data, "tool"):
            raise SettingsError("pyproject.toml has settings already; `bnlint --show-settings` prints them")
        if isinstance(data.get("tool", {}), dict) and _write(
            project, old, _appended(old, "[tool.bnlint]", SETTINGS), data, ("tool", "bnlint"), {}
        ):
            return "pyproject.toml"
    try:
        with open(own, "x", encoding="utf-8") as file:
            file.write(SETTINGS)
    except OSError as error:
        raise SettingsError(f"bnlint.toml: cannot be written: {error.strerror}") from None
    return "bnlint.toml"


def ruff_file(folder: str) -> str | None:
    """The file with the settings of ruff, if ruff is used and does not know our codes."""
    for name in (".ruff.toml", "ruff.toml", "pyproject.toml"):
        path = os.path.join(folder, name)
        if not os.path.isfile(path):
            continue
        _, data = _read(path)
        if name == "pyproject.toml" and "ruff" not in _table(data, "tool"):
            continue
        known = _table(data, *_lint(path)).get("external", [])
        return None if "BN" in known else path
    return None


def tell_ruff(path: str) -> None:
    """Add our codes to those that ruff takes for another tool's. Raises SettingsError."""
    old, data = _read(path)
    keys = _lint(path)
    header = f"[{'.'.join(keys)}]"
    found = re.search(rf"^{re.escape(header)}[ \t]*(?:#[^\r\n]*)?(?=\r?$)", old, re.MULTILINE)
    if found:
        newline = "\r\n" if "\r\n" in old else "\n"
        new = old[: found.end()] + newline + EXTERNAL + old[found.end() :]
    else:
        new = _appended(old, header, EXTERNAL + "\n")
    if "external" in _table(data, *keys) or not _write(path, old, new, data, (*keys, "external"), ["BN"]):
        raise SettingsError(f'{os.path.basename(path)}: add "BN" to `external` in `{header}` yourself')


def _lint(path: str) -> tuple[str, ...]:
    return ("tool", "ruff", "lint") if os.path.basename(path) == "pyproject.toml" else ("lint",)


def _table(data: Any, *keys: str) -> dict[str, Any]:
    for key in keys:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _read(path: str) -> tuple[str, dict[str, Any]]:
    name = os.path.basename(path)
    try:
        with open_regular(path) as file:
            text = file.read().decode("utf-8")
        return text, toml.parse(text.replace("\r\n", "\n"))
    except UnicodeDecodeError:
        raise SettingsError(f"{name}: not valid UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{name}: cannot be read: {error.strerror}") from None
    except toml.Invalid as error:
        raise SettingsError(f"{name}: not valid TOML: {error}") from None


def _appended(text: str, header: str, body: str) -> str:
    """The text with one more table at its end."""
    newline = "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text.strip() else newline if text.endswith("\n") else newline * 2
    return text + gap + f"{header}\n{body}".replace("\n", newline)


def _write(path: str, old: str, new: str, data: dict[str, Any], keys: tuple[str, ...], value: Any) -> bool:
    """Write the text if it says what it said and, under `keys`, the value. Raises SettingsError."""
    from bnlint.fixer import Refused, writing

    wanted = inner = deepcopy(data)
    for key in keys[:-1]:
        inner = inner.setdefault(key, {})
    inner[keys[-1]] = value
    try:
        if toml.parse(new.replace("\r\n", "\n")) != wanted:
            return False
        writing.write(path, old.encode(), new.encode(), os.path.dirname(os.path.abspath(path)))
    except toml.Invalid:
        return False
    except Refused as refused:
        raise SettingsError(f"{os.path.basename(path)} was not changed: {refused.reason}") from None
    return True
