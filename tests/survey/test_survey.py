"""Surveys without Ray: what becomes of each row, what stands in the tables, and how a survey goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from bnlint import api
from bnlint.survey import SurveyError, cluster, survey, tables
from bnlint.survey.records import File, Outcome, Terms
from tests.survey.tables import CLEAN, HELPER, TWO, USER, rows, save, statuses, summary, written
from tests.test_cli import run

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


OUT = Path("out")


def test_a_row_for_each_finding_and_each_file() -> None:
    save(Path("in.parquet"), [{"path": "a/b.py", "content": TWO, "repo": "r"}, {"path": "c.py", "content": "x = 1\n", "repo": None}])
    done = survey("in.parquet", "out", keep=["repo"])
    assert done.complete
    assert [(row["path"], row["status"], row["findings"], row["size"], row["repo"]) for row in rows(OUT, "files")] == [
        ("a/b.py", "linted", 2, len(TWO), "r"),
        ("c.py", "dismissed", 0, 6, None),
    ]
    first, second = rows(OUT, "findings")
    assert (first["source"], first["row"], first["path"]) == ("in.parquet", 0, "a/b.py")
    assert (first["code"], first["line"], first["severity"], first["fixable"], first["row"], first["repo"]) == (
        "BN404",
        3,
        "error",
        False,
        0,
        "r",
    )
    assert (second["code"], second["line"], second["fix"], second["fixable"]) == ("BN403", 4, "unsafe", True)
    assert (done.rows, done.total, done.statuses, done.codes) == (2, 2, {"dismissed": 1, "linted": 1}, {"BN403": 1, "BN404": 1})
    assert done.severities == {"error": 1, "warning": 1}
    assert summary(OUT) == json.loads(done.as_json())


def test_what_is_not_understood_is_a_gap() -> None:
    save(Path("in.parquet"), [{"path": "a.py", "content": CLEAN + "def f(x):\n    return layers.BatchNormalization()(mystery(x))\n"}])
    done = survey("in.parquet", "out")
    assert [(gap["path"], gap["line"], gap["column"], gap["cell"], gap["grade"], gap["reasons"]) for gap in rows(OUT, "gaps")] == [
        ("a.py", 3, 5, None, "not", ["it is built, but not seen to be applied"]),
        ("a.py", 5, 12, None, "partly", ["nothing visible binds `mystery`"]),
    ]
    assert (done.sites, done.understood) == (2, 0)
    assert rows(OUT, "files")[0]["sites"] == done.sites


def test_the_columns_are_these() -> None:
    """Whoever reads the tables counts on them: another column is another `FORMAT`."""
    shown = {
        name: ", ".join(f"{field.name} {field.type}{'' if field.nullable else '!'}" for field in tables.schema(name))
        for name in tables.TABLES
    }
    assert shown == {
        "files": "source string, row int64, path string, "
        "status string!, detail string!, size int64, sites int64!, understood int64!, findings int64!",
        "findings": "source string, row int64, path string, "
        "code string!, name string!, severity string!, message string!, help string!, "
        "line int64, column int64, end_line int64, end_column int64, cell int64, "
        "layers int64!, fixable bool!, fix string, fingerprint string!",
        "gaps": "source string, row int64, path string, "
        "line int64!, column int64!, end_line int64!, end_column int64!, cell int64, grade string!, reasons list<item: string>!",
    }


def test_every_row_is_accounted_for() -> None:
    contents: dict[str | None, Any] = {
        "clean.py": CLEAN.encode(),
        "broken.py": b"BatchNormalization(\n",
        "latin.py": b"# coding: latin-1\n# \xe4 BatchNormalization\n",
        "notes.txt": b"BatchNormalization",
        "build/lib/a.py": TWO.encode(),
        "null.py": None,
        None: CLEAN.encode(),
        "../above.py": CLEAN.encode(),
        "nul\0.py": CLEAN.encode(),
        "": CLEAN.encode(),
        "/root.py": TWO.encode(),
        "long" * 100 + ".py": CLEAN.encode(),
        "n.ipynb": json.dumps(
            {"cells": [{"cell_type": "code", "source": TWO}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        ).encode(),
        "deep.py": b"x = BatchNormalization" + b"(" * 5000,
    }
    save(Path("in.parquet"), [{"path": path, "content": content} for path, content in contents.items()])
    done = survey("in.parquet", "out")
    assert statuses(OUT) == {
        **dict.fromkeys(contents, "unreadable"),
        "clean.py": "linted",
        "latin.py": "linted",
        "notes.txt": "skipped",
        "build/lib/a.py": "skipped",
        "/root.py": "linted",
        "n.ipynb": "linted",
    }
    assert done.complete
    assert sum(done.statuses.values()) == done.rows == len(contents)
    found = rows(OUT, "findings")
    assert done.codes["BN001"] == len([row for row in found if row["code"] == "BN001"]) == done.statuses["unreadable"]
    assert [(row["code"], row["cell"], row["line"]) for row in found if row["path"] == "n.ipynb"] == [("BN404", 1, 3), ("BN403", 1, 4)]
    assert not Path("above.py").exists()
    assert not Path("../above.py").exists()


def test_text_is_taken_as_lint_source_takes_it() -> None:
    text = "# coding: latin-1\n" + TWO.replace("x =", "ä =")
    save(Path("in.parquet"), [{"path": "a.py", "content": text}])
    survey("in.parquet", "out")
    assert [(row["code"], row["line"], row["column"], row["fingerprint"]) for row in rows(OUT, "findings")] == [
        (found.code, found.span.line, found.span.column, found.fingerprint)
        for found in api.lint_source(text, "a.py", isolated=True)
        if found.span is not None
    ]


# Groups


def test_files_of_one_group_are_linted_together() -> None:
    table = [{"path": "helper.py", "content": HELPER, "repo": "a"}, {"path": "train.py", "content": USER, "repo": "a"}]
    other = [{"path": "train.py", "content": USER, "repo": "b"}, {"path": "helper.py", "content": HELPER, "repo": None}]
    save(Path("in/1.parquet"), [table[0], other[0]])
    save(Path("in/2.parquet"), [other[1], table[1]])
    survey("in", "alone", keep=["repo"])
    assert rows(Path("alone"), "findings") == []
    for size in (1, 2, 100):
        destination = Path(f"together-{size}")
        assert survey("in", str(destination), group_by="repo", rows=size).complete
        assert {(row["repo"], row["path"], row["code"]) for row in rows(destination, "findings")} == {("a", "train.py", "BN103")}
        assert [(row["source"], row["row"]) for row in rows(destination, "files")] == [
            (f"{file}.parquet", row) for file in (1, 2) for row in (0, 1)
        ]


def test_one_group_has_each_path_once() -> None:
    save(Path("in.parquet"), [{"path": path, "content": TWO, "repo": 1} for path in ("a.py", "./a.py", "a.py/b.py")])
    survey("in.parquet", "out", group_by="repo")
    assert statuses(OUT) == {"a.py": "linted", "./a.py": "skipped", "a.py/b.py": "unreadable"}


def test_settings_in_the_data_do_not_count_but_pins_and_gitignore_do() -> None:
    table = {
        "bnlint.toml": 'select = ["BN1"]',
        "pyproject.toml": '[tool.bnlint]\nignore = ["ALL"]\n',
        ".gitignore": "ignored.py\n",
        "requirements.txt": "keras==2.4\n",
        "a.py": TWO,
        "b.py": "from keras import layers\n\nx = layers.BatchNormalization(fused=True)\n",
        "ignored.py": TWO,
    }
    save(Path("in.parquet"), [{"path": path, "content": content, "repo": 1} for path, content in table.items()])
    survey("in.parquet", "out", group_by="repo")
    assert [row["code"] for row in rows(OUT, "findings")] == ["BN404", "BN403"]
    assert {path for path, status in statuses(OUT).items() if status == "linted"} == {"a.py", "b.py"}
    del table["requirements.txt"]
    save(Path("in.parquet"), [{"path": path, "content": content, "repo": 1} for path, content in table.items()])
    survey("in.parquet", "out", group_by="repo")
    assert [row["code"] for row in rows(OUT, "findings")] == ["BN404", "BN403", "BN502"], "Keras 3 knows no `fused`"


def test_the_settings_that_are_given_count() -> None:
    save(Path("in.parquet"), [{"path": "a.py", "content": TWO}, {"path": "tests/b.py", "content": TWO}])
    survey("in.parquet", "one", select=["BN403"])
    assert {row["code"] for row in rows(Path("one"), "findings")} == {"BN403"}
    Path("mine.toml").write_text('ignore = ["BN403"]\n[severity]\nBN404 = "info"\n[per-file-ignores]\n"tests/*" = ["ALL"]\n')
    survey("in.parquet", "two", config="mine.toml")
    assert [(row["path"], row["code"], row["severity"]) for row in rows(Path("two"), "findings")] == [("a.py", "BN404", "info")]
    survey("in.parquet", "three", config='select = ["BN404"]')
    assert {row["code"] for row in rows(Path("three"), "findings")} == {"BN404"}
    with pytest.raises(api.SettingsError, match="unknown key `selct`"):
        survey("in.parquet", "four", config="selct = []")
    assert not Path("four").exists()


# Rows that take their process down

POISON = """\
import os, signal, time
import bnlint.regular

