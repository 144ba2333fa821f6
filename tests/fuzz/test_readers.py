"""Whatever bytes stand in a file of whatever format, it is read, or a line says why not. `tests.fuzz.guided` tries the same for longer."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bnlint.saved import process
from tests.conftest import needs
from tests.fuzz.readers import READERS
from tests.saved.mutate import mutate
from tests.saved.small import HDF5

GATE, SLOW, BATCH = 500, 5_000, 250
"""Mutants of each format."""
NIGHT = 100_000
"""Mutants of all formats together, none of them among the others."""
SECONDS = 10
"""Of the processor, for one file of a few kilobytes."""
TEXTS = ("source", "notebook", "config", "answers", "settings", "baseline", "pins")
"""Formats of text: of every second mutant the bytes that are no UTF-8 are left out, of which all readers would speak first."""
WHATEVER = ("answers", "values", "index", "pins", "source")
"""Formats of which most damage is told by nobody: it is in numbers, or in what is left out."""


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Some of the files make the HDF5 library go round in circles, until its time is over."""
    monkeypatch.setattr(process, "PROCESSOR", 1)
    yield
    process.close()


def damage(name: str, seeds: range, folder: Path) -> str:
    """Read so many damaged files. What came of them, in a line."""
    if name in HDF5:
        needs("h5py")
    reader = READERS[name]
    whole = reader.seeds(folder)
    refused = crashed = 0
    for seed in seeds:
        dice = random.Random(f"{name} {seed}")
        data = mutate(dice.choice(whole), dice)
        if name in TEXTS and seed % 2:
            data = data.decode("utf-8", "ignore").encode()
        began = time.process_time()
        try:
            said = reader.read(data, folder)
            assert time.process_time() - began < SECONDS
            assert "Errno 24" not in said, "the process that reads HDF5 files would have opened another one"
        except BaseException as error:
            error.add_note(f"seed {seed} of {name}: {data!r}")
            raise
        refused += bool(said)
        crashed += "library crashed" in said or "seconds" in said
    read = len(seeds) - refused
    assert read, "the damage is too large to try anything"
    assert refused > len(seeds) / 20 or name in WHATEVER, "the damage is too small to try anything"
    assert crashed < len(seeds) / 20
    return f"{len(seeds)} mutants of {name}: {read} read, {refused} refused; the library crashed or hung on {crashed}"


@pytest.mark.parametrize("name", READERS)
def test_what_is_whole_is_read(name: str, tmp_path: Path) -> None:
    if name in HDF5:
        needs("h5py")
    for data in READERS[name].seeds(tmp_path)[:20]:
        assert READERS[name].read(data, tmp_path) == ""


@pytest.mark.parametrize("start", range(0, GATE, BATCH))
@pytest.mark.parametrize("name", READERS)
def test_damage_is_told_in_a_line(name: str, start: int, tmp_path: Path) -> None:
    damage(name, range(start, start + BATCH), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_much_damage_is_told_in_a_line(name: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    record_property("table", damage(name, range(GATE, GATE + SLOW), tmp_path))


@pytest.mark.nightly
@pytest.mark.parametrize("name", READERS)
def test_a_night_of_damage_is_told_in_lines(name: str, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    each = -(-NIGHT // len(READERS))
    record_property("table", damage(name, range(GATE + SLOW, GATE + SLOW + each), tmp_path))
