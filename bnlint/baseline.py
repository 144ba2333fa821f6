"""The baseline: the findings that a project lives with for now, counted for each file and rule. It shrinks by itself and never grows."""

from __future__ import annotations

import os
from collections import Counter

from bnlint.records import dataclass, field
from bnlint.regular import open_regular
from bnlint.settings import Settings, SettingsError, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Any, Final, Literal

    from bnlint.findings import Finding

    Use = Literal["ignore", "use", "shrink", "write"]
    """What a run does with baselines: nothing; leave out what they hold; also make them shorter after a success; write them anew."""

NAME: Final = ".bnlint-baseline.json"
"""The file that is looked for beside the settings, if they name none."""

VERSION: Final = 1

NEVER: Final = frozenset({"BN001"})
"""What no baseline takes: a file that cannot be read was not analysed, and a run must say so each time."""

Key = tuple[str, str]
"""A path from the folder of the baseline, with `/`, and a code."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How many findings of one rule one file may have. Fingerprints tell which; the count holds where their lines were edited."""

    count: int
    fingerprints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline, and the (absolute) path of its file."""

    file: str
    entries: Mapping[Key, Entry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run saw of one file: the rules that ran, and what they found."""

    codes: Collection[str]
    findings: Sequence[Finding]


def find(settings: Settings) -> str:
    """Where the baseline of these settings is: below their folder, for it is written, too. Raises SettingsError."""
    file, root = (os.path.realpath(os.path.join(settings.root, name)) for name in (settings.baseline or NAME, ""))
    if not file.startswith(os.path.join(root, "")):
        raise SettingsError(f"`baseline`: {shown(file)} is not in the folder of the settings")
    return file


def of(settings: Settings, use: Use, isolated: bool = False) -> Baseline | None:
    """The baseline that counts in a run; None if there is none. Raises SettingsError."""
    file = find(settings)
    if use == "ignore" or (use != "write" and isolated and settings.baseline is None):
        return None
    try:
        found = read(file)
    except SettingsError:
        if use != "write":
            raise
        found = Baseline(file)
    return found if use == "write" or found.entries or settings.baseline is not None else None


# Reading and writing


