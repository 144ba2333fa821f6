"""`--add-ignore`: a comment for each finding, after which the file says the same and nothing is found."""

import ast
import json
import shutil
from pathlib import Path

import pytest

from bnlint import api, ignores
from bnlint.findings import Finding, Severity
from bnlint.graph.model import Span
from bnlint.text import Chunk, Unreadable, load
from tests.test_changes import MODEL_FILE
from tests.test_cli import ERROR, SAFE, WARNING, found, run, write

ROOT = Path(__file__).parent.parent


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BNLINT_OUTPUT_FORMAT", raising=False)


def commented(source: str, *places: tuple[int, str], reason: str = "", name: str = "a.py", cell: int | None = None) -> str:
    """The source with comments for findings on these lines."""
    found = [Finding(code, "a-rule", Severity.ERROR, "", name, Span(name, line, 1, line, 1, cell)) for line, code in places]
    return ignores.add(load(name, source.encode()), found, reason).decode()


@pytest.mark.parametrize(
    ("before", "places", "after"),
    [
        ("x = 1\n", [(1, "BN101")], "x = 1  # bnlint: ignore[BN101]\n"),
        ("x = 1", [(1, "BN101")], "x = 1  # bnlint: ignore[BN101]"),
        ("x = 1\r\ny = 2\r\n", [(1, "BN101")], "x = 1  # bnlint: ignore[BN101]\r\ny = 2\r\n"),
        ("x = 1 \t\n", [(1, "BN101")], "x = 1  # bnlint: ignore[BN101]\n"),
        ("x = 1\n", [(1, "BN302"), (1, "BN101"), (1, "BN101")], "x = 1  # bnlint: ignore[BN101, BN302]\n"),
        ("x = 1  # why\n", [(1, "BN101")], "x = 1  # why  # bnlint: ignore[BN101]\n"),
        ("x = 1  # type: ignore\n", [(1, "BN101")], "x = 1  # type: ignore  # bnlint: ignore[BN101]\n"),
        ("x = 1  # noqa: E501\n", [(1, "BN101")], "x = 1  # noqa: E501  # bnlint: ignore[BN101]\n"),
        ("x = 1  # bnlint: ignore[BN102]\n", [(1, "BN101")], "x = 1  # bnlint: ignore[BN102, BN101]\n"),
        ("x = 1  # bnlint: ignore[BN102]  # why\n", [(1, "BN101")], "x = 1  # bnlint: ignore[BN102, BN101]  # why\n"),
        ("x = 1  # bnlint: ignore[]\n", [(1, "BN101")], "x = 1  # bnlint: ignore[BN101]\n"),
        ("f(\n    1,\n    2,\n)\n", [(2, "BN101")], "f(\n    1,  # bnlint: ignore[BN101]\n    2,\n)\n"),
        ("x = 1 + \\\n    2\n", [(1, "BN101")], "x = 1 + \\\n    2  # bnlint: ignore[BN101]\n"),
        ('f("""a\nb""", 1)\n', [(1, "BN101")], 'f("""a\nb""", 1)  # bnlint: ignore[BN101]\n'),
        ('f(f"""a{1}\nb{2}\n""", 1)\n', [(1, "BN101")], 'f(f"""a{1}\nb{2}\n""", 1)  # bnlint: ignore[BN101]\n'),
        ('x = "# no comment"\n', [(1, "BN101")], 'x = "# no comment"  # bnlint: ignore[BN101]\n'),
        ("x = 1; y = 2\n", [(1, "BN101")], "x = 1; y = 2  # bnlint: ignore[BN101]\n"),
        ("def f(): pass\n", [(1, "BN101")], "def f(): pass  # bnlint: ignore[BN101]\n"),
        ("x = 1\n", [(1, "BN001"), (1, "BN002")], "x = 1\n"),
    ],
)
def test_where_the_comment_goes(before: str, places: list[tuple[int, str]], after: str) -> None:
    assert commented(before, *places) == after


def test_the_reason_stands_behind_it() -> None:
    assert commented("x = 1\n", (1, "BN101"), reason="AdaBN") == "x = 1  # bnlint: ignore[BN101]  # AdaBN\n"


def trees(path: Path, data: bytes) -> list[str]:
    """What the chunks of a file say: their trees, and the text of those that do not parse."""

    def tree(chunk: Chunk) -> str:
        try:
            return ast.dump(chunk.parse())
        except Unreadable:
            return chunk.original

    return [tree(chunk) for chunk in load(str(path), data).chunks]


def test_every_program_of_the_fixtures_is_silent_then_and_says_the_same(tmp_path: Path) -> None:
    for folder in ("programs/notebooks", "programs/legacy", "checks"):
        shutil.copytree(ROOT / "fixtures" / folder, tmp_path / folder)
    files = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.suffix in (".py", ".ipynb")}
    plans = api.Plans(isolated=True, overrides={"select": ["ALL"], "ignore": ["BN002"]})
    result = api.add_ignores([str(tmp_path)], plans, "as in the paper")
    assert {finding.code for finding in result.findings} <= {"BN001"}
    changed = [path for path, data in files.items() if path.read_bytes() != data]
    assert len(changed) > 50
    assert all(trees(path, files[path]) == trees(path, path.read_bytes()) for path in changed)
    once = {path: path.read_bytes() for path in changed}
    assert {finding.code for finding in api.add_ignores([str(tmp_path)], plans, "again").findings} <= {"BN001"}
    assert {path: path.read_bytes() for path in changed} == once


