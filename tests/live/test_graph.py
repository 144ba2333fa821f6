"""The graph of a model in memory is that of the same model in a file, and the model stays as it is."""

import importlib
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bnlint import live, saved
from bnlint.graph.model import ModelGraph, Unknown
from bnlint.graph.verify import verify
from tests.conftest import needs
from tests.live import models
from tests.oracle.families import FAMILIES, KERAS, SHAPE
from tests.oracle.same import arrays, form

pytestmark = pytest.mark.keras

CHEAP = ("MobileNet", "MobileNetV3Small", "ResNet50", "ResNet50V2", "Xception", "EfficientNetB0", "RegNetX002")
ALL = tuple(family.name for family in FAMILIES)


@pytest.fixture(params=[3, 2], ids=["keras-3", "tf_keras"])
def keras(request: pytest.FixtureRequest) -> Iterator[Any]:
    needs("tensorflow", KERAS[request.param])
    module = importlib.import_module(KERAS[request.param])
    yield module
    module.backend.clear_session()


def shaken(model: Any) -> Any:
    """The model with random normalisation, by which any two arrays can be told apart."""
    dice = random.Random(7)
    for layer in model._flatten_layers():
        for name in ("gamma", "beta", "moving_mean", "moving_variance"):
            if (variable := vars(layer).get(name)) is not None and len(variable.shape) == 1:
                variable.assign([dice.random() for _ in range(variable.shape[0])])
    return model


def read(model: Any) -> ModelGraph:
    graph = live.graph(model)
    verify(graph)
    return graph


def truth(model: Any) -> dict[str, list[float]]:
    """The moving variances as Keras gives them, by the names of the layers."""
    return {layer.name: layer.moving_variance.numpy().tolist() for layer in model._flatten_layers() if hasattr(layer, "moving_variance")}


@pytest.mark.parametrize("build", models.MODELS, ids=lambda build: build.__name__)
def test_live_saved_and_reloaded_are_the_same(keras: Any, build: Callable[[Any], Any], tmp_path: Path) -> None:
    model = shaken(build(keras))
    path = tmp_path / "model.keras"
    model.save(path)
    graph, file, again = read(model), saved.read(str(path)), read(keras.models.load_model(path))
    assert any(call.layer.role == "batchnorm" for call in graph.calls)
    assert form(graph) == form(again)
    assert arrays(graph) == arrays(again)
    assert form(graph) == form(file)
    if file.artifact is not None and file.artifact.weights:
        assert arrays(graph) == arrays(file)


@pytest.mark.parametrize("name", [name if name in CHEAP else pytest.param(name, marks=pytest.mark.slow) for name in ALL])
def test_families_are_the_same_in_memory_and_in_a_file(keras: Any, name: str, tmp_path: Path) -> None:
    builder = getattr(keras.applications, name, None)
    if builder is None:
        pytest.skip(f"{name} is not in {keras.__name__}")
    model = shaken(builder(weights=None, input_shape=SHAPE, classes=10))
    path = tmp_path / "model.keras"
    model.save(path)
    graph, file = read(model), saved.read(str(path))
    assert form(graph) == form(file)
    assert {key: list(held["moving_variance"]) for key, held in arrays(graph).items()} == truth(model)
    if file.artifact is not None and file.artifact.weights:
        assert arrays(graph) == arrays(file)


def test_weights_are_those_of_the_layer(keras: Any) -> None:
    model = models.nested(keras)
    inner = model.get_layer("inner").get_layer("norm")
    inner.moving_mean.assign([float("nan"), float("inf"), *range(6)])
    graph = read(model)
    held = {call.layer.origin.key: call.layer for call in graph.calls if call.layer.role == "batchnorm"}
    assert held["inner/norm"].weights["moving_mean"].nonfinite == 2
    assert held["inner/norm"].weights["moving_mean"].max == 5
    assert {*held["twice/norm"].weights} == {"gamma", "moving_mean", "moving_variance"}
    assert held["steps"].inner is not None
    assert {*held["steps"].inner.weights} == {"beta", "moving_mean", "moving_variance"}


