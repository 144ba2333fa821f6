"""What the guides in docs/ show is true: their Python runs, their settings can be read."""

import contextlib
import io
import json
import re
import tomllib
from pathlib import Path

import pytest

import bnlint
from bnlint.cli.program import names
from tests.conftest import needs

DOCS = Path(__file__).parent.parent / "docs"


def fences(guide: str, language: str) -> list[str]:
    found = re.findall(rf"```{language}\n(.*?)```", (DOCS / guide).read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found


def test_the_python_of_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for code in fences("python.md", "python"):
            exec(code, {})
    assert said.getvalue().startswith("BN405 error 4 0.8 is taken for `axis`")
    assert "BatchNormalization(momentum=0.8)" in said.getvalue()


def test_the_guide_names_what_there_is() -> None:
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)\(", text, re.MULTILINE)) == set(bnlint.__all__) - {"__version__"}


def test_the_survey_of_the_guide_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("pyarrow", "ray")
    from bnlint.survey import tables
    from tests.survey.conftest import alone

    monkeypatch.chdir(tmp_path)
    alone(monkeypatch)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        for code in fences("survey.md", "python"):
            exec(code, {})
    assert said.getvalue().splitlines() == [
        "{'dismissed': 1, 'linted': 1}",
        "{'BN103': 1, 'BN403': 1}",
        "{'repo': 'a', 'path': 'net.py', 'line': 4, 'code': 'BN103'}",
        "{'repo': 'a', 'path': 'net.py', 'line': 5, 'code': 'BN403'}",
    ]
    text = (DOCS / "survey.md").read_text(encoding="utf-8")
    for name in tables.TABLES:
        (row,) = re.findall(rf"^\| `{name}` \|.*", text, re.MULTILINE)
        columns = tables.schema(name).names[len(tables.IDENTITY) :]
        assert set(columns) <= set(re.findall(r"`(\w+)`", row)), name


def test_the_settings_of_editors_can_be_read() -> None:
    (code,) = (json.loads(each) for each in fences("editors.md", "json"))
    assert [code["glspc.server.command"], *code["glspc.server.commandArguments"]] == ["bnlint", "server"]
    helix, *zed = (tomllib.loads(each) for each in fences("editors.md", "toml"))
    assert helix["language-server"]["bnlint"] == {"command": "bnlint", "args": ["server"]}
    assert len(zed) == 2
    assert "server" in names()
