"""The action for GitHub: its metadata, and its steps, run here as the runner runs them."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import needs, needs_program, unavailable
from tests.test_formats import from_github, violations
from tests.tools import validate_sarif

ROOT = Path(__file__).parent.parent

BAD = """\
from keras import Sequential, layers

model = Sequential([layers.Dense(8, use_bias=False), layers.BatchNormalization(0.8), layers.ReLU(), layers.Dense(1)])
"""


def metadata() -> dict[str, Any]:
    needs("yaml")
    import yaml

    loaded: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    return loaded


def steps() -> dict[str, dict[str, Any]]:
    return {step["id"]: step for step in metadata()["runs"]["steps"]}


@dataclass
class Runner:
    """What a step of a job meets: a workspace, a folder for temporary files, and the files that the step writes into."""

    folder: Path
    python: Path
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("workspace", "temp"):
            (self.folder / name).mkdir()

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def expand(self, text: str) -> str:
        """The expressions that our metadata uses."""

        def value(found: re.Match[str]) -> str:
            kind, *_, name = found[1].split(".")
            return self.outputs[name] if kind == "steps" else self.inputs.get(name, metadata()["inputs"][name].get("default", ""))

        return re.sub(r"\$\{\{ ([a-z.-]+) \}\}", value, text)

    def run(self, name: str, **environment: str) -> tuple[int, str]:
        """Run a step. Its exit code, and what it wrote on both streams."""
        step = steps()[name]
        written = {variable: self.folder / variable.lower() for variable in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in written.values():
            file.write_text("", encoding="utf-8")
        outside = {key: value for key, value in os.environ.items() if not key.startswith(("BNLINT_", "PYTHON", "GITHUB_", "GIT_"))}
        runner = {"GITHUB_ACTIONS": "true", "CI": "true", "GITHUB_ACTION_PATH": str(ROOT), "GITHUB_WORKSPACE": str(self.workspace)}
        given = {key: self.expand(value) for key, value in step["env"].items()}
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.workspace / self.expand(step.get("working-directory", ".")),
            env={**outside, **runner, "RUNNER_TEMP": str(self.folder / "temp"), **map_text(written), **given, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=540,
        )
        lines = written["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines()
        self.outputs |= dict(line.split("=", 1) for line in lines)
        return done.returncode, done.stdout

    def lint(self, **inputs: str) -> tuple[int, str]:
        self.inputs = {name.replace("_", "-"): value for name, value in inputs.items()}
        self.outputs = {"python": str(self.python)}
        return self.run("lint")

    @property
    def summary(self) -> str:
        return (self.folder / "github_step_summary").read_text(encoding="utf-8")


def map_text(paths: dict[str, Path]) -> dict[str, str]:
    return {name: str(path) for name, path in paths.items()}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has this checkout, as one has into which it was installed."""
    needs_program("bash")
    folder = tmp_path_factory.mktemp("action") / "environment"
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    ours = [str(ROOT), *(entry for entry in sys.path if entry.endswith(("site-packages", "dist-packages")))]
    (site / "checkout.pth").write_text("\n".join(ours), encoding="utf-8")
    return folder / "bin" / "python"


@pytest.fixture
def runner(tmp_path: Path, python: Path) -> Runner:
    made = Runner(tmp_path, python)
    (made.workspace / "model.py").write_text(BAD, encoding="utf-8")
    (made.workspace / "clean.py").write_text("x = 1\n", encoding="utf-8")
    return made


def test_the_metadata_is_what_github_documents() -> None:
    assert violations("github-action", metadata()) == []
    assert violations("github-action", {**metadata(), "input": {}})
    assert violations("github-action", {**metadata(), "runs": {"using": "composite", "steps": [{"run": "x"}]}})


def test_every_input_is_used_and_reaches_no_shell_but_as_a_variable() -> None:
    """`${{ … }}` inside of `run` would be code."""
    text = json.dumps(metadata())
    assert set(re.findall(r"\$\{\{ inputs\.([a-z-]+) \}\}", text)) == set(metadata()["inputs"])
    for step in steps().values():
        assert "${{" not in step["run"]
        script = ROOT / step["run"].strip('"').replace("$GITHUB_ACTION_PATH/", "")
        assert os.access(script, os.X_OK)
        used = set(re.findall(r"BNLINT_ACTION_[A-Z]+", script.read_text(encoding="utf-8")))
        assert used == {name for name in step["env"] if name.startswith("BNLINT_ACTION_")}


