"""Packages from PyPI whose models are built for real: the table stands in packages.toml, what they build is kept between runs."""

import ast
import builtins
import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.oracle.roles import Neighbour
from tests.oracle.truth import Sides, Site, Truth

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
JUDGES = ("roles.json", "roles.py", "trace.py", "truth.py", "worker.py")
"""What a truth depends on, besides the package and the Kerases."""


GIVEN = {
    "keras": "import keras",
    "Input": "from keras import Input",
    "tf": "import tensorflow as tf",
    "np": "import numpy as np",
    "modules": "import keras\nmodules = {name: getattr(keras, name) for name in ('backend', 'layers', 'models', 'utils')}",
}
"""What a builder's expression sees besides the names of its module, and how a program comes by it."""


class Unreachable(Exception):
    """pip could not bring a package."""


@dataclass(frozen=True)
class Package:
    """One entry of packages.toml, where the fields are explained."""

    requirement: str
    keras: int
    folder: str
    builders: tuple[str, ...]
    requires: tuple[str, ...] = ()
    stubs: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.requirement.partition("==")[0]


@dataclass(frozen=True)
class Built:
    """What a package builds, and what did not build."""

    folder: Path
    programs: tuple[Path, ...]
    truth: Truth
    opaque: Mapping[str, str]
    failures: Mapping[str, str]


def table() -> dict[str, Package]:
    """All packages, by name."""
    entries = tomllib.loads((HERE / "packages.toml").read_text(encoding="utf-8"))["package"]
    packages = [Package(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}) for entry in entries]
    return {package.name: package for package in packages}


def cache() -> Path:
    """Where packages and truths are kept between runs."""
    default = Path(tempfile.gettempdir()) / f"bnlint-oracle-{os.getuid()}"
    folder = Path(os.environ.get("BNLINT_ORACLE_CACHE") or default)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.resolve()


def install(requirement: str) -> Path:
    """The folder that holds the package alone."""
    target = cache() / requirement
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=cache(), prefix=".installing-") as scratch:
            new = Path(scratch) / "new"
            command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--target", str(new), requirement]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
                raise Unreachable(f"pip cannot install {requirement}: {errors[-1] if errors else done.stderr.strip()[-300:]}")
            try:
                new.rename(target)
            except OSError:  # another run may have been faster
                if not target.exists():
                    raise
    return target


def built(package: Package) -> Built:
    """Install the package and build its models, in a process of its own, unless that was done before."""
    home = install(package.requirement)
    paths = [home, *map(install, package.requires)]
    store = cache() / "truths" / f"{package.requirement}-{_digest(package)}.json"
    if not store.exists():
        store.parent.mkdir(exist_ok=True)
        build(package, home / package.folder, paths, store)
    answer = json.loads(store.read_text(encoding="utf-8"))
    truth: dict[Site, Sides] = {}
    for path, line, feeding, fed in answer["sites"]:
        truth[str(home / package.folder / path), line] = Sides(_neighbours(feeding), _neighbours(fed))
    return Built(home / package.folder, written(package, home), truth, answer["opaque"], answer["failures"])


def written(package: Package, home: Path) -> tuple[Path, ...]:
    """The calls of the builders as programs beside the package: what Keras runs, bnlint may read."""
    programs = []
    for number, builder in enumerate(package.builders):
        module, expression = (part.strip() for part in builder.split(":", 1))
        names = [node for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)]
        bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        mentioned = {node.id for node in names} - bound - vars(builtins).keys()
        own = ", ".join(sorted(mentioned - GIVEN.keys()))
        lines = [line for name, line in GIVEN.items() if name in mentioned]
        lines += [f"from {module} import {own}"] if own else []
        text = "\n".join([*lines, "", expression, ""])
        program = home / f"oracle_call_{number}.py"
        if not program.exists() or program.read_text(encoding="utf-8") != text:
            program.write_text(text, encoding="utf-8")
        programs.append(program)
    return tuple(programs)


def build(package: Package, folder: Path, paths: list[Path], store: Path) -> None:
    """Run the builders in a process of its own and store its answer."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "TF_USE_LEGACY_KERAS": "1" if package.keras == 2 else "0",
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    answer = store.with_suffix(f".{os.getpid()}")
    done = subprocess.run(
        [sys.executable, "-m", "tests.oracle.worker", str(answer)],
        cwd=ROOT,
        env=environment,
        input=json.dumps({**asdict(package), "folder": str(folder)}),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"building {package.name} failed: exit {done.returncode}\n{done.stderr[-4000:]}")
    answer.rename(store)


def _digest(package: Package) -> str:
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("tensorflow", "keras", "tf_keras")]
    parts: list[Any] = [asdict(package), versions, sys.version, *((HERE / name).read_text(encoding="utf-8") for name in JUDGES)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _neighbours(pairs: list[list[Any]]) -> frozenset[Neighbour]:
    return frozenset((role, activation) for role, activation in pairs)
