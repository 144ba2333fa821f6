"""`--diff-base`: only what a change brought; and no program that a hostile repository names."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.test_cli import ERROR, MENDED, SAFE, WARNING, found, run, write

HELPER = "from keras import layers\n\ndef norm():\n    return layers.BatchNormalization({})\n"
USER = """\
from keras import Input, Sequential, layers
from helper import norm

model = Sequential([Input((8,)), layers.Dense(4), norm(), layers.ReLU()])
"""
MODEL = """\
from keras import Input, Sequential, layers

model = Sequential([
    Input((8,)),
    layers.Dense(4),
    layers.BatchNormalization(),
])
"""


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BNLINT_OUTPUT_FORMAT", raising=False)
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)
    git("init", "-q", "-b", "main")


def git(*arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *identity, *arguments], capture_output=True, text=True, check=True).stdout


def commit() -> None:
    git("add", "-A")
    git("commit", "-q", "-m", "a change")


def new(*arguments: str, base: str = "main") -> list[tuple[str, str]]:
    return found(run(*(arguments or (".",)), "--diff-base", base, "--output-format", "json"))


def test_only_what_a_change_brought_is_shown() -> None:
    write(a=ERROR, b=WARNING)
    commit()
    assert new() == []
    git("switch", "-q", "-c", "work")
    write(a="# moved down\n\n" + ERROR + "y = layers.BatchNormalization(momentum=0.1)\n", c=ERROR)
    assert new() == [("a.py", "BN403"), ("c.py", "BN404")], "what is not committed counts"
    commit()
    assert new() == [("a.py", "BN403"), ("c.py", "BN404")]
    result = run(".", "--diff-base", "main")
    assert result.exit_code == 1
    assert "Not shown: 2 findings older than main.\n" in result.stdout
    assert run("b.py", "--diff-base", "main").exit_code == 0


def test_the_change_begins_where_it_branched_off() -> None:
    write(a="x = 1\n", b="x = 1\n")
    commit()
    git("switch", "-q", "-c", "work")
    write(b=WARNING)
    commit()
    git("switch", "-q", "main")
    write(a=ERROR)
    commit()
    git("switch", "-q", "work")
    write(a=ERROR)
    assert new() == [("a.py", "BN404"), ("b.py", "BN403")], "main has it too, but not from here"


def test_a_line_that_was_not_touched_may_have_a_new_finding() -> None:
    write(a=MODEL)
    commit()
    write(a=MODEL.replace("    layers.BatchNormalization(),\n", "    layers.Dropout(0.5),\n    layers.BatchNormalization(),\n"))
    assert ("a.py", "BN102") in new("a.py", base="HEAD")


def test_a_change_in_another_file_may_bring_a_finding() -> None:
    write(helper=HELPER.format(""), user=USER)
    commit()
    write(helper=HELPER.format("momentum=0.1"))
    assert ("helper.py", "BN403") in new(base="HEAD")


def test_a_folder_of_the_repository_may_be_named_from_anywhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path("sub").mkdir()
    Path("sub/a.py").write_text(ERROR)
    commit()
    Path("sub/b.py").write_text(ERROR)
    assert new("sub") == [("b.py", "BN404")]
    monkeypatch.chdir("sub")
    assert new() == [("b.py", "BN404")]
    assert new("b.py", "a.py") == [("b.py", "BN404")]
    monkeypatch.chdir("/")
    assert new(str(tmp_path / "sub")) == [("b.py", "BN404")]


def test_a_file_that_was_moved_brings_nothing() -> None:
    Path("old").mkdir()
    Path("old/a.py").write_text(ERROR)
    Path("old/b.py").write_text(WARNING)
    write(c=SAFE)
    commit()
    Path("old").rename("new")
    Path("new/b.py").rename("new/renamed.py")
    Path("new/a.py").write_text("# changed as well\n" + ERROR)
    write(d=SAFE)
    assert new(base="HEAD") == [("d.py", "BN408")], "a copy is new"


def test_outputs_of_a_notebook_are_no_change() -> None:
    def notebook(*sources: str, count: int) -> str:
        cells = [
            {"cell_type": "code", "source": source, "metadata": {}, "outputs": [{"text": str(count)}], "execution_count": count}
            for source in sources
        ]
        return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})

    Path("n.ipynb").write_text(notebook(ERROR, count=1))
    commit()
    Path("n.ipynb").write_text(notebook("import os", ERROR, "x = layers.BatchNormalization(momentum=0.1)", count=2))
    assert new(base="HEAD") == [("n.ipynb", "BN403")]


def test_other_line_ends_are_no_change() -> None:
    write(a=ERROR)
    commit()
    Path("a.py").write_bytes(ERROR.replace("\n", "\r\n").encode())
    assert new(base="HEAD") == []


def test_a_file_that_could_not_be_read_before_is_new() -> None:
    write(a="def broken(BatchNormalization")
    commit()
    write(a=ERROR)
    assert new(base="HEAD") == [("a.py", "BN404")]


@pytest.mark.parametrize("ref", ["nope", "-x", "--output=/tmp/x", "HEAD:a.py", "", "a b", "\udcff"])
def test_a_commit_that_does_not_exist_is_said(ref: str) -> None:
    write(a=ERROR)
    commit()
    result = run(".", "--diff-base", ref)
    assert result.exit_code == 2
    assert result.stderr.startswith("bnlint: --diff-base: git knows no commit ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_commits_with_nothing_in_common_are_said() -> None:
    write(a=ERROR)
    commit()
    git("switch", "-q", "--orphan", "other")
    write(a=WARNING)
    commit()
    result = run(".", "--diff-base", "main")
    assert result.exit_code == 2
    assert "has no commit in common with 'main'" in result.stderr


def test_where_there_is_no_repository_it_is_said(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    write(a=ERROR)
    result = run(".", "--diff-base", "main")
    assert result.exit_code == 2
    assert result.stderr == "bnlint: --diff-base: not a git repository (or any of the parent directories): .git\n"


def test_without_git_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    write(a=ERROR)
    monkeypatch.setenv("PATH", "")
    assert "--diff-base: git is not installed" in run(".", "--diff-base", "main").stderr


@pytest.mark.skipif(os.name == "nt", reason="the traps are shell scripts")
def test_a_hostile_repository_runs_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Everything that git is known to start from the settings of a repository."""
    write(a=ERROR, b=SAFE)
    commit()
    trap = tmp_path_factory.mktemp("trap")
    script, sprung = trap / "trap.sh", trap / "sprung"
    script.write_text(f"#!/bin/sh\necho $0 $@ >> {sprung}\ncat\n")
    script.chmod(0o755)
    Path(".gitattributes").write_text("*.py filter=trap diff=trap merge=trap\n")
    for key in (
        "core.fsmonitor",
        "core.pager",
        "core.editor",
        "core.sshCommand",
        "core.askPass",
        "core.gitProxy",
        "diff.external",
        "diff.trap.command",
        "diff.trap.textconv",
        "filter.trap.clean",
        "filter.trap.smudge",
        "filter.trap.process",
        "merge.trap.driver",
        "gpg.program",
        "credential.helper",
        "alias.rev-parse",
        "pager.cat-file",
    ):
        git("config", key, str(script))
    git("config", "core.hooksPath", str(trap))
    git("config", "filter.trap.required", "true")
    for hook in ("post-index-change", "reference-transaction", "fsmonitor-watchman", "post-checkout"):
        (trap / hook).symlink_to(script)
    write(a=ERROR + "y = layers.BatchNormalization(momentum=0.1)\n")
    assert new(base="HEAD") == [("a.py", "BN403")]
    assert not sprung.exists(), sprung.read_text()
    subprocess.run(["git", "diff", "HEAD"], capture_output=True, check=False)
    assert sprung.exists(), "the traps work"


