"""The HTML report: graphs, findings and statistics become one page that needs nothing else, or a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bnlint.records import dataclass, field

if TYPE_CHECKING:
    from bnlint.findings import Finding
    from bnlint.graph.model import ModelGraph

Lines = Callable[[str, int | None], Sequence[str]]
"""The lines of a file, or of one cell of a notebook; empty where there is no source."""


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """What a report is drawn from.

    `hashes` holds the SHA-256 of files by path, `facts` what else is to be said of the run, a name and a text each (versions, settings).
    """

    models: Sequence[ModelGraph]
    findings: Sequence[Finding] = ()
    lines: Lines = lambda path, cell: ()
    hashes: Mapping[str, str] = field(default_factory=dict)
    facts: Sequence[tuple[str, str]] = ()


def as_html(page: Page) -> str:
    """The page: one file, without a reference to another; ASCII only."""
    from bnlint.page import document

    return document.render(page)


def as_svg(page: Page) -> str:
    """The models as one picture, below each other."""
    from bnlint.page import picture

    return picture.standalone(page.models, page.findings)
