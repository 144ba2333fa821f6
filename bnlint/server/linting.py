"""A snapshot of what the editor holds becomes findings."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from bnlint import api, editing
from bnlint.records import dataclass
from bnlint.server.positions import Lines

if TYPE_CHECKING:
    from bnlint.checked import Checked
    from bnlint.findings import Finding
    from bnlint.result import Change
    from bnlint.server.documents import Document


@dataclass(frozen=True, eq=False)
class Linted:
    """A snapshot, and what came of it."""

    document: Document
    result: api.Result
    encoding: str
    plans: api.Plans

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.result.findings

    @cached_property
    def offered(self) -> Checked:
        """The file with its findings, of which there must be some, and the fixes on offer: worked out when an action is asked for."""
        return editing.offered(self.result.files[0])

    @cached_property
    def _lines(self) -> dict[str, Lines]:
        return {text.uri: Lines(text.content, self.encoding) for text in self.document.texts}

    def lines(self, cell: int | None) -> Lines:
        """The lines of the file, or of a cell."""
        return self._lines[self.document.part(cell).uri]

    def finding(self, fingerprint: str) -> Finding | None:
        return next((finding for finding in self.offered.findings if finding.fingerprint == fingerprint), None)

    def mended(self) -> Change | None:
        """What `--fix` makes of it; None where that is nothing."""
        changes = api.lint_data(self.document.data(), self.document.path, self.plans, "safe").changes
        return changes[0] if changes else None


def plans() -> api.Plans:
    """The settings of all files as they are on the disk now. What they exclude is not linted, though it is open."""
    return api.Plans(overrides={"force_exclude": True})


def lint(document: Document, held_to: api.Plans, encoding: str, folders: Iterable[str]) -> Linted:
    """What is found in a document, unless a walk through the folders of the workspace would leave it out. Raises SettingsError."""
    if api.is_left_out(document.path, held_to, folders):
        result = api.Result()
    else:
        result = api.lint_data(document.data(), document.path, held_to, offer=False)
    return Linted(document, result, encoding, held_to)


WARM = "import keras\nx = keras.Input((8,))\ny = keras.layers.BatchNormalization(0.8)(keras.layers.Dense(8)(x))\n"


def warm_up() -> None:
    """Import what every lint needs before there is one to wait for it; what that leaves behind stays, and is never searched for garbage."""
    api.lint_source(WARM, isolated=True)
    gc.collect()
    gc.freeze()


def tidy() -> None:
    """Collect the garbage of a lint, now that nobody waits (a server has Python's own collection turned off)."""
    gc.collect()
