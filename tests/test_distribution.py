"""What is handed out: built twice it is the same to the byte, it holds what it must, and it works where nothing else is installed."""

import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bnlint import __version__
from bnlint.page import assets

ROOT = Path(__file__).parent.parent
VENDOR = Path(assets.__file__).parent / "vendor"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "dist", "build", "*.egg-info")

PROGRAM = "from keras import layers\n\nx = layers.BatchNormalization(0.8)\n"
MENDED = "from keras import layers\n\nx = layers.BatchNormalization(momentum=0.8)\n"


def run(*command: str | Path, folder: Path | None = None, codes: tuple[int, ...] = (0,), **environment: str) -> str:
    """The output of a command."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=folder, env={**kept, **environment}, capture_output=True, text=True, check=False)
    assert done.returncode in codes, done.stdout + done.stderr
    return done.stdout


def python(folder: Path, *requirements: str | Path) -> Path:
    """The interpreter of an environment that holds nothing but this."""
    venv.create(folder, with_pip=True)
    found = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(found, "-m", "pip", "install", "-q", *requirements)
    return found


def build(builder: Path, folder: Path, day: int) -> dict[str, bytes]:
    """The sdist and the wheel of a copy of this checkout in which all files are of one day; and the wheel that the sdist gives."""
    copy, out = folder / "checkout", folder / "out"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", copy)
    moment = time.mktime((2024, 1, day, 12, 0, 0, 0, 0, 0))
    for path in copy.rglob("*"):
        os.utime(path, (moment, moment))
    command = (builder, "-m", "hatchling", "build", "-d")
    run(*command, out, folder=copy, SOURCE_DATE_EPOCH="1700000000", PYTHONHASHSEED=str(day))
    (sdist,) = out.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    unpacked = folder / sdist.name.removesuffix(".tar.gz")
    run(*command, folder / "again", "-t", "wheel", folder=unpacked, SOURCE_DATE_EPOCH="1700000000")
    again = {f"{path.name} of the sdist": path.read_bytes() for path in (folder / "again").iterdir()}
    return {**{path.name: path.read_bytes() for path in out.iterdir()}, **again}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, bytes]]]:
    """The folder of the sdist and the wheel, and what a second build elsewhere, on another day, has made."""
    folder = tmp_path_factory.mktemp("distribution")
    builder = python(folder / "builder", "hatchling>=1.27")
    build(builder, folder / "one", 1)
    yield folder / "one" / "out", build(builder, folder / "the other one", 2)
    shutil.rmtree(folder)


@pytest.mark.slow
def test_a_second_build_gives_the_same_bytes(built: tuple[Path, dict[str, bytes]]) -> None:
    first, second = built
    assert sorted(path.name for path in first.iterdir()) == [f"bnlint-{__version__}-py3-none-any.whl", f"bnlint-{__version__}.tar.gz"]
    for path in first.iterdir():
        assert path.read_bytes() == second[path.name], path.name
    wheel = f"bnlint-{__version__}-py3-none-any.whl"
    assert second[f"{wheel} of the sdist"] == second[wheel]


@pytest.mark.slow
def test_the_wheel_holds_the_program_and_every_licence(built: tuple[Path, dict[str, bytes]]) -> None:
    (wheel,) = built[0].glob("*.whl")
    info = f"bnlint-{__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert {name.partition("/")[0] for name in held} == {"bnlint", info}
    assert [name for name in held if name.endswith((".pyc", ".pyo", ".so", ".orig"))] == []
    told = email.message_from_bytes(held[f"{info}/METADATA"])
    listed = told.get_all("License-File") or []
    for path in (ROOT / "LICENSE", *VENDOR.glob("*.LICENSE")):
        name = path.relative_to(ROOT).as_posix()
        assert name in listed
        assert held[f"{info}/licenses/{name}"] == path.read_bytes()
    assert told["License-Expression"] == "MIT"
    assert {f"bnlint/rules/{page.name}" for page in (ROOT / "rules").glob("BN*.md")} <= held.keys()


@pytest.mark.slow
def test_the_sdist_holds_what_tests_it(built: tuple[Path, dict[str, bytes]]) -> None:
    (sdist,) = built[0].glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    assert [name for name in names if "__pycache__" in name or "/.git/" in name] == []
    folders = {name.split("/")[1] for name in names}
    assert {"bnlint", "rules", "tests", "fixtures", "benchmarks", "docs", "LICENSE", "SECURITY.md", "PKG-INFO"} <= folders


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "oldest"), [("*.whl", False), ("*.whl", True), ("*.tar.gz", False)], ids=["wheel", "oldest", "sdist"])
def test_what_is_handed_out_works_on_its_own(built: tuple[Path, dict[str, bytes]], tmp_path: Path, kind: str, oldest: bool) -> None:
    """With the newest of what it depends on, and with the oldest that it says is enough."""
    (file,) = built[0].glob(kind)
    pins = [requirement.replace(">=", "==") for requirement in PROJECT["dependencies"]] if oldest else []
    here = python(tmp_path / "environment", file, *pins)
    bnlint = here.with_name("bnlint")
    run(here, "-m", "pip", "check")
    assert run(bnlint, "--version").split()[-1] == __version__
    assert "BN405" in run(bnlint, "explain", "BN405")
    (tmp_path / "a.py").write_text(PROGRAM)
    assert "a.py:3:" in run(bnlint, "check", "--output-format", "concise", "a.py", folder=tmp_path, codes=(1,))
    page = run(bnlint, "check", "--output-format", "html", "--exit-zero", "a.py", folder=tmp_path)
    assert "BN405" in page
    run(bnlint, "check", "--fix", "--unsafe-fixes", "a.py", folder=tmp_path)
    assert (tmp_path / "a.py").read_text() == MENDED


def test_licences_are_declared_and_there() -> None:
    declared = {path.relative_to(ROOT).as_posix() for pattern in PROJECT["license-files"] for path in ROOT.glob(pattern)}
    assert declared == {"LICENSE", *(path.relative_to(ROOT).as_posix() for path in VENDOR.glob("*.LICENSE"))}
    scripts = {path.name.partition(".")[0] for path in VENDOR.iterdir() if path.suffix in (".js", ".css")}
    assert scripts == {path.name.partition(".")[0] for path in VENDOR.glob("*.LICENSE")}


def test_every_requirement_names_the_oldest_that_is_enough() -> None:
    extras = PROJECT["optional-dependencies"].values()
    for requirement in (*PROJECT["dependencies"], *(each for extra in extras for each in extra)):
        assert re.fullmatch(r"[\w-]+(\[[\w,]+\])?>=[\d.]+|bnlint\[[\w,]+\]", requirement), requirement