read = bnlint.regular.read

def poisoned(path):
    data = read(path)
    if b"# hang" in data:
        time.sleep(600)
    while b"# loop" in data:
        pass
    if b"# crash" in data:
        os.kill(os.getpid(), signal.SIGSEGV)
    if b"# leave" in data:
        os._exit(3)
    if b"# memory" in data:
        bytearray(1 << 30)
    return data

bnlint.regular.read = poisoned
"""


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A process that lints dies of some files."""
    (tmp_path / "poison").mkdir()
    (tmp_path / "poison" / "sitecustomize.py").write_text(POISON)
    monkeypatch.syspath_prepend(tmp_path / "poison")


@pytest.mark.usefixtures("poison")
def test_a_row_that_takes_its_process_down_costs_one_row() -> None:
    save(
        Path("in.parquet"),
        [
            {"path": "1.py", "content": TWO},
            {"path": "crash.py", "content": TWO + "# crash\n"},
            {"path": "hang.py", "content": TWO + "# hang\n"},
            {"path": "loop.py", "content": TWO + "# loop\n"},
            {"path": "leave.py", "content": TWO + "# leave\n"},
            {"path": "memory.py", "content": TWO + "# memory\n"},
            {"path": "2.py", "content": TWO},
        ],
    )
    done = survey("in.parquet", "out", seconds=3, memory=400)
    assert {row["path"]: row["detail"] for row in rows(OUT, "files")} == {
        "1.py": "",
        "crash.py": "ended its process with signal 11",
        "hang.py": "took more than 30 seconds by the clock",
        "loop.py": "took more than 3 seconds of processor time",
        "leave.py": "ended its process with exit code 3",
        "memory.py": "needs more than 400 MiB of memory",
        "2.py": "",
    }
    assert done.statuses == {"failed": 5, "linted": 2}
    assert [row["path"] for row in rows(OUT, "findings")] == ["1.py", "1.py", "2.py", "2.py"]
    assert not done.complete
    assert done.rows == done.total


