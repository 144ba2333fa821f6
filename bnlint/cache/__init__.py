"""What earlier runs found, for files that did not change since: kept in a folder of the project, believed only as far as it holds.

A run of one kind (same version, Python, working directory, folders, settings) has one file. It tells of each file as what it was
dismissed, or the digest of its content; how the others were grouped, and on which facts about the disk that rests; and of each group
what was found, with the digests of its files and the facts besides. Of a model file, which is large, it tells what was found, and
believes its times and size alone: to take its digest would last as long as to read it.
"""

from __future__ import annotations

import os
import sys

from bnlint import __version__, catalogue, regular
from bnlint.cache import store
from bnlint.cache.facts import Disk, Fact, of, pins
from bnlint.checked import Checked, digest
from bnlint.discovery import Known, Verdicts
from bnlint.groups import NOTHING, SILENT, Part
from bnlint.records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Any, Final

    from bnlint.footprint import Footprint
    from bnlint.groups import Candidate
    from bnlint.plans import Plan

FORMAT: Final = 3

DISMISSED: Final = (NOTHING, SILENT)
"""What stands in the place of a digest for a file that was dismissed."""

OTHERS: Final = 500
"""Results that this run did not ask for, and that are kept all the same: other files may be named next time."""


@dataclass(slots=True)
class Entry:
    """What was found in a part: the digests and plans of its files, the facts besides, and the data of what came of each file."""

    digests: list[str]
    plans: list[str]
    facts: Sequence[Fact]
    checked: list[Any]


@dataclass(frozen=True, slots=True)
class Model:
    """What was found in a model file: its stamp and plan, and the data of what came of it."""

    stamp: int
    plan: str
    checked: list[Any]


@dataclass(slots=True)
class Memory:
    """The content of a cache. `files`: stamp, plan and digest, or as what it was dismissed; `parts` and `facts`: the grouping of all files
    that were not, unless it is not known; `stamps` of what facts are about, at a time when they held; `ignored`: what .gitignore files
    say."""

    files: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    parts: Sequence[Part] | None = None
    facts: Sequence[Fact] = ()
    entries: dict[str, Entry] = field(default_factory=dict)
    models: dict[str, Model] = field(default_factory=dict)
    stamps: dict[Fact, int] = field(default_factory=dict)
    ignored: Known = field(default_factory=dict)


