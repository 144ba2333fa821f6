"""The README tells the truth: its screen of output, its commands, its exit codes."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from bnlint.cli.program import names
from bnlint.report import FORMATS
from tests.conftest import needs
from tests.saved.samples import write_archive

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def between(name: str) -> str:
    """The fence between the two comments of this name."""
    found = re.search(rf"<!-- {name}:begin -->\n```\w+\n(.*?)\n?```\n<!-- {name}:end -->", README, re.DOTALL)
    assert found, f"README.md has no fence between {name}:begin and {name}:end"
    return found[1]


def bnlint(arguments: list[str], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("FORCE_COLOR", "GITHUB_ACTIONS")} | {"COLUMNS": "100"}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-m", "bnlint", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


def test_the_screen_of_output_is_real() -> None:
    command, _, screen = between("screen").partition("\n")
    assert command.startswith("$ bnlint ")
    done = bnlint(["--no-cache", *shlex.split(command)[2:]])
    assert done.returncode == 1, done.stderr
    assert screen.count("\n") > 10
    assert screen == done.stdout.rstrip("\n")


def test_the_screen_of_a_saved_model_is_real(tmp_path: Path) -> None:
    needs("h5py", "numpy")

    def damage(file: Any) -> None:
        file["layers/batch_normalization/vars/3"][2] = float("nan")

    write_archive(tmp_path / "model.keras", spoil=damage)
    command, _, screen = between("model").partition("\n")
    assert command == "$ bnlint model.keras"
    done = bnlint(shlex.split(command)[2:], tmp_path)
    assert done.returncode == 1, done.stderr
    assert screen == done.stdout.rstrip("\n")


def test_the_quick_start_shows_findings() -> None:
    command = between("quickstart")
    assert command.count("\n") == 0
    arguments = shlex.split(command.rpartition("&&")[2])
    assert arguments[0] == ".venv/bin/bnlint"
    done = bnlint(arguments[1:])
    assert done.returncode == 0, done.stderr
    files = {path.name for path in (ROOT / "fixtures" / "quickstart").iterdir() if not path.name.startswith(".")}
    assert {name for name in files if name in done.stdout} == files


def test_ci_runs_the_command_of_the_readme() -> None:
    program = re.search(r"^command=\$\((.*)\)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert program
    done = subprocess.run(["bash", "-c", program[1]], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == between("tests")


def test_the_settings_of_the_readme_are_accepted(tmp_path: Path) -> None:
    settings = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert settings
    assert tomllib.loads(settings[1])["tool"]["bnlint"]
    (tmp_path / "pyproject.toml").write_text(settings[1])
    (tmp_path / "clean.py").write_text("x = 1\n")
    done = bnlint([str(tmp_path)])
    assert done.returncode == 0, done.stderr


def test_every_command_and_format_is_in_the_readme() -> None:
    commands = set(re.findall(r"bnlint ([a-z][a-z-]+)", README))
    assert set(names()) - {"check", "clean"} <= commands
    assert {name for name in FORMATS if f"`{name}`" not in README} == set()


def test_every_option_of_the_readme_and_the_hooks_exists() -> None:
    known = "".join(bnlint([command, "--help"]).stdout for command in names())
    text = README.partition("## Developing")[0] + (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    assert {option for option in used if option not in known} == set()
