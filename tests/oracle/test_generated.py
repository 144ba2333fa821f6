"""On seeded random programs, bnlint's graph is the one that Keras builds, up to the names of its nodes."""

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import needs
from tests.oracle.families import KERAS
from tests.oracle.generated import generate
from tests.oracle.generated_compare import disagreement
from tests.oracle.generated_run import save

pytestmark = pytest.mark.keras

FAST = 12
"""Seeds that are tried each time, for each Keras."""


@pytest.fixture(params=[3, 2], ids=["keras-3", "keras-2"])
def major(request: pytest.FixtureRequest) -> Iterator[int]:
    needs("tensorflow", KERAS[request.param])
    yield int(request.param)
    importlib.import_module(KERAS[request.param]).backend.clear_session()


@pytest.mark.parametrize("seed", [*range(FAST), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(FAST, 400))])
def test_bnlint_reads_what_keras_builds(major: int, seed: int, tmp_path: Path) -> None:
    program = generate(seed, major)
    save(program, tmp_path)
    paths = [program.main] if seed % 2 else [*program.files]  # the others are found where the imports lead
    different = disagreement(program, tmp_path, major, paths)
    assert different is None, different