def test_it_goes_neither_with_a_new_baseline_nor_with_the_standard_input() -> None:
    write(a=ERROR)
    assert run(".", "--diff-base", "main", "--write-baseline").exit_code == 2
    assert run("-", "--diff-base", "main", stdin=ERROR).exit_code == 2


# Fixing


def test_only_what_is_new_is_fixed() -> None:
    write(a=SAFE, b=SAFE)
    commit()
    write(a=SAFE + SAFE.replace("x =", "y ="))
    shown = run(".", "--diff-base", "main", "--diff")
    assert [line for line in shown.stdout.splitlines()[2:] if line.startswith(("-", "+"))] == [
        "-" + SAFE.replace("x =", "y =").splitlines()[-1],
        "+" + MENDED.replace("x =", "y =").splitlines()[-1],
    ]
    result = run(".", "--diff-base", "main", "--fix")
    assert result.exit_code == 0, "what was there before does not count"
    assert Path("a.py").read_text() == SAFE + MENDED.replace("x =", "y =")
    assert Path("b.py").read_text() == SAFE
    assert "Not shown: 2 findings older than main.\n" in result.stdout
    assert "(1 fixed, 0 remaining)" in result.stdout


def test_what_a_second_round_finds_is_held_to_the_same() -> None:
    """After the first fix the file is linted anew: what was there before is still none of this change's."""
    old = "from keras import layers\n\nx = layers.BatchNormalization(momentum=0.1)\n"
    write(a=old)
    commit()
    write(a=old + SAFE)
    result = run(".", "--diff-base", "main", "--fix", "--unsafe-fixes")
    assert result.exit_code == 0
    assert Path("a.py").read_text() == old + MENDED
    commit()
    assert run(".", "--diff-base", "main", "--fix-only", "--unsafe-fixes").exit_code == 0
    assert Path("a.py").read_text() == old + MENDED


