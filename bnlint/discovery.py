"""Which files: the paths that were named, and what a walk through named folders meets."""

from __future__ import annotations

import os
from collections import Counter
from functools import cached_property

from bnlint.records import dataclass, field
from bnlint.regular import INSTALLED, read_text
from bnlint.settings import Settings, matcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Final

    from pathspec import GitIgnoreSpec

SUFFIXES: Final = (".py", ".ipynb")
"""What a walk takes. A file that is named is taken whatever its name."""

CACHE: Final = ".bnlint_cache"
"""The name of the folder that holds a cache."""

EXCLUDED: Final = frozenset(
    (
        CACHE,
        ".bzr",
        ".direnv",
        ".eggs",
        ".git",
        ".hg",
        ".hypothesis",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pants.d",
        ".pyenv",
        ".pytest_cache",
        ".pytype",
        ".ruff_cache",
        ".svn",
        ".tox",
        ".venv",
        "__pycache__",
        "__pypackages__",
        "_build",
        "buck-out",
        "build",
        "dist",
        "node_modules",
        "site-packages",
        "venv",
    )
)
"""Names of folders that a walk leaves out unless `exclude` is set, like any folder that is a virtual environment."""

_VERSION_CONTROL: Final = (".git", ".hg", ".svn")

UNTOLD: Final = frozenset(
    (*_VERSION_CONTROL, ".bzr", ".hypothesis", ".mypy_cache", ".pytest_cache", ".pytype", ".ruff_cache", "__pycache__")
)
"""Those of them that hold nothing that anybody wrote: they are there or not, nothing is told of it."""


