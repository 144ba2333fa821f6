"""What is linted: the Python files of packages from PyPI, each in one pinned version, and samples of them."""

import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

HERE = Path(__file__).parent
FOLDER = HERE / ".corpora"
"""Where it is kept unless another folder is named; git ignores it."""

SYSTEMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64", "any")
PLATFORM = ("--python-version=3.11", *(f"--platform={name}" for name in SYSTEMS))
"""Whatever this machine is, all measure the same files."""

TOKEN = b"atchNorm"
SEED = 1
MARK = b"\n# torch: TorchFix parses no file without this word\n"

Tell = Callable[[str], None]


def packages() -> Mapping[str, list[str]]:
    """The corpora that are downloaded: the packages of each."""
    return tomllib.loads((HERE / "corpora.toml").read_text(encoding="utf-8"))


def prepare(folder: Path, names: Iterable[str], tell: Tell = print) -> None:
    """Download what is missing of some corpora, and take the samples."""
    listed = packages()
    for name in names:
        for requirement in listed.get(name, ()):
            _download(requirement, folder / "corpora" / name, tell)
    for name, (files, count) in SAMPLES.items():
        if name in names and (folder / "corpora" / "rich").is_dir():
            _sample(folder / "corpora" / name, list(files(folder / "corpora" / "rich")), count)


def _download(requirement: str, folder: Path, tell: Tell) -> None:
    """The Python files of a package's wheel; nothing of it is run."""
    target = folder / requirement.replace("==", "-")
    if target.is_dir():
        return
    tell(f"downloading {requirement}")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", *PLATFORM, "-d", temporary]
        done = subprocess.run([*command, requirement], capture_output=True, text=True, check=False)
        wheels = list(Path(temporary).glob("*.whl"))
        if not wheels:
            tell(f"left out: {requirement}: {problem(done.stderr)}")
            return
        unpacked = Path(temporary) / "unpacked"
        _unpack(wheels[0], unpacked)
        unpacked.rename(target)


def _unpack(wheel: Path, folder: Path) -> None:
    folder.mkdir()
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            target = folder / name
            if name.endswith(".py") and folder in target.resolve().parents:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))


def _sample(folder: Path, files: list[Path], count: int) -> None:
    """Some of the files, drawn once and for all; in one folder, so that no tool finds what they import."""
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    drawn = random.Random(SEED).sample(files, min(count, len(files)))
    for number, file in enumerate(drawn):
        (folder / f"{number:03}_{file.name}").write_bytes(file.read_bytes() + MARK)


def python_files(folder: Path) -> Iterator[Path]:
    """In a fixed order."""
    yield from sorted(folder.rglob("*.py"))


def with_token(folder: Path) -> Iterator[Path]:
    """The files that speak of BatchNormalization."""
    return (file for file in python_files(folder) if TOKEN in file.read_bytes())


SAMPLES: Mapping[str, tuple[Callable[[Path], Iterator[Path]], int]] = {"mixed": (python_files, 300), "parsed": (with_token, 150)}
"""What is drawn from the packages of `rich`. Each file ends with the word without which TorchFix would not parse it."""


def known() -> list[str]:
    """The names of all corpora."""
    return [*packages(), *SAMPLES]


def describe(folder: Path) -> str:
    """How much it is. (Read one by one: what this process once held counts as memory of those that it starts.)"""
    files = size = lines = token = 0
    for file in python_files(folder):
        content = file.read_bytes()
        files, size, lines, token = files + 1, size + len(content), lines + content.count(b"\n"), token + (TOKEN in content)
    return f"{files} files, {size / 2**20:.1f} MB, {lines / 1000:.0f} thousand lines, {token} files with BatchNormalization"


def problem(output: str) -> str:
    """The line of what pip says that tells why it failed."""
    lines = output.strip().splitlines() or ["pip says nothing"]
    return next((line.strip() for line in lines if "error: " in line.lower()), lines[-1])
