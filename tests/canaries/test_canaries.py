"""On pinned packages from PyPI each rule finds what somebody has opened and judged right, and no longer what was judged wrong."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bnlint import catalogue
from bnlint.api import lint_paths
from tests.oracle.packages import Unreachable, install

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Place:
    """A file of a package, read for one Keras, with what else of the installed package proves something of it."""

    requirement: str
    file: str
    keras: str
    beside: tuple[str, ...]

    def lines(self, code: str) -> list[int]:
        """Where the rule finds something in the file."""
        try:
            found = findings(self.requirement, (self.file.partition("/")[0], *self.beside), self.keras)
        except Unreachable as error:
            pytest.fail(str(error), pytrace=False)
        return found.get((code, self.file), [])


@dataclass(frozen=True)
class Canary:
    """One file, and all lines of it on which a rule is found."""

    code: str
    place: Place
    lines: tuple[int, ...]
    why: str

    def __str__(self) -> str:
        return f"{self.code}-{self.place.file}"


@dataclass(frozen=True)
class Judged:
    """One finding of a random sample, and what it was worth; why a right one is no longer made (`missed`), if so."""

    code: str
    place: Place
    line: int
    right: bool
    why: str
    missed: str

    def __str__(self) -> str:
        return f"{self.code}-{self.place.file}:{self.line}"


@cache
def findings(requirement: str, folders: tuple[str, ...], keras: str) -> dict[tuple[str, str], list[int]]:
    """The lines of all findings in a package, in order, by rule and file; of the rules that are off by default, too."""
    home = install(requirement)
    lines: dict[tuple[str, str], list[int]] = {}
    paths = [str(home / folder) for folder in folders]
    for finding in lint_paths(paths, isolated=True, select=list(catalogue.rules()), target_keras=keras).findings:
        if finding.span is not None:
            lines.setdefault((finding.code, Path(finding.path).relative_to(home).as_posix()), []).append(finding.span.line)
    return {place: sorted(found) for place, found in lines.items()}


def canaries() -> Iterator[Canary]:
    for path in sorted(HERE.glob("BN*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["canary"]:
            yield Canary(path.stem, _place(entry), tuple(sorted(entry["lines"])), entry["why"])


def judged() -> Iterator[Judged]:
    for path in sorted(HERE.glob("judged*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["finding"]:
            yield Judged(entry["code"], _place(entry), entry["line"], entry["right"], entry["why"], entry.get("missed", ""))


def _place(entry: dict[str, Any]) -> Place:
    return Place(entry["requirement"], entry["file"], entry.get("target-keras", "3"), tuple(entry.get("beside", ())))


@pytest.mark.slow
@pytest.mark.parametrize("canary", list(canaries()), ids=str)
def test_a_canary_sings(canary: Canary) -> None:
    assert canary.place.lines(canary.code) == list(canary.lines), canary.why


@pytest.mark.slow
@pytest.mark.parametrize("finding", list(judged()), ids=str)
def test_what_was_judged_right_is_found_and_what_was_wrong_is_not(finding: Judged) -> None:
    wanted = finding.right and not finding.missed
    assert (finding.line in finding.place.lines(finding.code)) is wanted, finding.missed or finding.why


def test_every_canary_and_every_judgement_says_why() -> None:
    for each in (*canaries(), *judged()):
        assert each.code in catalogue.rules()
        assert each.why, each
        assert "==" in each.place.requirement, each
    assert all(each.right for each in judged() if each.missed)
