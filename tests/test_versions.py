"""Ranges of versions of Keras."""

import pytest

from bnlint import catalogue
from bnlint.graph.model import NEWEST, KerasTarget
from bnlint.versions import parse, within


@pytest.mark.parametrize(
    ("target", "limits", "inside"),
    [
        (KerasTarget(3), ">=3.0,<3.16", True),
        (KerasTarget(3, 15), ">=3.0,<3.16", True),
        (KerasTarget(3, 16), ">=3.0,<3.16", False),
        (KerasTarget(3, 0), ">=3.0,<3.16", True),
        (KerasTarget(2), ">=3.0", False),
        (KerasTarget(2), "<3.0", True),
        (KerasTarget(1), "<3.16", True),
        (KerasTarget(3, 9), ">3.9", False),
        (KerasTarget(3, 9), "<=3.9", True),
        (KerasTarget(3, 10), "==3.10", True),
        (KerasTarget(2), "", True),
    ],
    ids=str,
)
def test_a_target_lies_in_a_range_or_not(target: KerasTarget, limits: str, inside: bool) -> None:
    assert within(target.version, limits) is inside


@pytest.mark.parametrize("limits", ["3.0", ">=3", "~=3.0", ">=3.0,", ">=3.0 <3.16"])
def test_what_is_no_range_is_refused(limits: str) -> None:
    with pytest.raises(ValueError, match="is no range of versions"):
        parse(limits)


def test_the_ranges_on_the_pages_begin_and_end_where_bnlint_was_tested() -> None:
    """A range may end right behind the newest Keras that was tested; nobody knows more."""
    for code in catalogue.rules():
        for case in catalogue.page(code).cases.values():
            assert all(version <= (NEWEST[0], NEWEST[1] + 1) for _, version in parse(case.keras)), code
