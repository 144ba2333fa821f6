"""Edge cases of the rules: on each file of fixtures/checks/<CODE>/ exactly the lines that end in `# <CODE>` are flagged."""

import re
from pathlib import Path

import pytest

from bnlint.api import lint_source
from tests.test_pages import settings

FOLDER = Path(__file__).parent.parent / "fixtures" / "checks"
FILES = sorted(path for path in FOLDER.glob("*/*") if path.suffix in (".py", ".ipynb"))
SETTINGS = re.compile(r"# settings: (.*)")
"""On the first line of a file, as on the fences of a page: `# settings: placement=after target-keras=2`."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_exactly_the_marked_lines_are_flagged(path: Path) -> None:
    source, code = path.read_text(encoding="utf-8"), path.parent.name
    marks = re.compile(rf"# (?:BN\d{{3}} )*{code}\b")
    expected = [line for line, text in enumerate(source.split("\n"), 1) if marks.search(text)]
    first = SETTINGS.fullmatch(source.partition("\n")[0].strip())
    asked = settings(code, first.group(1).split() if first else [])
    found = lint_source(source, path=path.name, isolated=True, select=["ALL", code], **asked)
    lines = {finding.span.line for finding in found if finding.code == code and finding.span is not None}
    assert sorted(lines) == expected


def test_there_are_fixtures() -> None:
    assert FILES
