"""The benchmarks: their arithmetic, their tables, and that they start. What they measure is no test."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import corpora, growth, load, measure, run, tools
from benchmarks.measure import Failed, Spent, Spread
from bnlint.api import lint_paths
from tests.conftest import needs

ROOT = Path(__file__).parent.parent


def spent(*cpu: float) -> list[Spent]:
    return [Spent(seconds, 2 * seconds, 3 * 2**20, 0) for seconds in cpu]


def test_a_spread_is_of_the_values() -> None:
    assert Spread.of([3, 1, 10, 2]) == Spread(1, 2.5, 10)
    assert str(Spread.of([0.5, 12, 345])) == "12.0 (0.500 to 345)"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0.0000"), (0.00123, "0.0012"), (0.0123, "0.0123"), (0.5, "0.500"), (1.234, "1.23"), (99.96, "100.0"), (1234.5, "1234")],
)
def test_three_digits_count(value: float, shown: str) -> None:
    assert measure.figure(value) == shown


def test_ratios_are_those_of_the_same_round() -> None:
    assert measure.ratios([2, 40, 6], [1, 10, 2]) == Spread(2, 3, 4)
    with pytest.raises(ValueError, match="shorter"):
        measure.ratios([1, 2], [1])


def test_the_table_holds_each_tool_against_its_own() -> None:
    pairs = ("bnlint", "bnlint"), ("bnlint, warm", "bnlint"), ("o", "bnlint, warm")
    cold, warm, other = (tools.Tool(name, (), ("few",), against=against) for name, against in pairs)
    measured = run.Measured("few", "2 files", {cold: spent(4, 4, 4), warm: spent(1, 2, 1), other: spent(3, 4, 5)}, ("x: is not installed",))
    assert run.table(measured).splitlines() == [
        "**few**: 2 files",
        "",
        "|  | CPU, s | wall, s | memory, MB | CPU ÷ bnlint's |",
        "| --- | --: | --: | --: | --: |",
        "| bnlint | 4.00 (4.00 to 4.00) | 8.00 (8.00 to 8.00) | 3 | 1.00 (1.00 to 1.00) |",
        "| bnlint, warm | 1.00 (1.00 to 2.00) | 2.00 (2.00 to 4.00) | 3 | 0.250 (0.250 to 0.500) |",
        "| o | 4.00 (3.00 to 5.00) | 8.00 (6.00 to 10.0) | 3 | 3.00 (2.00 to 5.00) |",
        "",
        "Left out: x: is not installed.",
    ]


def test_a_tool_that_stopped_early_is_held_to_the_rounds_that_it_ran() -> None:
    base, slow = tools.Tool("bnlint", (), ("few",)), tools.Tool("slow", (), ("few",))
    rows = run.table(run.Measured("few", "", {base: spent(1, 2, 9), slow: spent(10)})).splitlines()
    assert rows[-1] == "| slow | 10.0 (10.0 to 10.0) | 20.0 (20.0 to 20.0) | 3 | 10.0 (10.0 to 10.0) |"


def test_the_readme_has_a_place_for_the_tables() -> None:
    readme = run.README.read_text(encoding="utf-8")
    once = run.written(readme, "table")
    assert "<!-- speed:begin -->\ntable\n<!-- speed:end -->" in once
    assert run.written(once, "other") == once.replace("\ntable\n", "\nother\n")
    with pytest.raises(SystemExit):
        run.written("nothing", "table")


def test_a_command_is_measured_with_the_processes_it_waits_for() -> None:
    burn = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytearray(64 * 2**20)\\nfor i in range(10**6): pass'])"
    done = measure.run([sys.executable, "-c", burn])
    alone = measure.run([sys.executable, "-c", "pass"])
    assert done.code == 0
    assert done.cpu > alone.cpu
    assert done.memory > 64 * 2**20
    assert done.wall > 0


@pytest.mark.parametrize(
    ("program", "why"),
    [("raise SystemExit(3)", "ended with 3"), ("import time; time.sleep(60)", "took more than 0.2 s")],
    ids=["code", "limit"],
)
def test_a_command_that_fails_says_how(program: str, why: str) -> None:
    with pytest.raises(Failed, match=why):
        measure.run([sys.executable, "-c", program], limit=0.2 if "sleep" in program else None)
    with pytest.raises(Failed, match="No such file"):
        measure.run(["/nowhere/program"])


def test_tools_name_what_there_is() -> None:
    listed = tools.tools()
    names = {tool.name for tool in listed}
    for tool in listed:
        assert tool.peer is None or tool.peer in tools.peers()
        assert tool.against in names
        assert set(tool.corpora) <= set(corpora.known())
        assert all("{" not in word for word in tool.filled(Path("/f"), Path("/files"), Path("/cache")))
        assert tool.peer is None or (tools.HERE / tool.command[0]).name == Path(tool.command[0]).name
    assert set(tools.read()["pythons"]) <= set(tools.peers())
    pinned = [requirement for listed in (*corpora.packages().values(), *tools.peers().values()) for requirement in listed]
    assert all(requirement.count("==") == 1 for requirement in pinned)
    assert len(set(pinned)) == len(pinned)


def test_only_python_files_within_the_folder_are_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.whl", "w") as archive:
        for name in ("p/a.py", "p/data.bin", "../outside.py", "/outside.py"):
            archive.writestr(name, "x = 1\n")
    corpora._unpack(tmp_path / "p.whl", tmp_path / "unpacked")
    assert [str(file.relative_to(tmp_path)) for file in corpora.python_files(tmp_path)] == ["unpacked/p/a.py"]


def test_a_sample_is_the_same_each_time(tmp_path: Path) -> None:
    source = tmp_path / "rich"
    source.mkdir()
    for number in range(20):
        (source / f"{number:02}.py").write_text("BatchNormalization" if number % 2 else "x = 1")
    drawn = []
    for _ in range(2):
        corpora._sample(tmp_path / "parsed", list(corpora.with_token(source)), 5)
        drawn.append([file.name for file in corpora.python_files(tmp_path / "parsed")])
    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 5
    assert all(int(name.partition("_")[2][:2]) % 2 for name in drawn[0])
    assert all(b"torch" in file.read_bytes() for file in corpora.python_files(tmp_path / "parsed"))


def test_bnlint_is_compared_with_itself(tmp_path: Path) -> None:
    """From the files to the table, with tools that are there."""
    files = tmp_path / "corpora" / "few"
    files.mkdir(parents=True)
    (files / "a.py").write_text("import keras\nx = keras.layers.BatchNormalization(0.1)\n")
    known = {tool.name: tool for tool in tools.tools()}
    wanted = [known["bnlint"], known["ruff --select F"], tools.Tool("broken", ("{python}", "-c", "1 / 0"), ("few",), codes=(0,))]
    told: list[str] = []
    measured = run.compare(tmp_path, "few", wanted, run.Effort(2, 60), told.append)
    assert [(tool.name, len(runs)) for tool, runs in measured.spent.items()] == [("bnlint", 2)]
    assert measured.left_out == ["ruff --select F: is not installed", "broken: ended with 1"]
    assert measured.size == "1 files, 0.0 MB, 0 thousand lines, 1 files with BatchNormalization"
    assert len(told) == 2


def test_patience_ends_with_a_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No tool is left out for it, nor does it keep the others from their rounds."""
    (tmp_path / "corpora" / "few").mkdir(parents=True)
    quick, slow = (tools.Tool(name, (name,), ("few",)) for name in ("quick", "slow"))
    monkeypatch.setattr(measure, "run", lambda command, **_: Spent(1, 40 if command == ["slow"] else 1, 0, 0))
    measured = run.compare(tmp_path, "few", [quick, slow], run.Effort(5, 60, 60), lambda line: None)
    assert measured.left_out == []
    assert [len(measured.spent[tool]) for tool in (quick, slow)] == [5, 2]


