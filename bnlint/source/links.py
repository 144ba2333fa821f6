"""Which files belong together: where their import statements lead, read off the text without parsing it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bnlint.source.files import File, Files
from bnlint.text import SIZE_LIMIT

_IMPORT = re.compile(
    rb"(?:^|[\"';:])[ \t]*"
    rb"(?:from[ \t]*(\.*)[ \t]*([\w.]*)[ \t]+import[ \t]*(\([^)]*\)|[^\n#;]*)|import[ \t]+([\w.]+[\w., \t]*))",
    re.MULTILINE,
)
"""A statement at the start of a line, of a cell's line in a notebook, or behind a colon or semicolon. (In a text it does no harm.)"""


def together(relevant: Mapping[str, bytes], others: Mapping[str, bytes], root: str) -> list[list[str]]:
    """The relevant files in groups, with those of the others that lead to one of them: a file and all that it imports are in one group.

    Keys are paths, values what the files hold; other files below `root` are read where imports lead through them.
    """
    links = _Links(root, {**relevant, **others})
    group: dict[str, set[str]] = {path: {path} for path in relevant}
    for path in [*relevant, *others]:
        reached = links.reached(path) & relevant.keys()
        if reached:
            joined = set().union({path}, *(group[other] for other in reached))
            if path in group:
                joined |= group[path]
            for member in joined:
                group[member] = joined
    found = {id(members): sorted(members) for members in group.values()}
    return sorted(found.values())


class _Links:
    """What files import, directly and through others."""

    def __init__(self, root: str, known: Mapping[str, bytes]) -> None:
        self.known = known
        self.files = Files((), root)
        self.path_of = {file.place: path for path in known for file in [self.files.stand_in(path)]}
        self._direct: dict[str, list[File]] = {}

    def reached(self, path: str) -> set[str]:
        """The known files that a known file leads to, itself left out."""
        start = self.files.stand_in(path)
        seen, stack = {start.place}, [start]
        while stack:
            for other in self.direct(stack.pop()):
                if other.place not in seen:
                    seen.add(other.place)
                    stack.append(other)
        return {self.path_of[place] for place in seen if place in self.path_of} - {path}

    def direct(self, file: File) -> list[File]:
        if file.place not in self._direct:
            self._direct[file.place] = list(self._imports(file))
        return self._direct[file.place]

    def _imports(self, file: File) -> Iterator[File]:
        for level, name, wanted in _statements(self._data(file)):
            found = self.files.find(file, level, name)
            if found is not None:
                yield found
                yield from (inner for each in wanted if (inner := self.files.submodule(found, each)) is not None)

    def _data(self, file: File) -> bytes:
        if file.place in self.path_of:
            return self.known[self.path_of[file.place]]
        if file.folder == file.place:
            return b""
        try:
            with open(file.place, "rb") as stream:
                return stream.read(SIZE_LIMIT)
        except OSError:
            return b""


def _statements(data: bytes) -> Iterator[tuple[int, str, list[str]]]:
    """Dots, name and imported names of each import statement."""
    for dots, name, wanted, plain in _IMPORT.findall(data):
        if plain:
            yield from ((0, part.split()[0], []) for part in plain.decode("ascii", "replace").split(",") if part.strip())
        elif dots or name:
            parts = re.sub(r"#[^\n]*", "", wanted.decode("utf-8", "replace")).strip("() \t\r\n\\").split(",")
            yield len(dots), name.decode("utf-8", "replace"), [part.split()[0] for part in parts if part.split()]
