"""What a survey says of each file: the rows of its tables, and what goes between its processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Status = Literal["linted", "dismissed", "skipped", "unreadable", "failed"]
"""What became of a row: `dismissed` holds no word of a rule, `skipped` would be left out by the command line, too, `unreadable` has BN001;
`failed` took its process down, or met a bug."""


NO_SOURCE: Final = "neither a Python file nor a notebook"


@dataclass(frozen=True, slots=True)
class Terms:
    """What all files are held to.

    `config` is TOML, or the name and the content of a settings file (`file`); `seconds` of processor time and `memory` in MiB are what
    one file, or files that are checked together, may take.
    """

    overrides: Mapping[str, Any]
    config: str | None = None
    file: tuple[str, bytes] | None = None
    seconds: float = 60
    memory: int = 2048


@dataclass(frozen=True, slots=True)
class File:
    """A file to lint; null in the table is None here."""

    path: str | None
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Found:
    """A row of the table `findings`, as the command line tells it."""

    code: str
    name: str
    severity: str
    message: str
    help: str
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None
    cell: int | None
    layers: int
    fixable: bool
    fix: str | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A row of the table `gaps`: a place that builds BatchNormalization and is not understood in full."""

    line: int
    column: int
    end_line: int
    end_column: int
    cell: int | None
    grade: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a file. `sites` are the places that build BatchNormalization; those without a gap are understood."""

    status: Status
    detail: str = ""
    findings: tuple[Found, ...] = ()
    gaps: tuple[Gap, ...] = ()
    sites: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """What a row of the table `files` tells besides what identifies the file."""

    status: str
    detail: str
    size: int | None
    sites: int
    understood: int
    findings: int


@dataclass(slots=True)
class Account:
    """What is counted of a part of the table, and by and by of all of it."""

    rows: int = 0
    size: int = 0
    sites: int = 0
    understood: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    severities: dict[str, int] = field(default_factory=dict)

    def count(self, fact: Fact, findings: tuple[Found, ...]) -> None:
        self.rows += 1
        self.size += fact.size or 0
        self.sites += fact.sites
        self.understood += fact.understood
        self.statuses[fact.status] = self.statuses.get(fact.status, 0) + 1
        for found in findings:
            self.codes[found.code] = self.codes.get(found.code, 0) + 1
            self.severities[found.severity] = self.severities.get(found.severity, 0) + 1

    def add(self, other: Account) -> None:
        self.rows += other.rows
        self.size += other.size
        self.sites += other.sites
        self.understood += other.understood
        for mine, theirs in ((self.statuses, other.statuses), (self.codes, other.codes), (self.severities, other.severities)):
            for key, number in theirs.items():
                mine[key] = mine.get(key, 0) + number
