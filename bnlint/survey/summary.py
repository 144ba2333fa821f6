"""What came of a survey, counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from bnlint.survey.records import Account


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a survey: how many rows the table has, how many of them are accounted for, and as what; what was found in them.

    `sites` are the places that build BatchNormalization, `understood` those without a gap. `problems` say, a line each, what could not be
    done: the same call tries again.
    """

    total: int
    rows: int
    size: int
    sites: int
    understood: int
    statuses: Mapping[str, int] = field(default_factory=dict)
    severities: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @classmethod
    def of(cls, account: Account, total: int, problems: Iterable[str]) -> Summary:
        counted = {key: dict(sorted(getattr(account, key).items())) for key in ("statuses", "severities", "codes")}
        return cls(total, account.rows, account.size, account.sites, account.understood, **counted, problems=tuple(sorted(problems)))

    @property
    def complete(self) -> bool:
        """Whether every row was looked at, and none of them failed."""
        return self.rows == self.total and not self.problems and not self.statuses.get("failed")

    def as_json(self) -> str:
        import json

        return json.dumps(asdict(self), indent=2) + "\n"

    def as_text(self) -> str:
        """The same for people."""
        from bnlint.report import count

        statuses = ", ".join(f"{number} {status}" for status, number in self.statuses.items())
        severities = ", ".join(count(self.severities.get(severity, 0), severity) for severity in ("error", "warning", "info"))
        codes = "".join(f"  {code}  {number}\n" for code, number in sorted(self.codes.items(), key=lambda item: (-item[1], item[0])))
        return (
            f"{count(self.rows, 'file')}: {statuses}.\n"
            f"{count(sum(self.severities.values()), 'finding')}: {severities}.\n{codes}"
            f"BatchNormalization: {self.understood} of {count(self.sites, 'place')} understood.\n"
        )