@pytest.mark.usefixtures("poison")
def test_in_a_group_the_others_are_linted_as_if_it_did_not_exist() -> None:
    table = {"helper.py": HELPER, "crash.py": TWO + "# crash\n", "train.py": USER}
    save(Path("in.parquet"), [{"path": path, "content": content, "repo": "a"} for path, content in table.items()])
    survey("in.parquet", "out", group_by="repo")
    assert statuses(OUT) == {"helper.py": "linted", "crash.py": "failed", "train.py": "linted"}
    assert {row["detail"] for row in rows(OUT, "files") if row["status"] == "linted"} == {"linted without crash.py"}
    assert rows(OUT, "findings"), "what helper.py builds is seen from train.py"


def test_files_that_fail_only_together_are_told_alone() -> None:
    from bnlint.survey import trees
    from bnlint.survey.process import Lost

    class Linter:
        def lint(self, files: Any) -> list[Outcome]:
            if len(files) > 1:
                raise Lost("took more than 1 seconds")
            return [Outcome("linted")]

    plan = api.Plans(isolated=True).of(".")
    files = [File("a.py", b"import keras\nBatchNormalization"), File("b.py", b"")]
    assert {outcome.detail for outcome in trees.lint(files, plan, Linter())} == {
        "linted alone; with the files of its group it took more than 1 seconds"
    }


