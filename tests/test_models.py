"""Model files among the inputs: what is read, what is found, what is said, and the exit codes."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bnlint import api, models, saved
from bnlint.cli import group
from bnlint.cli.progress import ERASE, Progress
from bnlint.findings import Histogram
from bnlint.graph.model import Artifact, Call, Layer, ModelGraph, Origin, WeightStats
from tests.saved.configs import archive, chain, functional, layer, node, sequential, start, tensor

BIASED = chain(
    layer("Conv2D", "conv", filters=64, kernel_size=[3, 3]), layer("BatchNormalization", "bn", axis=-1, momentum=0.99, epsilon=0.001)
)
TAMPERED = chain(layer("Conv2D", "conv", filters=4, kernel_size=[3, 3], use_bias=False), layer("BatchNormalization", "bn", axis=1))
SOUND = chain(layer("Conv2D", "conv", filters=4, kernel_size=[3, 3], use_bias=False), layer("BatchNormalization", "bn", axis=-1))


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every test in a folder of its own, without weights: h5py is not needed."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "BNLINT_OUTPUT_FORMAT"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(group, ["--isolated", *arguments], prog_name="bnlint")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def found(*arguments: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(run("--output-format", "json", *arguments).stdout)
    return entries


def model(name: str = "model.keras", config: object = TAMPERED, **given: Any) -> str:
    return os.fspath(archive(Path(name), config, **given))


# What is found


def test_a_model_is_linted_like_source() -> None:
    (entry,) = found(model())
    assert (entry["code"], entry["layer"], entry["location"], entry["fix"]) == ("BN401", "bn", None, None)
    assert entry["filename"] == os.path.abspath("model.keras")
    assert [related["message"].partition(":")[0] for related in entry["related"]] == ["conv"]


def test_the_layer_of_a_finding_is_its_path() -> None:
    inner = {**functional(TAMPERED["config"]["layers"], ["x", 0, 0], ["bn", 0, 0], "inner"), "inbound_nodes": [node(tensor("i"))]}
    outer = functional([start("i"), inner], ["i", 0, 0], ["inner", 1, 0])
    (entry,) = found(model(config=outer))
    assert entry["layer"] == "inner/bn"


def test_the_text_says_which_layer_and_what_was_read() -> None:
    result = run("--select", "BN103", "--fail-on", "info", model(config=BIASED))
    assert result.exit_code == 1
    assert " --> model.keras::conv (Conv2D)\n" in result.stdout
    assert "note: bn: the BatchNormalization that cancels it\n" in result.stdout
    assert "\nRead 1 BatchNormalization layer of 3 layers (Keras 3.15.1, no code executed).\n" in result.stdout
    assert "Found 0 errors, 0 warnings, 1 info in 1 of 1 file.\n" in result.stdout
    assert "available with" not in result.stdout, "nothing of a model file can be fixed"


def test_a_batchnorm_is_described() -> None:
    stdout = run("--select", "BN401", model()).stdout
    assert " --> model.keras::bn (BatchNormalization, 6 channels, momentum 0.99, eps 0.001)\n" in stdout


def test_concise() -> None:
    stdout = run("--output-format", "concise", model()).stdout
    assert stdout.startswith("model.keras::bn: BN401 ")


def test_a_sound_model_passes() -> None:
    result = run(model(config=SOUND))
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "All checks passed!")


def test_nothing_is_written() -> None:
    path = Path(model(config=BIASED))
    before = path.read_bytes()
    result = run("--fix", "--unsafe-fixes", "--select", "ALL", os.fspath(path))
    assert path.read_bytes() == before
    assert os.listdir() == [path.name]
    assert "fixed" not in result.stdout


def test_rules_can_be_ignored_for_a_model() -> None:
    Path("bnlint.toml").write_text('per-file-ignores = { "*.keras" = ["BN401"] }\n')
    assert CliRunner().invoke(group, [model()]).exit_code == 0


def test_sources_and_models_go_together() -> None:
    Path("a.py").write_text("from keras import layers\nx = layers.BatchNormalization(momentum=0.1)\n")
    assert [(Path(entry["filename"]).name, entry["code"]) for entry in found("a.py", model())] == [
        ("a.py", "BN403"),
        ("model.keras", "BN401"),
    ]


# Which Keras


def test_the_keras_of_a_model_is_the_one_that_saved_it() -> None:
    held_to = api.Plans(isolated=True).of("model.keras")
    of = {version: models.target(_graph(version), held_to) for version in ("3.15.1", "3.3.3", "2.21.0", "1.2.0", "x", None)}
    assert {version: (target.major, target.minor) for version, target in of.items()} == {
        "3.15.1": (3, 15),
        "3.3.3": (3, 3),
        "2.21.0": (2, 21),
        "1.2.0": (2, None),
        "x": (3, None),
        None: (3, None),
    }
    assert of["3.15.1"].why == "saved by Keras 3.15.1"
    asked = api.Plans(isolated=True, overrides={"target_keras": "2"}).of("model.keras")
    assert models.target(_graph("3.15.1"), asked).major == 2


def _graph(version: str | None) -> ModelGraph:
    return ModelGraph("m", artifact=Artifact("m", "f", version))


# Which files


def test_a_walk_takes_models_only_if_asked() -> None:
    Path("sub").mkdir()
    model("sub/model.keras")
    assert found(".") == []
    assert [entry["code"] for entry in found(".", "--include-models")] == ["BN401"]
    Path("bnlint.toml").write_text("include-models = true\n")
    assert CliRunner().invoke(group, ["."]).exit_code == 1
    assert CliRunner().invoke(group, [".", "--no-include-models"]).exit_code == 0


def test_a_named_model_is_always_taken() -> None:
    Path("data").mkdir()
    Path(model("data/m")).rename("data/weird-name")
    assert [entry["code"] for entry in found("data/weird-name")] == ["BN401"], "by how it begins"


def test_a_folder_that_is_a_model_is_one() -> None:
    for name in ("exported", "tree/exported"):
        Path(name).mkdir(parents=True)
        Path(name, "saved_model.pb").write_bytes(b"")
        Path(name, "code.py").write_text("x = 1\n")
    assert saved.recognise("exported") == "savedmodel"
    shown = run("--show-files", "exported", "tree").stdout.splitlines()
    assert [os.path.relpath(path) for path in shown] == ["exported", "tree/exported/code.py"]
    shown = run("--show-files", "--include-models", "tree").stdout.splitlines()
    assert [os.path.relpath(path) for path in shown] == ["tree/exported"]


def test_model_json() -> None:
    Path("m.json").write_text(json.dumps(TAMPERED))
    result = run("m.json")
    assert result.exit_code == 1
    assert "note: this format holds no weights\n" in result.stdout
    Path("other.json").write_text("{}")
    assert found("other.json")[0]["message"] == "this file is JSON, and not the config of a Keras model"


# What cannot be read


def test_an_unreadable_model_is_a_finding_and_the_rest_is_linted() -> None:
    Path("broken.keras").write_bytes(b"PK")
    result = run("broken.keras", model(), "--output-format", "concise")
    assert result.exit_code == 1
    assert [line.split(": ")[:1] for line in result.stdout.splitlines()[:2]] == [["broken.keras"], ["model.keras::bn"]]
    assert "BN001" in result.stdout
    assert found("broken.keras")[0]["location"] is None


def test_a_missing_extra_is_exit_2_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: str, weights: bool = True) -> ModelGraph:
        raise saved.MissingExtra("models", "h5py, which reads HDF5 files, is not installed")

    monkeypatch.setattr(saved, "read", read)
    Path("m.h5").write_bytes(b"\x89HDF")
    result = run("m.h5")
    assert result.exit_code == 2
    assert "pip install 'bnlint[models]'" in result.stderr
    assert "All checks passed" not in result.stdout


def test_a_bug_of_ours_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "read", lambda path, weights=True: 1 / 0)
    result = run(model())
    assert result.exit_code == 2
    assert "internal error: reading model.keras: ZeroDivisionError" in result.stderr


# What is said


def test_no_name_forges_output() -> None:
    hostile = "bn\x1b[31m\n::error ::x\u202e\ud800"
    config = chain(layer("Conv2D", "conv", filters=4, kernel_size=3), layer("BatchNormalization", hostile, axis=1))
    path = model(config=config, version="3.15.1\n::error")
    for output_format in ("text", "concise"):
        stdout = run("--output-format", output_format, path).stdout
        assert "\x1b" not in stdout
        assert "\u202e" not in stdout
        assert not any(line.startswith("::") for line in stdout.splitlines())
    assert found(path)[0]["layer"].startswith("bn")


def test_several_models_are_counted_together() -> None:
    model("a.keras", SOUND)
    model("b.keras", SOUND, version="3.3.3")
    assert (
        "Read 2 BatchNormalization layers of 6 layers in 2 models (Keras 3.15.1, Keras 3.3.3, no code executed).\n"
        in run("a.keras", "b.keras").stdout
    )


def test_a_subclassed_model_says_what_its_format_does_not_record() -> None:
    path = model(config={"module": None, "class_name": "Net", "config": {}, "registered_name": "Net"})
    result = run(path)
    assert result.exit_code == 0
    assert "note: this format does not record the layers of a subclassed model\n" in result.stdout


def test_statistics_are_shown_as_bars() -> None:
    values = [0.0, 0.0, 0.0, 1.0, float("nan")]
    norm = Layer(
        "BatchNormalization",
        "batchnorm",
        "bn",
        {"axis": 5, "momentum": 0.99, "epsilon": 0.001},
        weights={"moving_mean": WeightStats.of(values), "moving_variance": WeightStats.of([2.0] * 5)},
        origin=Origin(key="stage/bn"),
    )
    source = Call(Layer("Input", "input", is_function=True), shape=(None, 5), origin=Origin(key="x"))
    graph = ModelGraph(
        "m", "functional", (source, Call(norm, (source,), origin=norm.origin)), artifact=Artifact("m.keras", "f", "3.15.1", 2, 1, True)
    )
    plan = api.Plans(isolated=True, overrides={"select": ["BN401"]}).of("m.keras")
    (finding,) = models.examine(graph, "m.keras", plan).findings
    assert finding.about == "BatchNormalization, 5 channels, momentum 0.99, eps 0.001"
    assert finding.histograms == (
        Histogram("moving_mean", 0.0, 1.0, (3, 0, 0, 0, 0, 0, 0, 1), 1),
        Histogram("moving_variance", 2.0, 2.0, (0, 0, 0, 0, 5, 0, 0, 0)),
    )
    from bnlint.report import Report, text

    lines = text.render(Report([finding])).splitlines()
    assert lines[2:4] == [
        "  |   moving_mean      min 0         max 1         █▁▁▁▁▁▁▄  (1 not finite)",
        "  |   moving_variance  min 2         max 2         ▁▁▁▁█▁▁▁",
    ]


def test_the_graph_of_a_model_is_printed() -> None:
    path = model(config=sequential(start("x", (None, 3)), layer("Dense", "d", units=2), layer("BatchNormalization", "bn", axis=-1)))
    data = json.loads(CliRunner().invoke(group, ["graph", path, "--output-format", "json"]).stdout)
    (made,) = data["models"]
    assert (made["name"], made["path"]) == ("net", path)
    assert [(each["kind"], each["path"], each["inputs"]) for each in made["nodes"]] == [
        ("Input", "x", []),
        ("Dense", "d", ["1"]),
        ("BatchNormalization", "bn", ["2"]),
    ]
    shown = CliRunner().invoke(group, ["graph", path]).stdout
    assert "  3  BatchNormalization (None, 2) <- 2  bn\n" in shown
    Path("broken.keras").write_bytes(b"")
    result = CliRunner().invoke(group, ["graph", "broken.keras"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


def test_long_work_is_named_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        written = ""

        def isatty(self) -> bool:
            return True

        def write(self, text: str) -> int:
            self.written += text
            return len(text)

        def flush(self) -> None:
            pass

    from time import sleep

    monkeypatch.setattr("bnlint.cli.progress.AFTER", 0.01)
    terminal = Terminal()
    with Progress(terminal) as progress:  # type: ignore[arg-type]
        progress.tell("reading a\nb.keras")
        sleep(0.3)
    assert terminal.written == f"{ERASE}bnlint: reading a\\nb.keras …{ERASE}"
    quick = Terminal()
    with Progress(quick) as progress:  # type: ignore[arg-type]
        progress.tell("reading")
    assert quick.written == ""
    with Progress(sys.stdin) as progress:
        progress.tell("this is no terminal, and nothing is started")
