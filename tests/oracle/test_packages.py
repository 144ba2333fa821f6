"""bnlint reads packages from PyPI as Keras builds them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import needs
from tests.oracle import packages
from tests.oracle.compare import Verdict
from tests.oracle.table import as_markdown, of_packages


@pytest.mark.slow
@pytest.mark.keras
def test_bnlint_reads_what_packages_build(record_property: Callable[[str, object], None]) -> None:
    needs("tensorflow", "keras", "tf_keras")
    try:
        table = of_packages(packages.table())
    except packages.Unreachable as error:
        pytest.fail(str(error), pytrace=False)
    record_property("table", "\n".join([str(table), *table.differences()]))
    assert len(table.parts) >= 12
    assert not table.notes
    assert as_markdown([table]).splitlines()[-1] in (packages.ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert table.found_share >= 0.99
    assert table.share(Verdict.EXACT, Verdict.COVERS) >= 0.95
    assert table.share(Verdict.EXACT) >= 0.88
    assert table.share(Verdict.WRONG) <= 0.01


def test_every_package_is_pinned_and_builds_something() -> None:
    for package in packages.table().values():
        assert all(requirement.count("==") == 1 for requirement in (package.requirement, *package.requires)), package
        assert package.keras in (2, 3), package
        assert package.builders, package
        assert all(":" in builder for builder in package.builders), package


def test_the_calls_are_written_as_programs(tmp_path: Path) -> None:
    package = packages.Package("p==1", 3, "p", ("p.models: Net([Spec(n) for n in 'ab'], **modules)(Input((8,)))", "p: tf.zeros(len('ab'))"))
    first, second = packages.written(package, tmp_path)
    assert first.read_text() == (
        "from keras import Input\n"
        "import keras\nmodules = {name: getattr(keras, name) for name in ('backend', 'layers', 'models', 'utils')}\n"
        "from p.models import Net, Spec\n\n"
        "Net([Spec(n) for n in 'ab'], **modules)(Input((8,)))\n"
    )
    assert second.read_text() == "import tensorflow as tf\n\ntf.zeros(len('ab'))\n"


def test_no_network_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("BNLINT_ORACLE_CACHE", str(tmp_path))
    for name, value in {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null", "PIP_FIND_LINKS": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(packages.Unreachable, match=r"^pip cannot install keras-unet==0\.1\.2: ERROR: .*$") as caught:
        packages.install("keras-unet==0.1.2")
    assert "\n" not in str(caught.value)
