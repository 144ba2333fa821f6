"""bnlint reads keras.applications as Keras builds it."""

from collections.abc import Callable

import pytest

from tests.conftest import needs
from tests.oracle.compare import Verdict
from tests.oracle.families import KERAS
from tests.oracle.table import tabulate

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("major", [3, 2])
def test_bnlint_reads_what_keras_builds(major: int, record_property: Callable[[str, object], None]) -> None:
    needs("tensorflow", KERAS[major])
    table = tabulate(major)
    record_property("table", str(table))
    assert len(table.families) >= 12
    assert table.exact_share >= 0.95
    assert not {Verdict.WRONG, Verdict.MISSING} & set(table.verdicts.values()), str(table)
