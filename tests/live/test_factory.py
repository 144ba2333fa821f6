"""`bnlint --model package.module:factory`: it runs what it is pointed at, in a process of its own, and tells what comes of it in a line."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import needs

pytestmark = pytest.mark.keras
needs("keras")

ZOO = Path(__file__).parent.parent.parent / "fixtures" / "live"
ROOT = Path(__file__).parent.parent.parent


def run(*arguments: str, folder: Path = ZOO, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bnlint", "--isolated", *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def told(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of bnlint's own on the standard error."""
    return [line for line in done.stderr.splitlines() if line.startswith("bnlint: ")]


def test_the_model_of_a_factory_is_linted_and_what_it_prints_keeps_out_of_the_way() -> None:
    done = run("--model", "zoo:classifier", "--output-format", "json")
    found = [(each["code"], each["layer"]) for each in json.loads(done.stdout)]
    assert [each for each in found if each[0] not in ("BN103", "BN601")] == [("BN102", "norm")]
    assert all(each["filename"].endswith("zoo:classifier") for each in json.loads(done.stdout))
    assert "zoo is imported" in done.stderr
    assert "zoo builds" in done.stderr
    assert told(done) == []
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("zoo:Factories.broken", "its code failed: ZeroDivisionError: division by zero (zoo.py:22)"),
        ("zoo:wants", "its code failed: TypeError: wants() missing 1 required positional argument: 'width'"),
        ("zoo:several", "this is a value of type list, and no model of Keras 3 or tf_keras"),
        ("zoo:__name__", "this is a value of type str, and no model of Keras 3 or tf_keras"),
        ("zoo:leaves", "its code left with sys.exit('no data') (zoo.py:34)"),
        ("zoo:dies", "its process ended with exit code 3 before it could describe a model"),
        ("zoo:nothing", "there is no `nothing` in the module `zoo`"),
        ("nothing.there:build", f"there is no module `nothing`, seen from {ZOO}"),
        ("zoo", "name a factory, or a model, as `package.module:factory`"),
        ("models/zoo.py:build", "name a factory, or a model, as `package.module:factory` (did you mean `models.zoo:build`?)"),
        ("zoo:build()", "name a factory, or a model, as `package.module:factory`"),
    ],
)
def test_what_goes_wrong_is_one_line(target: str, line: str) -> None:
    done = run("--model", target)
    assert told(done) == [f"bnlint: {target}: {line}"]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert done.returncode == 2


def test_what_a_user_wrote_is_quoted_where_it_breaks(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import sys\nfrom missing_library import x\n")
    (tmp_path / "wrong.py").write_text("x = 1\ndef f(:\n")
    done = run("--model", "broken:build", "--model", "wrong:build", folder=tmp_path)
    assert told(done) == [
        "bnlint: broken:build: its code failed: ModuleNotFoundError: No module named 'missing_library' (broken.py:2)",
        "bnlint: wrong:build: its code failed: SyntaxError: invalid syntax (wrong.py:2)",
    ]


def test_files_are_linted_all_the_same() -> None:
    done = run("--model", "zoo:dies", "zoo.py", "--output-format", "concise")
    assert "zoo.py:" in done.stdout
    assert done.returncode == 2


def test_without_keras_the_extra_is_named(tmp_path: Path) -> None:
    hidden = "import importlib.util\nfound = importlib.util.find_spec\n"
    hidden += "importlib.util.find_spec = lambda name, *more: None if name in ('keras', 'tf_keras') else found(name, *more)\n"
    (tmp_path / "sitecustomize.py").write_text(hidden)
    done = run("--model", "zoo:classifier", PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert told(done) == [
        "bnlint: zoo:classifier: needs Keras 3 or tf_keras; install the extra `tensorflow`: pip install 'bnlint[tensorflow]'"
    ]
    assert done.returncode == 2
    assert "zoo is imported" not in done.stderr


def test_settings_and_walks_run_nothing(tmp_path: Path) -> None:
    (tmp_path / "zoo.py").write_text((ZOO / "zoo.py").read_text())
    assert "zoo is imported" not in run(".", folder=tmp_path).stderr
    (tmp_path / "bnlint.toml").write_text('model = ["zoo:classifier"]\n')
    command = [sys.executable, "-m", "bnlint", "."]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "model" in done.stderr
    assert "zoo is imported" not in done.stderr


def test_ctrl_c_ends_both(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bnlint", "--isolated", "--model", "zoo:waits"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=ZOO, env=env, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    assert any("zoo waits" in line for line in iter(process.stderr.readline, ""))
    os.killpg(process.pid, signal.SIGINT)
    rest = process.stderr.read()  # it ends when both have
    assert process.wait(30) != 0
    assert "Traceback" not in rest
