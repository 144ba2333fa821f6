"""The magics of bnlint in a real IPython, and in a real kernel."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import needs

pytestmark = pytest.mark.keras
needs("IPython", "tensorflow", "keras")

ROOT = Path(__file__).parent.parent.parent
NOTEBOOK = ROOT / "fixtures" / "live" / "model.ipynb"
MODEL = """import keras
from keras import layers
model = keras.Sequential([keras.Input((8,)), layers.Dropout(0.2), layers.BatchNormalization(name="norm"), layers.Dense(1)], name="tiny")
"""


class Session:
    """A shell that knows the extension."""

    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell

        self.shell = InteractiveShell()
        self.shell.colors = "NoColor"
        assert self.run("%load_ext bnlint")

    def run(self, cell: str) -> bool:
        return bool(self.shell.run_cell(cell, store_history=True).success)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    made = Session()
    assert made.run(MODEL)
    yield made
    made.shell.history_manager.end_session()


def test_a_model_is_linted(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert session.run("%bnlint --select BN102 model")
    said = capsys.readouterr().out
    assert said.startswith("BN102 `norm` learns its variance behind `Dropout`")
    assert " --> <model tiny>::norm" in said
    assert said.endswith("(Keras 3.15.1).\nFound 0 errors, 1 warning, 0 info.\n") or "Found 0 errors, 1 warning, 0 info." in said


def test_any_expression_may_give_it(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert session.run('%bnlint --ignore BN1,BN6 {"a b": model}["a b"]')
    assert "All checks passed!" in capsys.readouterr().out


def test_a_cell_is_linted_with_those_before_it_and_runs(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert session.run("%%bnlint\nnorm = layers.BatchNormalization(momentum=0.1)\nprint('it ran', norm.momentum)")
    said = capsys.readouterr().out
    assert "BN403" in said
    assert "BN102" not in said, "that is of a cell before"
    assert "2 | norm = layers.BatchNormalization(momentum=0.1)" in said
    assert said.endswith("it ran 0.1\n")


def test_without_a_model_all_that_has_run_is_linted(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert session.run("%bnlint")
    said = capsys.readouterr().out
    assert "notebook.ipynb:cell 2:3:" in said
    assert "BN102" in said


def test_a_cell_that_fails_shows_its_error_once(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert not session.run("%%bnlint\n1 / 0")
    said = capsys.readouterr()
    assert (said.out + said.err).count("division by zero") == 1


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ("%bnlint 3", "UsageError: bnlint lints models of Keras 3 and tf_keras, and was given a value of type int"),
        ("%bnlint None", "UsageError: bnlint lints models of Keras 3 and tf_keras, and was given a value of type NoneType"),
        ("%bnlint --select BN999 model", "UsageError: --select: unknown rule `BN999`"),
        ("%%bnlint model\n1", "UsageError: %%bnlint lints the cell that it stands on, and takes no model; `%bnlint model` lints one"),
        ("%bnlint --fix model", "UsageError: bnlint knows the options --select and --ignore, not --fix"),
    ],
)
def test_what_is_wrong_is_one_line(session: Session, capsys: pytest.CaptureFixture[str], cell: str, problem: str) -> None:
    assert not session.run(cell)
    said = capsys.readouterr()
    assert problem in said.out + said.err
    assert "Traceback" not in said.out + said.err


def test_names_are_escaped(session: Session) -> None:
    from bnlint import api
    from bnlint.magic import Shown

    session.run(MODEL.replace("norm", "<b>norm\\x1b[31m"))
    shown = Shown(api.check_model(session.shell.user_ns["model"], api.Plans(isolated=True)))
    html = shown._repr_html_()
    assert "&lt;b&gt;norm" in html
    assert "<b>" not in html
    assert "\x1b" not in html + repr(shown)


def test_a_kernel_shows_it(tmp_path: Path) -> None:
    needs("nbclient", "ipykernel")
    import nbclient
    import nbformat

    notebook: Any = nbformat.reads(NOTEBOOK.read_text(), as_version=4)
    nbclient.NotebookClient(notebook, timeout=300, allow_errors=True, resources={"metadata": {"path": str(tmp_path)}}).execute(
        env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    cells = {cell["id"]: cell["outputs"] for cell in notebook["cells"]}
    (shown,) = cells["model"]
    assert "BN102 warning" in shown["data"]["text/html"]
    assert "norm&lt;b&gt;" in shown["data"]["text/html"]
    assert "BN102 `norm<b>`" in shown["data"]["text/plain"]
    assert "All checks passed!" in cells["quiet"][0]["data"]["text/plain"]
    found, value = cells["cell"]
    assert "In [5], line 2" in found["data"]["text/html"]
    assert value["data"]["text/plain"] == "0.1"
    assert "In [2], line 5" in cells["all"][0]["data"]["text/html"]
    assert [output["output_type"] for output in cells["fails"]] == ["display_data", "error", "error"]
    assert cells["fails"][1]["ename"] == "ZeroDivisionError"
    assert cells["fails"][2]["traceback"] == []


def test_the_notebook_is_one() -> None:
    assert [cell["cell_type"] for cell in json.loads(NOTEBOOK.read_text())["cells"]] == ["code"] * 7
