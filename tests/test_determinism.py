"""The same files give the same bytes: whatever the order of sets and of arguments, the language, the folder, the workers, the cache."""

import itertools
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bnlint.cli.commands.check import command

ROOT = Path(__file__).parent.parent
PROGRAMS = ROOT / "fixtures" / "programs"
PARTS = ("factories", "gans", "notebooks", "subclassing", "training", "transfer")
SEEDS = (0, 1, 2, 3, 4)
LOCALES = ({"LC_ALL": "C", "PYTHONUTF8": "0"}, {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu"})
FOLDERS = ("project", "project/here", ".")
"""Where the runs take place: in the project, below it, above it."""

OPTIONS = {name for parameter in command.params for name in parameter.opts}
JOBS = ("1", "2") if "--jobs" in OPTIONS else ("",)
WAYS = [(*(("--jobs", jobs) if jobs else ()), *cache) for jobs, cache in itertools.product(JOBS, (("--no-cache",), ()))]
"""How a run may be carried out. (With a cache, the first run fills it and the others are recalled.)"""

FORMATS = ("sarif", "gitlab", "junit", "github")
"""Formats in which files are named from the folder of the project, besides JSON, in which they have their whole path."""


@pytest.fixture(scope="module")
def above(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a project in it."""
    found = tmp_path_factory.mktemp("above").resolve()
    for part in PARTS:
        shutil.copytree(PROGRAMS / part, found / "project" / part)
    (found / "project" / "bnlint.toml").write_text("")
    (found / "project" / "here").mkdir()
    return found


def run(arguments: tuple[str, ...], folder: Path, environment: dict[str, str]) -> bytes:
    environment = {**{key: value for key, value in os.environ.items() if not key.startswith("LC_")}, **environment}
    done = subprocess.run([sys.executable, "-m", "bnlint", *arguments], cwd=folder, env=environment, capture_output=True, check=False)
    assert b"internal error" not in done.stderr, done.stderr.decode()
    assert done.returncode in (0, 2), done.stderr.decode()  # 2: for `graph`, one of the programs is Python 2
    assert len(done.stdout) > 1000, done.stderr.decode()
    return done.stdout


def outputs(above: Path, seed: int, locale: int, folder: str, way: tuple[str, ...]) -> dict[str, bytes]:
    """What is printed in each format, of the folders of the project in an order of chance."""
    start = above / folder
    paths = [os.path.relpath(path, start) for path in sorted((above / "project").iterdir()) if path.is_dir()]
    random.Random(f"{seed} {locale} {folder} {way}").shuffle(paths)
    files = {name: above / f"out.{name}" for name in FORMATS}
    targets = [f"--output-format={name}={file}" for name, file in files.items()]
    environment = {"PYTHONHASHSEED": str(seed), **LOCALES[locale]}
    text = run(("check", "--exit-zero", "--output-format=json", *targets, *way, *paths), start, environment)
    return {"json": text, **{name: file.read_bytes() for name, file in files.items()}}


@pytest.fixture(scope="module")
def first(above: Path) -> dict[str, bytes]:
    return outputs(above, 0, 0, "project", WAYS[0])


@pytest.mark.parametrize(("seed", "locale"), list(itertools.product(SEEDS, range(len(LOCALES)))))
def test_nothing_around_a_run_matters(seed: int, locale: int, above: Path, first: dict[str, bytes]) -> None:
    """All seeds in all languages; folders and ways take turns."""
    number = seed * len(LOCALES) + locale
    found = outputs(above, seed, locale, FOLDERS[number % len(FOLDERS)], WAYS[number % len(WAYS)])
    assert [name for name, text in found.items() if text != first[name]] == []


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "locale", "folder", "way"), list(itertools.product(SEEDS, range(len(LOCALES)), FOLDERS, WAYS)))
def test_all_that_is_around_a_run(seed: int, locale: int, folder: str, way: tuple[str, ...], above: Path, first: dict[str, bytes]) -> None:
    assert outputs(above, seed, locale, folder, way) == first


def test_graphs_do_not_depend_on_the_order_of_sets(above: Path) -> None:
    one, *others = (run(("graph", "--output-format", "json", "."), above, {"PYTHONHASHSEED": str(seed)}) for seed in SEEDS[:3])
    assert all(other == one for other in others)


def test_fixing_does_not_depend_on_the_order_of_sets(above: Path, tmp_path: Path) -> None:
    """Of several fixes that do not go together the same ones are chosen."""
    results = []
    for seed in SEEDS[:2]:
        copy = tmp_path / str(seed)
        shutil.copytree(above / "project", copy)
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        command = [sys.executable, "-m", "bnlint", "--fix-only", "--unsafe-fixes", "."]
        subprocess.run(command, cwd=copy, env=environment, capture_output=True, check=False)
        files = sorted(path for path in copy.rglob("*") if path.suffix in (".py", ".ipynb"))
        results.append({str(path.relative_to(copy)): path.read_bytes() for path in files})
    changed = [name for name, text in results[0].items() if text != (above / "project" / name).read_bytes()]
    assert len(changed) > 5
    assert results[1] == results[0]
