"""What Python may do in a run: a plan, to which all that it did is held (events as `sys.addaudithook` gives them)."""

import os
import sys
import sysconfig
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import bnlint
from bnlint import saved

PACKAGE = os.path.dirname(bnlint.__file__)
WORKER = os.path.join(os.path.dirname(saved.__file__), "hdf5-worker")
CODE = tuple(
    os.path.realpath(path)
    for path in (PACKAGE, os.path.join(os.path.dirname(PACKAGE), "rules"), *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")))
)  # fmt: skip
"""Where code that may run comes from."""

INSTALLED = {"bnlint", "click", "libcst", "msgspec", "pathspec", "typing_extensions", "yaml", "_yaml", "hyperscan", "re2"}
"""What may be imported besides the standard library; the last two are looked for by pathspec."""

SETTINGS = {"bnlint.toml", "pyproject.toml", ".gitignore", "exclude"}
"""What is looked for in the folders above, too."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CACHE = ".bnlint_cache"
STORE = os.path.join(PACKAGE, "cache", "store.py")
ENVIRONMENT = {"PATH", "HDF5_PLUGIN_PRELOAD", "OPENBLAS_NUM_THREADS", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"}


def violations(events: Iterable[Sequence[Any]], folder: Path, *written: Path) -> list[Sequence[Any]]:
    """The events of a run in a folder that are not in the plan. `written` are the files that it was asked to write."""
    plan = _Plan(str(folder), {str(path) for path in written})
    return [event for event in events if not plan.allows(*event)]


class _Plan:
    def __init__(self, folder: str, written: set[str]) -> None:
        self.folder, self.written = folder, written
        self.rules: dict[str, Callable[..., bool]] = {
            "open": self.opens,
            "import": self.imports,
            "exec": self.executes,
            "compile": self.compiles,
            "os.listdir": self.lists,
            "os.scandir": self.lists,
            "os.walk": self.lists,
            "os.mkdir": self.caches,
            "os.remove": self.caches,
            "os.rename": self.caches,
            "os.utime": self.caches,
            "os.fork": lambda caller: caller == os.path.join(PACKAGE, "workers", "forked.py"),
            "subprocess.Popen": self.starts,
        }

    def allows(self, event: str, caller: str, *arguments: Any) -> bool:
        return event in HARMLESS or (event in self.rules and self.rules[event](caller, *arguments))

    def place(self, path: str) -> str:
        return os.path.normpath(os.path.join(self.folder, path))

    def opens(self, caller: str, path: object, mode: object, flags: int) -> bool:
        if not isinstance(path, str):  # a descriptor
            return True
        place = self.place(path)
        if caller == STORE:
            return self.caches(caller, path)
        if flags & WRITING:
            return place in self.written or place == os.devnull or self.caches(caller, path)
        real = os.path.realpath(place)  # nothing of a project leads to a canary, though links and names in it do
        if _below(real, *CODE) or real == os.devnull:
            return True
        if os.path.basename(place) in SETTINGS and _below(self.folder, os.path.dirname(place)):
            return True
        return _below(place, self.folder) and "canary" not in os.path.basename(real)

    def imports(self, caller: str, name: str, file: str | None, *paths: object) -> bool:
        known = name.partition(".")[0] in sys.stdlib_module_names | INSTALLED
        return known and (file is None or _below(os.path.realpath(file), *CODE))

    def executes(self, caller: str, code: str) -> bool:
        """Modules; and what `dataclasses` and `namedtuple` write, who say `<string>`. The trees of input are called `<source>`."""
        return code.startswith("<frozen ") or _below(code, *CODE) or (code == "<string>" and _is_standard(caller))

    def compiles(self, caller: str, source: object, name: str) -> bool:
        """Trees, which cannot be run; and code of the standard library."""
        return caller == os.path.join(PACKAGE, "syntax.py") or _is_standard(caller)

    def lists(self, caller: str, path: str | int | None, *more: object) -> bool:
        place = self.place(path) if isinstance(path, str) else self.folder
        outside = os.path.dirname(self.folder)  # a folder with an `__init__.py` is a package, which is imported from there
        near = _below(place, self.folder) or place in (outside, *(os.path.join(outside, name) for name in ("src", "requirements")))
        return near or _below(os.path.realpath(place), *CODE) or caller.startswith("<frozen importlib")

    def caches(self, caller: str, path: str, *more: object) -> bool:
        if caller == STORE and isinstance(path, str) and os.path.basename(path) in (path, CACHE):
            return True  # the folder, and what is below it, which is named from there; which folder that is, is tested with the cache
        parts = os.path.relpath(self.place(path), self.folder).split(os.sep)
        return CACHE in parts and parts[0] != os.pardir

    def starts(self, caller: str, program: str, command: Sequence[str], folder: object, environment: Any) -> bool:
        """The worker alone: isolated, without the user's packages, with an environment of its own."""
        names = {entry for entry in ENVIRONMENT if f"'{entry}'" in str(environment)}
        isolated = list(command[:4]) == [sys.executable, "-I", "-S", WORKER] and all(map(os.path.isabs, command[3:]))
        return isolated and str(environment).count("': '") == len(names)


HARMLESS = {
    "array.__new__",
    "builtins.id",
    "fcntl.flock",
    "sys.excepthook",
    "sys.unraisablehook",
    "_thread.start_new_thread",
    "_thread.start_joinable_thread",
    "cpython.PyInterpreterState_Clear",
    "cpython._PySys_ClearAuditHooks",
    "os.kill",  # the worker, which took too long
}


def _below(path: str, *folders: str) -> bool:
    return any(path == folder or path.startswith(os.path.join(folder, "")) for folder in folders)


def _is_standard(caller: str) -> bool:
    """The standard library; and the module that makes classes for bnlint as `dataclasses` does, of their fields."""
    if caller == os.path.join(PACKAGE, "records.py"):
        return True
    return caller.startswith("<frozen ") or (
        _below(os.path.realpath(caller), CODE[2], CODE[3]) and not _below(os.path.realpath(caller), *CODE[4:])
    )
