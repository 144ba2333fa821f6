"""The hooks for pre-commit: what the manifest says, and what the real pre-commit makes of it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bnlint.saved import WALKED
from tests.conftest import needs, needs_program, unavailable
from tests.saved.samples import write_archive

ROOT = Path(__file__).parent.parent
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
INSTALLED = ("bnlint", "rules", "pyproject.toml", "README.md", "LICENSE", MANIFEST.name)
"""What of a checkout an installation needs."""

CONFIG = """\
repos:
- repo: {url}
  rev: {revision}
  hooks:
  - id: bnlint
  - id: bnlint-models
  - id: bnlint-fix
    stages: [manual]
"""

BAD = """\
from keras import Input, Sequential, layers

model = Sequential([Input((4,)), layers.Dense(8, use_bias=False), layers.BatchNormalization(0.8), layers.ReLU(), layers.Dense(1)])
"""
FIXED = BAD.replace("(0.8)", "(momentum=0.8)")


def hooks() -> dict[str, dict[str, Any]]:
    needs("yaml")
    import yaml

    return {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))}


def test_the_models_hook_takes_what_a_walk_takes_and_brings_the_extra() -> None:
    hook = hooks()["bnlint-models"]
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]["models"]
    assert hook["additional_dependencies"] == extra
    names = [f"net{suffix}" for suffix in WALKED]
    assert [name for name in (*names, "keras.py", "h5", "a.h5.txt") if re.search(hook["files"], name)] == names


def test_every_hook_keeps_to_excludes_and_runs_once() -> None:
    assert list(hooks()) == ["bnlint", "bnlint-fix", "bnlint-models"]
    for hook in hooks().values():
        assert hook["entry"].startswith("bnlint check --force-exclude")
        assert hook["require_serial"] is True


def test_pre_commit_accepts_the_manifest() -> None:
    needs("pre_commit")
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", MANIFEST]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


class Repository:
    """A git repository, with an environment in which neither this checkout nor the user's settings count."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        folder.mkdir()
        ours = ("GIT_", "PRE_COMMIT", "PYTHONPATH", "BNLINT_", "FORCE_COLOR", "GITHUB_", "VIRTUAL_ENV")
        outside = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        people = {f"GIT_{role}_{what}": "nobody@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        self.environment = {**outside, **people, "GIT_CONFIG_GLOBAL": os.devnull, "PRE_COMMIT_HOME": str(home)}
        self.git("init", "-q", "-b", "main")

    def run(self, *command: str | Path) -> tuple[int, str]:
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=540
        )
        return done.returncode, done.stdout

    def git(self, *arguments: str) -> str:
        code, output = self.run("git", *arguments)
        assert code == 0, output
        return output.strip()

    def pre_commit(self, *arguments: str) -> tuple[int, str]:
        return self.run(sys.executable, "-m", "pre_commit", *arguments)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Repository:
    """A project that uses the hooks of this checkout, with their environments installed."""
    needs("pre_commit", "h5py")
    needs_program("git")
    folder = tmp_path_factory.mktemp("repositories")
    source = Repository(folder / "bnlint", home)
    for name in INSTALLED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source.folder / name)
    source.git("add", "--all")
    source.git("commit", "-q", "-m", "A checkout")
    project = Repository(folder / "project", home)
    text = CONFIG.format(url=source.folder, revision=source.git("rev-parse", "HEAD"))
    (project.folder / ".pre-commit-config.yaml").write_text(text, encoding="utf-8")
    code, output = project.pre_commit("install", "--install-hooks")
    if code and "No matching distribution" in output:
        unavailable("needs a package index, from which pre-commit installs what the hooks need")
    assert code == 0, output
    return project


@pytest.mark.slow
def test_a_commit_is_refused_until_it_is_fixed(project: Repository) -> None:
    model = project.folder / "model.py"
    model.write_text(BAD, encoding="utf-8")
    project.git("add", "--all")
    code, output = project.run("git", "commit", "-m", "A model")
    assert code == 1
    assert "model.py:3:67" in output
    assert "BN405" in output
    code, output = project.pre_commit("run", "bnlint-fix", "--hook-stage", "manual", "--all-files")
    assert code == 1
    assert "files were modified by this hook" in output
    assert model.read_text(encoding="utf-8") == FIXED
    assert project.pre_commit("run", "bnlint-fix", "--hook-stage", "manual", "--all-files")[0] == 0
    project.git("add", "--all")
    code, output = project.run("git", "commit", "-m", "A model")
    assert code == 0, output
    assert re.search(r"bnlint\.+Passed", output)


@pytest.mark.slow
def test_a_damaged_model_is_refused(project: Repository) -> None:
    def write(variances: list[float]) -> None:
        def spoil(file: Any) -> None:
            file["layers/batch_normalization/vars/3"][:] = variances

        write_archive(project.folder / "net.keras", spoil=spoil)

    write([0.01, -1.0, 0.03, 9.0])
    project.git("add", "net.keras")
    code, output = project.pre_commit("run", "bnlint-models")
    assert code == 1
    assert "net.keras::bn" in output
    assert "BN603" in output
    write([0.01, 0.02, 0.03, 9.0])
    project.git("add", "net.keras")
    code, output = project.pre_commit("run", "bnlint-models")
    assert code == 0, output


@pytest.mark.slow
def test_an_excluded_file_is_left_alone(project: Repository) -> None:
    (project.folder / "bnlint.toml").write_text('extend-exclude = ["legacy.py"]\n', encoding="utf-8")
    (project.folder / "legacy.py").write_text(BAD, encoding="utf-8")
    try:
        code, output = project.pre_commit("run", "bnlint", "--files", "legacy.py")
        assert code == 0, output
    finally:
        (project.folder / "bnlint.toml").unlink()
    assert project.pre_commit("run", "bnlint", "--files", "legacy.py")[0] == 1


@pytest.mark.slow
@pytest.mark.usefixtures("project")
def test_the_environments_hold_no_more_than_they_need(home: Path) -> None:
    installed = [{path.name for path in folder.iterdir()} for folder in home.glob("repo*/py_env-*/lib*/python*/site-packages")]
    assert len(installed) == 2
    assert all({"bnlint", "msgspec", "click"} <= names for names in installed)
    assert [names for names in installed if names & {"tensorflow", "keras", "tf_keras"}] == []
    assert sum({"h5py", "numpy"} <= names for names in installed) == sum("numpy" in names for names in installed) == 1