def read(file: str) -> Baseline:
    """The baseline in a file; an empty one if there is none. Raises SettingsError."""
    try:
        with open_regular(file) as stream:
            text = stream.read()
    except FileNotFoundError:
        return Baseline(file)
    except OSError as error:
        raise SettingsError(f"{shown(file)}: cannot be read: {error.strerror}") from None
    import json

    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise SettingsError(f"{shown(file)}: is no valid JSON; restore it, or write it anew with `--write-baseline`") from None
    version = data.get("version") if isinstance(data, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise SettingsError(f"{shown(file)}: was written by a newer bnlint (version {version} of the format)")
    try:
        if version != VERSION:
            raise TypeError
        return Baseline(file, {(path, code): _entry(entry) for path, rules in data["files"].items() for code, entry in rules.items()})
    except (KeyError, TypeError, AttributeError):
        raise SettingsError(f"{shown(file)}: is no baseline of bnlint; restore it, or write it anew with `--write-baseline`") from None


def _entry(data: Any) -> Entry:
    count, fingerprints = data["count"], data["fingerprints"]
    if type(count) is not int or count < 0 or not isinstance(fingerprints, list) or not all(type(each) is str for each in fingerprints):
        raise TypeError
    return Entry(count, tuple(fingerprints))


def write(baseline: Baseline) -> None:
    """Write a baseline, whole or not at all. Raises OSError."""
    import json
    import tempfile

    files: dict[str, dict[str, Any]] = {}
    for (path, code), entry in sorted(baseline.entries.items()):
        files.setdefault(path, {})[code] = {"count": entry.count, "fingerprints": list(entry.fingerprints)}
    text = json.dumps({"version": VERSION, "files": files}, indent=2) + "\n"
    target = os.path.realpath(baseline.file)
    descriptor, temporary = tempfile.mkstemp(prefix=".bnlint-", suffix=".tmp", dir=os.path.dirname(target))
    try:
        with open(descriptor, "w", encoding="ascii", newline="\n") as stream:
            stream.write(text)
        os.chmod(temporary, os.stat(target).st_mode & 0o777 if os.path.exists(target) else 0o644)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


# What becomes of a run


@dataclass(frozen=True, slots=True)
class Settled:
    """The findings that remain, by path; what was done to the baseline, and what went wrong, a line each."""

    remaining: Mapping[str, tuple[Finding, ...]]
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()


def settle(baseline: Baseline, seen: Mapping[str, Seen], use: Use, complete: bool) -> Settled:
    """Take the baseline out of what a run saw, and bring its file up to date if the run was complete."""
    name = shown(baseline.file)
    after = renewed(baseline, seen) if use == "write" and complete else baseline
    left = {path: tuple(remaining(after, path, each.findings)) for path, each in seen.items()}
    if use == "write" and not complete:
        return Settled(left, failures=(f"{name} was not written, for the run was not complete",))
    if use == "shrink" and complete and not any(left.values()):
        after = shrunk(baseline, seen)
    if use == "write" or after is not baseline:
        try:
            write(after)
        except OSError as error:
            problem = (f"{name}: cannot be written: {error.strerror}",)
            return Settled(left, failures=problem) if use == "write" else Settled(left, warnings=problem)
        gone = size(baseline) - size(after)
        return Settled(
            left,
            notes=(
                f"{name} holds {size(after)} finding{'' if size(after) == 1 else 's'} now" + (f", {gone} less" if use == "shrink" else ""),
            ),
        )
    missing = not baseline.entries and not os.path.exists(baseline.file)
    return Settled(left, warnings=(f"{name} does not exist; `--write-baseline` writes it",) if missing else ())


def size(baseline: Baseline) -> int:
    """How many findings it holds."""
    return sum(entry.count for entry in baseline.entries.values())


# Asking and changing


def remaining(baseline: Baseline, path: str, findings: Sequence[Finding]) -> list[Finding]:
    """The findings in a file that its baseline does not hold.

    Where there are more of a rule than it allows, all that it does not know by their fingerprints remain: one of them is new.
    """
    new = {id(finding) for finding in findings if finding.code in NEVER}
    for code, number in Counter(finding.code for finding in findings).items():
        entry = baseline.entries.get((key(baseline, path), code), Entry(0))
        if number > entry.count:
            new.update(id(finding) for finding in _unknown(entry, [finding for finding in findings if finding.code == code]))
    return [finding for finding in findings if id(finding) in new]


def _unknown(entry: Entry, findings: Iterable[Finding]) -> Iterable[Finding]:
    known = Counter(entry.fingerprints)
    for finding in findings:
        if known[finding.fingerprint]:
            known[finding.fingerprint] -= 1
        else:
            yield finding


def shrunk(baseline: Baseline, seen: Mapping[str, Seen]) -> Baseline:
    """The baseline after a run that found nothing new: without what is gone. The same object if nothing is."""
    entries: dict[Key, Entry] = {}
    found = {key(baseline, path): each for path, each in seen.items()}
    for (path, code), entry in baseline.entries.items():
        if path in found and code in found[path].codes:
            now = _count(found[path], code)
            if now.count:
                entries[path, code] = now
        elif path in found or os.path.lexists(os.path.join(os.path.dirname(baseline.file), path)):
            entries[path, code] = entry
    after = Baseline(baseline.file, entries)
    return after if size(after) < size(baseline) else baseline


def renewed(baseline: Baseline, seen: Mapping[str, Seen]) -> Baseline:
    """The baseline with all that a run found, and what the old one says of files and rules that did not take part."""
    found = {key(baseline, path): each for path, each in seen.items()}
    folder = os.path.dirname(baseline.file)
    entries = {
        (path, code): entry
        for (path, code), entry in baseline.entries.items()
        if (code not in found[path].codes if path in found else os.path.lexists(os.path.join(folder, path)))
    }
    for path, each in found.items():
        for code in sorted({finding.code for finding in each.findings} - NEVER):
            entries[path, code] = _count(each, code)
    return Baseline(baseline.file, entries)


def _count(seen: Seen, code: str) -> Entry:
    fingerprints = [finding.fingerprint for finding in seen.findings if finding.code == code]
    return Entry(len(fingerprints), tuple(fingerprints))


def key(baseline: Baseline, path: str) -> str:
    """The name of a file in a baseline."""
    try:
        return os.path.relpath(os.path.abspath(path), os.path.dirname(baseline.file)).replace(os.sep, "/")
    except ValueError:  # another drive
        return os.path.abspath(path).replace(os.sep, "/")
