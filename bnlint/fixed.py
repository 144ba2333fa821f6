"""A source after fixing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from bnlint.records import dataclass

if TYPE_CHECKING:
    from bnlint.findings import Finding

Source = TypeVar("Source", str, bytes)


@dataclass(frozen=True, slots=True)
class Fixed(Generic[Source]):
    """Its text, what was fixed, what remains."""

    source: Source
    fixed: tuple[Finding, ...]
    findings: tuple[Finding, ...]
