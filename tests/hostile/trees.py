"""Folders with what is no file, cannot be read, or has a name that would forge output."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

from tests.hostile.case import GOOD, Case

FORGED = "a\x1b[31m\n::error file=x::forged\u202e\x07"


def fifo(*names: str) -> Callable[[Path], object]:
    """Pipes that nobody fills: to open one is to wait for ever."""

    def make(folder: Path) -> None:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.mkfifo(folder / name)

    return make


def links(**targets: str) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        for name, target in targets.items():
            (folder / f"{name}.py").symlink_to(target)

    return make


def unix_socket(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as found:
        here = os.getcwd()
        os.chdir(folder)  # the path of a socket may have 108 bytes
        try:
            found.bind("hostile.py")
        finally:
            os.chdir(here)


def closed(mode: int, name: str = "hostile.py", folder_too: bool = False) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GOOD)
        (path.parent if folder_too else path).chmod(mode)

    return make


def deep(levels: int, name: str = "d") -> Callable[[Path], object]:
    """Folders in folders; below some depth the path is longer than the system takes in one piece."""

    def make(folder: Path) -> None:
        here = os.getcwd()
        os.chdir(folder)
        try:
            for _ in range(levels):
                os.mkdir(name)
                os.chdir(name)
            Path("deep.py").write_text(GOOD)
        finally:
            os.chdir(here)

    return make


def named(*names: str | bytes) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        for name in names:
            path = os.path.join(os.fsencode(folder), os.fsencode(name))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(GOOD.encode())

    return make


def many(folder: Path) -> None:
    for number in range(3_000):
        inner = folder / f"d{number % 50}"
        inner.mkdir(exist_ok=True)
        (inner / f"f{number}.py").write_text("x = 1\n")


def knot(folder: Path) -> None:
    """Links to the folders above, which a walk must not follow."""
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "up").symlink_to("../..")
    (folder / "a" / "self").symlink_to(".")
    (folder / "a" / "loop.py").symlink_to("loop.py")
    (folder / "a" / "one.py").symlink_to("two.py")
    (folder / "a" / "two.py").symlink_to("one.py")


def hard(folder: Path) -> None:
    (folder / "a.py").write_text(GOOD)
    for number in range(10):
        os.link(folder / "a.py", folder / f"a{number}.py")


def outside(folder: Path) -> None:
    """An import that leads out of the project through a link."""
    (folder / "project").mkdir(exist_ok=True)
    (folder / "secret").mkdir()
    (folder / "secret" / "canary.py").write_text("def f(x):\n    return x\n")
    (folder / "project" / "bnlint.toml").write_text("")
    (folder / "project" / "inside.py").symlink_to("../secret/canary.py")
    (folder / "project" / "package").symlink_to("../secret")
    (folder / "project" / "good.py").write_text("from inside import f\nfrom package.canary import f\nfrom ..secret import canary\n" + GOOD)


def imported_pipes(folder: Path) -> None:
    os.mkfifo(folder / "pipe.py")
    (folder / "zero.py").symlink_to("/dev/zero")
    (folder / "uses.py").write_text("from pipe import a\nimport zero\n" + GOOD)


TREES: dict[str, Case] = {
    "a pipe": Case(fifo("hostile.py", "hostile.ipynb")),
    "a pipe that is named": Case(fifo("hostile.py"), arguments=("good.py", "hostile.py"), codes="BN001", says="cannot be read: it is no regular file"),
    "a notebook that is a pipe": Case(fifo("hostile.ipynb"), arguments=("good.py", "hostile.ipynb"), codes="BN001", says="cannot be read: it is no regular file"),
    "pipes for files that nobody named": Case(fifo("bnlint.toml", "pyproject.toml", ".gitignore", "requirements.txt", "setup.py", "setup.cfg", "Pipfile", "uv.lock", "requirements/a.txt", "environment.yml", ".bnlint-baseline.json", ".git/info/exclude", "__init__.py"), says=".bnlint-baseline.json: cannot be read: it is no regular file", exit=2, ends=True),
    "a socket": Case(unix_socket, arguments=(".", "hostile.py"), codes="BN001", says="cannot be read: No such device or address"),
    "/dev/zero that is named": Case(links(zero="/dev/zero"), arguments=("good.py", "zero.py"), codes="BN001", says="cannot be read: it is no regular file"),
    "devices": Case(links(zero="/dev/zero", null="/dev/null", tty="/dev/tty", random="/dev/urandom", stdin="/dev/stdin", proc="/proc/self/mem"), says="skipped: link that leads out of the project"),
    "imports of pipes and devices": Case(imported_pipes, codes="BN403"),
    "links in a circle": Case(knot),
    "a link to itself that is named": Case(links(loop="loop.py"), arguments=("good.py", "loop.py"), says="path does not exist: loop.py", exit=2),
    "a link to nothing that is named": Case(links(gone="nothing.py"), arguments=("good.py", "gone.py"), says="path does not exist: gone.py", exit=2),
    "ten hard links": Case(hard, codes="BN403 BN403 BN403 BN403 BN403 BN403 BN403 BN403 BN403 BN403 BN403"),
    "a file that cannot be read": Case(closed(0), unprivileged=True, codes="BN001", says="cannot be read: Permission denied"),
    "a folder that cannot be listed": Case(closed(0, "inner/hostile.py", True), unprivileged=True, codes="BN001", says="is a folder that cannot be listed: Permission denied"),
    "a folder that cannot be entered": Case(closed(0o400, "inner/hostile.py", True), unprivileged=True, codes="BN001", says="cannot be read: Permission denied"),
    "settings that cannot be read": Case(closed(0, "bnlint.toml"), unprivileged=True, says="bnlint.toml: cannot be read: Permission denied", exit=2, ends=True),
    "a .gitignore that cannot be read": Case(closed(0, ".gitignore"), unprivileged=True),
    "folders 1,000 deep": Case(deep(1_000), codes="BN403"),
    "a path of 4,000 characters": Case(deep(19, "d" * 200), codes="BN403"),
    "a path of 10,000 characters": Case(deep(50, "d" * 200), codes="BN001", says="is a folder that cannot be listed: File name too long"),
    "names that forge": Case(named(f"{FORGED}.py", "b\r##vso[task.complete].py", "c]]><x>.py", "d|`.py", "--fix.py", "-.py", "@args.py", " e .py", "%0A::error::f.py"), codes="BN403 BN403 BN403 BN403 BN403 BN403 BN403 BN403 BN403"),
    "a name that is no UTF-8": Case(named(b"x\xff\xfe\x80.py", b"d\xe9/y.py"), codes="BN403 BN403"),
    "a name of 255 bytes": Case(named("n" * 252 + ".py"), codes="BN403"),
    "folders named like files": Case(named("x.py/y.py", "z.ipynb/y.py", "w.keras/y.py", "__init__.py/y.py", "v.h5/y.py"), codes="BN403 BN403 BN403 BN403 BN403"),
    "3,000 files": Case(many),
    "a way out": Case(outside, arguments=("project",), good="project/good.py"),
}  # fmt: skip
