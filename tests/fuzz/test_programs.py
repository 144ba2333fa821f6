"""Programs that nobody wrote are linted and fixed without a crash, and all that is promised of fixes is kept."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as with_seed
from hypothesis import strategies as st

from bnlint.text import load
from tests.conftest import needs
from tests.fuzz import layouts, notebooks, programs
from tests.fuzz.promises import SETTINGS, codes, fix, hold, run, sought

needs("hypothesmith", "libcst")
import hypothesmith  # noqa: E402
import libcst  # noqa: E402

GATE, ALL, BATCH = 40, 6000, 20
SMITHED, SMITHED_SLOWLY = 30, 1500


def batches(count: int, most: int) -> list[object]:
    """Seeds, some at a time: the first in the gate."""
    rest = (pytest.param(start, marks=pytest.mark.slow) for start in range(count, most, BATCH))
    return [*range(0, count, BATCH), *rest]


@contextmanager
def shown(seed: object, text: str) -> Iterator[None]:
    """Show the program in which something failed."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"program {seed}:\n{text}")
        raise


@pytest.mark.parametrize("start", batches(GATE, ALL))
def test_a_program_keeps_the_promises_in_any_layout(start: int) -> None:
    for seed in range(start, start + BATCH):
        text, held_to = programs.program(seed), SETTINGS[seed % len(SETTINGS)]
        other = layouts.layout(seed, text)
        with shown(seed, other):
            data = other.encode()
            found, after = hold(data, **held_to)
            plain = run(text.encode(), **held_to)
            assert sought(codes(found), text.encode()) == sought(codes(plain), data)  # a rule's words may stand on several lines now
            name, write = layouts.ENCODINGS[seed % len(layouts.ENCODINGS)]
            assert fix(write(other), **held_to) == write(after.decode()), name


@pytest.mark.parametrize("start", batches(GATE, ALL))
def test_a_notebook_keeps_the_promises(start: int) -> None:
    for seed in range(start, start + BATCH):
        text = programs.program(seed)
        data = notebooks.notebook(seed, text)
        with shown(seed, data.decode("utf-8")):
            _, after = hold(data, "program.ipynb", **SETTINGS[seed % len(SETTINGS)])
            assert outside(data) == outside(after)


def outside(data: bytes) -> list[bytes]:
    """A notebook without its code."""
    pieces, position = [], 0
    for strings in load("program.ipynb", data).sources:
        pieces.append(data[position : strings[0][0]])
        position = strings[-1][1]
    return [*pieces, data[position:]]


# All of Python's grammar


def smithed(*, slow: bool) -> Callable[[Callable[[str, int], None]], Callable[[], None]]:
    """Programs of the grammar alone, which hold no models, and seeds of programs that do."""
    kinds = [hypothesmith.from_grammar(auto_target=False)]
    if slow:
        kinds += [hypothesmith.from_node(node, auto_target=False) for node in (libcst.FunctionDef, libcst.ClassDef, libcst.Module)]
    often = settings(
        max_examples=SMITHED_SLOWLY if slow else SMITHED,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: with_seed(1)(often(given(st.one_of(kinds), st.integers(0, 100_000))(test)))


def mixes_hold(strange: str, seed: int) -> None:
    """A program of the grammar alone, and before, behind and in one that builds models."""
    text = programs.program(seed)
    for mixed in (strange, f"{strange}\n{text}", f"{text}\n{strange}", programs.inserted(random.Random(seed), strange, text)):
        if programs.parses(mixed):
            with shown(seed, mixed):
                hold(mixed.encode("utf-8", "surrogatepass"), **SETTINGS[seed % len(SETTINGS)])


@smithed(slow=False)
def test_what_the_grammar_allows_is_read_and_kept(strange: str, seed: int) -> None:
    mixes_hold(strange, seed)


@pytest.mark.slow
@smithed(slow=True)
def test_much_that_the_grammar_allows_is_read_and_kept(strange: str, seed: int) -> None:
    mixes_hold(strange, seed)