def test_findings_become_annotations_and_a_table(runner: Runner) -> None:
    code, printed = runner.lint()
    assert code == 1
    assert runner.outputs["exit-code"] == "1"
    ((file, message),) = from_github("".join(line + "\n" for line in printed.splitlines() if line.startswith("::")))
    assert file == "model.py"
    assert "BN405" in message
    assert "::error title=bnlint (BN405 positional-constructor-argument),file=model.py,line=3,col=54" in printed
    assert "| error | [BN405](" in runner.summary


def test_nothing_found_passes_and_says_so(runner: Runner) -> None:
    code, printed = runner.lint(paths="clean.py")
    assert (code, printed, runner.outputs["exit-code"]) == (0, "", "0")
    assert runner.summary.startswith("**bnlint**: no findings in 1 file")
    assert "sarif" not in runner.outputs


def test_paths_and_arguments_are_words_as_in_a_shell(runner: Runner) -> None:
    (runner.workspace / "a folder").mkdir()
    shutil.copy(runner.workspace / "model.py", runner.workspace / "a folder" / "$(touch forged).py")
    code, printed = runner.lint(paths="'a folder'\nclean.py", args="--select BN405 --fail-on 'error'")
    assert code == 1
    assert "file=a folder/$(touch forged).py," in printed
    assert not list(runner.workspace.rglob("forged"))
    assert runner.lint(args="--exit-zero")[0] == 0
    assert runner.lint(paths="clean.py", args="--no-such-option")[0] == 2
    assert runner.outputs["exit-code"] == "2"
    assert runner.lint(paths="absent")[0] == 2
    code, printed = runner.lint(paths="it's")
    assert (code, printed) == (2, "::error title=bnlint::the input `paths` has a quote without its partner\n")


def test_sarif_is_written_for_the_upload(runner: Runner) -> None:
    code, _ = runner.lint(sarif="bnlint.sarif")
    file = runner.workspace / "bnlint.sarif"
    assert (code, runner.outputs["sarif"]) == (1, str(file))
    run = json.loads(file.read_text(encoding="utf-8"))["runs"][0]
    assert [result["ruleId"] for result in run["results"]] == ["BN405"]
    assert validate_sarif(file) == []


def test_it_runs_in_the_folder_that_is_asked_for(runner: Runner) -> None:
    (runner.workspace / "sub").mkdir()
    shutil.move(runner.workspace / "model.py", runner.workspace / "sub" / "model.py")
    assert runner.lint(working_directory="sub", paths="model.py")[0] == 1


def test_no_module_of_the_repository_is_run(runner: Runner) -> None:
    for name in ("shlex", "click", "json", "bnlint", "sitecustomize", "venv", "pip"):
        (runner.workspace / f"{name}.py").write_text("raise SystemExit('run')\n", encoding="utf-8")
    code, printed = runner.lint(paths="clean.py")
    assert (code, printed) == (0, "")


@pytest.mark.parametrize(("name", "value"), [("extras", "x]; echo"), ("version", "1 --index-url=x"), ("extras", "x\ny")])
def test_what_is_no_name_is_refused(runner: Runner, name: str, value: str) -> None:
    runner.inputs = {name: value}
    code, printed = runner.run("install")
    assert code == 2
    assert printed.startswith(f"::error title=bnlint::the input `{name}` holds ")
    assert list((runner.folder / "temp").iterdir()) == []


def test_without_a_python_it_says_what_to_do(runner: Runner, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    for name in ("python3", "python"):
        (old / name).write_text("#!/bin/sh\nexit 1\n")
        (old / name).chmod(0o755)
    code, printed = runner.run("install", PATH=f"{old}:/usr/bin:/bin")
    assert (code, printed) == (2, "::error title=bnlint::needs Python 3.11 or newer: put actions/setup-python before this step\n")


@pytest.mark.slow
def test_it_installs_what_comes_with_the_action(runner: Runner) -> None:
    (runner.workspace / "pip.py").write_text("raise SystemExit('run')\n", encoding="utf-8")
    code, printed = runner.run("install")
    if "No matching distribution" in printed:
        unavailable("needs a package index, from which the action installs what bnlint needs")
    assert code == 0, printed
    python = Path(runner.outputs["python"])
    assert python.is_relative_to(runner.folder / "temp")
    found = subprocess.run([python, "-I", "-c", "import bnlint, h5py; print(bnlint.__file__)"], capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).is_relative_to(runner.folder / "temp")
    runner.inputs = {"args": "--output-format html=page.html"}
    assert runner.run("lint")[0] == 1
    assert "BN405" in (runner.workspace / "page.html").read_text(encoding="utf-8")
