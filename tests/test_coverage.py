"""How much of the BatchNormalization of a program is said to be understood, and why not more."""

from bnlint import source
from bnlint.graph import dump
from bnlint.graph.coverage import NOT_APPLIED, NOT_REACHED, Coverage, Site, sites
from bnlint.graph.model import Span
from bnlint.text import load


def graded(program: str) -> list[tuple[int, str, tuple[str, ...]]]:
    project = source.analyse([load("m.py", f"import keras\nfrom elsewhere import mystery\nfrom keras import layers\n{program}".encode())])
    return [(site.span.line, site.grade, site.reasons) for site in sites(project.modules, project.models)]


def test_what_is_known_on_both_sides_is_understood() -> None:
    assert graded("m = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.BatchNormalization(), layers.ReLU()])\n") == [
        (4, "full", ())
    ]


def test_a_neighbour_that_is_not_known_leaves_a_part() -> None:
    behind = "def f(x):\n    x = layers.BatchNormalization()(x)\n    return mystery(x)\n"
    before = "def f(x):\n    return layers.BatchNormalization()(mystery(x))\n"
    given, reason = "the parameter `x` of f is not known", "`elsewhere.mystery` is not followed"
    assert graded(before) == [(5, "partly", (reason,))]
    assert graded(behind) == [(5, "partly", (given, reason))]


def test_what_is_never_applied_is_not_understood_unless_an_object_keeps_it() -> None:
    kept = "class A(keras.Model):\n    def __init__(self):\n        super().__init__()\n        self.bn = layers.BatchNormalization()\n"
    assert graded("bn = layers.BatchNormalization()\nd = layers.Dense(2)\n") == [(4, "not", (NOT_APPLIED,))]
    assert graded(kept) == [(7, "full", ())]
    assert graded(f"{kept}        mystery(self.bn)\n") == [(7, "not", (NOT_APPLIED,))]
    unreached = "class A:\n    def f(self):\n        return [layers.BatchNormalization() for row in () if row]\n"
    assert graded(unreached) == [(6, "not", (NOT_REACHED,))]


SITES = (
    Site(Span("a.py", 1, 2, 1, 9), "full"),
    Site(Span("a.py", 2, 3, 2, 9), "partly", ("a", "b")),
    Site(Span("b.ipynb", 3, 4, 3, 9, 5), "not", ("b",)),
)


def test_sites_are_counted_and_what_is_missing_most_often_is_first() -> None:
    found = Coverage(SITES)
    assert found.line() == "BatchNormalization: 1 of 3 places understood, 1 partly, 1 not (mostly: b)"
    assert Coverage(SITES[:1]).line() == ""
    first, second = {"path": "a.py", "line": 2, "column": 3}, {"path": "b.ipynb", "line": 3, "column": 4, "cell": 5}
    reasons = [{"reason": "b", "count": 2, "places": [first, second]}, {"reason": "a", "count": 1, "places": [first]}]
    assert found.as_data() == {"total": 3, "full": 1, "partly": 1, "not": 1, "reasons": reasons}


def test_gaps_are_written_with_their_places() -> None:
    assert dump.gaps_as_text(Coverage(SITES)).splitlines() == [
        "3 places build BatchNormalization",
        "     1  understood: all that feeds them and all that they feed is known",
        "     1  partly: some of that is known",
        "     1  not: no path that was followed applies them",
        "",
        "2 × b",
        "        a.py:2:3",
        "        b.ipynb:cell 5:3:4",
        "",
        "1 × a",
        "        a.py:2:3",
    ]
    assert dump.gaps_as_text(Coverage(SITES[:1])).startswith("1 place builds BatchNormalization\n")