def test_a_notebook_changes_in_its_source_only() -> None:
    cells = [
        {
            "cell_type": "code",
            "execution_count": 3,
            "metadata": {},
            "outputs": [{"text": ["ä\n"]}],
            "source": ["%time x = 1\n", "y = 2  # why"],
        }
    ]
    before = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)
    after = commented(before, (2, "BN101"), name="n.ipynb", cell=1)
    assert after == before.replace("# why", "# why  # bnlint: ignore[BN101]")


def test_the_command_line_writes_them() -> None:
    write(a=ERROR, b=WARNING)
    result = run("--add-ignore", ".")
    assert result.exit_code == 0
    assert result.stderr == "bnlint: ignored by comments: 2 (files changed: 2)\n"
    assert Path("a.py").read_text() == ERROR.rstrip("\n") + "  # bnlint: ignore[BN404]\n"
    assert run(".").exit_code == 0
    assert run("--add-ignore=again", ".").stderr == "bnlint: ignored by comments: 0 (files changed: 0)\n"


def test_the_command_line_takes_a_reason_after_an_equals_sign_only() -> None:
    write(a=ERROR)
    assert run("a.py", "--add-ignore=# AdaBN").exit_code == 0
    assert Path("a.py").read_text().endswith("  # bnlint: ignore[BN404]  # AdaBN\n")
    assert run("a.py", "--add-ignore=two\nlines").exit_code == 2
    assert run("a.py", "--add-ignore", "--fix").exit_code == 2
    assert run("-", "--add-ignore", stdin=ERROR).exit_code == 2


def test_findings_in_model_files_which_no_comment_can_hold_are_said() -> None:
    write(a=ERROR)
    Path("net.json").write_text(MODEL_FILE)
    count = len(found(run("net.json", "--output-format", "json")))
    assert count
    result = run("--add-ignore", ".", "net.json")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[1:] == [
        f"bnlint: findings in model files stay, for no line there can carry a comment: {count} (`--write-baseline` can hold them)"
    ]
    assert Path("net.json").read_text() == MODEL_FILE
    run("--write-baseline", "net.json")
    assert "model files" not in run("--add-ignore", "net.json").stderr


def test_what_the_baseline_holds_gets_no_comment() -> None:
    write(a=ERROR)
    run("--write-baseline", ".")
    write(a=ERROR + "y = layers.BatchNormalization(momentum=0.1)\n")
    assert run("--add-ignore", ".").exit_code == 0
    assert Path("a.py").read_text() == ERROR + "y = layers.BatchNormalization(momentum=0.1)  # bnlint: ignore[BN403]\n"


def test_a_file_that_cannot_be_written_is_said_and_its_findings_stay() -> None:
    write(a=ERROR)
    Path("a.py").chmod(0o444)
    result = run("--add-ignore", "a.py")
    assert result.exit_code == 2
    assert "bnlint: a.py was not changed: it is read-only\n" in result.stderr
    assert "BN404" in result.stdout
    assert Path("a.py").read_text() == ERROR


def test_an_encoding_that_lacks_the_reason_is_said() -> None:
    Path("a.py").write_bytes(b"# coding: latin-1\n" + ERROR.encode())
    result = run("--add-ignore=\u6f22", "a.py")
    assert result.exit_code == 2
    assert "lacks a character of the new text" in result.stderr


# Reasons


@pytest.mark.parametrize(
    ("comment", "asked"),
    [
        ("# bnlint: ignore[BN404]", True),
        ("# bnlint: ignore[BN404]  #", True),
        ("# bnlint: ignore[BN404]  # noqa: E501", True),
        ("# bnlint: ignore[BN404]  # type: ignore", True),
        ("# bnlint: ignore", True),
        ("# bnlint: ignore[BN404]  # AdaBN", False),
        ("# bnlint: ignore[BN404] AdaBN", False),
        ("# bnlint: ignore[BN404]: AdaBN  # noqa", False),
        ("# bnlint: ignore  -- as in the paper", False),
        ("# noqa: BN404", False),
    ],
)
def test_a_reason_may_be_required(comment: str, asked: bool) -> None:
    write(a=ERROR.rstrip("\n") + f"  {comment}\n")
    assert run("a.py").exit_code == 0
    Path("bnlint.toml").write_text("require-ignore-reason = true\n")
    result = run("a.py", "--output-format", "concise")
    assert ("does not say why" in result.stdout) is asked
    assert result.exit_code == int(asked)
    before = Path("a.py").read_bytes()
    assert run("a.py", "--fix").exit_code == int(asked)
    assert Path("a.py").read_bytes() == before, "nobody but the author knows the reason"


def test_a_comment_that_suppresses_nothing_needs_no_reason() -> None:
    Path("bnlint.toml").write_text("require-ignore-reason = true\n")
    write(a=SAFE.replace("eps=", "epsilon=").rstrip("\n") + "  # bnlint: ignore[BN404]\n")
    result = run("a.py", "--output-format", "json")
    assert [entry["message"] for entry in json.loads(result.stdout)] == ["`# bnlint: ignore[BN404]` suppresses nothing"]
