"""Weights converted for a model without biases: what is written, and what is refused. What Keras makes of it: test_convert_truth."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bnlint import api, saved
from bnlint.saved import process
from tests.conftest import needs
from tests.saved import samples
from tests.saved.hostile import HOSTILE
from tests.saved.test_weights import arrays, batchnorms

needs("h5py")

FOLDED = [mean - bias for mean, bias in zip(samples.ARRAYS["moving_mean"], range(samples.CHANNELS), strict=True)]


@pytest.fixture(autouse=True, scope="module")
def _fresh() -> Iterator[None]:
    yield
    process.close()


def kept(path: Path) -> dict[str, list[float]]:
    (bn,) = batchnorms(saved.read(str(path)))
    return dict(arrays(bn))


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bnlint", "convert-weights", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


# What is written


def test_an_archive(tmp_path: Path) -> None:
    samples.write_archive(tmp_path / "old.keras", members={"assets/words.txt": b"words"})
    before = (tmp_path / "old.keras").read_bytes()
    done = api.convert_weights(str(tmp_path / "old.keras"), str(tmp_path / "new.keras"), ["conv"])
    assert (done.folded, done.optimizer) == ((("conv", "bn"),), False)
    assert kept(tmp_path / "new.keras") == {**samples.ARRAYS, "moving_mean": FOLDED}
    assert (tmp_path / "old.keras").read_bytes() == before
    import zipfile

    with zipfile.ZipFile(tmp_path / "new.keras") as archive:
        assert archive.testzip() is None
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.read("assets/words.txt") == b"words"
        config = json.loads(archive.read("config.json"))
    expected = samples.config()
    expected["config"]["layers"][1]["config"]["use_bias"] = False
    assert config == json.loads(json.dumps(expected))


def test_the_same_gives_the_same(tmp_path: Path) -> None:
    samples.write_archive(tmp_path / "old.keras")
    for name in ("one.keras", "two.keras"):
        api.convert_weights(str(tmp_path / "old.keras"), str(tmp_path / name), ["conv"])
    assert (tmp_path / "one.keras").read_bytes() == (tmp_path / "two.keras").read_bytes()


def test_an_h5_model_lists_what_it_holds(tmp_path: Path) -> None:
    import h5py

    def spoil(root: Any) -> None:
        root.file.create_group("optimizer_weights")["x"] = [1.0]
        root.file.attrs["training_config"] = b"{}"
        root.create_group("top_level_model_weights").attrs["weight_names"] = []

    samples.write_layers(tmp_path / "old.h5", samples.old_config(), spoil)
    done = api.convert_weights(str(tmp_path / "old.h5"), str(tmp_path / "new.h5"), ["conv"])
    assert done.optimizer
    assert kept(tmp_path / "new.h5") == {**samples.ARRAYS, "moving_mean": FOLDED}
    with h5py.File(tmp_path / "new.h5") as file:
        root = file["model_weights"]
        assert list(root["conv"].attrs["weight_names"]) == [b"conv/kernel:0"]
        assert list(root["conv/conv"]) == ["kernel:0"]
        assert (root["conv/conv/kernel:0"][...] == 1).all()
        assert root.attrs["layer_names"].tolist() == [b"input", b"conv", b"bn", b"relu"]
        assert "top_level_model_weights" in root
        assert json.loads(file.attrs["model_config"])["config"]["layers"][1]["config"]["use_bias"] is False
        assert sorted(file) == ["model_weights"]
        assert file.attrs["training_config"] == "{}"


def test_weights_alone_with_the_model_that_they_are_of(tmp_path: Path) -> None:
    samples.write_store(tmp_path / "old.weights.h5", lambda file: file.__setitem__("optimizer/vars/0", [1.0]))
    samples.write_archive(tmp_path / "model.keras")
    old, new = str(tmp_path / "old.weights.h5"), str(tmp_path / "new.weights.h5")
    with pytest.raises(api.NotConverted, match=r"holds weights alone: `--like` must name a model"):
        api.convert_weights(old, new, ["conv"])
    assert api.convert_weights(old, new, ["conv"], str(tmp_path / "model.keras")).optimizer
    assert kept(tmp_path / "new.weights.h5") == {**samples.ARRAYS, "moving_mean": FOLDED}


def test_weights_alone_of_keras_2(tmp_path: Path) -> None:
    samples.write_layers(tmp_path / "old.h5", None)
    (tmp_path / "model.json").write_text(json.dumps(samples.old_config()))
    api.convert_weights(str(tmp_path / "old.h5"), str(tmp_path / "new.h5"), ["conv"], str(tmp_path / "model.json"))
    assert kept(tmp_path / "new.h5") == {**samples.ARRAYS, "moving_mean": FOLDED}


def test_a_layer_that_two_models_share_loses_its_bias_in_both(tmp_path: Path) -> None:
    model = samples.config()
    inner = json.loads(json.dumps(model))
    for each in (model, inner):
        layer(each, "conv")["shared_object_id"] = layer(each, "bn")["shared_object_id"] = 7
    layer(model, "bn")["shared_object_id"] = layer(inner, "bn")["shared_object_id"] = 8
    inner.update(name="inner", inbound_nodes=[json.loads(json.dumps(layer(model, "conv")["inbound_nodes"][0]))])
    inner["config"]["name"] = "inner"
    model["config"]["layers"].append(inner)
    model["config"]["output_layers"].append(["inner", 1, 0])
    samples.write_archive(tmp_path / "old.keras", model)
    api.convert_weights(str(tmp_path / "old.keras"), str(tmp_path / "new.keras"), ["conv"])
    import zipfile

    with zipfile.ZipFile(tmp_path / "new.keras") as archive:
        config = json.loads(archive.read("config.json"))
    assert [layer(each, "conv")["config"]["use_bias"] for each in (config, layer(config, "inner"))] == [False, False]


def test_names_that_keras_splits_are_split_again(tmp_path: Path) -> None:
    import h5py

    def spoil(root: Any) -> None:
        names = ["conv/kernel:0", *(f"conv/{'x' * 200}{number}" for number in range(500)), "conv/bias:0"]
        for name in names[1:-1]:
            root["conv"][name] = 0.0
        del root["conv"].attrs["weight_names"]
        for number, part in enumerate((names[:250], names[250:])):
            root["conv"].attrs[f"weight_names{number}"] = [name.encode() for name in part]

    samples.write_layers(tmp_path / "old.h5", samples.old_config(), spoil)
    api.convert_weights(str(tmp_path / "old.h5"), str(tmp_path / "new.h5"), ["conv"])
    with h5py.File(tmp_path / "new.h5") as file:
        attributes = file["model_weights/conv"].attrs
        assert sorted(attributes) == ["weight_names0", "weight_names1"]
        assert sum(len(attributes[name]) for name in attributes) == 501


# What says which biases go

SOURCE = """
import keras
from keras import layers

