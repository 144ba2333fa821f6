"""Repositories whose files are named like modules that a linter may import: none of them is."""

from collections.abc import Callable, Iterable
from pathlib import Path

from tests.hostile.case import Case

CANARY = "open(__file__.rpartition('/')[0] + '/canary', 'w').close()\n"
STANDARD = ("ast", "json", "re", "os", "sys", "codecs", "encodings", "tokenize", "dataclasses", "pickle", "resource", "signal", "tomllib", "typing", "enum", "random", "stat", "zipfile", "zlib", "subprocess", "threading", "io", "abc", "site", "runpy", "pkgutil", "importlib", "warnings", "linecache", "traceback", "functools", "collections", "hashlib", "array", "struct", "tempfile", "fcntl", "contextlib", "inspect", "string", "textwrap")  # fmt: skip
OTHERS = ("numpy", "h5py", "keras", "tensorflow", "tf_keras", "click", "libcst", "msgspec", "pathspec", "yaml", "typing_extensions", "bnlint_plugin", "conftest", "sitecustomize", "usercustomize", "reading", "writing", "stretches")  # fmt: skip


def modules(names: Iterable[str], package: bool = False) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        for name in names:
            path = folder / name / "__init__.py" if package else folder / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(CANARY)

    return make


def paths(folder: Path) -> None:
    (folder / "x.pth").write_text("import os; open('canary', 'w')\n")
    (folder / "pyvenv.cfg").write_text("home = .\ninclude-system-site-packages = true\n")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "good.cpython-311.pyc").write_bytes(b"\0" * 16)
    (folder / "__main__.py").write_text(CANARY)


SHADOWS: dict[str, Case] = {
    "modules of the standard library": Case(modules(STANDARD)),
    "packages of the standard library": Case(modules(STANDARD, True)),
    "modules that are installed": Case(modules(OTHERS)),
    "packages that are installed": Case(modules(OTHERS, True)),
    "path files": Case(paths),
}