def test_a_process_that_has_little_memory_left_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    from bnlint.survey.process import Lost, Worker

    with Worker(Terms({})) as worker:
        file = File("a.py", TWO.encode())
        (first,) = worker.lint([file])
        ask, asked = worker._ask, []

        def lost_once(files: Any) -> list[Outcome]:
            asked.append(files)
            if len(asked) == 1:
                raise Lost("needs more memory")
            return ask(files)

        monkeypatch.setattr(worker, "_ask", lost_once)
        assert worker.lint([file]) == [first]
        assert len(asked) == 2


def test_halves_of_characters_do_no_harm() -> None:
    text = TWO.replace("epsilon=0", r"epsilon=0, name='\ud800'") + "z = layers.Dense(3, name='\\ud800')(x)\nx(z)\n"
    save(Path("in.parquet"), [{"path": "a.py", "content": text}])
    assert survey("in.parquet", "out").statuses == {"linted": 1}
    assert {row["code"] for row in rows(OUT, "findings")} >= {"BN404", "BN403"}


def test_a_process_that_cannot_start_is_no_fault_of_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    save(Path("in.parquet"), [{"path": "a.py", "content": TWO}])
    monkeypatch.setattr(sys, "executable", "/bin/false")
    done = survey("in.parquet", "out")
    assert (done.rows, done.statuses) == (0, {})
    assert done.problems == ("in.parquet, rows from 0: no process can be started that lints: it ended its process with exit code 1",)
    monkeypatch.undo()


# Going on


def test_what_is_done_is_not_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from bnlint.survey import job

    table = [{"path": f"{number}.py", "content": TWO, "repo": number} for number in range(5)]
    save(Path("in/a.parquet"), table, group=2)
    for options in ({}, {"group_by": "repo"}):
        out = Path(f"out{len(options)}")
        whole = survey("in", str(out), rows=2, **options)
        before = written(out)
        with monkeypatch.context() as patch:
            patch.setattr(job, "_work", lambda *arguments: pytest.fail("there is nothing to do"))
            assert survey("in", str(out), rows=2, **options) == whole
        first, *others = sorted(name for name in before if name.startswith("files/"))
        assert others
        (out / first).unlink()  # as if the survey had been ended before that part was whole
        (out / "findings" / "_part-x.parquet.partial").write_bytes(b"half")
        (out / "findings" / "part-00.parquet").write_bytes(b"half")
        stamps = {name: os.stat(out / name).st_mtime_ns for name in before if name != first and "parquet" in name and first[6:] not in name}
        assert survey("in", str(out), rows=2, **options) == whole
        assert written(out) == before, "and a part that is done again is the same, byte for byte"
        assert {name: os.stat(out / name).st_mtime_ns for name in stamps} == stamps


def test_a_part_that_is_broken_is_done_again() -> None:
    save(Path("in.parquet"), [{"path": "a.py", "content": TWO}])
    whole = survey("in.parquet", "out")
    (part,) = (OUT / "files").iterdir()
    data = part.read_bytes()
    part.write_bytes(data[:-10])
    assert survey("in.parquet", "out") == whole
    assert part.read_bytes() == data


def test_a_source_that_changed_is_done_anew_and_nothing_of_the_old_one_stays() -> None:
    save(Path("in/a.parquet"), [{"path": "a.py", "content": TWO}])
    save(Path("in/b.parquet"), [{"path": "b.py", "content": TWO}])
    survey("in", "out")
    kept = {name for name, data in written(OUT).items() if name.startswith("files/") and b"b.py" in data}
    save(Path("in/a.parquet"), [{"path": "a.py", "content": CLEAN}])
    done = survey("in", "out")
    assert done.codes == {"BN403": 1, "BN404": 1}
    assert {row["path"] for row in rows(OUT, "findings")} == {"b.py"}
    assert kept <= written(OUT).keys()


