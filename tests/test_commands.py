"""Where output goes, and the commands beside `check`."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bnlint import catalogue
from bnlint.cli import watch
from bnlint.report import FORMATS
from tests.conftest import needs
from tests.test_cli import ERROR, SAFE, WARNING, run, write


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("BNLINT_OUTPUT_FORMAT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


# Formats and files


@pytest.mark.parametrize("output_format", FORMATS)
def test_every_format_is_printed_and_written(output_format: str) -> None:
    write(a=ERROR)
    printed = run("a.py", "--output-format", output_format)
    written = run("a.py", "--output-format", f"{output_format}=out")
    assert (printed.exit_code, written.exit_code, written.stdout) == (1, 1, "")
    assert Path("out").read_text(encoding="utf-8") == printed.stdout
    assert "BN404" in printed.stdout
    assert run("a.py", "--output-format", output_format, "-o", "other").exit_code == 1
    assert Path("other").read_bytes() == Path("out").read_bytes()


def test_several_formats_at_once() -> None:
    write(a=ERROR)
    result = run("a.py", "--output-format", "github", "--output-format", "sarif=out.sarif", "--output-format", "json=out.json")
    assert result.stdout.startswith("::error ")
    assert json.loads(Path("out.sarif").read_text())["version"] == "2.1.0"
    assert json.loads(Path("out.json").read_text())[0]["code"] == "BN404"


def test_several_formats_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    write(a=ERROR)
    monkeypatch.setenv("BNLINT_OUTPUT_FORMAT", "concise json=out.json")
    assert run("a.py").stdout.startswith("a.py:2:5: BN404 ")
    assert Path("out.json").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output-format", "sarfi"], "'sarfi' is none of text, "),
        (["--output-format", "sarfi"], "; did you mean `sarif`?"),
        (["--output-format", "sarif="], "sarif= names no file"),
        (["--output-format", "sarif", "--output-format", "json"], "several output formats for the standard output: write `sarif=FILE`"),
        (["--output-format", "sarif=x", "--output-format", "json=x"], "several output formats for x"),
        (["--output-format", "sarif=x", "-o", "y"], "`-o` goes with an output format that has no file of its own"),
        (["--output-format", "sarif=no/such/x"], "no/such/x: cannot be written: no/such is no folder"),
        (["--output-format", "sarif=."], ".: cannot be written: it is a folder"),
        (["-o", "a.py/x"], "a.py/x: cannot be written: a.py is no folder"),
        (["--config", "output-format = 'sarfi'"], "`output-format` 'sarfi' is none of text, "),
    ],
)
def test_output_that_cannot_be_is_said_before_anything_is_done(arguments: list[str], message: str) -> None:
    write(a=SAFE)
    result = run("--fix", "a.py", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert Path("a.py").read_text() == SAFE


def test_the_setting_names_a_format() -> None:
    write(a=ERROR)
    Path("bnlint.toml").write_text('output-format = "gitlab"\n')
    assert json.loads(run("a.py").stdout)[0]["check_name"] == "unsafe-epsilon"


def test_the_summary_of_a_job_gets_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    write(a=ERROR, b=WARNING)
    Path("summary.md").write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    run(".", "--output-format", "concise")
    assert Path("summary.md").read_text() == "before\n"
    run(".", "--output-format", "github")
    text = Path("summary.md").read_text()
    assert text.startswith("before\n**bnlint**: 1 error, 1 warning, 0 info in 2 files\n")
    assert text.count("\n| ") == 3
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "no/such/file")
    result = run(".", "--output-format", "github")
    assert (result.exit_code, result.stderr) == (2, "bnlint: no/such/file: cannot be written: No such file or directory\n")
    assert result.stdout.count("\n") == 2, "the annotations are not lost"


def test_fix_only_gives_machines_an_empty_report() -> None:
    write(a=ERROR)
    assert run("a.py", "--fix-only", "--output-format", "json").stdout == "[]\n"
    assert json.loads(run("a.py", "--fix-only", "--output-format", "sarif").stdout)["runs"][0]["results"] == []
    assert run("a.py", "--fix-only", "--output-format", "github").stdout == ""


def test_paths_are_those_of_the_repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path("ml/src").mkdir(parents=True)
    Path(".git").mkdir()
    Path("ml/bnlint.toml").write_text("")
    Path("ml/src/a.py").write_text(ERROR)
    monkeypatch.chdir("ml/src")
    for arguments in (["a.py"], [str(tmp_path / "ml" / "src" / "a.py")], ["."], ["../../ml"]):
        assert "file=ml/src/a.py," in run(*arguments, "--output-format", "github").stdout
    assert "file=ml/src/b.py," in run("-", "--stdin-filename", "b.py", "--output-format", "github", stdin=ERROR).stdout


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
@pytest.mark.parametrize("output_format", FORMATS)
def test_a_file_with_a_hostile_name_forges_nothing(output_format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "a\x1b[31m\n::error::x\r##vso[task.complete]\u202e\x7f`|<b>.py"
    Path(name).write_text(ERROR + "# \x1b]0;x\x07\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    for result in (run(".", "--output-format", output_format), run(".", "missing\x1b\n::error::"), run("--write-baseline", "."), run(".")):
        text = result.stdout + result.stderr
        assert all(char == "\n" or char.isprintable() for char in text)
        assert not any(line.startswith(("::error::", "##vso[task.complete")) for line in text.splitlines())


# Statistics


def test_statistics() -> None:
    write(a=ERROR, b=WARNING, c=WARNING, d=SAFE)
    lines = run(".", "--statistics", "--quiet").stdout.splitlines()
    assert lines == ["2  BN403  pytorch-momentum", "1  BN404  unsafe-epsilon", "1  BN408  unknown-argument  [*] 1 fixable"]
    assert "2  BN403  pytorch-momentum  [*] 2 fixable" in run(".", "--statistics", "--unsafe-fixes").stdout
    entries = json.loads(run(".", "--statistics", "--output-format", "json").stdout)
    assert entries[0] == {"code": "BN403", "name": "pytorch-momentum", "count": 2, "fixable": 0}
    assert run(".", "--statistics").exit_code == 1
    assert run("--select", "BN1", "--statistics", ".").stdout.startswith("All checks passed!\n")


# Other commands


def test_schema_prints_the_schema_of_json() -> None:
    assert json.loads(run("schema").stdout)["title"] == "Findings of bnlint"


def test_clean_removes_caches_and_nothing_else() -> None:
    for folder in (".bnlint_cache/0.1", "sub/.bnlint_cache", "sub/kept", "node_modules/.bnlint_cache"):
        Path(folder).mkdir(parents=True)
        (Path(folder) / "file").write_text("x")
    Path("elsewhere").mkdir()
    Path("elsewhere/file").write_text("x")
    Path("linked").mkdir()
    Path("linked/.bnlint_cache").symlink_to(Path("elsewhere").absolute())
    result = run("clean")
    assert result.exit_code == 0
    assert sorted(result.stderr.splitlines()) == [
        f"bnlint: removed {path}" for path in (".bnlint_cache", "linked/.bnlint_cache", "sub/.bnlint_cache")
    ]
    assert sorted(str(path) for path in Path().rglob("file")) == ["elsewhere/file", "node_modules/.bnlint_cache/file", "sub/kept/file"]
    assert run("clean").stderr == ""
    assert run("clean", "missing").exit_code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str) -> None:
    script = run("completion", shell).stdout
    assert "_BNLINT_COMPLETE" in script
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=script, text=True, check=True)


def completed(*words: str) -> list[str]:
    """What bash offers for the last of these words."""
    environment = {
        **os.environ,
        "_BNLINT_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("bnlint", *words)),
        "COMP_CWORD": str(len(words)),
    }
    command = [sys.executable, "-m", "bnlint"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [line.partition(",")[2] if line.startswith("plain") else line for line in done.stdout.splitlines()]


def test_commands_and_paths_are_completed() -> None:
    Path("example").mkdir()
    Path("exact.py").touch()
    assert completed("ex") == ["explain", "exact.py", "example/"]
    assert completed("src/ex") == ["file,src/ex"]
    assert completed("check", "ex") == ["file,ex"], "a command was named"
    assert completed("a.py", "ex") == ["file,ex"], "it is not the first word"
    assert completed("--unsafe") == ["--unsafe-fixes"]
    assert completed("--output-format", "s") == ["sarif"]
    assert completed("explain", "bn40") == [code for code in catalogue.rules() if code.startswith("BN40")]
    assert completed("config", "min") == ["min-batch"]


# Watching


def test_watching_lints_again_after_a_change(tmp_path: Path) -> None:
    needs("watchfiles")
    write(a=ERROR)
    Path("out.txt").touch()
    command = [sys.executable, "-m", "bnlint", "--watch", ".", "--output-format", "concise", "--isolated"]
    with Path("out.txt").open("w") as out, Path("err.txt").open("w") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)
    try:
        wait_for(process, 1)
        assert "a.py:2:5: BN404" in Path("out.txt").read_text()
        Path("note.md").write_text("no source")
        write(a=ERROR + "y = layers.BatchNormalization(momentum=0.1)\n")
        wait_for(process, 2)
        assert "a.py:3:5: BN403" in Path("out.txt").read_text()
        write(a="def broken(BatchNormalization")
        wait_for(process, 3)
        assert "BN001" in Path("out.txt").read_text()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in Path("err.txt").read_text()


def wait_for(process: subprocess.Popen[bytes], runs: int) -> None:
    deadline = time.monotonic() + 60
    while Path("err.txt").read_text().count("watching for changes") < runs:
        assert process.poll() is None, Path("err.txt").read_text()
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)


def test_what_is_changed_while_a_run_lasts_leads_to_the_next_one(tmp_path: Path) -> None:
    needs("watchfiles")
    write(a=ERROR)
    late = threading.Timer(20, lambda: write(b=ERROR))

    def lint() -> int:
        if late.ident is not None:
            raise KeyboardInterrupt
        late.start()
        write(a=ERROR + "\n")
        return 0

    try:
        with pytest.raises(KeyboardInterrupt):
            watch.watch(["."], lint)
    finally:
        late.cancel()
    assert not Path("b.py").exists()


def test_watching_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    write(a=ERROR)
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    result = run("--watch", "a.py")
    assert (result.exit_code, result.stderr) == (2, "bnlint: `--watch` needs the extra `watch`: pip install 'bnlint[watch]'\n")
    assert run("--watch", "-", stdin="").exit_code == 2
