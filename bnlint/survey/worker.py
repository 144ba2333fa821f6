"""The process that lints the trees of a survey, one after the other: `python -m bnlint.survey.worker SCRATCH`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import IO, TYPE_CHECKING, Final, cast

from bnlint.api import Plans
from bnlint.checked import UNREADABLE, Checked, unread
from bnlint.discovery import SUFFIXES
from bnlint.run import Run
from bnlint.survey import frames
from bnlint.survey.records import NO_SOURCE, File, Found, Gap, Outcome, Status, Terms

if TYPE_CHECKING:
    from bnlint.findings import Finding
    from bnlint.groups import Candidate
    from bnlint.overrides import Overrides

OUT_OF_MEMORY: Final = 70
"""The exit code of a process that ran into its limit."""


class Ledger(Run):
    """A run that keeps what came of each file."""

    def __init__(self, plans: Plans, tell: Callable[[str], None]) -> None:
        super().__init__(plans, "none", write=False, tell=tell)
        self.checked: dict[str, Checked] = {}

    def add(self, checked: Checked) -> None:
        self.checked[checked.path] = checked
        super().add(checked)

    def dismiss(self, files: Sequence[Candidate]) -> None:
        self.checked.update({file.path: Checked(file.path, file.plan, dismissed=True) for file in files})
        super().dismiss(files)


def plans(terms: Terms, folder: str) -> Plans:
    """The plans of files that lie in the working directory. A settings file among them does not count. Raises SettingsError."""
    config = terms.config
    if terms.file is not None:
        name, data = terms.file
        config = os.path.join(folder, name)
        with open(config, "wb") as file:
            file.write(data)
    return Plans(config, True, cast("Overrides", dict(terms.overrides)), "ignore")


def lint(files: Sequence[File], terms: Terms, scratch: str, tell: Callable[[str], None] = lambda doing: None) -> list[Outcome]:
    """What `bnlint check --isolated .` says in a folder that holds these files, and is a repository."""
    from shutil import rmtree
    from tempfile import mkdtemp

    folder = mkdtemp(dir=scratch)
    os.chdir(folder)
    try:
        os.mkdir(".git")  # it is the root of its project, wherever the scratch folder lies
        run = Ledger(plans(terms, scratch), tell)
        places = [_place(file, run) for file in files]
        run.walk([os.curdir])
        return [_outcome(place, run) for place in places]
    finally:
        os.chdir(scratch)
        rmtree(folder, ignore_errors=True)


def _place(file: File, run: Ledger) -> str | Outcome:
    """Where the file was written; or what is to be said of it already."""
    path = relative(file.path) if file.path is not None else None
    if path is None:
        return _unread(file.path or "<null>", "has a path that leads to no file below a folder", run)
    if file.data is None:
        return _unread(path, "has no content (it is null)", run)
    if os.path.lexists(path):
        return Outcome("skipped", "another row of its group has this path")
    try:
        os.makedirs(os.path.dirname(path) or os.curdir, exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(file.data)
    except OSError as error:
        return _unread(path, f"has a path that no file can have here: {error.strerror}", run)
    return path


def relative(path: str) -> str | None:
    """The path below the folder of the project; None if it leads out of it, or to nothing."""
    parts = [part for part in path.split("/") if part not in ("", os.curdir)]
    return os.path.join(*parts) if parts and os.pardir not in parts and "\0" not in path else None


def _unread(path: str, reason: str, run: Ledger) -> Outcome:
    return _told(unread(path, reason, run.plans.of(os.curdir)))


def _outcome(place: str | Outcome, run: Ledger) -> Outcome:
    if isinstance(place, Outcome):
        return place
    if place in run.checked:
        return _told(run.checked[place])
    source = place.lower().endswith(SUFFIXES)
    return Outcome("skipped", "excluded, or ignored by .gitignore" if source else NO_SOURCE)


def _told(checked: Checked) -> Outcome:
    """What came of a file, as rows."""
    unreadable = any(finding.code == UNREADABLE for finding in checked.findings)
    status: Status = "linted"
    if checked.failures:
        status = "failed"
    elif checked.skipped:
        status = "skipped"
    elif checked.dismissed:
        status = "dismissed"
    elif unreadable:
        status = "unreadable"
    return Outcome(
        status,
        _plain("; ".join(checked.failures) or checked.skipped),
        tuple(map(_found, checked.findings)),
        tuple(_gaps(checked)),
        len(checked.sites),
    )


def _found(finding: Finding) -> Found:
    from bnlint.findings import Safety

    span, fix = finding.span, finding.fix
    return Found(
        code=finding.code,
        name=finding.name,
        severity=str(finding.severity),
        message=_plain(finding.message),
        help=_plain(finding.help),
        line=span.line if span else None,
        column=span.column if span else None,
        end_line=span.end_line if span else None,
        end_column=span.end_column if span else None,
        cell=span.cell if span else None,
        layers=finding.count,
        fixable=fix is not None and fix.safety is not Safety.DISPLAY,
        fix=fix.safety.value if fix is not None else None,
        fingerprint=finding.fingerprint,
    )


def _plain(text: str) -> str:
    """The text as every table can hold it: names in a program may have halves of characters."""
    return text.encode("utf-8", "backslashreplace").decode()


def _gaps(checked: Checked) -> Iterator[Gap]:
    for site in checked.sites:
        if site.grade != "full":
            at = site.span
            yield Gap(at.line, at.column, at.end_line, at.end_column, at.cell, site.grade, tuple(map(_plain, site.reasons)))


# The process


def limit(megabytes: int) -> None:
    """Allow for so much memory, where the system can hold a process to it."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    except (ImportError, ValueError, OSError):
        return


def allow(seconds: float) -> None:
    """Allow for so much processor time from now on, where the system can hold a process to it."""
    try:
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = ceil(used.ru_utime + used.ru_stime + seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    except (ImportError, ValueError, OSError):
        return


def serve(requests: IO[bytes], answers: IO[bytes], scratch: str) -> None:
    """Answer until nobody asks any more."""
    terms = frames.decode(frames.read(requests) or b"", Terms)
    limit(terms.memory)
    frames.write(answers, frames.ALIVE)

    def go_on(doing: str) -> None:
        allow(terms.seconds)
        frames.write(answers, frames.ALIVE)

    while (request := frames.read(requests)) is not None:
        files = frames.decode(request, list[File])
        allow(terms.seconds)
        found = lint(files, terms, scratch, go_on)
        if any("MemoryError" in outcome.detail for outcome in found):
            raise MemoryError
        frames.write(answers, frames.encode(found))


def main() -> None:
    import gc

    gc.disable()  # as the command line does
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(sys.stdin.buffer, answers, sys.argv[1])
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


if __name__ == "__main__":
    main()
