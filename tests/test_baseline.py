"""The baseline: hides what it holds, shrinks after a success, never grows by itself, and is never lost."""

import json
import os
from pathlib import Path

import pytest

from bnlint import api, baseline
from bnlint.baseline import Baseline, Entry, Seen
from bnlint.findings import Finding, Severity
from tests.test_cli import ERROR, MENDED, SAFE, WARNING, found, run, write

BASELINE = Path(baseline.NAME)


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BNLINT_OUTPUT_FORMAT", raising=False)


def counts() -> dict[str, dict[str, int]]:
    files = json.loads(BASELINE.read_text())["files"]
    return {path: {code: entry["count"] for code, entry in rules.items()} for path, rules in files.items()}


def remaining() -> list[tuple[str, str]]:
    return found(run(".", "--output-format", "json"))


def test_what_is_in_the_baseline_is_not_shown() -> None:
    write(a=ERROR, b=WARNING)
    written = run("--write-baseline", ".")
    assert written.exit_code == 0
    assert written.stderr == "bnlint: .bnlint-baseline.json holds 2 findings now\n"
    assert written.stdout == "All checks passed!\n2 files.\nNot shown: 2 findings in the baseline.\n" + written.stdout.split("\n", 3)[3]
    assert counts() == {"a.py": {"BN404": 1}, "b.py": {"BN403": 1}}
    assert run(".").exit_code == 0
    assert remaining() == []
    assert run(".", "--no-baseline").exit_code == 1


def test_what_is_new_is_shown() -> None:
    write(a=ERROR)
    run("--write-baseline", ".")
    write(a=ERROR + "y = layers.BatchNormalization(epsilon=0)\n", b=WARNING)
    result = run(".")
    assert result.exit_code == 1
    assert "a.py:3:5" in result.stdout
    assert "a.py:2:5" not in result.stdout
    assert remaining() == [("a.py", "BN404"), ("b.py", "BN403")]
    assert counts() == {"a.py": {"BN404": 1}}, "it never grows by itself"


def test_lines_may_move_and_change() -> None:
    write(a=ERROR)
    run("--write-baseline", ".")
    write(a="# a comment\n\n" + ERROR)
    assert remaining() == []
    write(a=ERROR.replace("x = ", "renamed = "))
    assert remaining() == [], "the count holds where the line was edited"
    write(a=ERROR.replace("x = ", "renamed = ") + "y = layers.BatchNormalization(epsilon=0)\n")
    assert remaining() == [("a.py", "BN404")] * 2, "one is new, and nobody can tell which"


def test_it_shrinks_after_a_success() -> None:
    write(a=ERROR, b=WARNING, c=SAFE)
    run("--write-baseline", ".")
    write(a=MENDED)
    result = run(".")
    assert result.exit_code == 0
    assert "bnlint: .bnlint-baseline.json holds 2 findings now, 1 less\n" in result.stderr
    assert counts() == {"b.py": {"BN403": 1}, "c.py": {"BN408": 1}}
    Path("b.py").unlink()
    assert run("a.py", "c.py", "--fix").exit_code == 0
    assert counts() == {}
    write(a=ERROR)
    assert run(".").exit_code == 1, "what is gone may not come back"


def test_it_does_not_shrink_without_a_success() -> None:
    write(a=ERROR, b=WARNING)
    run("--write-baseline", ".")
    before = BASELINE.read_bytes()
    write(a=MENDED, c=ERROR)
    assert run(".").exit_code == 1
    assert run("a.py", "missing.py").exit_code == 2
    assert run("a.py", "b.py", "--no-baseline").exit_code == 1
    assert run("a.py", "--diff").exit_code == 0
    assert run("-", "--stdin-filename", "a.py", stdin=MENDED).exit_code == 0
    api.lint_paths(["a.py"])
    assert BASELINE.read_bytes() == before


def test_files_and_rules_that_do_not_take_part_keep_their_entries() -> None:
    write(a=ERROR, b=WARNING)
    run("--write-baseline", ".")
    write(a=MENDED, b=MENDED)
    assert run("a.py", "--select", "BN1").exit_code == 0
    assert counts() == {"a.py": {"BN404": 1}, "b.py": {"BN403": 1}}
    assert run("a.py").exit_code == 0
    assert counts() == {"b.py": {"BN403": 1}}
    write(c=ERROR)
    run("c.py", "--write-baseline")
    assert counts() == {"b.py": {"BN403": 1}, "c.py": {"BN404": 1}}


def test_the_settings_say_where_it_is() -> None:
    Path("ci").mkdir()
    Path("sub").mkdir()
    Path("bnlint.toml").write_text('baseline = "ci/known.json"\n')
    write(a=ERROR)
    Path("sub/b.py").write_text(ERROR)
    missing = run(".")
    assert missing.exit_code == 1
    assert "warning: ci/known.json does not exist; `--write-baseline` writes it" in missing.stderr
    run("--write-baseline", ".")
    assert set(json.loads(Path("ci/known.json").read_text())["files"]) == {"../a.py", "../sub/b.py"}
    os.chdir("sub")
    assert run(".").exit_code == 0, "wherever bnlint runs"
    assert run("../a.py", "b.py").exit_code == 0