def test_files_are_named_one_by_one(tmp_path: Path) -> None:
    for name in ("b.py", "a.py"):
        (tmp_path / name).write_text("")
    tool = tools.Tool("each", ("{python}", "{each}", "-q"), ("few",))
    assert tool.filled(tmp_path, tmp_path, tmp_path) == [sys.executable, str(tmp_path / "a.py"), str(tmp_path / "b.py"), "-q"]


@pytest.mark.parametrize("name", ["prepare", "run", "fixing", "models", "load"])
def test_each_says_how_it_is_used(name: str) -> None:
    if name == "fixing":
        needs("libcst")
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: python -m benchmarks.{name}")


def test_growth_is_steep_where_it_is_so_twice() -> None:
    assert growth.steep([0.1, 0.2, 1.5, 12.0])
    assert not growth.steep([0.1, 0.7, 1.4, 2.8, 20.0])  # one jump may be chance
    assert not growth.steep([0.001, 0.01, 0.1])  # nor does noise count


@pytest.mark.parametrize("shape", growth.SHAPES)
def test_programs_that_grow_are_read_whole(shape: Callable[[int], str]) -> None:
    (_, small, _), (_, large, cut) = growth.cost(shape(1)), growth.cost(shape(2))
    assert 0 < small <= large
    assert not cut


@pytest.mark.parametrize("name", load.SHAPES)
def test_loads_are_as_large_as_they_say(tmp_path: Path, name: str) -> None:
    load.SHAPES[name].make(tmp_path, 200)
    found = lint_paths([tmp_path], isolated=True)
    cells = [cell for path in tmp_path.rglob("*.ipynb") for cell in json.loads(path.read_text())["cells"]]
    sizes = {"tree": sum(path.is_file() for path in tmp_path.rglob("*")), "notebook": len(cells), "notebooks": len(cells)}
    assert sizes.get(name, len(found.findings)) == 200
    assert found.findings
    assert found.failures == ()


def test_the_load_is_told_in_a_table() -> None:
    shape = load.Shape(load.many, (100, 100), "findings", {"check": load.CHECK, "fix": load.FIX})
    shown, steep = load.table(shape, 1)
    head, _, *rows = shown.splitlines()
    assert head.startswith("| findings | 100 (CPU s) | 100 (CPU s) |")
    assert [row.split(" | ")[0] for row in rows] == ["| check", "| fix"]
    assert steep == []
