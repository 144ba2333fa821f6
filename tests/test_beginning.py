"""`bnlint init`: settings to begin with, never written over anything."""

import tomllib
from pathlib import Path

import pytest

from bnlint import beginning
from tests.test_cli import run

PROJECT = '[project]\nname = "x"\n'


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_a_project_there_is_a_file_of_our_own() -> None:
    result = run("init")
    assert (result.exit_code, result.stderr) == (0, "bnlint: bnlint.toml: settings written; `bnlint config` explains them\n")
    assert Path("bnlint.toml").read_text() == beginning.SETTINGS
    assert tomllib.loads(beginning.SETTINGS) == {}
    again = run("init")
    assert again.exit_code == 2
    assert "bnlint.toml is there already" in again.stderr


def test_the_settings_that_are_offered_are_accepted_when_they_are_uncommented() -> None:
    lines = [line.removeprefix("# ") for line in beginning.SETTINGS.splitlines()[1:]]
    Path("bnlint.toml").write_text("\n".join(lines))
    Path("a.py").write_text("x = 1\n")
    assert run("a.py").exit_code == 0


@pytest.mark.parametrize(
    "before",
    [PROJECT, PROJECT.rstrip("\n"), "", PROJECT.replace("\n", "\r\n"), f"{PROJECT}\n[tool.black]\nline-length = 100\n", "# ä\n" + PROJECT],
)
def test_a_project_keeps_every_byte(before: str) -> None:
    Path("pyproject.toml").write_bytes(before.encode())
    assert run("init").exit_code == 0
    after = Path("pyproject.toml").read_bytes().decode()
    assert after.startswith(before)
    assert tomllib.loads(after) == {**tomllib.loads(before), "tool": {**tomllib.loads(before).get("tool", {}), "bnlint": {}}}
    assert ("\r\n" in after) is ("\r\n" in before)
    assert after.count("\n") == after.count("\r\n") or "\r\n" not in before
    assert run("init").exit_code == 2
    assert Path("pyproject.toml").read_bytes().decode() == after
    assert not Path("bnlint.toml").exists()


def test_a_project_that_takes_no_more_tables_gets_a_file_beside_it() -> None:
    Path("pyproject.toml").write_text("tool = { black = { line-length = 100 } }\n")
    assert run("init").exit_code == 0
    assert Path("pyproject.toml").read_text() == "tool = { black = { line-length = 100 } }\n"
    assert Path("bnlint.toml").exists()


@pytest.mark.parametrize("broken", [b"[project\n", b"\xff\xfe", b"x = '\xe9'\n"])
def test_a_project_that_cannot_be_read_is_said(broken: bytes) -> None:
    Path("pyproject.toml").write_bytes(broken)
    result = run("init")
    assert result.exit_code == 2
    assert result.stderr.startswith("bnlint: pyproject.toml: ")
    assert result.stderr.count("\n") == 1
    assert [path.name for path in Path().iterdir()] == ["pyproject.toml"]
    assert Path("pyproject.toml").read_bytes() == broken


RUFF = [
    ("pyproject.toml", PROJECT + "[tool.ruff]\nline-length = 100\n"),
    ("pyproject.toml", PROJECT + '[tool.ruff]\nline-length = 100\n\n[tool.ruff.lint]  # rules\nselect = ["E"]\n'),
    ("pyproject.toml", (PROJECT + '[tool.ruff.lint]\nselect = ["E"]\n').replace("\n", "\r\n")),
    ("ruff.toml", "line-length = 100\n"),
    (".ruff.toml", '[lint]\nselect = ["E"]\n'),
]


@pytest.mark.parametrize(("name", "before"), RUFF)
def test_ruff_is_told_of_our_codes(name: str, before: str) -> None:
    Path(name).write_bytes(before.encode())
    offered = run("init")
    assert offered.exit_code == 0
    assert "ruff removes `# noqa: BN101` unless" in offered.stderr
    result = run("init", "--ruff")
    assert result.exit_code == 0
    assert f"bnlint: {name}: ruff knows our codes now\n" in result.stderr
    data = tomllib.loads(Path(name).read_bytes().decode().replace("\r\n", "\n"))
    assert (data["tool"]["ruff"] if name == "pyproject.toml" else data)["lint"]["external"] == ["BN"]
    assert "ruff" not in run("init").stderr, "it is asked once"
    after = Path(name).read_bytes().decode()
    assert after.count("\n") == after.count("\r\n") or "\r\n" not in before


def test_ruff_may_be_left_alone() -> None:
    Path("ruff.toml").write_text("line-length = 100\n")
    assert "ruff" not in run("init", "--no-ruff").stderr
    assert Path("ruff.toml").read_text() == "line-length = 100\n"


@pytest.mark.parametrize("text", ['[lint]\nexternal = ["X"]\n', "lint = { select = [] }\n", 'lint.external = ["X"]\n'])
def test_what_cannot_be_added_in_safety_is_left_to_the_user(text: str) -> None:
    Path("ruff.toml").write_text(text)
    result = run("init", "--ruff")
    assert result.exit_code == 2
    assert 'bnlint: ruff.toml: add "BN" to `external` in `[lint]` yourself\n' in result.stderr
    assert Path("ruff.toml").read_text() == text


def test_ruff_does_keep_our_comments_then(tmp_path: Path) -> None:
    """Asked of the real ruff: without `external` it removes them."""
    import subprocess
    import sys

    def fixed() -> str:
        Path("a.py").write_text("x = 1  # noqa: BN101\n")
        command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--quiet", "--fix", "--select", "RUF100,RUF102", "a.py"]
        subprocess.run(command, check=False, capture_output=True)
        return Path("a.py").read_text()

    Path("pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    assert fixed() == "x = 1\n"
    assert run("init", "--ruff").exit_code == 0
    assert fixed() == "x = 1  # noqa: BN101\n"
