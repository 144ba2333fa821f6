"""What a project's requirements and lock files say about the versions of Keras and TensorFlow."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from bnlint import pin_files
from bnlint.graph.model import KerasTarget
from bnlint.records import dataclass
from bnlint.regular import read_text
from bnlint.versions import stated


@dataclass(frozen=True, slots=True)
class Pins:
    """The Keras that follows from the pins of keras, and that which follows from those of tensorflow; None where nothing does."""

    keras: KerasTarget | None = None
    tensorflow: KerasTarget | None = None


Pin = tuple[str, str]
"""A distribution's name, and its version specifier as pip, Poetry or conda write it."""

Version = tuple[int, ...]

_FIRST_OF_KERAS_3: Final[dict[str, Version]] = {"keras": (3,), "tensorflow": (2, 16)}
_SIZE_LIMIT: Final = 32 * 2**20


def read(root: str) -> Pins:
    """The pins of the project in a folder. The first file that says something counts; exact (lock) files come first."""
    found: dict[str, KerasTarget] = {}
    for name in pin_files.names(root):
        parse = _PARSERS.get(name, _plain)
        if len(found) == len(_FIRST_OF_KERAS_3):
            break
        try:
            path = os.path.join(root, name)
            if os.path.getsize(path) > _SIZE_LIMIT:
                continue
            told = _told(tuple(parse(read_text(path, "replace"))), f"from {name}")
        except (OSError, ValueError, RecursionError):  # a file that does not parse says nothing
            continue
        found = told | found
    return Pins(found.get("keras"), found.get("tensorflow"))


def _told(pins: Sequence[Pin], why: str) -> dict[str, KerasTarget]:
    """What the pins in one file say, by package."""
    specifiers = {package: [specifier for of, specifier in pins if of == package] for package in _FIRST_OF_KERAS_3}
    targets = {package: _target(package, found, why) for package, found in specifiers.items()}
    return {package: target for package, target in targets.items() if target is not None}


# Formats

_NAME: Final = r"(?P<name>tensorflow(?:[-_](?:cpu|gpu|macos|intel|rocm|aarch64|cpu[-_]aws))?|keras)"
_CLAUSE: Final = r"(?:===?|~=|!=|<=?|>=?|=)[ \t]*\d[\w.*+!-]*"
_LINE: Final = (
    rf"(?:^[ \t]*(?:-[ \t]+)?|(?=[\"']))[\"']?{_NAME}(?:\[[\w, \t.-]*\])?[ \t]*\(?(?P<spec>{_CLAUSE}(?:[ \t]*,?[ \t]*{_CLAUSE})*)"
)


def _package(name: str) -> str:
    name = name.lower().replace("_", "-")
    return "tensorflow" if name.startswith("tensorflow") else name


def _is_known(name: str) -> bool:
    return re.fullmatch(_NAME, name, re.IGNORECASE) is not None


def _plain(text: str) -> Iterator[Pin]:
    """Requirements one to a line, with or without a dash, or between quotes."""
    for found in re.finditer(_LINE, text, re.MULTILINE | re.IGNORECASE):
        yield _package(found["name"]), found["spec"]


def _lock(text: str) -> Iterator[Pin]:
    """uv.lock and poetry.lock, without parsing megabytes of TOML for two lines."""
    for found in re.finditer(rf'^name = "{_NAME}"\s+version = "(?P<version>[^"]+)"', text, re.MULTILINE):
        yield _package(found["name"]), f"=={found['version']}"


def _pipfile_lock(text: str) -> Iterator[Pin]:
    import json

    table = json.loads(text)
    for section in ("default", "develop"):
        yield from _mapping(_get(table, section))


def _pipfile(text: str) -> Iterator[Pin]:
    from bnlint import toml

    table = toml.parse(text)
    for section in ("packages", "dev-packages"):
        yield from _mapping(_get(table, section))


def _pyproject(text: str) -> Iterator[Pin]:
    from bnlint import toml

    table = toml.parse(text)
    groups = [_get(table, "project", "dependencies"), _get(table, "tool", "uv", "dev-dependencies")]
    for place in (("project", "optional-dependencies"), ("dependency-groups",), ("tool", "pdm", "dev-dependencies")):
        groups.extend(_values(_get(table, *place)))
    for group in groups:
        for requirement in group if isinstance(group, list) else ():
            if isinstance(requirement, str):
                yield from _plain(requirement)
    poetry = _get(table, "tool", "poetry")
    yield from _mapping(_get(poetry, "dependencies"))
    yield from _mapping(_get(poetry, "dev-dependencies"))
    for group in _values(_get(poetry, "group")):
        yield from _mapping(_get(group, "dependencies"))


