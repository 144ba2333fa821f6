"""Arrays of weights files on the layers of a graph: of Keras 3 by path, of Keras 1 and 2 by name; what does not fit is a gap."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bnlint import saved
from bnlint.graph.model import Layer, ModelGraph, Unknown
from bnlint.saved import Unreadable, process, weights
from bnlint.saved.places import Place
from bnlint.saved.process import Contents, Group, Variable
from tests.conftest import needs
from tests.saved import samples

needs("h5py")


@pytest.fixture(autouse=True, scope="module")
def _fresh() -> Iterator[None]:
    yield
    process.close()


def batchnorms(graph: ModelGraph) -> list[Layer]:
    layers = (call.layer.inner or call.layer for call in graph.calls)
    return list({id(layer): layer for layer in layers if layer.role == "batchnorm"}.values())


def arrays(layer: Layer) -> Mapping[str, list[float]]:
    return {key: list(stats.values) for key, stats in layer.weights.items()}


# Files


def test_a_keras_archive(tmp_path: Path) -> None:
    samples.write_archive(tmp_path / "x.keras")
    graph = saved.read(str(tmp_path / "x.keras"))
    (bn,) = batchnorms(graph)
    assert arrays(bn) == samples.ARRAYS
    assert bn.weights["gamma"].dtype == "float32"
    assert graph.artifact is not None
    assert (graph.artifact.weights, graph.gaps) == (True, ())


def test_weights_that_nobody_asked_for_are_not_read(tmp_path: Path) -> None:
    samples.write_archive(tmp_path / "x.keras", members={"model.weights.h5": b"no HDF5"})
    (bn,) = batchnorms(saved.read(str(tmp_path / "x.keras"), weights=False))
    assert bn.weights == {}


def test_an_h5_model(tmp_path: Path) -> None:
    samples.write_layers(tmp_path / "x.h5", samples.old_config())
    graph = saved.read(str(tmp_path / "x.h5"))
    (bn,) = batchnorms(graph)
    assert arrays(bn) == samples.ARRAYS
    assert graph.artifact is not None
    assert (graph.artifact.format, graph.artifact.keras, graph.artifact.weights) == ("HDF5 model", "2.15.0", True)
    (bn,) = batchnorms(saved.read(str(tmp_path / "x.h5"), weights=False))
    assert bn.weights == {}


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", "3", "\ud800"])
def test_a_config_that_is_none_is_said(tmp_path: Path, text: str) -> None:
    import h5py

    samples.write_layers(tmp_path / "x.h5", "{}")
    with h5py.File(tmp_path / "x.h5", "a") as file:
        file.attrs["model_config"] = text.encode("utf-8", "surrogatepass")
    with pytest.raises(Unreadable, match=r"is damaged|model"):
        saved.read(str(tmp_path / "x.h5"))


def test_weights_alone_as_keras_3_writes_them(tmp_path: Path) -> None:
    samples.write_store(tmp_path / "x.weights.h5")
    graph = saved.read(str(tmp_path / "x.weights.h5"))
    (bn,) = batchnorms(graph)
    assert (bn.name, bn.origin.key, arrays(bn)) == ("bn", "layers/batch_normalization", samples.ARRAYS)
    assert bn.config["scale"] is True
    assert isinstance(bn.config["axis"], Unknown)
    assert graph.artifact is not None
    assert (graph.artifact.format, graph.artifact.batchnorms, graph.artifact.weights) == ("weights file", 1, True)
    assert "records neither" in graph.artifact.notes[0]


def test_weights_alone_as_keras_2_writes_them(tmp_path: Path) -> None:
    def spoil(root: Any) -> None:
        root["bn"].attrs["weight_names"] = [f"bn/{name}:0" for name in samples.NAMES if name != "gamma"]

    samples.write_layers(tmp_path / "x.h5", None, spoil)
    (bn,) = batchnorms(saved.read(str(tmp_path / "x.h5")))
    assert (bn.name, bn.origin.key) == ("bn", "bn")
    assert arrays(bn) == {name: values for name, values in samples.ARRAYS.items() if name != "gamma"}
    assert (bn.config["scale"], bn.config["center"]) == (False, True)


def test_weights_in_several_files(tmp_path: Path) -> None:
    """The variables of one layer may stand in two of them."""

    def first(file: Any) -> None:
        for name in ("1", "2", "3"):
            del file[f"layers/batch_normalization/vars/{name}"]

    def second(file: Any) -> None:
        del file["layers/batch_normalization/vars/0"], file["layers/conv2d"]

    samples.write_store(tmp_path / "x_00000.weights.h5", first)
    samples.write_store(tmp_path / "x_00001.weights.h5", second)
    names = ["x_00000.weights.h5", "x_00001.weights.h5"]
    listed = {"/layers/batch_normalization/vars": names, "/layers/conv2d/vars": names[0]}
    (tmp_path / "x.weights.json").write_text(json.dumps({"metadata": {}, "weight_map": listed}))
    (bn,) = batchnorms(saved.read(str(tmp_path / "x.weights.json")))
    assert arrays(bn) == samples.ARRAYS


def test_an_archive_with_its_weights_in_several_files(tmp_path: Path) -> None:
    samples.write_store(tmp_path / "part")
    listed = {"weight_map": {"/layers/conv2d/vars": "model_00000.weights.h5"}}
    members = {"model.weights.h5": None, "model.weights.json": json.dumps(listed).encode()}
    samples.write_archive(tmp_path / "x.keras", members={**members, "model_00000.weights.h5": (tmp_path / "part").read_bytes()})
    (bn,) = batchnorms(saved.read(str(tmp_path / "x.keras")))
    assert arrays(bn) == samples.ARRAYS
    samples.write_archive(tmp_path / "x.keras", members=members)
    with pytest.raises(Unreadable, match=r"weights are in `model_00000\.weights\.h5`, which is missing"):
        saved.read(str(tmp_path / "x.keras"))


def test_an_archive_of_a_subclassed_model_shows_the_layers_that_its_weights_do(tmp_path: Path) -> None:
    model = {"module": "my", "class_name": "Net", "registered_name": "my>Net", "config": {"name": "net"}}
    samples.write_archive(tmp_path / "x.keras", model)
    graph = saved.read(str(tmp_path / "x.keras"))
    (bn,) = batchnorms(graph)
    assert arrays(bn) == samples.ARRAYS
    assert graph.artifact is not None
    assert graph.artifact.batchnorms == 1
    assert graph.outputs == ()


# Keras 3: by path


def bn(name: str = "bn", **config: object) -> Layer:
    return Layer("BatchNormalization", "batchnorm", name, config, weights={})


def store(**groups: tuple[str | None, int]) -> Contents:
    """A file with groups of so many vectors; each holds its own number."""
    found = {}
    for path, (label, count) in groups.items():
        found[path] = Group(path, label, tuple(vector(str(number), number) for number in range(count)))
    return Contents(groups=found)


def vector(name: str, value: float, length: int = 3) -> Variable:
    from array import array

    return Variable(name, "float32", (length,), array("d", [value] * length))


def firsts(layer: Layer) -> dict[str, float]:
    return {key: stats.values[0] for key, stats in layer.weights.items()}


ALL = {"gamma": 0, "beta": 1, "moving_mean": 2, "moving_variance": 3}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, ALL),
        ({"scale": False}, {"beta": 0, "moving_mean": 1, "moving_variance": 2}),
        ({"center": False}, {"gamma": 0, "moving_mean": 1, "moving_variance": 2}),
        ({"scale": False, "center": False}, {"moving_mean": 0, "moving_variance": 1}),
        ({"renorm": True}, {**ALL, "moving_stddev": 4, "renorm_mean": 5, "renorm_stddev": 6}),
    ],
)
def test_numbers_mean_what_the_config_makes_them(config: dict[str, object], expected: dict[str, float]) -> None:
    layer = bn(**config)
    assert weights.place([Place(layer, "x", ("bn",))], store(x=("bn", len(expected)))) == ()
    assert firsts(layer) == expected


def test_no_vector_is_given_to_a_layer_that_asks_for_more_or_fewer() -> None:
    layer = bn(scale=False)
    (gap,) = weights.place([Place(layer, "x", ("bn",))], store(x=("bn", 4)))
    assert gap.reason == "the weights file holds 4 arrays of this layer, whose configuration asks for beta, moving_mean, moving_variance"
    assert layer.weights == {}


def test_no_vector_is_given_to_a_layer_of_another_name() -> None:
    layer = bn()
    (gap,) = weights.place([Place(layer, "x", ("bn",))], store(x=("other", 4)))
    assert gap.reason == "the weights file does not hold the weights of this layer; it holds those of `other` in its place"
    assert layer.weights == {}


def test_vectors_of_different_length_are_no_batchnorm_s() -> None:
    layer = bn()
    variables = (*(vector(str(number), number) for number in range(3)), vector("3", 3, length=4))
    (gap,) = weights.place([Place(layer, "x", ("bn",))], Contents(groups={"x": Group("x", None, variables)}))
    assert (gap.reason, layer.weights) == ("the weights of this layer differ in length", {})


def test_what_is_no_vector_is_said() -> None:
    layer = bn()
    variables = tuple(Variable(str(number), "float32", (1, 2, 1, 3)) for number in range(4))
    (gap,) = weights.place([Place(layer, "x", ("bn",))], Contents(groups={"x": Group("x", None, variables)}))
    assert (gap.reason, layer.weights) == ("the weights of this layer are no vectors: it normalises more than one axis", {})


def test_a_layer_that_two_models_share_is_found_where_it_was_saved() -> None:
    layer = bn()
    places = [Place(layer, "layers/inner/layers/x", ("inner", "bn")), Place(layer, "layers/x", ("bn",))]
    assert weights.place(places, store(**{"layers/x": ("bn", 4)})) == ()
    assert firsts(layer) == ALL


def test_a_layer_is_found_by_its_name_where_there_is_one_of_it() -> None:
    layer, other = bn(), bn("other")
    places = [Place(layer, "layers/x", ("bn",)), Place(other, "layers/y", ("other",))]
    contents = store(**{"layers/z": ("bn", 4), "layers/y": ("other", 4)})
    assert weights.place(places, contents) == ()
    assert firsts(layer) == ALL
    twice = store(**{"layers/z": ("bn", 4), "layers/w": ("bn", 4), "layers/y": ("other", 4)})
    layer = bn()
    assert len(weights.place([Place(layer, "layers/x", ("bn",)), places[1]], twice)) == 1
    assert layer.weights == {}


def test_groups_have_another_name_in_files_of_keras_2_12() -> None:
    layer = bn()
    contents = store(**{"_layer_checkpoint_dependencies/f/_layer_checkpoint_dependencies/x": (None, 4)})
    assert weights.place([Place(layer, "layers/f/layers/x", ("inner", "bn"))], contents) == ()
    assert firsts(layer) == ALL


# Keras 1 and 2: by name


def named(**groups: list[str]) -> Contents:
    """Files with these variables; each holds its position."""
    found = {path: Group(path, None, tuple(vector(name, at) for at, name in enumerate(names))) for path, names in groups.items()}
    return Contents(layers=True, groups=found)


def four(prefix: str, suffix: str = ":0") -> list[str]:
    return [f"{prefix}{name}{suffix}" for name in samples.NAMES]


@pytest.mark.parametrize(
    "names",
    [
        four("bn/"),
        four("bn/", ""),
        four("model/scope/bn/"),
        four("bn_1/", "_2:0"),
        ["bn_gamma", "bn_beta", "bn_running_mean", "bn_running_std"],
        ["batchnormalization_1_gamma:0", *(f"batchnormalization_1_{name}:0" for name in ("beta", "running_mean", "running_std"))],
        ["bn/gamma:0", "bn/beta:0", "bn/moving_mean:0", "bn/moving_variance:0", "bn/other:0"],
    ],
)
def test_the_only_batchnorm_in_a_group_is_that_of_the_layer(names: list[str]) -> None:
    layer = bn()
    assert weights.place([Place(layer, "", ("bn",))], named(bn=names)) == ()
    assert firsts(layer) == ALL


def test_the_order_of_frozen_variables_does_not_matter() -> None:
    layer = bn()
    names = ["bn/moving_variance:0", "bn/beta:0", "bn/gamma:0", "bn/moving_mean:0"]
    assert weights.place([Place(layer, "", ("bn",))], named(bn=names)) == ()
    assert firsts(layer) == {"moving_variance": 0, "beta": 1, "gamma": 2, "moving_mean": 3}


def test_layers_of_an_inner_model_are_told_by_their_names() -> None:
    first, second, wrapped = bn(), bn("bn_2"), bn("inside")
    places = [
        Place(first, "", ("inner", "bn")),
        Place(second, "", ("inner", "deep", "bn_2")),
        Place(wrapped, "", ("inner", "td", "inside")),
    ]
    contents = named(inner=["conv/kernel:0", *four("bn/"), *four("deep/bn_2/"), *four("td/")])
    assert weights.place(places, contents) == ()
    assert firsts(first)["gamma"] == 1
    assert firsts(second)["gamma"] == 5
    assert firsts(wrapped)["gamma"] == 9


def test_two_layers_of_one_name_in_inner_models_are_not_told_apart() -> None:
    first, second = bn(), bn()
    places = [Place(first, "", ("outer", "a", "bn")), Place(second, "", ("outer", "b", "bn"))]
    gaps = weights.place(places, named(outer=four("bn/")))
    assert {gap.reason for gap in gaps} == {
        "the weights file has more than one layer by this name in the same place: which is meant cannot be told"
    }
    assert (first.weights, second.weights) == ({}, {})
    assert weights.place(places, named(outer=[*four("a/bn/"), *four("b/bn/")])) == ()
    assert (firsts(first)["gamma"], firsts(second)["gamma"]) == (0, 4)


def test_a_name_in_an_inner_model_that_is_not_there_is_not_guessed() -> None:
    first, second = bn(), bn("other")
    places = [Place(first, "", ("inner", "bn")), Place(second, "", ("inner", "other"))]
    (gap,) = weights.place(places, named(inner=[*four("bn/"), *four("bn_7/")]))
    assert gap.reason == "the weights file does not hold the weights of this layer"
    assert firsts(first)["gamma"] == 0
    assert second.weights == {}


def test_variables_that_the_config_does_not_ask_for_are_said() -> None:
    layer = bn(scale=False)
    (gap,) = weights.place([Place(layer, "", ("bn",))], named(bn=four("bn/")))
    assert "holds beta, gamma, moving_mean, moving_variance of this layer" in gap.reason
    assert layer.weights == {}


# Weights alone


@pytest.mark.parametrize(
    ("path", "label", "values", "keys"),
    [
        ("layers/batch_normalization_1", None, [1, 0, 0, 1], samples.NAMES),
        ("encoder/norm", "bn1", [1, 0, 0, -1], samples.NAMES),
        ("encoder/norm", None, [1, 0, 0, 1], samples.NAMES),
        ("encoder/norm", None, [1, 0, 0, -1], None),  # the last is no variance, so this is none
        ("layers/batch_normalization", None, [1, 0, 1], ("moving_mean", "moving_variance")),
        ("encoder/cell", None, [1, 0, 1], None),
        ("layers/layer_normalization", None, [1, 0], None),
        ("layers/batch_normalization", None, [0, 1], None),
    ],
)
def test_what_is_a_batchnorm_in_a_file_of_weights(path: str, label: str | None, values: list[float], keys: tuple[str, ...] | None) -> None:
    group = Group(path, label, tuple(vector(str(at), value) for at, value in enumerate(values)))
    found = batchnorms(weights.graph_of(Contents(groups={path: group}), "x", "x", "weights file"))
    assert [tuple(layer.weights) for layer in found] == ([] if keys is None else [keys])
    assert [layer.origin.key for layer in found] == ([] if keys is None else [path])


def test_integers_are_no_batchnorm() -> None:
    variables = tuple(Variable(str(at), "int32", (3,), vector("", 1).values) for at in range(4))
    assert batchnorms(weights.graph_of(Contents(groups={"x": Group("x", None, variables)}), "x", "x", "weights file")) == []