def test_an_isolated_run_knows_no_baseline() -> None:
    write(a=ERROR)
    run("--write-baseline", ".")
    assert run("a.py", "--isolated").exit_code == 1


def test_a_file_that_cannot_be_read_is_never_in_it() -> None:
    write(a="def broken(BatchNormalization", b=ERROR)
    assert run("--write-baseline", ".").exit_code == 1
    assert counts() == {"b.py": {"BN404": 1}}
    assert remaining() == [("a.py", "BN001")]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "null",
        '{"version": 1}',
        '{"version": 1, "files": []}',
        '{"version": 1, "files": {"a.py": []}}',
        '{"version": 1, "files": {"a.py": {"BN404": {"count": "1", "fingerprints": []}}}}',
        '{"version": 1, "files": {"a.py": {"BN404": {"count": 1, "fingerprints": [1]}}}}',
        '{"version": 1, "files": {"a.py": {"BN404": {"count": true, "fingerprints": []}}}}',
        '{"version": 2, "files": {}}',
        '{"version": "1", "files": {}}',
        "<<<<<<< HEAD\n{}\n=======\n",
        "\udcff",
        "[" * 100_000,
    ],
)
def test_one_that_is_broken_is_said_and_nothing_is_changed(text: str) -> None:
    write(a=SAFE)
    BASELINE.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = run("--fix", ".")
    assert result.exit_code == 2
    assert result.stderr.startswith("bnlint: .bnlint-baseline.json: ")
    assert result.stderr.count("\n") == 1
    assert Path("a.py").read_text() == SAFE
    assert BASELINE.read_bytes() == text.encode("utf-8", "surrogateescape")
    assert run("--write-baseline", ".").exit_code == 0
    assert counts() == {"a.py": {"BN408": 1}}


def test_it_is_not_written_after_a_run_that_was_not_complete() -> None:
    write(a=ERROR)
    result = run("--write-baseline", "a.py", "missing.py")
    assert result.exit_code == 2
    assert ".bnlint-baseline.json was not written, for the run was not complete" in result.stderr
    assert not BASELINE.exists()


def test_one_that_cannot_be_written_is_said() -> None:
    write(a=ERROR)
    Path("bnlint.toml").write_text('baseline = "no/such/folder.json"\n')
    result = run("--write-baseline", ".")
    assert result.exit_code == 2
    assert "no/such/folder.json: cannot be written: " in result.stderr


def test_names_that_are_no_text_are_kept() -> None:
    name = os.fsdecode(b"caf\xe9.py")
    try:
        Path(name).write_text(ERROR)
    except OSError:
        pytest.skip("this file system takes text only")
    run("--write-baseline", ".")
    assert remaining() == []


# The functions


def finding(code: str, fingerprint: str) -> Finding:
    return Finding(code, "a-rule", Severity.ERROR, "message", "a.py", None, fingerprint=fingerprint)


def test_what_remains_is_all_that_is_unknown_where_there_are_too_many() -> None:
    held = Baseline("/x/b.json", {("a.py", "BN101"): Entry(2, ("f1", "f2"))})
    known, other, third = finding("BN101", "f1"), finding("BN101", "f3"), finding("BN101", "f4")
    os.chdir("/")
    assert baseline.remaining(held, "/x/a.py", [known, other]) == []
    assert baseline.remaining(held, "/x/a.py", [known, other, third]) == [other, third]
    assert baseline.remaining(held, "/x/a.py", [finding("BN102", "f1")]) == [finding("BN102", "f1")]
    assert baseline.remaining(held, "/x/b.py", [known]) == [known]


def test_shrinking_gives_the_same_object_where_nothing_is_gone() -> None:
    held = Baseline("/x/b.json", {("a.py", "BN101"): Entry(1, ("f1",))})
    assert baseline.shrunk(held, {"/x/a.py": Seen({"BN101"}, [finding("BN101", "f9")])}) is held
    assert baseline.shrunk(held, {"/x/a.py": Seen({"BN101"}, [])}).entries == {}


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    held = Baseline(str(tmp_path / "b.json"), {("z.py", "BN101"): Entry(1, ("f",)), ("a\udce9.py", "BN404"): Entry(2, ("g", "h"))})
    baseline.write(held)
    assert baseline.read(held.file).entries == held.entries
    assert not [path for path in tmp_path.iterdir() if path.name != "b.json"]
    (tmp_path / "b.json").chmod(0o600)
    baseline.write(held)
    assert (tmp_path / "b.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("path", ["../victim.json", "/tmp/victim.json", "link.json"])
def test_a_baseline_out_of_the_folder_is_neither_read_nor_written(path: str, tmp_path: Path) -> None:
    """The settings of a repository name no file of the user's."""
    write(a=ERROR)
    victim = Path("..").resolve() / "victim.json"
    victim.write_text("precious")
    os.symlink(victim, "link.json")
    Path("bnlint.toml").write_text(f'baseline = "{path}"\n')
    for arguments in (["--write-baseline", "."], ["."]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert "is not in the folder of the settings" in result.stderr
    assert victim.read_text() == "precious"
