"""Surveys on a local Ray with two workers, over files of packages from PyPI: exactly what the command line says, file by file and as a
whole."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from bnlint import api
from bnlint.survey import cluster, survey
from tests.conftest import needs
from tests.survey.tables import rows, save, written
from tests.test_cli import run

PARTS = {"keras": "src/applications", "tf_keras": "src/applications"}
"""Folders of packages."""

FILES = ("imagenet_utils.py", "mobilenet.py", "resnet.py", "resnet_v2.py", "vgg16.py", "xception.py")
"""Files in them that are not slow."""

COLUMNS = ("repo", "path", "line", "column", "end_line", "end_column", "cell", "code", "name", "severity", "message", "fix", "fingerprint")

SETTINGS: Any = {"select": ["ALL"], "placement": "after"}
"""With which something is found in Keras."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some packages side by side, as in checkouts, and in a table of two files, in no order of packages."""
    needs(*PARTS)
    top = tmp_path / "packages"
    table = []
    for package, part in PARTS.items():
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        base = Path(spec.origin).parent
        (top / package / ".git").mkdir(parents=True)
        for file in FILES:
            path = f"{package}/{part}/{file}"
            (top / package / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(base / part / file, top / package / path)
            table.append({"path": path, "content": (base / part / file).read_bytes(), "repo": package})
    save(top / "table" / "even.parquet", table[::2], group=4)
    save(top / "table" / "odd.parquet", table[1::2], group=4)
    return top


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

    packages = [folder / package for package in PARTS]
    assert surveyed(tmp_path / "together") == said(*packages)
    assert len(surveyed(tmp_path / "together")) >= 5

    files = rows(tmp_path / "single", "files")
    names = alone(folder / "alone", files)
    folders = [folder / "alone" / name for name in names]
    assert surveyed(tmp_path / "single") == sorted(((names[name], *rest) for name, *rest in said(*folders)), key=repr)

    found = rows(tmp_path / "together", "gaps")
    assert sorted((os.path.basename(row["path"]), row["line"], row["grade"], tuple(row["reasons"])) for row in found) == gaps(*packages)
    assert [row["path"] for row in rows(tmp_path / "together", "files")] == [row["path"] for row in files]
    assert single.rows == together.rows == len(files)
