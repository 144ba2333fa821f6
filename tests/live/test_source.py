"""What the source says of a model is what the model in memory says, on programs that both can see through."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bnlint import live, text
from bnlint.graph.verify import verify
from bnlint.source import analyse
from tests.conftest import needs
from tests.live import models
from tests.oracle.families import KERAS
from tests.oracle.generated import generate
from tests.oracle.generated_run import Modules, save
from tests.oracle.same import unlike

pytestmark = pytest.mark.keras

FAST = 10
"""Seeds that are tried each time, for each Keras."""


@pytest.fixture(params=[3, 2], ids=["keras-3", "tf_keras"])
def major(request: pytest.FixtureRequest) -> Iterator[int]:
    needs("tensorflow", KERAS[request.param])
    yield int(request.param)
    importlib.import_module(KERAS[request.param]).backend.clear_session()


@pytest.mark.parametrize("seed", [*range(FAST), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(FAST, 200))])
def test_generated_programs(major: int, seed: int, tmp_path: Path) -> None:
    program = generate(seed, major)
    save(program, tmp_path)
    plainly = importlib.import_module("tensorflow").autograph.experimental.do_not_convert
    module = plainly(Modules(tmp_path, importlib.import_module(KERAS[major])).find)(program.main.removesuffix(".py").replace("/", "."))
    graph = live.graph(plainly(eval)(program.root, vars(module)))
    verify(graph)
    if any(call.layer.role == "unknown" for call in graph.calls):
        pytest.skip("a class of its own calls layers in it: Keras does not record how")
    found = analyse([text.load(str(tmp_path / program.main), (tmp_path / program.main).read_bytes())], str(tmp_path)).models
    differences = [unlike(graph, each) for each in found]
    assert None in differences, f"{program}\n{differences}"


BUILDERS = (models.plain, models.residual, models.nested, models.channels_first)


@pytest.mark.parametrize("build", BUILDERS, ids=lambda build: build.__name__)
def test_small_models(major: int, build: Callable[[Any], Any], tmp_path: Path) -> None:
    keras = importlib.import_module(KERAS[major])
    graph = live.graph(build(keras))
    lines = ["from typing import Any", f"import {KERAS[major]} as keras", inspect.getsource(build), f"model = {build.__name__}(keras)"]
    found = analyse([text.load(str(tmp_path / "model.py"), "\n".join(lines).encode())], str(tmp_path)).models
    differences = [unlike(graph, each) for each in found if each.name == graph.name or len(found) == 1]
    assert None in differences or None in [unlike(graph, each) for each in found], differences
