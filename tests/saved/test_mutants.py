"""Damaged files: whatever bytes change, a file is read or refused in a line."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bnlint import saved
from bnlint.graph.verify import verify
from bnlint.saved import Unreadable, process
from tests.conftest import needs
from tests.saved import samples
from tests.saved.mutate import mutate

needs("h5py")

SEEDS: dict[str, Callable[[Path], None]] = {
    "x.h5": lambda path: samples.write_layers(path, samples.old_config()),
    "x.keras": samples.write_archive,
    "x.weights.h5": samples.write_store,
}
GATE, ALL, BATCH = 500, 5000, 250
NIGHT, PART = 100_000, 10_000


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Some of the files make the library go round in circles, until its time is over."""
    monkeypatch.setattr(process, "PROCESSOR", 1)
    yield
    process.close()


def read_all(name: str, start: int, stop: int, folder: Path) -> tuple[int, int]:
    """How many of the mutants were read, and how many made the library crash or go round in circles; the others were refused."""
    path = folder / name
    SEEDS[name](path)
    data, sound, crashed = path.read_bytes(), 0, 0
    for seed in range(start, stop):
        path.write_bytes(mutate(data, random.Random(f"{name} {seed}")))
        try:
            graph = saved.read(str(path))
        except Unreadable as error:
            message = str(error)
            assert message
            assert "\n" not in message, seed
            assert "Errno 24" not in message, (seed, "the worker would have opened a file")
            crashed += "crashed" in message or "seconds" in message
        except BaseException as error:
            error.add_note(f"mutant {seed} of {name}")
            raise
        else:
            verify(graph)
            sound += 1
    return sound, crashed


@pytest.mark.parametrize("name", SEEDS)
@pytest.mark.parametrize("start", range(0, GATE, BATCH))
def test_damaged_files_are_read_or_refused(name: str, start: int, tmp_path: Path) -> None:
    sound, crashed = read_all(name, start, start + BATCH, tmp_path)
    assert BATCH / 20 < sound < BATCH - BATCH / 20  # the damage is neither too small nor too large to try anything
    assert crashed < BATCH / 20


@pytest.mark.slow
@pytest.mark.parametrize("name", SEEDS)
def test_many_damaged_files_are_read_or_refused(name: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    sound, crashed = read_all(name, GATE, GATE + ALL, tmp_path)
    record_property(
        "table", f"{ALL} mutants of {name}: {sound} read, {ALL - sound} refused, the library crashed or hung on {crashed} of them"
    )
    assert sound < ALL


@pytest.mark.nightly
@pytest.mark.parametrize("start", range(GATE + ALL, NIGHT, PART))
@pytest.mark.parametrize("name", SEEDS)
def test_a_hundred_thousand_damaged_files_are_read_or_refused(
    name: str, start: int, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    stop = min(start + PART, NIGHT)
    sound, crashed = read_all(name, start, stop, tmp_path)
    record_property("table", f"mutants {start} to {stop} of {name}: {sound} read, the library crashed or hung on {crashed}")
    assert 0 < sound < stop - start