class MissingPath(Exception):
    """A path that was named and does not exist."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to look at. `path` begins with the path that was named; `named`: the file itself was named; `model`: it is a saved model
    (a folder, too, if it is a SavedModel), not a source."""

    path: str
    named: bool
    model: bool = False


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found, in the order of paths.

    `unreadable` are folders that could not be listed, each with the reason. `skipped` counts the files and folders that the walk left
    out, by reason.
    """

    files: tuple[File, ...]
    warnings: tuple[str, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()
    skipped: Mapping[str, int] = field(default_factory=dict)


def discover(paths: Iterable[str], settings: Settings, verdicts: Verdicts | None = None) -> Discovery:
    """The files that the paths stand for. Raises MissingPath."""
    walk = _Walk(settings, verdicts or Verdicts())
    found: dict[str, File] = {}
    warnings: list[str] = []
    for path in map(os.path.normpath, paths):
        if not os.path.lexists(path):
            raise MissingPath(f"path does not exist: {path}")
        if not os.path.exists(path):
            raise MissingPath(f"symbolic link leads nowhere: {path}")
        if settings.force_exclude and walk.is_excluded(path):
            walk.skipped["excluded by the settings"] += 1
        elif _is_model(path):
            found[os.path.realpath(path)] = File(path, True, True)
        elif os.path.isdir(path):
            met = walk.files(path)
            if not met:
                warnings.append(f"no Python files or notebooks found under {path}")
            for file, real in met:
                found.setdefault(real, File(file, False, not file.lower().endswith(SUFFIXES)))
        else:
            found[os.path.realpath(path)] = File(path, True)
    files = sorted(found.values(), key=lambda file: file.path if os.sep == "/" else file.path.replace(os.sep, "/"))
    return Discovery(tuple(files), tuple(warnings), tuple(sorted(walk.unreadable)), dict(sorted(walk.skipped.items())))


def _is_model(path: str) -> bool:
    """Whether what was named is a saved model."""
    if path.lower().endswith(SUFFIXES):
        return False
    from bnlint import saved

    return saved.recognise(path) is not None


def innermost(path: str, paths: Sequence[str]) -> str:
    """Which of the paths that were named leads to a file: the innermost. (What was met below `.` does not begin with it.)"""
    here = "" if os.path.isabs(path) or path.partition(os.sep)[0] == os.pardir else os.curdir
    above = [top for top in map(os.path.normpath, paths) if top in (path, here) or path.startswith(os.path.join(top, ""))]
    return max(above, key=lambda top: (top != os.curdir, len(top)), default=path)


def find_root(path: str, settings: Settings) -> str:
    """The project's folder: that of the settings file, else of version control, else of `pyproject.toml`, else the one that holds the
    package, else the path.

    Of a file that is in no package: its folder.
    """
    if settings.file and os.path.dirname(settings.file) == settings.root:
        return settings.root
    path = os.path.abspath(path)
    start = path if os.path.isdir(path) else os.path.dirname(path)
    outside = _outside_of_packages(start)
    return _version_control(start) or (not _is_installed(outside) and _above(outside, ("pyproject.toml",))) or outside


def find_base(path: str, settings: Settings) -> str:
    """The folder from which reports for machines name files: that of version control, of the settings file, or the working one."""
    path = os.path.abspath(path)
    start = path if os.path.isdir(path) else os.path.dirname(path)
    return _version_control(start) or (os.path.dirname(settings.file) if settings.file else os.getcwd())


def find_cache(path: str, settings: Settings) -> str | None:
    """The folder of the cache for a path that was named. None for what is installed, and for a file that is in no project."""
    if settings.cache_dir is not None:
        return os.path.join(settings.root, settings.cache_dir)
    root = find_root(path, settings)
    is_project = os.path.isdir(path) or settings.file is not None or _version_control(root) is not None
    return os.path.join(root, CACHE) if is_project and not _is_installed(root) else None


def _is_installed(folder: str) -> bool:
    return os.path.basename(os.path.dirname(folder)) in INSTALLED


def _outside_of_packages(folder: str) -> str:
    """The folder from which a package is imported; of one that is installed the package itself. A folder in a package is one, too."""
    parent = os.path.dirname(folder)
    if parent == folder or _is_installed(folder):
        return folder
    is_package = any(os.path.isfile(os.path.join(each, "__init__.py")) for each in (folder, parent))
    return _outside_of_packages(parent) if is_package else folder


def _version_control(folder: str) -> str | None:
    return _above(folder, _VERSION_CONTROL)


def _above(folder: str, names: Iterable[str]) -> str | None:
    """The innermost folder, from this one on upwards, in which one of some names stands."""
    while not any(os.path.exists(os.path.join(folder, name)) for name in names):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


@dataclass(frozen=True, eq=False)
class _Ignore:
    """A .gitignore file: its (absolute) folder, and its lines."""

    folder: str
    lines: tuple[str, ...]

    @cached_property
    def spec(self) -> GitIgnoreSpec:
        from bnlint import globs

        try:
            return globs.read(self.lines)
        except ValueError:
            return globs.read(filter(_is_pattern, self.lines))


_Ignores = tuple[_Ignore, ...]
"""The .gitignore files that hold for a folder, outermost first."""

Known = dict[str, dict[str, dict[str, bool]]]
"""Whether names (of folders with `/`) are ignored, by the text of all .gitignore files that hold for a folder, and by the folder."""


class Verdicts:
    """What .gitignore files say, kept from one walk to the next: it follows from their text alone, and is slow to find out."""

    def __init__(self, old: Known | None = None) -> None:
        self.old, self.new = old or {}, Known()

    def within(self, folder: str, ignores: _Ignores) -> Callable[[str, bool], bool]:
        """Whether a file or folder in a folder is ignored."""
        if not ignores:
            return lambda name, is_folder: False
        folder = os.path.abspath(folder)
        text = "\0".join(part for ignore in ignores for part in (ignore.folder, *ignore.lines))
        old = self.old.get(text, {}).get(folder, {})
        new = self.new.setdefault(text, {}).setdefault(folder, {})

        def is_ignored(name: str, is_folder: bool) -> bool:
            key = name + "/" if is_folder else name
            verdict = old.get(key)
            if verdict is None:
                verdict = _is_ignored(os.path.join(folder, name), is_folder, ignores)
            new[key] = verdict
            return verdict

        return is_ignored


class _Walk:
    """A walk through folders; collects what it leaves out."""

    def __init__(self, settings: Settings, verdicts: Verdicts) -> None:
        self.settings, self.verdicts = settings, verdicts
        self.globs = (*(settings.exclude or ()), *settings.extend_exclude)
        self.is_excluded = matcher(settings.root, self.globs)
        self.suffixes: tuple[str, ...] = SUFFIXES
        self.marker = ""
        if settings.include_models:
            from bnlint import saved

            self.suffixes, self.marker = (*SUFFIXES, *saved.WALKED), saved.SAVED_MODEL
        self.unreadable: list[tuple[str, str]] = []
        self.skipped: Counter[str] = Counter()

    def files(self, top: str) -> list[tuple[str, str]]:
        """The files under a folder that was named, each with its real path; those that a link leads to last.

        What excludes or ignores that folder itself does not count.
        """
        is_excluded = self.is_excluded
        if not self.settings.force_exclude and is_excluded(top):
            is_excluded = matcher(self.settings.root, tuple(glob for glob in self.globs if not matcher(self.settings.root, (glob,))(top)))
        near, here = (os.path.join(os.path.realpath(folder), "") for folder in (find_base(top, self.settings), top))
        above = _ignores_above(os.path.abspath(top)) if self.settings.respect_gitignore else ()
        by_default, suffixes = self.settings.exclude is None, self.suffixes
        found: list[tuple[str, str]] = []
        linked: list[tuple[str, str]] = []
        stack: list[tuple[str, str, _Ignores]] = [(top, os.path.realpath(top), above)]
        while stack:
            folder, real_folder, ignores = stack.pop()
            listing = self._list(folder)
            names = {entry.name for entry in listing}
            if folder != top and by_default and "pyvenv.cfg" in names:
                self.skipped["excluded by default"] += 1
                continue
            if self.marker in names and folder != top:
                found.append((folder, real_folder))
                continue
            if self.settings.respect_gitignore and ".gitignore" in names:
                ignores = (*ignores, *_read_ignores(os.path.abspath(folder), ".gitignore"))
            is_ignored = self.verdicts.within(folder, ignores)
            real_prefix = os.path.join(real_folder, "")
            for entry in listing:
                name = entry.name
                if name == CACHE or (by_default and name in UNTOLD):
                    continue
                path = name if folder == os.curdir else entry.path
                is_folder = entry.is_dir(follow_symlinks=False)
                if not is_folder and not name.lower().endswith(suffixes) and not (entry.is_symlink() and os.path.isdir(path)):
                    continue
                if is_folder and by_default and name in EXCLUDED:
                    self.skipped["excluded by default"] += 1
                elif is_excluded(path):
                    self.skipped["excluded by the settings"] += 1
                elif is_ignored(name, is_folder):
                    self.skipped["ignored by .gitignore"] += 1
                elif is_folder:
                    stack.append((path, real_prefix + name, ignores))
                elif not entry.is_symlink():
                    if entry.is_file():
                        found.append((path, real_prefix + name))
                elif os.path.isfile(path):
                    real = os.path.realpath(path)
                    if real.startswith((near, here)):
                        linked.append((path, real))
                    else:  # a report shows lines of what it is about: those of any file that the user can read
                        self.skipped["link that leads out of the project"] += 1
                else:  # following links to folders could go round in circles
                    self.skipped["link to a folder" if os.path.isdir(path) else "broken link"] += 1
        return found + linked

    def _list(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.unreadable.append((folder, error.strerror or "cannot be listed"))
            return []


def _ignores_above(top: str) -> _Ignores:
    """The ignores that the folders above bring along, within version control; none if they ignore `top` itself."""
    root = _version_control(top)
    if root is None:
        return ()
    ignores = _read_ignores(root, os.path.join(".git", "info", "exclude"))
    folder, inner = root, os.path.relpath(top, root)
    for name in () if inner == os.curdir else inner.split(os.sep):
        ignores = (*ignores, *_read_ignores(folder, ".gitignore"))
        folder = os.path.join(folder, name)
        if _is_ignored(folder, True, ignores):
            return ()
    return ignores


def _read_ignores(folder: str, name: str) -> _Ignores:
    try:
        text = read_text(os.path.join(folder, name), "surrogateescape")
    except OSError:
        return ()
    lines = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    return (_Ignore(folder, tuple(lines)),) if lines else ()


def _is_pattern(line: str) -> bool:
    """Whether a line of a .gitignore can be read; git passes over others."""
    from bnlint import globs

    try:
        globs.read([line])
    except ValueError:
        return False
    return True


def _is_ignored(path: str, is_folder: bool, ignores: _Ignores) -> bool:
    """Whether the innermost .gitignore that speaks of a path ignores it."""
    for ignore in reversed(ignores):
        inside = path[len(ignore.folder) :].lstrip(os.sep).replace(os.sep, "/")
        verdict = ignore.spec.check_file(inside + "/" if is_folder else inside).include
        if verdict is not None:
            return verdict
    return False
