"""bnlint reads keras.applications as Keras builds it."""

from collections.abc import Callable

import pytest

from tests.conftest import needs
from tests.oracle.compare import Verdict
from tests.oracle.families import KERAS
from tests.oracle.table import of_applications

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("major", [3, 2])
def test_bnlint_reads_what_keras_builds(major: int, record_property: Callable[[str, object], None]) -> None:
    needs("tensorflow", KERAS[major])
    table = of_applications(major)
    record_property("table", "\n".join([str(table), *table.differences()]))
    assert len(table.parts) >= 12
    assert table.found_share >= 0.99
    assert table.share(Verdict.EXACT) >= 0.97
    assert table.share(Verdict.WRONG) == 0
