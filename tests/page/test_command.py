"""`bnlint report`: what it writes, what it says, how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bnlint import api, page
from bnlint.cli import group
from tests.page.test_document import Parsed

SOURCE = """import keras
from keras import layers

model = keras.Sequential([keras.Input((8,)), layers.Dense(4), layers.BatchNormalization(momentum=0.1)])
model.compile()
"""

CONFIG = {
    "class_name": "Sequential",
    "module": "keras",
    "keras_version": "3.15.1",
    "config": {
        "name": "saved",
        "layers": [
            {"class_name": "InputLayer", "module": "keras.layers", "config": {"name": "input", "batch_shape": [None, 8]}},
            {"class_name": "Dropout", "module": "keras.layers", "config": {"name": "drop", "rate": 0.5}},
            {"class_name": "BatchNormalization", "module": "keras.layers", "config": {"name": "bn", "axis": -1, "momentum": 0.1}},
            {"class_name": "Dense", "module": "keras.layers", "config": {"name": "out", "units": 2}},
        ],
    },
}


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model.py").write_text(SOURCE)
    Path("saved.json").write_text(json.dumps(CONFIG))


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(group, ["report", *arguments], prog_name="bnlint")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def data(file: str = "out.html") -> dict[str, object]:
    found: dict[str, object] = json.loads(Parsed(Path(file).read_text(encoding="utf-8")).all("script")[0][1])
    return found


def test_findings_do_not_fail_it() -> None:
    result = run("model.py", "-o", "out.html", "--svg", "out.svg")
    assert result.exit_code == 0
    assert result.stdout == ""
    said = result.stderr.splitlines()
    assert [line.partition(":")[2].partition(":")[0] for line in said] == [" wrote out.html", " wrote out.svg"]
    assert "1 model, 0 errors, 1 warning" in said[0]
    assert [finding["code"] for finding in data()["findings"]][-1] == "BN403"  # type: ignore[index, attr-defined]
    assert Path("out.svg").read_text(encoding="utf-8").startswith("<svg")


def test_a_saved_model_and_a_source_share_a_page() -> None:
    assert run("saved.json", "model.py", "-o", "out.html", "-q").exit_code == 0
    found = data()
    assert [(model["path"], bool(model["artifact"]), len(model["hash"])) for model in found["models"]] == [  # type: ignore[attr-defined]
        ("model.py", False, 64),
        ("saved.json", True, 64),
    ]
    at = {(finding["path"], finding["code"]): finding["at"] for finding in found["findings"]}  # type: ignore[attr-defined]
    assert at["saved.json", "BN403"] == [[1, 2]]
    assert at["model.py", "BN403"] == [[0, 2]]


def test_the_settings_are_stated_and_held_to() -> None:
    assert run("model.py", "-o", "out.html", "-q", "--ignore", "BN403", "--target-keras", "3.10").exit_code == 0
    found = data()
    assert "BN403" not in [finding["code"] for finding in found["findings"]]  # type: ignore[attr-defined]
    facts = dict(found["facts"])  # type: ignore[call-overload]
    assert facts["ignore"] == "BN403"
    assert facts["target-keras"] == "3.10"


def test_models_in_folders_are_drawn_if_they_are_asked_for() -> None:
    Path("saved.keras").write_text("no archive")
    assert run(".", "-o", "out.html", "-q").exit_code == 0
    assert len(data()["models"]) == 1  # type: ignore[arg-type]
    assert run(".", "-o", "out.html", "-q", "--include-models").exit_code == 0
    assert "BN001" in [finding["code"] for finding in data()["findings"]]  # type: ignore[attr-defined]


def test_it_overwrites_and_writes_the_same_bytes() -> None:
    run("model.py", "-o", "out.html")
    first = Path("out.html").read_bytes()
    run("model.py", "-o", "out.html")
    assert Path("out.html").read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["model.py"], "nothing to write"),
        (["model.py", "-o", "missing/out.html"], "missing/out.html: cannot be written"),
        (["missing.py", "-o", "out.html"], "path does not exist: missing.py"),
        (["model.py", "-o", "out.html", "--select", "BN9"], "BN9"),
    ],
)
def test_problems_are_one_line_and_exit_code_2(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.stderr.splitlines()[-1]
    assert not Path("out.html").exists()


def test_a_missing_path_does_not_keep_the_others_from_being_drawn() -> None:
    assert run("missing.py", "model.py", "-o", "out.html").exit_code == 2
    assert len(data()["models"]) == 1  # type: ignore[arg-type]


def test_a_file_that_cannot_be_read_is_a_finding_on_the_page() -> None:
    Path("broken.py").write_text("def (:\n")
    assert run("broken.py", "-o", "out.html").exit_code == 0
    assert [finding["code"] for finding in data()["findings"]] == ["BN001"]  # type: ignore[attr-defined]


def test_the_python_interface_gives_page_and_run() -> None:
    drawn, result = api.report(["model.py"], isolated=True)
    assert [finding.code for finding in result.findings] == [finding.code for finding in drawn.findings]
    assert page.as_html(drawn).startswith("<!doctype html>")