def test_what_is_frozen_now_is_frozen(keras: Any) -> None:
    model = models.residual(keras)
    assert [call.layer.trainable for call in read(model).calls if call.layer.role == "batchnorm"] == [True, True]
    model.get_layer("norm").trainable = False
    assert [call.layer.trainable for call in read(model).calls if call.layer.role == "batchnorm"] == [False, False]
    model.trainable = False
    assert [call.layer.trainable for call in read(model).calls if call.layer.kind == "Conv2D"] == [False]


def test_what_has_no_configuration_is_opaque_and_its_layers_are_seen(keras: Any) -> None:
    model = models.closure(keras)
    with pytest.raises((NotImplementedError, TypeError, ValueError)):
        model.get_config()
    graph = read(model)
    by_key = {call.layer.origin.key: call for call in graph.calls}
    assert (by_key["block"].layer.kind, by_key["block"].layer.role) == ("Block", "unknown")
    (inside,) = by_key["norm"].inputs
    assert inside is by_key["block"]
    assert (by_key["norm"].layer.kind, by_key["norm"].layer.subclass) == ("BatchNormalization", "Norm")
    assert by_key["norm"].layer.config["momentum"] == 0.99
    for key in ("block/norm", "block/more"):
        assert {*by_key[key].layer.weights} == {"gamma", "beta", "moving_mean", "moving_variance"}
        assert [source.layer.role for source in by_key[key].inputs] == ["unknown"]
        assert isinstance(by_key[key].training, Unknown)
    assert [tensor.layer.name for tensor in graph.outputs] == ["norm"]
    assert graph.artifact is not None
    assert graph.artifact.batchnorms == 3
    assert graph.artifact.notes[0].startswith("Keras does not record what calls 3 of these layers")


def test_a_subclassed_model_shows_its_layers_and_the_models_in_it(keras: Any) -> None:
    model = models.classes(keras)["Encoder"]()
    graph = read(model)
    by_key = {call.layer.origin.key: call for call in graph.calls}
    assert graph.kind == "subclass"
    assert graph.outputs == ()
    assert by_key["own"].layer.config["momentum"] == 0.7
    assert {"block/norm", "block/more", "own", "backbone/norm"} >= {"block/norm"}
    assert [source.layer.kind for source in by_key["residual/norm"].inputs] == ["BatchNormalization"]
    assert by_key["residual/norm"].layer.weights
    assert not by_key["own"].layer.weights
    fed = {id(source) for call in graph.calls for source in call.inputs}
    ends = [call.layer.role for call in graph.calls if id(call) not in fed]
    assert {*ends} == {"unknown"}, "nothing of it looks like an output"


def test_a_functional_model_in_a_class_of_its_own_is_read_whole(keras: Any) -> None:
    model = models.residual(keras)
    own = models.classes(keras)["Recorded"](model.inputs, model.outputs, name="residual")
    assert form(read(own)) == form(read(model))


def test_another_call_than_that_of_keras_is_not_taken_for_the_recorded_one(keras: Any) -> None:
    class Other(keras.Sequential):  # type: ignore[misc,name-defined]
        def call(self, x: Any, training: Any = None) -> Any:
            return x

    graph = read(Other([keras.Input((4,)), keras.layers.BatchNormalization(name="norm")], name="other"))
    assert graph.kind == "subclass"
    assert [source.layer.role for call in graph.calls if call.layer.name == "norm" for source in call.inputs] == ["unknown"]


@pytest.mark.parametrize("build", [*models.MODELS, models.closure, lambda keras: models.classes(keras)["Encoder"]()])
def test_the_model_stays_as_it_is(keras: Any, build: Callable[[Any], Any]) -> None:
    model = build(keras)
    before = state(model)
    live.graph(model)
    assert state(model) == before


def state(model: Any) -> list[Any]:
    """All that looking at a model might change."""
    layers = list(model._flatten_layers(include_self=False))
    told = [model.built, getattr(model, "compiled", None), getattr(model, "_is_graph_network", None)]
    told += [(id(layer), layer.name, layer.built, layer.trainable, len(layer._inbound_nodes)) for layer in layers]
    told += [(id(variable), variable.numpy().tobytes()) for layer in layers for variable in layer.variables]
    told.append(sorted(vars(model)))
    try:
        told.append(json.dumps(model.get_config(), default=str))
    except (NotImplementedError, TypeError, ValueError):
        told.append("none")
    return told
