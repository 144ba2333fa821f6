"""The summary of a weight array."""

from array import array
from math import inf, isnan, nan

import pytest

from bnlint.graph.model import WeightStats


@pytest.mark.parametrize("kind", [list, lambda values: array("d", values)], ids=["list", "array"])
def test_the_summary_is_that_of_the_finite_values(kind: object) -> None:
    assert callable(kind)
    stats = WeightStats.of(kind([1.0, 2.0, 6.0]))
    assert (stats.shape, stats.min, stats.max, stats.mean, stats.nonfinite) == ((3,), 1.0, 6.0, 3.0, 0)
    stats = WeightStats.of(kind([1.0, nan, 3.0, inf, -inf]))
    assert (stats.shape, stats.min, stats.max, stats.mean, stats.nonfinite) == ((5,), 1.0, 3.0, 2.0, 3)


def test_nothing_finite_has_no_summary() -> None:
    for values in ([], [nan, inf]):
        stats = WeightStats.of(values)
        assert all(isnan(each) for each in (stats.min, stats.max, stats.mean))
        assert stats.nonfinite == len(values)


def test_values_whose_sum_is_no_float_have_one() -> None:
    stats = WeightStats.of([1.5e308, 1.5e308])
    assert (stats.min, stats.max, stats.mean, stats.nonfinite) == (1.5e308, 1.5e308, 1.5e308, 0)
