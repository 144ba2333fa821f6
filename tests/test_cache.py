"""What is recalled is what would be found: whatever changed between two runs, whoever wrote the cache."""

import dataclasses
import json
import os
import random
import shutil
import subprocess
import sys
import time
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from bnlint import api, findings, models, plans, regular, result, work
from bnlint.cache import codec, facts
from bnlint.checked import Checked
from bnlint.cli import group
from bnlint.discovery import CACHE
from bnlint.findings import Finding, Fix, Safety, Severity, TextEdit
from bnlint.graph.coverage import Site
from bnlint.graph.model import Span
from bnlint.groups import Group
from bnlint.report import FORMATS
from bnlint.saved import process
from tests.conftest import needs
from tests.saved import samples

ROOT = Path(__file__).parent.parent

HELPER = """
from keras import layers

def norm(x, momentum=0.99):
    return layers.BatchNormalization(momentum=momentum)(x)
"""
MODEL = """
import keras
from lib.blocks import norm

inputs = keras.Input((8, 8, 3))
x = keras.layers.Conv2D(8, 3)(inputs)
x = norm(x)
x = keras.layers.Dropout(0.5)(x)
model = keras.Model(inputs, x)
"""
WARNING = "from keras import layers\nx = layers.BatchNormalization(momentum=0.1, eps=1e-3, fused=True)\n"


@pytest.fixture(params=[facts.FRESH, 0], ids=["fresh", "settled"])
def project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which files build on each other, in the working directory. Its files are trusted by their times, or too fresh for it."""
    monkeypatch.setattr(facts, "FRESH", request.param)
    monkeypatch.delenv("BNLINT_CACHE_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    write(
        {
            "bnlint.toml": "",
            "lib/__init__.py": "",
            "lib/blocks.py": HELPER,
            "lib/plain.py": "x = 1\n",
            "model.py": MODEL,
            "warning.py": WARNING,
            "broken.py": "from keras.layers import BatchNormalization\ndef f(:\n",
            "own/part.py": WARNING.replace("0.1", "0.2"),
            "unused.py": "import keras\nx = 1  # bnlint: ignore[BN101]\n",
        }
    )
    return tmp_path


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text)


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `bnlint check`."""
    result = CliRunner().invoke(group, ["check", "--jobs", "1", *arguments], prog_name="bnlint")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were checked, and not recalled."""
    paths: list[str] = []

    def check(due: Group, *rest: object) -> list[Checked]:
        paths.extend(given.path for given in due.inputs)
        return original(due, *rest)  # type: ignore[arg-type]

    original = work.check
    monkeypatch.setattr(work, "check", check)
    return paths


# What is recalled


def test_nothing_is_checked_twice(project: Path, examined: list[str]) -> None:
    first = run()
    assert "model.py" in examined
    examined.clear()
    assert run() == first
    assert examined == []
    assert first[0] == 1
    assert "BN403" in first[1]


def test_a_dismissed_file_that_is_settled_is_not_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "FRESH", 0)
    first = run()
    monkeypatch.setattr(regular, "read", lambda path: pytest.fail(f"{path} is read"))
    monkeypatch.setattr(result, "with_document", lambda checked: checked)
    assert run("-q", "--output-format", "concise")[0] == first[0]


def test_recalling_imports_next_to_nothing(project: Path) -> None:
    """Neither a front end nor checks, and nothing that only they need; nor what reads .gitignore."""
    write({".gitignore": "*.log\n"})
    code = "import sys, bnlint.cli\ntry:\n    bnlint.cli.main()\nfinally:\n    print(*sys.modules, file=sys.stderr)\n"
    command = [sys.executable, "-c", code, "--jobs", "1", "--output-format", "concise"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    cold, warm = (subprocess.run(command, env=environment, capture_output=True, text=True, check=False) for _ in range(2))
    assert warm.stdout == cold.stdout
    present = set(warm.stderr.splitlines()[-1].split())
    ours = {f"bnlint.{name}" for name in ("source", "checks", "fixer", "judge", "graph.query", "workers")}
    assert (ours | {"libcst", "pathspec"}) & present == set()
    assert "bnlint.source" in cold.stderr


@pytest.mark.parametrize("output_format", FORMATS)
def test_each_format_says_the_same(project: Path, output_format: str) -> None:
    options = ("--output-format", output_format)
    without = run(*options, "--no-cache")
    assert (run(*options), run(*options)) == (without, without)
    assert not (set(os.listdir()) & {"None"})


@pytest.mark.parametrize(
    "options", [["--statistics"], ["-q"], ["--exit-zero"], ["--fail-on", "error"], ["--show-fixes"], ["--unsafe-fixes"]], ids=" ".join
)
def test_each_option_says_the_same(project: Path, options: list[str]) -> None:
    without = run(*options, "--no-cache")
    assert (run(*options), run(*options)) == (without, without)


def test_the_fixtures_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, examined: list[str]) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("convnets", "factories", "notebooks", "legacy"):
        shutil.copytree(ROOT / "fixtures" / "programs" / folder, tmp_path / folder)
    options = ("--isolated", "--output-format", "json", "--unsafe-fixes")
    without = run(*options, "--no-cache")
    assert run(*options) == without
    assert len(json.loads(without[1])) > 5
    examined.clear()
    assert run(*options) == without
    assert examined == []


def test_a_baseline_is_taken_out_of_what_is_recalled(project: Path) -> None:
    assert run("--write-baseline")[0] == 1  # the broken file is in no baseline
    without = run("--no-cache")
    assert (run(), run()) == (without, without)


# Models


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The model files that were read, and not recalled."""
    paths: list[str] = []

    def check(path: str, held_to: plans.Plan) -> Checked:
        paths.append(path)
        return original(path, held_to)

    original = models.check
    monkeypatch.setattr(models, "check", check)
    return paths