model = keras.Sequential([
    keras.Input((8, 8, 3)),
    layers.Conv2D(4, 3, use_bias=False{name}),
    layers.BatchNormalization({norm}),
    layers.ReLU(),
])
"""


@pytest.mark.parametrize("old", ["old.keras", "old.h5", "old.weights.h5"])
def test_a_source_says_which_biases_go(tmp_path: Path, old: str) -> None:
    write: dict[str, Callable[[Path], None]] = {
        "old.keras": samples.write_archive,
        "old.h5": lambda path: samples.write_layers(path, samples.old_config()),
        "old.weights.h5": samples.write_store,
    }
    write[old](tmp_path / old)
    (tmp_path / "model.py").write_text(SOURCE.format(name="", norm=""))
    new = old.replace("old", "new")
    done = run(tmp_path / old, tmp_path / new, "--like", tmp_path / "model.py")
    assert (done.returncode, done.stderr) == (0, "")
    layer, norm = ("conv", "bn") if old != "old.weights.h5" else ("layers/conv2d", "None")
    assert f"  {layer} -> {norm}" in done.stdout
    assert kept(tmp_path / new) == {**samples.ARRAYS, "moving_mean": FOLDED}


def test_the_fix_of_a_source_prints_the_command_that_converts_its_weights(tmp_path: Path) -> None:
    samples.write_archive(tmp_path / "OLD")
    (tmp_path / "model.py").write_text(SOURCE.format(name="", norm="").replace("use_bias=False", "strides=1"))
    command = [sys.executable, "-m", "bnlint", "--isolated", "--select", "BN103", "--fix", "--unsafe-fixes", "model.py"]
    fixed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    (line,) = (line for line in fixed.stdout.splitlines() if "convert-weights" in line)
    assert line == "        for trained weights run: bnlint convert-weights OLD NEW --like model.py"
    arguments = line.partition("bnlint ")[2].split()
    done = subprocess.run([sys.executable, "-m", "bnlint", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert kept(tmp_path / "NEW") == {**samples.ARRAYS, "moving_mean": FOLDED}


def test_weights_by_name_need_a_source_with_names(tmp_path: Path) -> None:
    samples.write_layers(tmp_path / "old.h5", None)
    (tmp_path / "model.py").write_text(SOURCE.format(name="", norm=""))
    with pytest.raises(api.NotConverted, match=r"no layer of .* has a bias that is to go"):
        api.convert_weights(str(tmp_path / "old.h5"), str(tmp_path / "new.h5"), like=str(tmp_path / "model.py"))
    (tmp_path / "model.py").write_text(SOURCE.format(name=", name='conv'", norm="name='bn'"))
    assert api.convert_weights(str(tmp_path / "old.h5"), str(tmp_path / "new.h5"), like=str(tmp_path / "model.py")).folded == (
        ("conv", "bn"),
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1\n", "builds no model with BatchNormalization"),
        ("x = (\n", "cannot be parsed"),
        (SOURCE.format(name="", norm="").replace("ReLU()", "Dense(3)"), "does not build the model of"),
        (SOURCE.format(name="", norm="").replace("Conv2D(4", "Conv2D(5"), "`filters` of 'conv' is 4 in one and 5 in the other"),
        (SOURCE.format(name="", norm="").replace("use_bias=False", "use_bias=True"), "has a bias that is to go"),
        (SOURCE.format(name="", norm="") + SOURCE.format(name="", norm="").replace("model", "other"), "more than one model"),
    ],
)
def test_a_source_that_does_not_say_it(tmp_path: Path, source: str, message: str) -> None:
    samples.write_archive(tmp_path / "old.keras")
    (tmp_path / "model.py").write_text(source)
    with pytest.raises(api.NotConverted, match=message):
        api.convert_weights(str(tmp_path / "old.keras"), str(tmp_path / "new.keras"), like=str(tmp_path / "model.py"))
    assert not (tmp_path / "new.keras").exists()


def test_a_source_with_branches_does_not_tell_where_weights_are(tmp_path: Path) -> None:
    samples.write_store(tmp_path / "old.weights.h5")
    source = SOURCE.partition("model =")[0] + (
        "x = keras.Input((8, 8, 3))\ny = layers.BatchNormalization()(layers.Conv2D(4, 3, use_bias=False)(x))\n"
        "model = keras.Model(x, layers.add([y, layers.ReLU()(y)]))\n"
    )
    (tmp_path / "model.py").write_text(source)
    with pytest.raises(api.NotConverted, match=r"does not tell where a weights file keeps its layers"):
        api.convert_weights(str(tmp_path / "old.weights.h5"), str(tmp_path / "new.weights.h5"), like=str(tmp_path / "model.py"))


# What is refused

Change = Callable[[dict[str, Any]], None]


def layer(model: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry for entry in model["config"]["layers"] if entry["name"] == name)
    return found


def _set(name: str, **arguments: Any) -> Change:
    return lambda model: layer(model, name)["config"].update(arguments)


def _training(model: dict[str, Any]) -> None:
    layer(model, "bn")["inbound_nodes"][0]["kwargs"]["training"] = False


def _between(kind: str) -> Change:
    def change(model: dict[str, Any]) -> None:
        entry = json.loads(json.dumps(layer(model, "relu")))
        entry.update(class_name=kind, name="between", config={"name": "between"})
        _feed(entry, "conv")
        _feed(layer(model, "bn"), "between")
        model["config"]["layers"].insert(2, entry)

    return change


def _feed(entry: dict[str, Any], source: str, node: int = 0) -> None:
    entry["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = [source, 0, 0]


def _second_output(model: dict[str, Any]) -> None:
    model["config"]["output_layers"].append(["conv", 0, 0])


def _second_user(model: dict[str, Any]) -> None:
    entry = json.loads(json.dumps(layer(model, "relu")))
    entry.update(name="other", config={"name": "other"})
    _feed(entry, "conv")
    model["config"]["layers"].append(entry)
    model["config"]["output_layers"].append(["other", 0, 0])


def _shared_norm(model: dict[str, Any]) -> None:
    node = json.loads(json.dumps(layer(model, "bn")["inbound_nodes"][0]))
    node["args"][0]["config"]["keras_history"] = ["relu", 0, 0]
    layer(model, "bn")["inbound_nodes"].append(node)
    model["config"]["output_layers"].append(["bn", 1, 0])


REFUSED: dict[str, tuple[Change, str]] = {
    "an activation": (_set("conv", activation="relu"), "applies an activation"),
    "a layer between": (_between("MaxPooling2D"), "used by another layer"),
    "padding between": (_between("ZeroPadding2D"), "used by another layer"),
    "an output": (_second_output, "one of the model"),
    "another user": (_second_user, "used by another layer"),
    "a norm that others use": (_shared_norm, "shares its BatchNormalization"),
    "a frozen norm": (_set("bn", trainable=False), "is frozen"),
    "a norm that is told its mode": (_training, "training=False"),
    "a frozen model": (lambda model: model["config"].update(trainable=False), "is frozen"),
    "a regularizer": (_set("conv", bias_regularizer={"class_name": "L2", "config": {"l2": 0.1}}), "bias_regularizer"),
    "a constraint": (_set("conv", bias_constraint={"class_name": "NonNeg", "config": {}}), "bias_constraint"),
    "activity": (_set("conv", activity_regularizer={"class_name": "L2", "config": {"l2": 0.1}}), "activity_regularizer"),
    "renorm": (_set("bn", renorm=True), "renormalises"),
    "half precision": (_set("conv", dtype={"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}), "not exact enough"),
    "a norm of half precision": (_set("bn", dtype="bfloat16"), "not exact enough"),
    "another axis": (_set("bn", axis=1), "not known to normalise the channels"),
    "another data format": (_set("conv", data_format="channels_first"), "not known to normalise the channels"),
    "another class": (lambda model: layer(model, "bn").update(module="my", registered_name="my>BN"), "a class of its own"),
    "no bias": (_set("conv", use_bias=False), "has no bias in the configuration"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bias_that_counts_stays(name: str, tmp_path: Path) -> None:
    change, message = REFUSED[name]
    model = samples.config()
    change(model)
    samples.write_archive(tmp_path / "old.keras", model)
    with pytest.raises(api.NotConverted, match=message):
        api.convert_weights(str(tmp_path / "old.keras"), str(tmp_path / "new.keras"), ["conv"])
    assert not (tmp_path / "new.keras").exists()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_sum_that_is_not_exact_is_refused(dtype: str, tmp_path: Path) -> None:
    import numpy

    def spoil(file: Any) -> None:
        del file["layers/conv2d/vars/1"]
        if dtype == "float16":
            file["layers/conv2d/vars/1"] = numpy.zeros(4, dtype)
        else:
            file.create_dataset("layers/conv2d/vars/1", data=numpy.zeros(4, "<u2").view("V2")).attrs["dtype"] = dtype

    samples.write_archive(tmp_path / "old.keras", spoil=spoil)
    with pytest.raises(api.NotConverted, match=f"as {dtype}, in which a sum is not exact enough"):
        api.convert_weights(str(tmp_path / "old.keras"), str(tmp_path / "new.keras"), ["conv"])
    assert [path.name for path in tmp_path.iterdir()] == ["old.keras"]


def test_weights_that_do_not_fit_the_config_are_refused(tmp_path: Path) -> None:
    samples.write_archive(tmp_path / "old.keras", spoil=lambda file: file.__delitem__("layers/batch_normalization/vars/3"))
    with pytest.raises(api.NotConverted, match=r"cannot take the bias: the weights file holds 3 arrays"):
        api.convert_weights(str(tmp_path / "old.keras"), str(tmp_path / "new.keras"), ["conv"])


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    samples.write_archive(tmp_path / "old.keras")
    (tmp_path / "new.keras").write_text("mine")
    (tmp_path / "link.keras").symlink_to("nowhere")
    for new in ("new.keras", "old.keras", "link.keras"):
        done = run(tmp_path / "old.keras", tmp_path / new, "--drop-bias", "conv")
        assert done.returncode == 2
        assert "is there already: nothing is overwritten" in done.stderr
    assert (tmp_path / "new.keras").read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_appears_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples.write_archive(tmp_path / "old.keras")
    (tmp_path / "new.keras").write_text("mine")
    monkeypatch.setattr("os.path.lexists", lambda _: False)
    with pytest.raises(api.NotConverted, match="is there already: nothing is overwritten"):
        api.convert_weights(str(tmp_path / "old.keras"), str(tmp_path / "new.keras"), ["conv"])
    assert (tmp_path / "new.keras").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["old.keras", "new.keras"], "which biases are to go?"),
        (["old.keras", "new.keras", "--drop-bias", "conf"], "is called `conf` (did you mean `conv`?)"),
        (["old.keras", "no/new.keras", "--drop-bias", "conv"], "no/new.keras: No such file or directory"),
        (["none.keras", "new.keras", "--drop-bias", "conv"], "none.keras: No such file or directory"),
        (["x.txt", "new.keras", "--drop-bias", "conv"], "x.txt is no file of weights that can be converted"),
        (["old.keras", "new.keras", "--like", "x.txt"], "x.txt"),
        (["old.keras", "new.keras", "--like", "x.weights.h5"], "x.weights.h5: this file holds weights alone"),
        (["old.keras", "new.keras", "--like", "none.py"], "none.py"),
        (["old.keras", "new.keras", "--like", "."], "."),
    ],
)
def test_the_command_says_in_a_line_what_is_wrong(arguments: list[str], message: str, tmp_path: Path) -> None:
    samples.write_archive(tmp_path / "old.keras")
    (tmp_path / "x.txt").write_text("text (")
    samples.write_store(tmp_path / "x.weights.h5")
    command = [sys.executable, "-m", "bnlint", "convert-weights", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "new.keras").exists()


@pytest.mark.parametrize(
    "name", [name for name in HOSTILE if name.startswith(("S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S14", "S15"))]
)
def test_a_hostile_file_is_not_converted(name: str, tmp_path: Path) -> None:
    path = HOSTILE[name].make(tmp_path)
    before = sorted(entry.name for entry in tmp_path.iterdir())
    refused = None
    try:
        api.convert_weights(str(path), str(tmp_path / f"new{path.suffix}"), ["conv"])
    except api.NotConverted as error:
        refused = str(error)
    if refused is None:
        assert HOSTILE[name].refused is None
    else:
        assert "\n" not in refused
        assert sorted(entry.name for entry in tmp_path.iterdir()) == before
