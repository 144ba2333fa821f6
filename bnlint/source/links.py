"""Which files belong together: where their import statements lead, read off the text without parsing it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from bnlint.footprint import Footprint
from bnlint.keras_api.names import canonical, exports
from bnlint.source.files import File, Files
from bnlint.source.trees import walk
from bnlint.text import Unreadable, load

HOPS = 2
"""Imports, one after the other, over which a file still builds with what another one defines (those of an `__init__.py` are free)."""

_IMPORT = re.compile(
    rb"(?:^|[\"';:])[ \t]*"
    rb"(?:from[ \t]*(\.*)[ \t]*([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n#;]*)|import[ \t]+([\w.]+[\w., \t]*))",
    re.MULTILINE,
)
"""A statement at the start of a line, of a cell's line in a notebook, or behind a colon or semicolon. (In a text it does no harm.)"""

Statement = tuple[int, str, tuple[tuple[str, str], ...]]
"""Dots, name, and what is imported from there: its name there and here. Nothing: the module itself."""


def together(
    core: Collection[str], files: Mapping[str, bytes], root: str, words: Collection[bytes], seen: Footprint | None = None
) -> tuple[list[list[str]], set[str]]:
    """The core files in groups, with those of the others that build on one of them; and the files that build on nothing with these words.

    `files` are paths and what they hold, the core ones among them; other files below `root` are read where imports lead to them. One that
    only tells of the words is no core, but what a core file builds on: it may be given what it tells of.
    """
    told: Collection[str] = ()
    if len(files) > 1:
        told = [path for path in core if not _in_code(path, files[path], words)]
        core = [path for path in core if path not in told]
    known = _Known(core, root, files, seen)
    imports = Imports(known.files, known.data)
    group: dict[str, set[str]] = {path: {path} for path in core}
    lonely: set[str] = set()
    for path in files:
        reached = imports.reached(known.files.stand_in(path))
        paths = [known.path_of[place] for place in reached if place in known.path_of]
        built_on = [other for other in paths if other in group or (path in known.core and other in told)]
        if built_on:
            joined = set().union({path}, built_on, *(group.get(other, ()) for other in built_on), group.get(path, ()))
            for member in joined:
                group[member] = joined
        elif path not in group and not any(known.holds(file, words) for file in reached.values()):
            lonely.add(path)
    found = {id(members): sorted(members) for members in group.values()}
    return sorted(found.values()), lonely


def _in_code(path: str, data: bytes, words: Collection[bytes]) -> bool:
    """Whether one of the words, each of which stands at the end of a path, occurs in the code of a file: in a name, or in a text that may
    be one, and not only in what comments and documentation say. A file that cannot be read may hold it."""
    ends = {word.decode().split()[-1].rpartition(".")[2] for word in words}
    try:
        trees = [chunk.parse() for chunk in load(path, data).chunks]
    except Unreadable:
        return True
    said = {value for tree in trees for node in walk(tree) for value in node.__dict__.values() if value.__class__ is str}
    return any(end in value and " " not in value for value in said for end in ends)


class Imports:
    """What files import, directly and through others; `text` tells what a file holds."""

    def __init__(self, files: Files, text: Callable[[File], bytes]) -> None:
        self.files, self.text = files, text
        self._statements: dict[str, list[Statement]] = {}
        self._imported: dict[str, list[File]] = {}

    def reached(self, start: File, hops: int = HOPS) -> dict[str, File]:
        """The files that a file builds on, by their place; itself left out."""
        found: dict[str, File] = {}
        edge = [start]
        for _ in range(hops):
            further = []
            for file in edge:
                for other in self.imported(file):
                    if other.place not in found and other is not start:
                        found[other.place] = other
                        further.append(other)
            edge = further
        return found

    def imported(self, file: File) -> list[File]:
        """The files that a file imports."""
        if file.place not in self._imported:
            found = {other.place: other for other in self._imports(file, None, set())}
            self._imported[file.place] = list(found.values())
        return self._imported[file.place]

    def _imports(self, file: File, names: Collection[str] | None, seen: set[tuple[str, str]]) -> Iterator[File]:
        """The files that a file imports; those through which it binds some names, if these are given."""
        for level, name, wanted in self.statements(file):
            brought = [there for there, here in wanted if names is None or here in names or there == "*"]
            if names is not None and not brought:
                continue
            found = self.files.find(file, level, name) if level or not is_library(file, name) else None
            if found is None:
                continue
            yield found
            for each in brought:
                inner = self.files.submodule(found, each) if each != "*" else None
                if inner is not None:
                    yield inner
                elif found.folder is not None and (found.place, each) not in seen:
                    seen.add((found.place, each))
                    yield from self._imports(found, names if each == "*" else (each,), seen)

    def statements(self, file: File) -> list[Statement]:
        if file.place not in self._statements:
            self._statements[file.place] = list(_statements(self.text(file)))
        return self._statements[file.place]


class _Known:
    """Files that are known and not read once more, those of the core among them."""

    def __init__(self, core: Collection[str], root: str, known: Mapping[str, bytes], seen: Footprint | None) -> None:
        self.core, self.known = frozenset(core), known
        self.files = Files((), root, seen)
        self.path_of = {self.files.stand_in(path).place: path for path in known}
        self._holding: dict[str, bool] = {}

    def holds(self, file: File, words: Collection[bytes]) -> bool:
        """Whether a file is one of the core, or is none of those that are known and holds one of the words (the same each time)."""
        if file.place in self.path_of:
            return self.path_of[file.place] in self.core
        if file.place not in self._holding:
            data = self.data(file)
            self._holding[file.place] = any(word in data for word in words)
        return self._holding[file.place]

    def data(self, file: File) -> bytes:
        """What a file holds; nothing if it cannot be read."""
        if file.place in self.path_of:
            return self.known[self.path_of[file.place]]
        return b"" if file.folder == file.place else self.files.text(file)


def is_library(file: File, name: str) -> bool:
    """Whether a module is one of Keras or TensorFlow, of which a file outside of these knows what the tables tell; though it may stand
    in the tree (in the folder of an environment)."""
    top = name.partition(".")[0]
    if file.name.partition(".")[0] == top:
        return False
    return top == "tensorflow" or bool(exports(canonical(name) or ""))


def _statements(data: bytes) -> Iterator[Statement]:
    for dots, name, wanted, plain in _IMPORT.findall(data):
        if plain:
            yield from ((0, part.split()[0], ()) for part in plain.decode("ascii", "replace").split(",") if part.strip())
        elif dots or name:
            text = re.sub(r"#[^\n]*", "", wanted.decode("utf-8", "replace")).strip("() \t\r\n\\")
            parts = [part.split() for part in text.split(",")]
            yield len(dots), name.decode("utf-8", "replace"), tuple((part[0], part[-1]) for part in parts if part)
