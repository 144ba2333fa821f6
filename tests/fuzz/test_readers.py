"""Whatever bytes stand in a file, a reader reads them, or says in a line why not. `tests.fuzz.guided` tries the same for longer."""

import random
from pathlib import Path

import pytest

from tests.fuzz.readers import READERS
from tests.saved.mutate import mutate

GATE, ALL = 60, 3000


def damage(name: str, seeds: range, folder: Path) -> None:
    """Read so many damaged files."""
    reader = READERS[name]
    whole = reader.seeds(folder)
    for seed in seeds:
        dice = random.Random(f"{name} {seed}")
        data = mutate(dice.choice(whole), dice)
        try:
            reader.read(data, folder)
        except BaseException as error:
            error.add_note(f"seed {seed} of {name}: {data!r}")
            raise


@pytest.mark.parametrize("name", READERS)
def test_what_is_whole_is_read(name: str, tmp_path: Path) -> None:
    for data in READERS[name].seeds(tmp_path)[:20]:
        READERS[name].read(data, tmp_path)


@pytest.mark.parametrize("name", READERS)
def test_damage_is_told_in_a_line(name: str, tmp_path: Path) -> None:
    damage(name, range(GATE), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_much_damage_is_told_in_a_line(name: str, tmp_path: Path) -> None:
    damage(name, range(GATE, GATE + ALL), tmp_path)