@pytest.fixture
def settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with models in it, all of it as old as need be."""
    needs("h5py")
    monkeypatch.setattr(facts, "FRESH", 0)
    monkeypatch.delenv("BNLINT_CACHE_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    write({"bnlint.toml": "", "warning.py": WARNING})
    samples.write_archive(tmp_path / "m.keras", spoil=spoilt)
    samples.write_layers(tmp_path / "m.h5", None)
    return tmp_path


def spoilt(file: Any) -> None:
    """A variance that no training gives."""
    file["layers/batch_normalization/vars"]["3"][0] = -1.0


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_model_is_read_once(settled: Path, read: list[str], output_format: str) -> None:
    options = ("--output-format", output_format, "m.keras", "m.h5", "warning.py")
    without = run("--no-cache", *options)
    assert "BN603" in without[1]
    assert run(*options) == without
    read.clear()
    assert run(*options) == without
    assert read == []


def test_models_that_a_walk_meets_are_read_once(settled: Path, read: list[str]) -> None:
    Path("bnlint.toml").write_text("include-models = true\n")
    first = run()
    assert sorted(read) == ["m.h5", "m.keras"]
    assert "BN603" in first[1]
    assert (run(), read[2:]) == (first, [])


def test_recalling_a_model_imports_no_reader(settled: Path) -> None:
    code = "import sys, bnlint.cli\ntry:\n    bnlint.cli.main()\nfinally:\n    print(*sys.modules, file=sys.stderr)\n"
    command = [sys.executable, "-c", code, "--output-format", "concise", "m.keras"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    time.sleep(max(0, 2.1 - (time.time() - os.stat("m.keras").st_mtime)))
    cold, warm = (subprocess.run(command, env=environment, capture_output=True, text=True, check=False) for _ in range(2))
    assert warm.stdout == cold.stdout != ""
    readers = {"bnlint.models", "bnlint.saved.archive", "bnlint.saved.process", "bnlint.graph.query"}
    assert readers < set(cold.stderr.split())
    assert readers & set(warm.stderr.split()) == set()


def test_a_model_that_changed_is_read_anew(settled: Path, read: list[str]) -> None:
    """Also where its size and its time of change stay."""
    first, before = run("m.keras"), os.stat("m.keras")
    samples.write_archive(settled / "m.keras")
    os.utime("m.keras", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert os.stat("m.keras").st_size == before.st_size
    second = run("m.keras")
    assert second != first
    assert second == run("--no-cache", "m.keras")
    assert len(read) == 3
    run("--ignore", "BN6", "m.keras")
    assert len(read) == 4


def test_a_model_that_is_fresh_is_not_kept(settled: Path, read: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "FRESH", 10**12)
    assert run("m.keras") == run("m.keras")
    assert len(read) == 2


def test_a_model_that_was_not_read_whole_is_not_kept(settled: Path, read: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not installed may be, next time; what took too long, or crashed, may do so by chance."""
    Path("broken.h5").write_bytes(Path("m.h5").read_bytes()[:600])
    first = run("broken.h5")
    assert "BN001" in first[1]
    assert (run("broken.h5"), len(read)) == (first, 2)
    process.close()  # one that waits has what it needs
    with monkeypatch.context() as bare:
        bare.setattr(process, "INSTALLED", frozenset())
        assert "weights were not read" in run("--output-format", "html", "m.keras")[1]
    assert "BN603" in run("m.keras")[1]
    assert len(read) == 4
    configured = ("--ignore", ",".join(rule.code for rule in api.all_rules() if rule.weights), "m.keras")
    assert run(*configured) == run(*configured)
    assert len(read) == 5


