"""The hostile corpus: each case ends in time, says what is wrong in a line, and the file beside it is linted all the same."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import needs_program
from tests.hostile.audit import violations
from tests.hostile.case import GOOD, Case
from tests.hostile.corpus import CORPUS
from tests.hostile.zygote import Outcome, Zygote

CODE = "BN403"
CASES = [
    pytest.param(kind, name, id=f"{kind}: {name}", marks=[pytest.mark.slow] if case.slow else [])
    for kind, cases in CORPUS.items()
    for name, case in cases.items()
]


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    started = Zygote(tmp_path_factory.mktemp("zygote"))
    yield started
    started.close()


@pytest.fixture(scope="module")
def powerless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    """For root, without the rights of root."""
    prefix: tuple[str, ...] = ()
    if os.geteuid() == 0:
        setpriv = needs_program("setpriv")  # root reads whatever it likes
        prefix = (setpriv, "--bounding-set=-all", "--inh-caps=-all")
    started = Zygote(tmp_path_factory.mktemp("powerless"), prefix)
    yield started
    started.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that is removed in the end, whatever is in it: not all that removes folders can."""
    found = tmp_path / "case"
    found.mkdir()
    yield found
    subprocess.run(["chmod", "-R", "u+rwx", found], check=False, stderr=subprocess.DEVNULL)
    subprocess.run(["rm", "-rf", found], check=True)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_hostile_case(kind: str, name: str, folder: Path, zygote: Zygote, request: pytest.FixtureRequest) -> None:
    case = CORPUS[kind][name]
    runner = request.getfixturevalue("powerless") if case.unprivileged else zygote
    case.write(folder)
    report = folder.parent / "report.json"
    arguments = ("check", "--output-format", f"json={report}", "--output-format", "text", *case.arguments)
    outcome = runner.run(folder, arguments, 4 * case.seconds)
    assert_is_what_it_should_be(case, outcome, folder, report)
    assert outcome.seconds < case.seconds
    assert outcome.mib < case.mib
    assert violations(outcome.events, folder, report) == []
    assert not (folder / "canary").exists()


def assert_is_what_it_should_be(case: Case, outcome: Outcome, folder: Path, report: Path) -> None:
    err, out = outcome.err.decode(), outcome.out.decode()
    assert outcome.code == case.exit, err
    assert not [char for char in out + err if char != "\n" and not char.isprintable()]
    assert all(line.startswith("bnlint: ") for line in err.splitlines())
    assert "Traceback" not in err
    assert "internal error" not in err
    findings = json.loads(report.read_text()) if report.exists() else []
    good = str(folder / case.good)
    others = [each for each in findings if each["filename"] != good]
    codes = [each["code"] for each in others]
    assert "BN001" not in codes if case.codes is None else " ".join(codes) == case.codes
    assert re.search(case.says, out + err), out + err
    if case.ends:  # settings that cannot be used end a run: it would be another one without them
        assert len(err.splitlines()) == 1
        assert len(err) < 1100
        return
    assert [each["code"] for each in findings if each["filename"] == good] == [CODE]


def test_the_file_beside_is_good() -> None:
    import bnlint

    assert [finding.code for finding in bnlint.lint_source(GOOD, isolated=True)] == [CODE]


UNREAD = [name for name, case in CORPUS["sources"].items() if case.codes == "BN001" and re.search("encoding|UTF|binary|valid", case.says)]


def test_what_cannot_be_read_for_certain_is_not_fixed(folder: Path, zygote: Zygote) -> None:
    """Not even where the bytes look as if something in them could be fixed."""
    for number, name in enumerate(UNREAD):
        (folder / str(number)).mkdir()
        CORPUS["sources"][name].write(folder / str(number))
    before = {path: path.read_bytes() for path in folder.rglob("hostile.py")}
    outcome = zygote.run(folder, ["check", "--fix", "--unsafe-fixes", "--select", "BN403", "."], 60)
    assert outcome.code == 1
    assert len(before) == len(UNREAD) > 20
    assert sum(GOOD.encode() in content for content in before.values()) > 15
    assert {path: path.read_bytes() for path in folder.rglob("hostile.py")} == before
    assert not [path for path in folder.rglob("good.py") if path.read_text() == GOOD]


# Started anew

PLAIN = [name for name in CORPUS["shadows"] if "installed" in name or "path" in name]


@pytest.mark.parametrize(("flag", "name"), [("-P", name) for name in CORPUS["shadows"]] + [("-m", name) for name in PLAIN])
def test_nothing_that_lies_there_is_imported(flag: str, name: str, folder: Path) -> None:
    """Neither by a program that is started as such nor by `python -m bnlint`. (For the latter Python itself imports a few modules of its
    own before it comes to bnlint.)"""
    CORPUS["shadows"][name].write(folder)
    (folder / ".gitignore").write_text("*.txt\n")
    (folder / "bnlint.toml").write_text("min-batch = 16\n")
    command = [
        sys.executable,
        *([flag] if flag == "-P" else []),
        "-m",
        "bnlint",
        "--fix",
        "--unsafe-fixes",
        "--output-format",
        "concise",
        ".",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Found" in done.stdout
    assert "momentum=0.9" in (folder / "good.py").read_text()
    assert not list(folder.rglob("canary"))


def test_the_corpus_can_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.hostile import corpus

    monkeypatch.setattr(corpus, "CORPUS", {kind: dict(list(cases.items())[:3]) for kind, cases in CORPUS.items()})
    assert corpus.write(folder) == 3 * len(CORPUS)
    assert len(list(folder.glob("*/*"))) == 3 * len(CORPUS)


def test_the_corpus_is_large() -> None:
    counts = {kind: len(cases) for kind, cases in CORPUS.items()}
    assert counts["sources"] > 100
    assert sum(counts.values()) > 300


# The audit itself


@pytest.mark.parametrize(
    "event",
    [
        ["open", "x.py", "/etc/passwd", "r", 0],
        ["open", "x.py", "other.py", "w", os.O_WRONLY],
        ["open", "x.py", "canary.bin", "r", 0],
        ["import", "x.py", "keras", None],
        ["exec", "x.py", "<source>"],
        ["exec", "x.py", "<string>"],
        ["compile", "x.py", "1", "a.py"],
        ["socket.connect", "x.py", "", ""],
        ["os.system", "x.py", "true"],
        ["os.remove", "x.py", "good.py", -1],
        ["subprocess.Popen", "x.py", "git", ["git", "status"], None, None],
        ["subprocess.Popen", "x.py", sys.executable, [sys.executable, "-c", "1"], None, "{}"],
        ["pickle.find_class", "x.py", "os", "system"],
    ],
    ids=lambda event: f"{event[0]} {event[2]}",
)
def test_the_audit_would_tell(event: list[object], folder: Path) -> None:
    assert violations([event], folder) == [event]


def test_the_audit_sees_what_a_run_does(folder: Path, zygote: Zygote) -> None:
    CORPUS["sources"]["a sum of 10,000 terms"].write(folder)
    events = zygote.run(folder, ["check", "."], 5).events
    opened = {event[2] for event in events if event[0] == "open" and isinstance(event[2], str)}
    assert {"good.py", "hostile.py"} <= opened
    assert any(event[0] == "compile" for event in events)