def test_another_survey_needs_another_destination() -> None:
    save(Path("in.parquet"), [{"path": "a.py", "content": TWO}])
    survey("in.parquet", "out")
    before = written(OUT)
    for options in ({"select": ["BN1"]}, {"seconds": 5}):
        with pytest.raises(SurveyError, match="out: holds a survey with another terms"):
            survey("in.parquet", "out", **options)
    with pytest.raises(SurveyError, match="another columns"):
        survey("in.parquet", "out", content="path")
    (OUT / "survey.json").write_text("nonsense")
    with pytest.raises(SurveyError, match="holds a survey"):
        survey("in.parquet", "out")
    assert {**written(OUT), "survey.json": before["survey.json"]} == before
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("x")
    with pytest.raises(SurveyError, match="mine: is neither empty nor a survey"):
        survey("in.parquet", "mine")


def test_a_survey_that_was_ended_goes_on() -> None:
    save(Path("in.parquet"), [{"path": f"{number}.py", "content": TWO} for number in range(6)])

    def interrupt(doing: str) -> None:
        if doing.startswith("4"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        survey("in.parquet", "out", rows=2, tell=interrupt)
    assert len(list((OUT / "files").iterdir())) == 2
    told: list[str] = []
    whole = survey("in.parquet", "out", rows=2, tell=told.append)
    assert told == ["4 of 6 rows are done", "6 of 6 rows are done"]
    assert whole.codes == {"BN403": 6, "BN404": 6}
    assert survey("in.parquet", "other", rows=2) == whole
    assert written(Path("other")) == written(OUT)


def test_what_ray_cannot_do_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any) -> Iterator[Any]:
        raise RuntimeError("lots\nno")

    save(Path("in.parquet"), [{"path": "a.py", "content": TWO}])
    monkeypatch.setattr(cluster, "each", broken)
    with pytest.raises(SurveyError, match=r"^Ray gave up: no \(what is done is kept: the same command goes on\)$"):
        survey("in.parquet", "out")


def test_tables_may_lie_where_only_pyarrow_finds_them(tmp_path: Path) -> None:
    save(Path("in/a.parquet"), [{"path": "a.py", "content": TWO}])
    there = f"fsspec+file://{tmp_path}"
    done = survey(f"{there}/in", f"{there}/out")
    assert done.codes == {"BN403": 1, "BN404": 1}
    assert survey(f"{there}/in", f"{there}/out") == done
    assert len(rows(OUT, "findings")) == 2


# Bad tables


def test_a_table_that_cannot_be_surveyed_is_one_line() -> None:
    Path("empty").mkdir()
    save(Path("in.parquet"), [{"path": "a.py", "text": TWO, "code": 1, "number": 5}])
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("missing", {}, "missing: no Parquet files are there"),
        ("empty", {}, "empty: no Parquet files are there"),
        ("nowhere://x", {}, "nowhere://x: cannot be opened: "),
        ("in.parquet", {}, "in.parquet: there is no column `content`; there are path, text, code, number"),
        ("in.parquet", {"content": "txt"}, "there is no column `txt`; did you mean `text`?"),
        ("in.parquet", {"content": "number"}, "the column `number` holds int64, and no text"),
        (
            "in.parquet",
            {"content": "text", "keep": ["code"]},
            "the column `code` cannot be kept: the tables of a survey have one of that name",
        ),
    ]
    save(Path("mixed/a.parquet"), [{"path": "a.py", "content": TWO}])
    save(Path("mixed/b.parquet"), [{"path": "a.py", "content": TWO.encode()}])
    cases.append(("mixed", {}, "mixed/b.parquet: the columns path, content have other types than in the files before"))
    for source, options, message in cases:
        with pytest.raises(SurveyError) as error:
            survey(source, "out", **options)
        assert message in str(error.value)
        assert "\n" not in str(error.value)


