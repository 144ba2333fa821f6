"""One server serves most tests: each opens files of its own."""

from collections.abc import Iterator

import pytest

from tests.conftest import needs

needs("pygls", "lsprotocol")

from tests.server.editor import Editor  # noqa: E402


@pytest.fixture(scope="session")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editor]:
    made = Editor(tmp_path_factory.mktemp("workspace"))
    yield made
    assert made.quit() == 0
