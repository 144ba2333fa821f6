"""What came of a run: findings, changes, and the counts of everything else."""

from __future__ import annotations

from functools import cached_property

from bnlint import raw, repair
from bnlint.checked import fails, with_document
from bnlint.records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bnlint.checked import Checked
    from bnlint.findings import Finding, TextEdit
    from bnlint.graph.coverage import Site
    from bnlint.graph.model import Artifact, Span
    from bnlint.text import Document


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What fixing makes of a file: its bytes before and after."""

    path: str
    before: bytes
    after: bytes

    def text(self) -> str:
        """The file after it."""
        from bnlint.text import load

        document = load(self.path, self.after)
        return self.after.decode(document.encoding if document.kind == "python" else "utf-8")

    def texts(self) -> list[tuple[str, int | None, str, str]]:
        """Path, cell, text before and text after: of the file, or of each cell."""
        from bnlint.text import load

        chunks = zip(load(self.path, self.before).chunks, load(self.path, self.after).chunks, strict=True)
        return [(self.path, before.cell, before.original, after.original) for before, after in chunks]


@dataclass(frozen=True, eq=False)
class Result:
    """What came of a run, in order of path.

    `files` holds those files of which something is to be said, `artifacts` tell of all model files that were read, `analysed` and
    `dismissed` count all of them (a dismissed file holds no word of a rule), `skipped` counts by reason what was left out, and `hidden` the
    findings that are not shown. Paths that are `missing` and `failures` (a line each) make the exit code 2, `warnings` do not, and `notes`
    say what was done besides.
    """

    files: tuple[Checked, ...] = ()
    fixed: tuple[Finding, ...] = ()
    changes: tuple[Change, ...] = ()
    sites: tuple[Site, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    hidden: Mapping[str, int] = field(default_factory=dict)
    analysed: int = 0
    dismissed: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for file in self.files for finding in file.findings)

    @property
    def coverage(self) -> str:
        """How much of the BatchNormalization in these files is understood, in a line; nothing where all of it is."""
        if not self.sites:
            return ""
        from bnlint.graph.coverage import Coverage

        return Coverage(self.sites).line()

    @property
    def fails(self) -> bool:
        """Whether a finding is as bad as the settings of its file say that a run must not be (`fail-on`)."""
        return any(fails(file) for file in self.files)

    def lines(self, path: str, cell: int | None) -> Sequence[str]:
        """The lines of a file, or of a cell, in which something was found; without a cell those of a notebook's JSON."""
        document = self._document(path)
        if document is None:
            return ()
        chunk = document.by_cell.get(cell)
        if chunk is None:
            return raw.lines(document) if cell is None else ()
        return chunk.written_lines

    def raw(self, span: Span) -> Span:
        """Where a span stands in its file: that of a cell in the JSON of the notebook."""
        document = self._document(span.path) if span.cell is not None else None
        return raw.place(document, span) if document is not None else span

    def raw_edits(self, finding: Finding) -> tuple[TextEdit, ...]:
        """What the fix of a finding changes in the file; in a notebook, in its JSON."""
        changes = self.edits(finding)
        document = self._document(finding.path)
        return raw.edits(document, changes) if document is not None else ()

    def _document(self, path: str) -> Document | None:
        return self._whole(path).document if path in self._by_path else None

    def _whole(self, path: str) -> Checked:
        """What is known of a file, its document with it."""
        found = self._by_path[path] = with_document(self._by_path[path])
        return found

    @cached_property
    def _by_path(self) -> dict[str, Checked]:
        return {file.path: file for file in self.files}

    def edits(self, finding: Finding) -> tuple[TextEdit, ...]:
        """What the fix of a finding changes; nothing if it has none."""
        from bnlint.fixer import Refused

        try:
            return repair.edits(self._whole(finding.path), finding)
        except Refused:
            return ()
