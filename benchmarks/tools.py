"""Who lints it: bnlint and its peers, each of them in an environment of its own."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import corpora
from benchmarks.corpora import HERE, problem

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tool:
    """A command, of which `{…}` are yet to be filled in, and the corpora that it is measured on. `{each}` alone is all files, one by one.

    `against` is the tool whose time is 1. `codes` are the exit codes with which it may end.
    """

    name: str
    command: tuple[str, ...]
    corpora: tuple[str, ...]
    peer: str | None = None
    against: str = "bnlint"
    codes: tuple[int, ...] = (0, 1)

    @property
    def is_warm(self) -> bool:
        """Whether it is measured with a cache that a run before has filled."""
        return "{cache}" in self.command

    def filled(self, folder: Path, files: Path, cache: Path) -> list[str]:
        known = {"python": sys.executable, "bin": programs(folder, self.peer), "files": files, "here": HERE, "cache": cache}
        each = [str(file) for file in corpora.python_files(files)] if "{each}" in self.command else []
        words = ([word.format(**known)] if word != "{each}" else each for word in self.command)
        return [word for filled in words for word in filled]


def read() -> Mapping[str, Any]:
    return tomllib.loads((HERE / "tools.toml").read_text(encoding="utf-8"))


def tools() -> list[Tool]:
    """In the order of the table."""
    return [
        Tool(name, **{key: tuple(value) if isinstance(value, list) else value for key, value in given.items()})
        for name, given in read()["tools"].items()
    ]


def peers() -> Mapping[str, Sequence[str]]:
    """What pip installs for each."""
    peers: Mapping[str, Sequence[str]] = read()["peers"]
    return peers


def programs(folder: Path, peer: str | None) -> Path:
    """Where the programs of a peer are, installed or not."""
    return folder / "peers" / (peer or "") / ("Scripts" if sys.platform == "win32" else "bin")


def interpreter(peer: str) -> str | None:
    """The Python that a peer runs on; None if it is another one than this, and is not there."""
    name = read()["pythons"].get(peer)
    return sys.executable if name is None else shutil.which(name)


def install(folder: Path, names: Iterable[str], tell: Tell = print) -> None:
    """Install the peers that are missing. One that cannot be installed here is left out."""
    for name in names:
        place = folder / "peers" / name
        if (place / "complete").exists():
            continue
        tell(f"installing {', '.join(peers()[name])}")
        python = interpreter(name)
        if python is None:
            tell(f"left out: {name}: needs {read()['pythons'][name]} on the PATH")
            continue
        pip = [str(programs(folder, name) / "python"), "-m", "pip", "install", "-q", *peers()[name]]
        for command in ([python, "-m", "venv", "--clear", str(place)], pip):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                tell(f"left out: {name}: {problem(done.stderr)}")
                break
        else:
            (place / "complete").touch()


def missing(folder: Path, tool: Tool) -> bool:
    """Whether its peer is not installed."""
    return tool.peer is not None and not (folder / "peers" / tool.peer / "complete").exists()