class Cache:
    """The cache of one run. What it says holds for the files as they are now."""

    def __init__(self, folder: str, kind: Sequence[str]) -> None:
        self.folder, self.kind = folder, [*_program(), os.getcwd(), *kind]
        self.roots: Collection[str] = ()
        self.name = store.name(repr(self.kind))
        self.disk = Disk()
        self.old = self._decoded(store.read(folder, self.name))
        self.new = Memory()
        self.verdicts = Verdicts(self.old.ignored)
        self.changed = False
        self._holding: dict[Fact, bool] = {}
        self._plans: dict[int, str] = {}

    # Asking

    def dismissed(self, file: Candidate) -> str | None:
        """As what a file that a walk met was dismissed, if it is as it was then."""
        path = file.path
        known = self.old.files.get(path)
        if known is None or file.named:
            return None
        stamp, plan, seen = known
        if seen not in DISMISSED or plan != self.plan(file.plan) or stamp == 0 or stamp != self.disk.stamp(path):
            return None
        self.new.files[path] = known
        return seen

    def doubted(self, file: Candidate) -> str | None:
        """As what a file was dismissed that may be another one now, for its times do not tell."""
        known = self.old.files.get(file.path)
        return known[2] if known is not None and known[2] in DISMISSED and not file.named else None

    def parts(self, files: Mapping[str, Candidate]) -> Sequence[Part] | None:
        """How these files, which are not dismissed, are grouped; None where that is not known."""
        parts = self.old.parts
        if parts is None or not all(map(self._is_unchanged, files.values())):
            return None
        if {path for part in parts for path in part.paths} != files.keys() or not all(map(self._holds, self.old.facts)):
            return None
        self.new.parts, self.new.facts = parts, self.old.facts
        return parts

    def _is_unchanged(self, file: Candidate) -> bool:
        """Whether a file is as it was; if its times do not say so, it is read."""
        known = self.old.files.get(file.path)
        if known is None or known[2] in DISMISSED or known[1] != self.plan(file.plan):
            return False
        if not self._is_settled(file.path, known[0]):
            try:
                if digest(regular.read(file.path)) != known[2]:
                    return False
            except OSError:
                return False
            self.changed = self.changed or self.disk.stamp(file.path) != 0
        self.new.files[file.path] = (self.disk.stamp(file.path), known[1], known[2])
        return True

    def _is_settled(self, path: str, stamp: int | None) -> bool:
        """Whether the times of a file or folder say that it is as it was."""
        return stamp != 0 and stamp == self.disk.stamp(path)

    def recall(self, part: Part, files: Mapping[str, Candidate]) -> list[Checked] | None:
        """What came of the files of a part; None where that is not known."""
        entry = self.old.entries.get(_key(part))
        if entry is None or entry.digests != [self.new.files[path][2] for path in part.paths]:
            return None
        plans = [files[path].plan for path in part.paths]
        if entry.plans != [self.plan(each) for each in plans] or not all(map(self._holds, entry.facts)):
            return None
        found = _kept(zip(entry.checked, part.paths, plans, entry.digests, strict=False))
        if found is not None and len(found) == len(plans):
            self.new.entries[_key(part)] = entry
            return found
        return None

    def recall_model(self, path: str, plan: Plan) -> Checked | None:
        """What came of a model file; None where that is not known. (Its stamp is that before it is read.)"""
        stamp, known = self.disk.stamp(path), self.old.models.get(path)
        if known is None or not stamp or (stamp, self.plan(plan)) != (known.stamp, known.plan):
            return None
        found = _kept([(known.checked, path, plan, "")])
        if found is None:
            return None
        self.new.models[path] = known
        return found[0]

    def _holds(self, fact: Fact) -> bool:
        found = self._holding.get(fact)
        if found is None:
            path = fact[0]
            if not self._is_ours(path):
                return False
            found = self._is_settled(path, self.old.stamps.get(fact))
            if not found:
                found = self.disk.confirms(fact)
                self.changed = self.changed or (found and self.disk.stamp(path) != 0)
            self._holding[fact] = found
        return found

    def _is_ours(self, path: str) -> bool:
        """Whether a run over these files may look at a path: it is below a root, or a folder above it."""
        return path == os.path.normpath(path) and any(
            path == root or path.startswith(os.path.join(root, "")) or root.startswith(os.path.join(path, "")) for root in self.roots
        )

    def plan(self, plan: Plan) -> str:
        """What tells a plan from another."""
        found = self._plans.get(id(plan))
        if found is None:
            found = self._plans[id(plan)] = repr((plan.settings, plan.root, pins(self.disk, plan.root)))
        return found

    # Learning

    def take(self, file: Candidate, seen: str) -> None:
        """Take down what a file was dismissed as, or the digest of what it holds."""
        found = (self.disk.stamp(file.path), self.plan(file.plan), seen)
        self.changed = self.changed or found != self.old.files.get(file.path)
        self.new.files[file.path] = found

    def group(self, parts: Sequence[Part], seen: Footprint) -> None:
        """Take down how files were grouped."""
        self.new.parts, self.new.facts = parts, tuple(of(seen))
        self._holding.update(dict.fromkeys(self.new.facts, True))

    def keep(self, part: Part, found: Sequence[Checked], facts: Sequence[Fact]) -> None:
        """Take down what came of the files of a part, unless a bug of ours had its hand in it."""
        if any(each.failures for each in found):
            return
        from bnlint.cache.codec import encode

        self.changed = True
        self._holding.update(dict.fromkeys(facts, True))
        digests = [self.new.files[path][2] for path in part.paths]
        self.new.entries[_key(part)] = Entry(digests, [self.plan(each.plan) for each in found], facts, list(map(encode, found)))

    def keep_model(self, checked: Checked) -> None:
        """Take down what came of a model file. Not of one that was not read, or without the weights that rules ask for: that may be a
        matter of what is installed; nor where there are other files beside it."""
        from bnlint.cache.codec import encode
        from bnlint.saved import WALKED

        stamp, artifact = self.disk.stamp(checked.path), checked.artifact
        is_whole = artifact is not None and (artifact.weights or not any(rule.weights for rule in checked.plan.rules))
        if stamp and is_whole and not checked.failures and checked.path.lower().endswith(WALKED) and os.path.isfile(checked.path):
            self.changed = True
            self.new.models[checked.path] = Model(stamp, self.plan(checked.plan), encode(checked))

    def save(self) -> None:
        """Write what is known now, if it is more than was known. That it cannot be written is no harm."""
        if self.changed or self.verdicts.new != self.old.ignored:
            store.write(self.folder, self.name, self._merged)

    # Reading and writing

    def _merged(self, there: store.Data | None) -> store.Data:
        """Our memory, and of what another run has written meanwhile what ours does not tell."""
        theirs = self._decoded(there)
        others = [key for key in theirs.entries if key not in self.new.entries and all(map(os.path.exists, key.split("\0")[1:]))]
        entries = {key: theirs.entries[key] for key in others[-OTHERS:]} | self.new.entries
        models = {path: model for path, model in theirs.models.items() if os.path.exists(path)} | self.new.models
        facts: dict[Fact, int] = {}
        plans: dict[str, int] = {}

        def number(table: dict[Any, int], values: Sequence[Any]) -> list[int]:
            return [table.setdefault(value, len(table)) for value in values]

        def stamp(fact: Fact) -> int:
            return self.disk.stamp(fact[0]) if self._holding.get(fact) else theirs.stamps.get(fact, 0)

        return {
            "format": FORMAT,
            "kind": self.kind,
            "files": {path: [stamp, *number(plans, (plan,)), known] for path, (stamp, plan, known) in self.new.files.items()},
            "parts": None if self.new.parts is None else [[part.rooted, part.idle, part.paths] for part in self.new.parts],
            "grouping": number(facts, self.new.facts),
            "entries": {
                key: [entry.digests, number(plans, entry.plans), number(facts, entry.facts), entry.checked]
                for key, entry in entries.items()
            },
            "models": {path: [model.stamp, *number(plans, (model.plan,)), model.checked] for path, model in models.items()},
            "facts": [[*fact, stamp(fact)] for fact in facts],
            "plans": list(plans),
            "ignored": self.verdicts.new,
        }

    def _decoded(self, data: store.Data | None) -> Memory:
        """The memory that data tell of; an empty one if they are not ours."""
        if data is None or data.get("format") != FORMAT or data.get("kind") != self.kind:
            return Memory()
        try:
            plans, table = data["plans"], [(str(path), str(seen)) for path, seen, _ in data["facts"]]
            return Memory(
                files={path: (stamp, plans[plan], known) for path, (stamp, plan, known) in data["files"].items()},
                parts=None if data["parts"] is None else [_part(*each) for each in data["parts"]],
                facts=[table[index] for index in data["grouping"]],
                entries={
                    key: Entry(list(digests), [plans[index] for index in own], [table[index] for index in facts], list(checked))
                    for key, (digests, own, facts, checked) in data["entries"].items()
                },
                models={path: Model(stamp, plans[plan], list(checked)) for path, (stamp, plan, checked) in data["models"].items()},
                stamps={fact: stamp for fact, (_, _, stamp) in zip(table, data["facts"], strict=True)},
                ignored={
                    text: {folder: {name: bool(verdict) for name, verdict in names.items()} for folder, names in folders.items()}
                    for text, folders in data["ignored"].items()
                },
            )
        except (KeyError, ValueError, TypeError, IndexError, AttributeError):
            return Memory()


def _part(rooted: object, idle: object, paths: Sequence[object]) -> Part:
    return Part(tuple(map(str, paths)), bool(rooted), bool(idle))


def _kept(of_files: Iterable[tuple[Any, str, Plan, str]]) -> list[Checked] | None:
    """What came of files, from its data and their paths, plans and digests; None if the data are not as they were written."""
    from bnlint.cache.codec import Malformed, decode

    try:
        return [decode(*each) for each in of_files]
    except Malformed:
        return None


def _key(part: Part) -> str:
    return "\0".join(("r" if part.rooted else "-", *part.paths))


def _program() -> tuple[str, ...]:
    """What tells this bnlint, and the Python that it runs on, from others: the sizes of its files; in a checkout their times, too."""
    top, pages = os.path.dirname(catalogue.__file__), catalogue.folder()
    is_checkout = not pages.startswith(top)
    found = []
    for folder, folders, files in (step for each in ((top, pages) if is_checkout else (top,)) for step in os.walk(each)):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            state = os.stat(os.path.join(folder, name))
            found.append((name, state.st_size, state.st_mtime_ns if is_checkout else 0))
    return __version__, sys.version, store.name(repr(found))
