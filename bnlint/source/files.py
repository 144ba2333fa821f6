"""Files of the project on disk: where an import leads, and what stands there."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Literal

from bnlint.footprint import Footprint, listing
from bnlint.graph.model import Event, Gap, Import, Origin
from bnlint.records import dataclass, field
from bnlint.regular import INSTALLED, read_bytes
from bnlint.source.budget import IDLE
from bnlint.source.values import Scope
from bnlint.text import SIZE_LIMIT, Chunk, Document, Unreadable, load


@dataclass(slots=True, eq=False)
class File:
    """A file of the project and the module that Python makes of it.

    `place` is its absolute path, `name` its dotted name below the folder from which it is imported, `folder` that of its submodules (of a
    package; one without `__init__.py` has no chunks). `asked`: it is analysed for its own sake, not only because others import it.
    `distant`: it names no BatchNormalization, and is left when its roots have built nothing for `idle` steps that are too many.
    `cut`: not all of it was followed. `patience` is what those of its roots may idle that name layers themselves.
    """

    path: str
    place: str
    name: str
    folder: str | None = None
    asked: bool = False
    chunks: list[Chunk] = field(default_factory=list)
    trees: list[ast.Module] = field(default_factory=list)
    scope: Scope = field(default_factory=lambda: Scope(None))
    state: Literal["new", "running", "run"] = "new"
    imports: list[Import] = field(default_factory=list)
    imported: list[File] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    unreached: list[Origin] = field(default_factory=list)
    data_format: str = "channels_last"
    policy: object = None
    steps: int = 0
    done: int = 0
    """Things that are done to models in it."""
    distant: bool = False
    idle: int = 0
    patience: int = IDLE
    cut: bool = False

    def says(self, *words: str) -> bool:
        """Whether one of some words stands in it."""
        return any(word in chunk.text for chunk in self.chunks for word in words)


class Files:
    """The files under analysis, and those that their imports lead to. Without a `root` nothing is looked for on disk.

    `seen` takes down what was.
    """

    def __init__(self, documents: Iterable[Document], root: str | None = None, seen: Footprint | None = None) -> None:
        self.root = os.path.realpath(root) if root is not None else None
        self.seen = seen or Footprint()
        self.unreadable: dict[str, Unreadable] = {}
        self.by_path: dict[str, File] = {}
        self._opened: dict[str, File] = {}
        self._bases: dict[str, tuple[str, ...]] = {}
        self._names: dict[str, Mapping[str, str]] = {}
        self._found: dict[tuple[str, int, str], File | None] = {}
        self.asked = [file for document in documents if (file := self._take(document)) is not None]

    def _take(self, document: Document) -> File | None:
        file = self.stand_in(document.path)
        file.asked = True
        try:
            _parse(file, document)
        except Unreadable as problem:
            self.unreadable[document.path] = problem
            return None
        self.by_path[file.path] = file
        return file

    def stand_in(self, path: str) -> File:
        """A file that is not read."""
        place = os.path.abspath(path)
        if place not in self._opened:
            self._opened[place] = File(path, place, self._dotted(place), _package_folder(place))
        return self._opened[place]

    def find(self, importer: File, level: int, dotted: str) -> File | None:
        """The file that `import dotted` leads to, with `level` dots before it; None if it is not in the project."""
        if self.root is None:
            return None
        folder = os.path.dirname(importer.place)
        key = (folder, level, dotted)
        if key not in self._found:
            self._found[key] = self._find(importer, folder, level, dotted)
        return self._found[key]

    def _find(self, importer: File, folder: str, level: int, dotted: str) -> File | None:
        parts = dotted.split(".") if dotted else []
        if level:
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            return self._descend(importer, folder, parts)
        local = not self._holds(folder, "__init__.py")
        for base in self._import_bases(folder):
            if parts[0] in sys.stdlib_module_names and not (local and base == folder):
                continue
            if os.path.basename(base) in INSTALLED and parts[0] != _top(importer.place, base):
                continue
            found = self._descend(importer, base, parts)
            if found is not None and (found.folder != found.place or len(parts) > 1):
                return found
        return None

    def submodule(self, package: File, name: str) -> File | None:
        """The submodule of a package."""
        return self._descend(package, package.folder, [name]) if self.root is not None and package.folder is not None else None

    def _import_bases(self, folder: str) -> tuple[str, ...]:
        """The folders from which a file in `folder` imports: first the one that holds its outermost package, then those around it."""
        if folder not in self._bases:
            assert self.root is not None
            around = [folder]
            real = os.path.realpath(folder)
            while real != self.root and real.startswith(os.path.join(self.root, "")):
                real = os.path.dirname(real)
                around.append(os.path.dirname(around[-1]))
            package = self._outermost(folder)
            first = [package] if package != folder else []
            rest = [base for near in around if near != folder or not first for base in (near, os.path.join(near, "src"))]
            self._bases[folder] = tuple(dict.fromkeys([*first, *rest, folder]))
        return self._bases[folder]

    def _descend(self, importer: File, folder: str, parts: list[str]) -> File | None:
        """The module `a.b.c` below a folder; the package that the folder is where no part is left."""
        for part in parts[:-1]:
            if not self._holds(folder, part):
                return None
            folder = os.path.join(folder, part)
        last = parts[-1] if parts else ""
        inner = os.path.join(folder, last) if parts else folder
        if not parts or self._holds(folder, last):
            if self._holds(inner, "__init__.py"):
                return self._open(importer, os.path.join(inner, "__init__.py"))
            if not self._holds(folder, last + ".py") and os.path.isdir(inner):
                return self._open(importer, inner)
        return self._open(importer, inner + ".py") if parts and self._holds(folder, last + ".py") else None

    def _holds(self, folder: str, name: str) -> bool:
        """Whether a name stands in a folder; it does not where there is no such folder."""
        if folder not in self._names:
            self._names[folder] = listing(folder)
        kind = self._names[folder].get(name, "")
        self.seen.names.setdefault(folder, {})[name] = kind
        return bool(kind)

    def _outermost(self, folder: str) -> str:
        """The folder that holds the outermost package around a folder; the folder itself if it is no package."""
        while self._holds(folder, "__init__.py") and os.path.dirname(folder) != folder:
            folder = os.path.dirname(folder)
        return folder

    def _dotted(self, place: str) -> str:
        """The dotted name of a file below the folder that holds its outermost package."""
        folder, last = os.path.split(place)
        inner = os.path.relpath(folder, self._outermost(folder))
        parts = [] if inner == os.curdir else inner.split(os.sep)
        stem = last.removesuffix(".py")
        return ".".join([*parts, *([] if stem == "__init__" and parts else [stem])])

    def _is_ours(self, place: str) -> bool:
        """Whether a file lies in the project, links followed."""
        assert self.root is not None
        real = os.path.realpath(place)
        return real == self.root or real.startswith(os.path.join(self.root, ""))

    def _open(self, importer: File, place: str) -> File | None:
        if place not in self._opened:
            if not self._is_ours(place) or not (os.path.isfile(place) or os.path.isdir(place)):
                return None
            path = place if os.path.isabs(importer.path) else os.path.relpath(place)
            folder = place if os.path.isdir(place) else _package_folder(place)
            file = self._opened[place] = File(path, place, self._dotted(place), folder, state="run" if folder == place else "new")
            self.by_path.setdefault(path, file)
        return self._opened[place]

    def text(self, file: File) -> bytes:
        """What a file that was not asked for holds; nothing if it cannot be read."""
        if file.place not in self.seen.texts:
            try:
                self.seen.texts[file.place] = read_bytes(file.place, SIZE_LIMIT + 1)
            except OSError:
                self.seen.texts[file.place] = b""
        return self.seen.texts[file.place]

    def read(self, file: File) -> None:
        """Read and parse a file that was not asked for; one that cannot be read is a module of which nothing is known."""
        if not file.asked and not file.trees:
            try:
                _parse(file, load(file.path, self.text(file)))
            except Unreadable:
                return


def _parse(file: File, document: Document) -> None:
    """The trees of a document. Raises Unreadable for a Python file that does not parse; a cell that does not parse is a gap."""
    for chunk in document.chunks:
        try:
            file.trees.append(chunk.parse())
            file.chunks.append(chunk)
        except Unreadable as error:
            if document.kind == "python":
                raise
            file.gaps.append(Gap(f"cell {chunk.cell} does not parse: {error.message}", Origin()))


def _top(place: str, base: str) -> str:
    """The package or module directly below a folder in which a file lies, or that it is."""
    return os.path.relpath(place, base).partition(os.sep)[0].removesuffix(".py")


def _package_folder(place: str) -> str | None:
    return os.path.dirname(place) if os.path.basename(place) == "__init__.py" else None
