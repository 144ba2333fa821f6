"""What came of a file, as JSON data and back. What does not have the form that it must have is Malformed: the data may be anybody's."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from functools import cache
from importlib import import_module
from typing import Any, Final, get_args

from bnlint import catalogue
from bnlint.checked import Checked
from bnlint.plans import Plan


class Malformed(ValueError):
    """Data that `encode` does not make."""


CLASSES: Final = {
    "Artifact": "bnlint.graph.model",
    "Applied": "bnlint.findings",
    "Finding": "bnlint.findings",
    "Histogram": "bnlint.findings",
    "TextEdit": "bnlint.findings",
    "Site": "bnlint.graph.coverage",
    "Span": "bnlint.graph.model",
}
"""The dataclasses, each with its module: that is imported when there is one to make."""


def encode(checked: Checked) -> list[Any]:
    """The data of all but the file's path, plan and document."""
    comments = [[fingerprint, _data(edit)] for fingerprint, edit in checked.comments.items()]
    findings, sites, artifact = map(_data, (checked.findings, checked.sites, checked.artifact))
    return [findings, comments, sites, artifact, checked.dismissed, checked.skipped, list(checked.failures)]


def decode(data: Any, path: str, held_to: Plan, stored: str) -> Checked:
    """What came of the file at `path`. Raises Malformed."""
    try:
        found, comments, sites, artifact, dismissed, skipped, failures = _list(data)
        checked = Checked(
            path,
            held_to,
            _reader("tuple[Finding, ...]")(found),
            comments=dict(_reader("tuple[tuple[str, TextEdit], ...]")(comments)),
            sites=_reader("tuple[Site, ...]")(sites),
            artifact=_reader("Artifact | None")(artifact),
            dismissed=_reader("bool")(dismissed),
            skipped=_reader("str")(skipped),
            failures=_reader("tuple[str, ...]")(failures),
            stored=stored,
        )
    except (ValueError, TypeError, RecursionError) as problem:
        raise Malformed(str(problem)) from None
    of = [finding.path for finding in checked.findings] + [site.span.path for site in checked.sites]
    if any(each != path for each in (*of, checked.artifact.path if checked.artifact is not None else path)):
        raise Malformed("it is about another file")
    if any((rule := catalogue.rules().get(finding.code)) is None or rule.name != finding.name for finding in checked.findings):
        raise Malformed("it is about no rule")
    return checked


def _data(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_data(each) for each in value]
    if isinstance(value, IntEnum):
        return int(value)
    if type(value).__name__ == "Fix":  # what it touches is asked by the judge, who is done
        return [value.safety.value, [[type(edit).__name__, _data(edit)] for edit in value.edits], value.refused]
    names = getattr(value, "__match_args__", None)
    return value if names is None else [_data(getattr(value, name)) for name in names]


def _list(data: Any) -> list[Any]:
    if type(data) is not list:
        raise Malformed(f"a list is due, not {data!r:.40}")
    return data


Reader = Callable[[Any], Any]


@cache
def _reader(kind: str) -> Reader:
    """What makes a value of a type, as an annotation of a dataclass spells it, of data."""
    if kind.startswith("tuple[") and kind.endswith(", ...]"):
        inner = kind[6:-6]
        return lambda data: tuple(map(_reader(inner), data)) if _list(data) else ()
    if kind.startswith("tuple["):
        parts = [_reader(part) for part in kind[6:-1].split(", ")]
        return lambda data: tuple(read(part) for read, part in zip(parts, _list(data), strict=True))
    if kind.endswith(" | None"):
        present = kind.removesuffix(" | None")
        return lambda data: None if data is None else _reader(present)(data)
    if kind in _PLAIN:
        return _plain(_PLAIN[kind])
    return _SPECIAL[kind] if kind in _SPECIAL else _object(getattr(import_module(CLASSES[kind]), kind))


_PLAIN: Final[dict[str, tuple[type, ...]]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "float": (float, int),
    "str | int": (str, int),
}


def _plain(types: tuple[type, ...]) -> Reader:
    def read(data: Any) -> Any:
        if type(data) not in types:
            raise Malformed(f"not {types[0].__name__}: {data!r:.40}")
        return data

    return read


def _object(cls: type) -> Reader:
    parts = [_reader(cls.__annotations__[name]) for name in cls.__match_args__]  # type: ignore[attr-defined]
    return lambda data: cls(*[read(part) for read, part in zip(parts, _list(data), strict=True)])


def _fix(data: Any) -> Any:
    from bnlint.findings import Fix, Safety

    safety, edits, refused = _list(data)
    return Fix(Safety(safety), tuple(map(_edit, _list(edits))), refused=_reader("str")(refused))


def _edit(data: Any) -> Any:
    from bnlint.findings import Edit

    name, parts = _list(data)
    for cls in get_args(Edit):
        if cls.__name__ == name:
            return _object(cls)(parts)
    raise Malformed(f"no edit: {name!r:.40}")


def _severity(data: Any) -> Any:
    from bnlint.findings import Severity

    return Severity(_reader("int")(data))


def _grade(data: Any) -> Any:
    from bnlint.graph.coverage import Grade

    if data not in get_args(Grade):
        raise Malformed(f"no grade: {data!r:.40}")
    return data


_SPECIAL: Final[dict[str, Reader]] = {"Fix": _fix, "Grade": _grade, "Severity": _severity}