def _get(table: object, *keys: str) -> object:
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table


def _values(table: object) -> list[Any]:
    return list(table.values()) if isinstance(table, dict) else []


def _mapping(table: object) -> Iterator[Pin]:
    """A table from names to specifiers, or to tables with a `version`."""
    for name, value in table.items() if isinstance(table, dict) else ():
        specifier = _get(value, "version") if isinstance(value, dict) else value
        if isinstance(specifier, str) and _is_known(name):
            yield _package(name), specifier


_PARSERS: Final[dict[str, Callable[[str], Iterable[Pin]]]] = {
    "uv.lock": _lock,
    "poetry.lock": _lock,
    "Pipfile.lock": _pipfile_lock,
    "pyproject.toml": _pyproject,
    "Pipfile": _pipfile,
}
"""What reads the files that are no plain lists."""


# Versions


_OPERATOR: Final = r"(===?|~=|!=|<=?|>=?|=|\^|~|)\s*v?(\d+(?:\.\d+)*)(\.\*)?"


def _target(package: str, specifiers: Iterable[str], why: str) -> KerasTarget | None:
    """The Keras that the specifiers of a package in one file agree on."""
    targets = {target for specifier in specifiers if (target := _one_target(package, specifier, why))}
    majors = {target.major for target in targets}
    if len(majors) != 1:
        return None
    return targets.pop() if len(targets) == 1 else KerasTarget(majors.pop(), None, why)


def _one_target(package: str, specifier: str, why: str) -> KerasTarget | None:
    lower, upper = _bounds(specifier)
    border = _FIRST_OF_KERAS_3[package]
    major = 3 if lower >= border else 2 if upper and upper <= border else None
    if major is None:
        return None
    first = (*lower, 0, 0)[:2]
    single = package == "keras" and first[0] == major and upper is not None and upper <= (major, first[1] + 1)
    return KerasTarget(major, first[1] if single else None, why)


def _bounds(specifier: str) -> tuple[Version, Version | None]:
    """The lowest version that a specifier allows, and the lowest above all that it allows (None: no bound)."""
    lower: Version = ()
    uppers: list[Version] = []
    if "|" in specifier:
        return lower, None
    for operator, digits, star in re.findall(_OPERATOR, specifier):
        written = tuple(map(int, digits.split(".")))
        version = _short(written)
        if operator not in ("<", "<=", "!="):
            lower = max(lower, version)
        if operator == "<":
            uppers.append(version)
        elif operator == "=" or (star and operator in ("", "==")):  # conda's `=2.10` means `==2.10.*`
            uppers.append(_next(written))
        elif operator in ("", "==", "===", "<="):
            uppers.append((*version, 0))
        elif operator in _KEPT:
            uppers.append(_next(written[: _KEPT[operator]] or written))
    return lower, min(uppers, default=None)


_KEPT: Final = {"~=": -1, "~": 2, "^": 1}
"""How many numbers of a version the compatible ones share."""


def _next(version: Version) -> Version:
    """The lowest version that does not begin with this one."""
    return (*version[:-1], version[-1] + 1)


def _short(version: Version) -> Version:
    """Without trailing zeros: 3.0 is 3."""
    while len(version) > 1 and not version[-1]:
        version = version[:-1]
    return version


def target(setting: str | None, imports: Iterable[str], legacy: bool, pinned: Callable[[], Pins]) -> KerasTarget:
    """The Keras that a file runs on. `imports` are the dotted names that it imports; `legacy`: its text mentions TF_USE_LEGACY_KERAS;
    `pinned` reads the pins of its project."""
    if setting is not None:
        return stated(setting)
    tops = {name.partition(".")[0] for name in imports}
    if "tf_keras" in tops:
        return KerasTarget(2, None, "the file imports tf_keras")
    if legacy:
        return KerasTarget(2, None, "the file mentions TF_USE_LEGACY_KERAS")
    found = pinned()
    first, second = (found.keras, found.tensorflow) if "keras" in tops else (found.tensorflow, found.keras)
    return first or second or KerasTarget(3)
