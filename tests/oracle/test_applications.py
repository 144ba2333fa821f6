"""bnlint reads keras.applications as Keras builds it."""

import pytest

from tests.conftest import needs
from tests.oracle.table import tabulate

pytestmark = pytest.mark.keras


@pytest.mark.parametrize("major", [3, 2])
def test_bnlint_reads_what_keras_builds(major: int, capsys: pytest.CaptureFixture[str]) -> None:
    needs("tensorflow", "keras" if major == 3 else "tf_keras")
    table = tabulate(major)
    with capsys.disabled():
        print(f"\n{table}")
    assert len(table.families) >= 12
    assert table.exact_share >= 0.80
