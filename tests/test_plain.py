"""Plain arguments are read as click reads them, or not at all."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from bnlint.cli import plain
from bnlint.cli.options import OPTIONS
from bnlint.cli.program import group
from bnlint.settings import FOR_FILES, KEYS

PLAIN = [
    [],
    ["check"],
    ["a.py", "b.py"],
    ["check", "a.py"],
    ["-"],
    ["a.py", "check"],
    ["--output-format", "concise", "a.py"],
    ["--output-format=github", "--output-format=json=out.json", "."],
    ["--fix", "a.py", "--exit-non-zero-on-fix"],
    ["--fix", "--unsafe-fixes", "--no-unsafe-fixes", "a.py"],
    ["-q", "-e", "a.py"],
    ["--select", "BN1,BN2", "--select=BN103", "--ignore", "BN104", "a.py"],
    ["--select", ""],
    ["--fail-on", "error", "--color=never", "--no-cache"],
    ["--fail-on", "error", "--fail-on", "info"],
    ["--diff-base", "main", "--preview", "--no-respect-gitignore"],
    ["--model", "a:b", "--model=c:d"],
    ["--stdin-filename", "a b.py", "-"],
    ["--config", "target-keras = '2'", "--isolated"],
    ["--show-settings", "--show-files", "--watch"],
]
"""What pre-commit, editors and CI write."""

FOR_CLICK = [
    ["--help"],
    ["-h"],
    ["--version"],
    ["explain", "BN103"],
    ["rule", "BN103"],
    ["@args.txt"],
    ["--", "a.py"],
    ["-qe", "a.py"],
    ["-oout.txt"],
    ["--fail-on", "never-ever"],
    ["--fail-on"],
    ["--output-format", "nonsense"],
    ["--output-format=json="],
    ["--fix=1"],
    ["--no-fix"],
    ["--min-batch", "8"],
    ["--add-ignore"],
    ["--add-ignore=why"],
    ["--select", "--fix"],
    ["--selec", "BN1"],
    [""],
]


def clicked(arguments: Sequence[str]) -> tuple[tuple[str, ...], dict[str, Any]] | None:
    """What click gives to the command; None where that is not `check`, or where it refuses the arguments."""
    read: list[Any] = []
    with patch("bnlint.cli.lint.run", lambda paths, given: read.append((paths, given)) or 0):
        CliRunner().invoke(group, arguments)
    return read[0] if read else None


@pytest.mark.parametrize("arguments", PLAIN, ids=" ".join)
def test_plain_arguments_are_read_as_click_reads_them(arguments: list[str]) -> None:
    read = plain.read(arguments)
    assert read is not None
    assert read == clicked(arguments)


@pytest.mark.parametrize("arguments", FOR_CLICK, ids=" ".join)
def test_the_others_are_left_to_click(arguments: list[str]) -> None:
    assert plain.read(arguments) is None


WORDS = [
    *(word for option in OPTIONS for word in option.names.replace("/", " ").split()),
    *(
        "a.py",
        "-",
        "--",
        "@x",
        "",
        "check",
        "explain",
        "BN1",
        "BN1,,BN2",
        "error",
        "never",
        "auto",
        "json",
        "json=f",
        "json=",
        "8",
        "-qe",
        "--help",
    ),
    *(f"{option.names.partition('/')[0].split()[-1]}={value}" for option in OPTIONS for value in ("", "BN1", "error", "concise", "-x")),
]


@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_whatever_is_read_is_what_click_reads(arguments: list[str]) -> None:
    read = plain.read(arguments)
    assert read is None or read == clicked(arguments)


@pytest.mark.parametrize("name", ["BNLINT_OUTPUT_FORMAT", plain.COMPLETION])
def test_what_the_environment_asks_for_is_left_to_click(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "json")
    assert plain.read(["a.py"]) is None


def test_all_settings_but_those_for_files_are_options() -> None:
    names = {key.replace("-", "_") for key in KEYS}
    assert KEYS.keys() >= FOR_FILES
    assert {option.key for option in OPTIONS} & names == names - {key.replace("-", "_") for key in FOR_FILES - {"output-format"}}


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "bnlint", *arguments], capture_output=True, text=True, **options)


def test_misuse_is_told_with_the_usage_though_the_arguments_are_plain(tmp_path: Path) -> None:
    done = run("--diff", "--add-ignore", ".", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "Usage: bnlint check [OPTIONS] [PATHS]..."
    assert done.stderr.splitlines()[-1] == "Error: `--add-ignore` does not go with `--diff`"


def test_a_problem_is_one_line(tmp_path: Path) -> None:
    done = run("-o", "missing/out.txt", ".", cwd=tmp_path)
    again = run("--output-file", "missing/out.txt", ".", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (again.returncode, again.stdout, again.stderr)
    assert (done.returncode, done.stderr) == (2, "bnlint: missing/out.txt: cannot be written: missing is no folder\n")


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("arguments", [["-"], ["--min-batch", "32", "-"]], ids=["plain", "click"])
def test_an_interrupt_ends_it_as_click_does(arguments: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bnlint", "--isolated", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.read() == b"\nAborted!\n"
        process.wait()
    assert process.returncode == 1


@pytest.mark.skipif(os.name == "nt", reason="pipes")
@pytest.mark.parametrize("arguments", [["--show-settings"], ["--min-batch", "32", "--show-settings"]], ids=["plain", "click"])
def test_a_reader_that_is_gone_ends_it_quietly(arguments: list[str], tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-m", "bnlint", "--isolated", *arguments], stdout=writing, stderr=subprocess.PIPE, cwd=tmp_path)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")
