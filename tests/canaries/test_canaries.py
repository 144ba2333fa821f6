"""On pinned packages from PyPI, each rule finds what it found when somebody opened the code and judged it, and nothing else there."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from bnlint import catalogue
from bnlint.api import lint_paths
from tests.oracle.packages import Unreachable, install

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Canary:
    """One file of one package, and the lines on which a rule is found."""

    code: str
    requirement: str
    file: str
    lines: tuple[int, ...]
    why: str
    keras: str = "3"

    def __str__(self) -> str:
        return f"{self.code}-{self.file}"

    @property
    def folder(self) -> str:
        return self.file.partition("/")[0]


def canaries() -> list[Canary]:
    return [
        Canary(path.stem, entry["requirement"], entry["file"], tuple(entry["lines"]), entry["why"], entry.get("target-keras", "3"))
        for path in sorted(HERE.glob("BN*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["canary"]
    ]


@cache
def found(requirement: str, folder: str, keras: str) -> dict[tuple[str, str], list[int]]:
    """The lines of all findings in a package, by rule and file; of the rules that have a canary there."""
    codes = sorted(
        {canary.code for canary in canaries() if (canary.requirement, canary.folder, canary.keras) == (requirement, folder, keras)}
    )
    home = install(requirement)
    lines: dict[tuple[str, str], list[int]] = {}
    for finding in lint_paths([str(home / folder)], isolated=True, select=codes, target_keras=keras).findings:
        if finding.span is not None:
            lines.setdefault((finding.code, str(Path(finding.path).relative_to(home))), []).append(finding.span.line)
    return lines


@pytest.mark.slow
@pytest.mark.parametrize("canary", canaries(), ids=str)
def test_a_canary_sings(canary: Canary) -> None:
    try:
        lines = found(canary.requirement, canary.folder, canary.keras)
    except Unreachable as error:
        pytest.fail(str(error), pytrace=False)
    assert sorted(lines.get((canary.code, canary.file), [])) == sorted(canary.lines), canary.why


def test_every_canary_is_of_a_rule() -> None:
    assert {canary.code for canary in canaries()} <= set(catalogue.rules())
    assert all(canary.why and "==" in canary.requirement for canary in canaries())
