"""What bnlint reads of a config is the model that Keras has: keras.applications of both Kerases, and seeded random programs."""

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bnlint import saved, text
from bnlint.graph.model import ModelGraph
from bnlint.graph.verify import verify
from bnlint.saved.config import read_config
from bnlint.source import analyse
from tests.conftest import needs
from tests.oracle.families import FAMILIES, KERAS, Family, builder
from tests.oracle.generated import Program, generate
from tests.oracle.generated_run import Modules, save
from tests.saved.compare import between, from_keras

pytestmark = pytest.mark.keras

MODELS = [pytest.param(family, major, id=f"{family.name}-{major}") for family in FAMILIES for major in family.majors]
FAST = 30
"""Seeds that are tried each time, for each Keras."""


@pytest.fixture
def keras(request: pytest.FixtureRequest) -> Iterator[Any]:
    major = request.getfixturevalue("major")
    needs("tensorflow", KERAS[major])
    module = importlib.import_module(KERAS[major])
    yield module
    module.backend.clear_session()


def as_saved(model: Any) -> ModelGraph:
    """The graph of a model's `to_json()`."""
    graph = read_config(json.loads(model.to_json()), "model.json", "model JSON").finish()
    verify(graph)
    return graph


def test_there_are_enough_models() -> None:
    assert len(MODELS) >= 25


@pytest.mark.parametrize(("family", "major"), MODELS)
def test_the_config_of_an_application_is_the_model(keras: Any, family: Family, major: int) -> None:
    model = builder(family, major)()
    graph = as_saved(model)
    different = from_keras(graph, model)
    assert different is None, different
    assert not graph.gaps
    norms = [layer for layer in model.layers if "BatchNormalization" in type(layer).__name__]
    assert graph.artifact is not None
    assert (graph.artifact.layers, graph.artifact.batchnorms) == (len(model.layers) - _operations(model), len(norms))


def _operations(model: Any) -> int:
    """Layers of Keras 2 that stand for functions."""
    return sum(type(layer).__name__ in ("TFOpLambda", "SlicingOpLambda") for layer in model.layers)


@pytest.mark.slow
@pytest.mark.parametrize(("family", "major"), MODELS)
def test_the_archive_of_an_application_is_the_model_that_keras_loads(keras: Any, family: Family, major: int, tmp_path: Path) -> None:
    path = str(tmp_path / "model.keras")
    builder(family, major)().save(path)
    graph = saved.read(path, weights=False)
    different = from_keras(graph, keras.models.load_model(path))
    assert different is None, different
    assert graph.artifact is not None
    assert graph.artifact.keras == keras.__version__


@pytest.mark.parametrize("major", [3, 2])
@pytest.mark.parametrize("seed", [*range(FAST), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(FAST, 400))])
def test_source_and_config_of_a_program_are_one_graph(keras: Any, major: int, seed: int, tmp_path: Path) -> None:
    program = generate(seed, major)
    save(program, tmp_path)
    model = _built(program, tmp_path, keras)
    if not _is_plain(model):
        pytest.skip("the config of a subclass does not say what it holds")
    said = as_saved(model)
    different = from_keras(said, model)
    assert different is None, f"{program}\n{different}"
    paths = [str(tmp_path / path) for path in program.files]
    found = analyse([text.load(path, Path(path).read_bytes()) for path in paths], str(tmp_path))
    differences = [between(graph, said) for graph in found.models]
    assert None in differences, "\n".join([str(program), *map(str, differences)])


def _built(program: Program, folder: Path, keras: Any) -> Any:
    plainly = importlib.import_module("tensorflow").autograph.experimental.do_not_convert
    module = plainly(Modules(folder, keras).find)(program.main.removesuffix(".py").replace("/", "."))
    model = plainly(eval)(program.root, vars(module))
    if type(model).__name__ == "Sequential" and not model.built:
        model.build((None, *program.shapes[0]))
    return model


def _is_plain(model: Any) -> bool:
    """Whether a model is a Functional or a Sequential of Keras's own layers."""
    if type(model).__name__ not in ("Functional", "Sequential"):
        return False
    return all(
        _is_plain(layer) if hasattr(layer, "layers") else type(layer).__module__.startswith(("keras.", "tf_keras."))
        for layer in model.layers
    )