# Models


MODEL_FILE = json.dumps(
    {
        "class_name": "Sequential",
        "module": "keras",
        "registered_name": None,
        "config": {
            "name": "net",
            "layers": [
                {
                    "class_name": "InputLayer",
                    "module": "keras.layers",
                    "registered_name": None,
                    "config": {"name": "in", "batch_shape": [None, 8]},
                },
                {
                    "class_name": "BatchNormalization",
                    "module": "keras.layers",
                    "registered_name": None,
                    "config": {"name": "bn", "axis": -1, "momentum": 0.99, "epsilon": 0.0},
                },
            ],
        },
    }
)


def test_a_model_that_was_not_changed_brings_nothing() -> None:
    Path("net.json").write_text(MODEL_FILE)
    commit()
    before = run("net.json", "--output-format", "json")
    assert found(before), before.output
    assert new("net.json", base="HEAD") == []
    Path("net.json").write_text(MODEL_FILE.replace('"net"', '"changed"'))
    assert new("net.json", base="HEAD") == found(before)


def test_a_model_in_git_lfs_is_told_by_its_hash(tmp_path: Path) -> None:
    from hashlib import sha256

    from bnlint import changes

    data = MODEL_FILE.encode() * 3
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256(data).hexdigest()}\nsize {len(data)}\n"
    Path("saved").mkdir()
    Path("saved/net.keras").write_text(pointer)
    commit()
    base = changes.base(str(tmp_path), "HEAD")
    Path("saved/net.keras").write_bytes(data)
    assert base.holds("saved/net.keras")
    assert base.holds("saved")
    Path("saved/more").write_bytes(b"")
    assert not base.holds("saved")
    Path("saved/net.keras").write_bytes(data + b" ")
    assert not base.holds("saved/net.keras")
    assert not base.holds("missing.keras")


def test_ignores_are_written_for_what_is_new_only() -> None:
    write(a=ERROR)
    commit()
    write(a=ERROR + "y = layers.BatchNormalization(momentum=0.1)\n")
    result = run("a.py", "--diff-base", "HEAD", "--add-ignore")
    assert result.exit_code == 0
    assert "Not shown: 1 finding older than HEAD.\n" in result.stdout
    assert Path("a.py").read_text() == ERROR + "y = layers.BatchNormalization(momentum=0.1)  # bnlint: ignore[BN403]\n"
