"""Surveys on a local Ray with two workers, over files of packages from PyPI: exactly what the command line says, file by file and as a
whole."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bnlint import api
from bnlint.survey import cluster, survey
from tests.conftest import needs
from tests.oracle import packages
from tests.survey.tables import rows, save, written
from tests.test_cli import run

PARTS = {"keras": "src/applications", "tf_keras": "src/applications"}
"""Folders of packages."""

FILES = ("imagenet_utils.py", "mobilenet.py", "resnet.py", "resnet_v2.py", "vgg16.py", "xception.py")
"""Files in them that are not slow."""

COLUMNS = ("repo", "path", "line", "column", "end_line", "end_column", "cell", "code", "name", "severity", "message", "fix", "fingerprint")

SETTINGS: Any = {"select": ["ALL"], "placement": "after"}
"""With which something is found in Keras."""


PACKAGES = (
    "image-classifiers==1.0.0",
    "efficientnet==1.1.1",
    "keras-resnet==0.2.0",
    "keras-unet==0.1.2",
    "keras-unet-collection==0.1.13",
    "classification-models-3D==1.1.0",
    "larq-zoo==2.4.0",
    "keras-ocr==0.9.3",
    "csbdeep==0.8.1",
    "deepface==0.0.103",
    "ktrain==0.31.2",
    "spektral==1.3.1",
)
"""Packages that are surveyed whole, with all that is in them."""


def checkouts(top: Path, packages: Mapping[str, Sequence[tuple[str, Path]]]) -> Path:
    """Some packages side by side, as in checkouts, and in a table of two files, in no order of packages; of each file the path in it,
    and where it is."""
    table = []
    for package, files in packages.items():
        (top / package / ".git").mkdir(parents=True)
        for path, file in files:
            (top / package / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, top / package / path)
            table.append({"path": path, "content": file.read_bytes(), "repo": package})
    save(top / "table" / "even.parquet", table[::2], group=4)
    save(top / "table" / "odd.parquet", table[1::2], group=4)
    return top


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of the installed Kerases."""
    needs(*PARTS)
    found = {}
    for package, part in PARTS.items():
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        base = Path(spec.origin).parent
        found[package] = [(f"{package}/{part}/{file}", base / part / file) for file in FILES]
    return checkouts(tmp_path / "packages", found)


def alone(folder: Path, table: list[dict[str, Any]]) -> dict[str, str]:
    """Each file in a folder of its own; their names and what repository they come from."""
    names = {}
    for number, row in enumerate(table):
        file = folder / f"{number:04}" / row["path"]
        file.parent.mkdir(parents=True)
        (folder / f"{number:04}" / ".git").mkdir()
        shutil.copyfile(folder.parent / row["repo"] / row["path"], file)
        names[f"{number:04}"] = row["repo"]
    return names


def said(*folders: Path) -> list[tuple[Any, ...]]:
    """What the command line says of the files in some folders: of each finding the folder, the path in it, and the rest."""
    result = run("--isolated", "--no-cache", "--select", "ALL", "--placement", "after", "--output-format", "json", *map(str, folders))
    assert result.stderr == ""
    found = []
    for each in json.loads(result.stdout):
        (top,) = (folder for folder in folders if folder in Path(each["filename"]).parents)
        start, end, fix = each["location"], each["end_location"], each["fix"]
        place = (start["row"], start["column"], end["row"], end["column"], each["cell"])
        words = (each["code"], each["name"], each["severity"], each["message"], fix and fix["applicability"], each["fingerprint"])
        found.append((top.name, Path(each["filename"]).relative_to(top).as_posix(), *place, *words))
    return sorted(found, key=repr)


def surveyed(destination: Path) -> list[tuple[Any, ...]]:
    """The same of what a survey says."""
    return sorted(
        (tuple(row[name] for name in COLUMNS) for row in rows(destination, "findings")),
        key=repr,
    )


def gaps(*folders: Path) -> list[tuple[Any, ...]]:
    """What is not understood in these folders."""
    sites = api.lint_paths(folders, isolated=True, **SETTINGS).sites
    return sorted((os.path.basename(site.span.path), site.span.line, site.grade, site.reasons) for site in sites if site.grade != "full")


def test_a_survey_says_what_the_command_line_says(folder: Path, tmp_path: Path) -> None:
    with cluster.connected(None, 2):  # started once for both
        together = survey(str(folder / "table"), str(tmp_path / "together"), group_by="repo", rows=4, **SETTINGS)
        single = survey(str(folder / "table"), str(tmp_path / "single"), keep=["repo"], rows=4, **SETTINGS)
        whole = written(tmp_path / "together")
        next((tmp_path / "together" / "files").iterdir()).unlink()
        assert survey(str(folder / "table"), str(tmp_path / "together"), group_by="repo", rows=4, **SETTINGS) == together
        assert written(tmp_path / "together") == whole
    assert together.complete
    assert single.complete

    all_of = [folder / package for package in PARTS]
    assert surveyed(tmp_path / "together") == said(*all_of)
    assert len(surveyed(tmp_path / "together")) >= 5

    files = rows(tmp_path / "single", "files")
    names = alone(folder / "alone", files)
    folders = [folder / "alone" / name for name in names]
    assert surveyed(tmp_path / "single") == sorted(((names[name], *rest) for name, *rest in said(*folders)), key=repr)

    found = rows(tmp_path / "together", "gaps")
    assert sorted((os.path.basename(row["path"]), row["line"], row["grade"], tuple(row["reasons"])) for row in found) == gaps(*all_of)
    assert [row["path"] for row in rows(tmp_path / "together", "files")] == [row["path"] for row in files]
    assert single.rows == together.rows == len(files)


@pytest.mark.slow
def test_of_all_of_too(tmp_path: Path) -> None:
    folders = {requirement: packages.install(requirement) for requirement in PACKAGES}
    files = {name: sorted((file.relative_to(base).as_posix(), file) for file in base.rglob("*.py")) for name, base in folders.items()}
    top = checkouts(tmp_path / "packages", files)
    with cluster.connected(None, 2):
        done = survey(str(top / "table"), str(tmp_path / "out"), group_by="repo", rows=200, **SETTINGS)
    assert done.complete
    assert done.rows == sum(map(len, files.values()))
    assert done.statuses.keys() <= {"linted", "dismissed", "skipped"}
    expected = said(*(top / name for name in folders))
    assert surveyed(tmp_path / "out") == expected
    assert len({repository for repository, *_ in expected}) >= 10