def test_a_destination_that_is_a_file_is_one_line() -> None:
    save(Path("in.parquet"), [{"path": "a.py", "content": TWO}])
    result = run("survey", "in.parquet", "in.parquet")
    assert (result.exit_code, result.stderr.count("\n"), result.stdout) == (2, 1, "")


def test_a_file_that_is_no_parquet_is_said_and_the_others_are_surveyed() -> None:
    save(Path("in/a.parquet"), [{"path": "a.py", "content": TWO}])
    save(Path("in/b.parquet"), [{"path": "b.py", "content": TWO}])
    survey("in", "out")
    before = written(OUT)
    Path("in/b.parquet").write_bytes(b"PAR1 nonsense")
    done = survey("in", "out")
    assert done.codes == {"BN403": 1, "BN404": 1}
    assert len(done.problems) == 1
    assert done.problems[0].startswith("in/b.parquet: cannot be read as Parquet: ")
    assert not done.complete
    assert written(OUT).keys() == before.keys(), "what came of it stays"


@pytest.mark.parametrize("group_by", [None, "repo"])
def test_a_block_that_is_damaged_is_said_and_the_others_are_surveyed(group_by: str | None) -> None:
    save(Path("in.parquet"), [{"path": f"{number}.py", "content": TWO + "#" * number, "repo": number} for number in range(4)], group=2)
    column = parquet.read_metadata("in.parquet").row_group(0).column(1)
    start = column.dictionary_page_offset or column.data_page_offset
    data = bytearray(Path("in.parquet").read_bytes())
    data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    Path("in.parquet").write_bytes(data)
    done = survey("in.parquet", "out", rows=2, group_by=group_by)
    assert (done.rows, done.total, len(done.problems)) == (2, 4, 1)
    assert done.problems[0].startswith("in.parquet, rows from 0: ")


def test_an_empty_table_is_surveyed() -> None:
    parquet.write_table(pa.table({"path": pa.array([], pa.string()), "content": pa.array([], pa.string())}), "in.parquet")
    done = survey("in.parquet", "out")
    assert (done.rows, done.complete) == (0, True)


# The command


def test_the_command() -> None:
    save(Path("in.parquet"), [{"file": "a.py", "text": TWO, "repo": "r"}, {"file": "b.py", "text": "x = 1\n", "repo": "r"}])
    arguments = ("survey", "in.parquet", "out", "--path", "file", "--content", "text", "--keep", "repo")
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == (
        "2 files: 1 dismissed, 1 linted.\n2 findings: 1 error, 1 warning, 0 info.\n  BN403  1\n  BN404  1\n"
        "BatchNormalization: 0 of 2 places understood.\n"
    )
    assert run(*arguments, "--quiet").stdout == ""
    assert run(*arguments, "--group-by", "repo").exit_code == 2
    assert run("survey", "in.parquet", "other").stderr.startswith("bnlint: in.parquet: there is no column `path`")
    assert "invalid" in run("survey", "in.parquet", "other", "--seconds", "0").stderr.lower()
    unknown = run(*arguments[:2], "new", *arguments[3:], "--select", "BN999")
    assert (unknown.exit_code, unknown.stderr.startswith("bnlint: --select")) == (2, True)


@pytest.mark.usefixtures("poison")
def test_the_command_tells_that_files_failed() -> None:
    save(Path("in.parquet"), [{"path": "a.py", "content": TWO + "# crash\n"}])
    result = run("survey", "in.parquet", "out")
    assert result.exit_code == 2
    assert result.stderr == "bnlint: files that failed: 1 (the table `files` tells why)\n"


def test_without_the_extra_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    result = run("survey", "in.parquet", "out")
    assert (result.exit_code, result.stderr) == (2, "bnlint: a survey needs the extra `survey`: pip install 'bnlint[survey]'\n")


def test_terms_go_to_other_processes() -> None:
    from bnlint.survey import frames

    terms = Terms({"select": ["BN1"], "preview": None}, None, ("a.toml", b"\xff"), 1.5, 300)
    assert frames.decode(frames.encode(terms), Terms) == terms