def test_what_another_run_found_in_models_stays(settled: Path, read: list[str]) -> None:
    for name in ("m.keras", "m.h5", "warning.py"):
        run(name)
    read.clear()
    run("m.keras", "m.h5")
    assert read == []
    Path("m.h5").unlink()
    samples.write_archive(settled / "m.keras")
    run("m.keras")
    (kept,) = Path(CACHE).glob("bnlint-*.json")
    assert list(json.loads(kept.read_text())["models"]) == ["m.keras"]


# What is not


@dataclasses.dataclass(frozen=True)
class Change:
    """What happens between two runs, which files must be checked again, and whether something else is said then."""

    make: Callable[[], object]
    affected: set[str] = dataclasses.field(default_factory=set)
    matters: bool = True


LOW = HELPER.replace("0.99", "0.05")
CHANGES = {
    "a helper": Change(lambda: write({"lib/blocks.py": LOW}), {"lib/blocks.py", "model.py"}),
    "the file itself": Change(lambda: write({"warning.py": WARNING.replace("0.1", "0.99")}), {"warning.py"}),
    "a module that shadows": Change(lambda: write({"lib/blocks/__init__.py": "def norm(x):\n    return x\n"}), {"model.py"}),
    "a package around": Change(lambda: write({"__init__.py": ""}), {"lib/blocks.py", "model.py"}),
    "a helper that is gone": Change(lambda: os.unlink("lib/blocks.py"), {"model.py"}),
    "a package that is none now": Change(lambda: os.unlink("lib/__init__.py"), {"lib/blocks.py", "model.py"}),
    "a new name": Change(lambda: os.rename("warning.py", "other.py"), {"other.py"}),
    "a new file": Change(lambda: write({"new.py": WARNING}), {"new.py"}),
    "a file that matters now": Change(lambda: write({"lib/plain.py": WARNING}), {"lib/plain.py"}),
    "a file that does not matter now": Change(lambda: write({"warning.py": "x = 1\n"})),
    "settings": Change(lambda: write({"bnlint.toml": "ignore = ['BN403']\n"}), {"warning.py", "model.py"}),
    "settings of a folder": Change(lambda: write({"own/bnlint.toml": "ignore = ['BN403']\n"}), {"own/part.py"}),
    "pins": Change(lambda: write({"requirements.txt": "keras==2.9.0\n"}), {"warning.py", "model.py"}),
    "what is ignored": Change(lambda: write({".gitignore": "warning.py\n"})),
    "an unrelated file": Change(lambda: write({"notes.txt": "x", "lib/notes.md": "x"}), matters=False),
    "an unrelated module": Change(lambda: write({"lib/unrelated.py": "x = 1\n"})),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(project: Path, examined: list[str], change: str) -> None:
    before = run()
    CHANGES[change].make()
    examined.clear()
    after = run()
    assert CHANGES[change].affected <= set(examined)
    assert examined == [] or CHANGES[change].affected
    assert after == run("--no-cache")
    assert (after != before) is CHANGES[change].matters
    examined.clear()
    assert run() == after
    assert examined == []


@pytest.mark.parametrize(
    "options",
    [["--select", "BN4"], ["--ignore", "BN403"], ["--target-keras", "2"], ["--preview"], ["--isolated"], ["--config", "min-batch=3"]],
)
def test_another_selection_is_another_matter(project: Path, options: list[str]) -> None:
    run()
    assert run(*options) == run(*options, "--no-cache")
    assert run(*options) == run(*options, "--no-cache")
    assert run() == run("--no-cache")


def test_the_same_files_under_other_names(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for arguments in ((".",), (str(project),), ("lib", "model.py"), ("model.py",), ("warning.py", "model.py"), ("lib",)):
        for _ in range(2):
            assert run(*arguments) == run(*arguments, "--no-cache")
    monkeypatch.chdir("lib")
    assert run() == run("--no-cache")


def test_a_helper_outside_of_what_was_named(project: Path, examined: list[str]) -> None:
    run("model.py")
    write({"lib/blocks.py": HELPER.replace("momentum=0.99", "momentum=0.05")})
    examined.clear()
    after = run("model.py")
    assert examined == ["model.py"]
    assert after == run("model.py", "--no-cache")


def test_a_helper_that_another_run_saw_changed(project: Path) -> None:
    """What that run knows of the helper says nothing of what was found before."""
    write(dict.fromkeys(("model.py", "other.py"), f"{MODEL}# with BatchNormalization\n"))
    before = run("model.py")
    write({"lib/blocks.py": "def norm(x):\n    return x\n"})
    assert run("other.py") == run("other.py", "--no-cache")
    after = run("model.py")
    assert after == run("model.py", "--no-cache")
    assert after != before
    write({"lib/blocks.py": HELPER})
    assert run("model.py") == before
    assert run("other.py") == run("other.py", "--no-cache")


def test_what_uses_models_is_looked_at_as_soon_as_there_are_any(project: Path, examined: list[str]) -> None:
    net = "from keras import Sequential, layers\n\nmodel = Sequential([layers.Dense(3), layers.BatchNormalization()])\n"
    write({"apart/train.py": "from net import model\n\nmodel.fit(x, y, batch_size=2)\n", "apart/other.py": "import os\n"})
    assert run("apart")[0] == 0
    assert run("apart") == run("apart", "--no-cache")
    assert not any(path.endswith("train.py") for path in examined)
    write({"apart/net.py": net})
    found = run("apart")
    assert "BN201" in found[1]
    assert found == run("apart", "--no-cache") == run("apart")
    Path("apart/net.py").unlink()
    assert run("apart") == run("apart", "--no-cache")


def test_a_file_that_is_gone_when_it_is_to_be_read(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run("warning.py")
    write({"warning.py": WARNING})
    original = work.groups.form

    def form(*arguments: object, **options: object) -> object:
        Path("warning.py").unlink(missing_ok=True)
        return original(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(work.groups, "form", form)
    code, out, err = run("warning.py")
    assert "internal error" not in err
    assert (code, len(out) > 0) == (before[0], True)


def test_an_edit_that_leaves_times_and_size(project: Path) -> None:
    run()
    times = os.stat("warning.py").st_mtime_ns
    write({"warning.py": WARNING.replace("0.1", "0.9")})
    os.utime("warning.py", ns=(times, times))
    assert run() == run("--no-cache")


def test_fixing_knows_no_cache(project: Path) -> None:
    run()
    assert run("--diff")[1:] == run("--diff", "--no-cache")[1:]
    run("--fix")
    assert "epsilon=1e-3" in Path("warning.py").read_text()
    assert run() == run("--no-cache")


def test_our_own_bugs_are_not_kept(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bnlint import catalogue

    with monkeypatch.context() as broken:
        broken.setattr(catalogue, "check", lambda code: lambda *_, **__: 1 // 0)
        assert "ZeroDivisionError" in run()[2]
    assert run() == run("--no-cache")


# The folder


def cache_files(folder: Path) -> list[Path]:
    return sorted((folder / CACHE).glob("*.json"))


def test_the_folder_says_what_it_is(project: Path) -> None:
    run()
    assert (project / CACHE / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
    assert (project / CACHE / ".gitignore").read_text() == "*\n"
    assert len(cache_files(project)) == 1
    assert len(os.listdir(project / CACHE)) == 3


def test_where_it_is(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("--no-cache")
    assert not (project / CACHE).exists()
    run("lib")
    assert cache_files(project)
    shutil.rmtree(project / CACHE)
    write({"bnlint.toml": "cache-dir = 'here'\n"})
    run("lib")
    assert (project / "here" / "CACHEDIR.TAG").exists()
    monkeypatch.setenv("BNLINT_CACHE_DIR", "there")
    run()
    assert (project / "there" / "CACHEDIR.TAG").exists()
    run("--cache-dir", "elsewhere")
    assert (project / "elsewhere" / "CACHEDIR.TAG").exists()
    assert not (project / CACHE).exists()
    Path("deep/deeper").mkdir(parents=True)
    run("--cache-dir", "deep/deeper/deepest")
    assert (project / "deep" / "deeper" / "deepest" / "CACHEDIR.TAG").exists()


def test_a_folder_with_other_things_in_it(project: Path) -> None:
    write({"here/package.json": "{}", "here/bnlint-notes.txt": "mine"})
    os.utime("here/package.json", (0, 0))
    for folder in (".", "here"):
        before = sorted(os.listdir(folder))
        run("lib", "--cache-dir", folder)
        run("lib", "--cache-dir", folder)
        assert len(os.listdir(folder)) == len(before) + 1
        result = CliRunner().invoke(group, ["clean", "own", "--cache-dir", folder])
        assert result.exit_code == 0
        assert "removed" in result.stderr
        assert sorted(os.listdir(folder)) == before


def test_clean_removes_what_the_settings_name(project: Path) -> None:
    write({"bnlint.toml": "cache-dir = 'deep/here'\n"})
    run()
    assert (project / "deep" / "here" / "CACHEDIR.TAG").exists()
    assert CliRunner().invoke(group, ["clean"]).exit_code == 0
    assert os.listdir("deep") == []


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_between_runs(project: Path, seed: int) -> None:
    """Files come, go, change and move, in any order; the settings, too."""
    chance = random.Random(seed)
    names = ["model.py", "lib/blocks.py", "lib/__init__.py", "blocks.py", "lib/blocks/__init__.py", "src/lib/blocks.py", "own/part.py"]
    texts = [HELPER, LOW, MODEL, MODEL.replace("lib.blocks", "blocks"), WARNING, "x = 1\n", "", "from keras import *\nfrom lib import *\n"]
    settings = ["", "ignore = ['BN408']\n", "target-keras = '2'\n", "exclude = ['lib/']\n"]
    said = set()
    for _ in range(10):
        for _ in range(chance.randint(1, 3)):
            name, what = chance.choice(names), chance.random()
            if what < 0.6:
                if os.path.isfile(os.path.dirname(name)):
                    os.unlink(os.path.dirname(name))
                write({name: chance.choice(texts)})
            elif what < 0.8 and os.path.isfile(name):
                os.unlink(name)
            elif what < 0.9 and os.path.isfile(name):
                os.replace(name, chance.choice(["moved.py", "lib/moved.py"] if os.path.isdir("lib") else ["moved.py"]))
            else:
                write({"bnlint.toml": chance.choice(settings)})
        now = run("--output-format", "json")
        assert now == run("--output-format", "json", "--no-cache")
        assert run() == run("--no-cache")
        said.add(now)
    assert len(said) > 1


@pytest.mark.skipif(sys.platform == "win32", reason="no lock")
def test_several_runs_at_a_time(project: Path, examined: list[str]) -> None:
    write({f"m{number}.py": WARNING.replace("0.1", f"0.{number + 1}") for number in range(8)})
    command = [sys.executable, "-m", "bnlint", "check", "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    runs = [subprocess.Popen([*command, f"m{number}.py"], env=environment, stdout=subprocess.DEVNULL) for number in range(8)]
    assert {each.wait() for each in runs} == {1}
    json.loads(cache_files(project)[0].read_bytes())
    examined.clear()
    for number in range(8):
        run(f"m{number}.py")
    assert examined == []
    assert len(cache_files(project)) == 1


def test_a_file_in_no_project_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write({"a.py": WARNING})
    run("a.py")
    assert os.listdir() == ["a.py"]


def test_the_api_leaves_nothing_behind(project: Path) -> None:
    api.lint_paths([project])
    assert not (project / CACHE).exists()


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: b"[]",
        lambda data: b"[" * 100_000,
        lambda data: b"\xff" + data,
        lambda data: data.replace(b'"plans":[', b'"plans":[[],'),
        lambda data: data.replace(b'"entries":{', b'"entries":{"":5,'),
        lambda data: data.replace(b'"files":{', b'"files":{"x":[1,2],'),
        lambda data: data.replace(b'"parts":[', b'"parts":[[true,false,[["x"]]],'),
        lambda data: data.replace(b'"facts":[[', b'"facts":[["/dev/zero","text x",1],['),
        lambda data: data.replace(b"BN403", b"BN\\u001b[2J"),
        lambda data: data.replace(b'"warning.py"', b'"../../x.py"'),
        lambda data: data.replace(b"momentum", b"1e999"),
    ],
)
def test_what_is_not_ours_is_made_anew(project: Path, harm: Callable[[bytes], bytes]) -> None:
    expected = run()
    (file,) = cache_files(project)
    times = os.stat(file).st_mtime_ns
    file.write_bytes(harm(file.read_bytes()))
    assert run() == expected  # its time gives it away
    assert run() == expected
    file.write_bytes(harm(file.read_bytes()))
    os.utime(file, ns=(times, times))
    _, out, err = run()
    assert "\x1b" not in out
    assert "Traceback" not in out + err


def test_a_cache_that_was_checked_out_is_not_believed(project: Path) -> None:
    expected = run()
    (file,) = cache_files(project)
    data = json.loads(file.read_bytes())
    for entry in data["entries"].values():
        for checked in entry[3]:
            checked[0] = []
    file.write_text(json.dumps(data))
    assert run() == expected


def test_a_cache_that_was_kept_for_the_next_job_is(project: Path, examined: list[str]) -> None:
    """The files were checked out anew, and the cache was unpacked with its times."""
    expected = run()
    shutil.copytree(CACHE, "archive", copy_function=shutil.copy2)
    shutil.rmtree(CACHE)
    for path in project.rglob("*.py"):
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)
    os.rename("archive", CACHE)
    examined.clear()
    assert run() == expected
    assert examined == []


@pytest.mark.skipif(sys.platform == "win32", reason="links")
def test_a_link_leads_nobody_elsewhere(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (project / CACHE).symlink_to(elsewhere)
    expected = run("--no-cache")
    assert run() == expected
    assert list(elsewhere.iterdir()) == []
    (project / CACHE).unlink()
    run()
    (file,) = cache_files(project)
    (elsewhere / "victim").write_text("mine")
    file.unlink()
    file.symlink_to(elsewhere / "victim")
    assert run() == expected
    assert (elsewhere / "victim").read_text() == "mine"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="whoever may do all is stopped by nothing")
def test_a_folder_that_cannot_be_written(project: Path) -> None:
    expected = run("--no-cache")
    os.chmod(project, 0o555)
    try:
        assert run() == expected
    finally:
        os.chmod(project, 0o755)


def test_what_stands_in_the_way_of_the_folder(project: Path) -> None:
    expected = run("--no-cache")
    (project / CACHE).write_text("mine")
    assert run() == expected
    assert (project / CACHE).read_text() == "mine"


def test_a_full_disk(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    expected = run("--no-cache")
    with monkeypatch.context() as full:
        full.setattr(os, "replace", fails)
        assert run() == expected
        assert cache_files(project) == []
        assert not list((project / CACHE).glob("*.tmp"))
    assert run() == expected


@pytest.mark.skipif(sys.platform == "win32", reason="no lock")
def test_a_lock_that_is_held_is_not_waited_for_long(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    from bnlint.cache import store

    monkeypatch.setattr(store, "PATIENCE", 2)
    (project / CACHE).mkdir()
    held = os.open(project / CACHE, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        assert run()[0] == 1
        assert cache_files(project) == []
    finally:
        os.close(held)


def test_runs_over_other_files_keep_what_each_found(project: Path, examined: list[str]) -> None:
    """As pre-commit starts them: several at a time, each with some of the files."""
    for name in ("warning.py", "model.py", "own/part.py"):
        run(name)
    examined.clear()
    for name in ("warning.py", "model.py", "own/part.py"):
        assert run(name) == run(name, "--no-cache")
    assert sorted(set(examined)) == ["model.py", "own/part.py", "warning.py"]
    assert len(examined) == 3  # without the cache, each once


def test_old_files_are_removed(project: Path) -> None:
    from bnlint.cache import store

    run()
    old = project / CACHE / "bnlint-00000000.json"
    old.write_text("{}")
    os.utime(old, (0, 0))
    for number in range(store.KEPT + 5):
        (project / CACHE / f"bnlint-{number:08x}x.json").write_text("{}")
    write({"warning.py": "x = 1\n"})
    run()
    assert not old.exists()
    assert len(cache_files(project)) <= store.KEPT + 1


# The form in which results are kept

TEXT = st.text(st.characters(codec=None), max_size=8)
NUMBER = st.integers(1, 10**6)
SPAN = st.builds(Span, st.just("a.py"), NUMBER, NUMBER, NUMBER, NUMBER, st.none() | NUMBER)


def values(kind: str) -> st.SearchStrategy[object]:
    """Values of a field, by its annotation."""
    if kind.startswith("tuple[") and kind.endswith(", ...]"):
        return st.lists(values(kind[6:-6]), max_size=2).map(tuple)
    if kind.startswith("tuple["):
        return st.tuples(*map(values, kind[6:-1].split(", ")))
    if kind.endswith(" | None"):
        return st.none() | values(kind.removesuffix(" | None"))
    known: dict[str, st.SearchStrategy[object]] = {
        "str": TEXT,
        "int": NUMBER,
        "bool": st.booleans(),
        "float": st.floats(allow_nan=False, allow_infinity=False),
        "str | int": TEXT | NUMBER,
        "Span": SPAN,
        "Severity": st.sampled_from(Severity),
        "Applied": st.builds(findings.Applied, SPAN, st.none() | SPAN),
        "Grade": st.sampled_from(["full", "partly", "not"]),
        "Fix": st.builds(Fix, st.sampled_from(Safety), st.lists(EDIT, max_size=2).map(tuple), st.just(()), TEXT),
    }
    return known[kind] if kind in known else built({"Histogram": findings.Histogram, "TextEdit": TextEdit}[kind])


def built(cls: type, **given: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    fields = {field.name: values(str(field.type)) for field in dataclasses.fields(cls) if field.name not in given}
    return st.builds(cls, **fields, **given)


EDIT = st.one_of(*(st.deferred(lambda cls=cls: built(cls)) for cls in typing.get_args(findings.Edit)))
FINDING = st.deferred(lambda: built(Finding, path=st.just("a.py"), code=st.just("BN403"), name=st.just("pytorch-momentum")))
SITE = st.deferred(lambda: built(Site, span=SPAN))


@settings(max_examples=150, deadline=None)
@given(st.lists(FINDING, max_size=2), st.lists(SITE, max_size=2), st.dictionaries(TEXT, st.builds(TextEdit, SPAN, TEXT), max_size=2))
def test_what_is_kept_comes_back(found: list[Finding], sites: list[Site], comments: dict[str, TextEdit]) -> None:
    plan = api.Plans(isolated=True).of("a.py")
    checked = Checked("a.py", plan, tuple(found), comments=comments, sites=tuple(sites))
    again = codec.decode(json.loads(json.dumps(codec.encode(checked))), "a.py", plan, "digest")
    assert (again.findings, again.comments, again.sites) == (checked.findings, checked.comments, checked.sites)


@settings(max_examples=150, deadline=None)
@given(st.recursive(st.none() | st.booleans() | NUMBER | TEXT, lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXT, inner)))
def test_what_has_another_form_is_malformed(data: object) -> None:
    plan = api.Plans(isolated=True).of("a.py")
    with pytest.raises(codec.Malformed):
        codec.decode(data, "a.py", plan, "")


def test_the_files_that_pin_are_the_files_that_are_read(tmp_path: Path) -> None:
    """A plan is another one when one of them changes."""
    from bnlint import pin_files, pins

    (tmp_path / "requirements").mkdir()
    for name in (*pin_files.FIRST, *pin_files.LAST, "requirements-dev.txt", "requirements/base.txt", "other.txt"):
        (tmp_path / name).write_text("")
    listed = list(pin_files.names(str(tmp_path)))
    assert set(pins._PARSERS) <= set(listed)
    assert {"requirements-dev.txt", "requirements/base.txt"} <= set(listed)
    assert "other.txt" not in listed
