"""The mistakes of mutation testing: where they are made, what they are, and that a program makes them."""

import ast
from types import ModuleType

import pytest

from tests.mutation import AREAS, ROOT, all_of, chosen, graft, sites

SOURCE = '''
from typing import Literal
"""Documentation."""
Kind = Literal["a", "b"]
LIMIT = 3


class Box:
    @property
    def full(self) -> bool:
        """Whether it is."""
        return self.size > LIMIT

    def __init__(self, size: int = 1) -> None:
        self.size = size


def add(box: "Box", text: str) -> int:
    if not text or box.full:
        return 0
    return box.size + len(text)
'''


def mistakes() -> dict[str, tuple[str, ...]]:
    return {site.what: site.owner for site in sites(ast.parse(SOURCE))}


def test_mistakes_are_made_in_code_and_not_in_words_and_types() -> None:
    assert mistakes() == {
        "3 -> 4": ("LIMIT",),
        "1 -> 2": ("Box", "__init__"),
        "self.size > LIMIT -> self.size >= LIMIT": ("Box", "full"),
        "return self.size > LIMIT -> return None": ("Box", "full"),
        "not text or box.full -> not text and box.full": ("add",),
        "not text -> text": ("add",),
        "0 -> 1": ("add",),
        "return box.size + len(text) -> return None": ("add",),
        "box.size + len(text) -> box.size - len(text)": ("add",),
    }


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("3 -> 4", (3, 6, 7)),
        ("1 -> 2", (4, 6, 0)),
        ("self.size > LIMIT -> self.size >= LIMIT", (3, 0, 0)),
        ("return box.size + len(text) -> return None", (None, None, 0)),
        ("0 -> 1", (3, 6, 1)),
    ],
)
def test_a_module_makes_a_mistake_wherever_it_was_imported(what: str, expected: tuple[object, ...]) -> None:
    module = ModuleType("boxes")
    module.__file__ = "boxes.py"
    exec(SOURCE, module.__dict__)
    box, add = module.__dict__["Box"], module.__dict__["add"]

    def told() -> tuple[object, ...]:
        return add(box(), "ab"), add(box(3), "abc"), add(box(4), "abc")

    assert told() == (3, 6, 0)
    tree = ast.parse(SOURCE)
    site = next(each for each in sites(tree) if each.what == what)
    site.make()
    graft(module, tree, [site.owner])
    assert told() == expected


@pytest.mark.parametrize("area", AREAS)
def test_an_area_has_files_and_tests(area: str) -> None:
    assert len(all_of(area)) > AREAS[area].count
    assert all(list(ROOT.glob(pattern)) for pattern in AREAS[area].tests)
    assert chosen(area, 1) == chosen(area, 1) != chosen(area, 2)
