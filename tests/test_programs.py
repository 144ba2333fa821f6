"""Programs as people write them: exactly what is marked is found, and fixing all of it leaves a whole program.

A line on which findings start ends in their codes (`# BN101 BN103`; a code twice for two findings). The first lines of a program may
hold `# settings: placement=after target-keras=2` and `# xfail: why bnlint is wrong here`.
"""

import ast
import io
import json
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bnlint.api import fix_source, lint_source
from bnlint.findings import Finding, RemoveApplication, Safety
from bnlint.fixed import Fixed
from tests.conftest import needs

FOLDER = Path(__file__).parent.parent / "fixtures" / "programs"
FILES = sorted(path for path in FOLDER.glob("*/*") if path.suffix in (".py", ".ipynb"))
MARKS = re.compile(r"# (BN\d{3}(?: BN\d{3})*)$")
HEADER = re.compile(r"# (settings|xfail): (.*)")


def cells(path: Path, source: str) -> Iterator[tuple[int | None, str]]:
    """The number and text of each code cell; of a script, None and all of it."""
    if path.suffix == ".py":
        yield None, source
        return
    for number, cell in enumerate(json.loads(source)["cells"], 1):
        if cell["cell_type"] == "code":
            yield number, "".join(cell["source"])


@cache
def program(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def header(path: Path) -> dict[str, str]:
    """What the comments that a program starts with say."""
    _, first = next(cells(path, program(path)))
    lines = first.split("\n")[:3]
    return {found[1]: found[2] for line in lines if (found := HEADER.fullmatch(line))}


def settings(path: Path) -> dict[str, Any]:
    pairs = [word.partition("=") for word in header(path).get("settings", "").split()]
    asked = {key.replace("-", "_"): int(value) if key == "min-batch" else value for key, _, value in pairs}
    return {"path": path.name, "isolated": True, "target_keras": "3", **asked}


def marked(path: Path) -> list[tuple[int, int, str]]:
    """Cell (0 in a script), line and code of each mark."""
    found = []
    for cell, text in cells(path, program(path)):
        for line, code in enumerate(text.split("\n"), 1):
            found += [(cell or 0, line, each) for marks in MARKS.findall(code) for each in marks.split()]
    return sorted(found)


@cache
def findings(path: Path) -> tuple[Finding, ...]:
    return lint_source(program(path), **settings(path))


@cache
def fixed(path: Path) -> Fixed[str]:
    return fix_source(program(path), unsafe=True, **settings(path))


def place(finding: Finding) -> tuple[int, int, str]:
    assert finding.span is not None, finding
    return finding.span.cell or 0, finding.span.line, finding.code


def comments(path: Path, source: str) -> Counter[str]:
    if path.suffix == ".py":
        return Counter(token.string for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type == tokenize.COMMENT)
    return Counter(comment for _, text in cells(path, source) for comment in re.findall(r"#.*$", text, re.MULTILINE))


def removed(path: Path) -> Counter[str]:
    """The comments that trail the layers that a fix takes out: they go, too."""
    lines = {cell: text.split("\n") for cell, text in cells(path, program(path))}
    fixes = [finding.fix for finding in fixed(path).fixed if finding.fix]
    edits = [(fix, edit) for fix in fixes for edit in fix.edits if isinstance(edit, RemoveApplication)]
    spans = {edit.application.at for _, edit in edits} | {layer.origin.span for fix, _ in edits for layer in fix.touches}
    return Counter("#" + lines[span.cell][span.end_line - 1].partition("#")[2] for span in spans if span is not None)


def remaining(found: tuple[Finding, ...]) -> Counter[str]:
    """The codes that can no longer be fixed, and how often."""
    return Counter(finding.code for finding in found if finding.fix is None or finding.fix.safety is Safety.DISPLAY)


def labelled() -> Iterator[Any]:
    for path in FILES:
        wrong = header(path).get("xfail")
        marks = [pytest.mark.xfail(reason=wrong, strict=True)] if wrong else []
        yield pytest.param(path, marks=marks, id=name(path))


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", list(labelled()))
def test_exactly_what_is_marked_is_found(path: Path) -> None:
    assert sorted(place(finding) for finding in findings(path)) == marked(path)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_fixed_program_parses(path: Path) -> None:
    if "BN001" in {finding.code for finding in findings(path)}:
        assert fixed(path).source == program(path)
        return
    if path.suffix == ".py":
        ast.parse(fixed(path).source)
    else:
        before, after = json.loads(program(path)), json.loads(fixed(path).source)
        for cell in (*before["cells"], *after["cells"]):
            del cell["source"]
        assert before == after
    assert "BN001" not in {finding.code for finding in fixed(path).findings}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_fixing_again_changes_nothing(path: Path) -> None:
    again = fix_source(fixed(path).source, unsafe=True, **settings(path))
    assert again.source == fixed(path).source
    assert not again.fixed


@pytest.mark.parametrize("path", FILES, ids=name)
def test_comments_survive_fixing(path: Path) -> None:
    lost = comments(path, program(path)) - comments(path, fixed(path).source)
    assert not lost - removed(path)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_what_was_fixed_is_gone_and_nothing_worse_has_come(path: Path) -> None:
    before, after = findings(path), fixed(path).findings
    codes = Counter(finding.code for finding in after)
    for code in {finding.code for finding in fixed(path).fixed}:
        assert codes[code] <= remaining(before)[code], code
    assert {finding.code for finding in after} <= {finding.code for finding in before}


def test_fixed_programs_use_no_name_that_is_not_bound(tmp_path: Path) -> None:
    needs("ruff")
    for path in FILES:
        for stage, source in (("before", program(path)), ("after", fixed(path).source)):
            target = tmp_path / stage / path.parent.name / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source, encoding="utf-8")
    before, after = (unbound(tmp_path / stage) for stage in ("before", "after"))
    assert after <= before


def unbound(folder: Path) -> set[tuple[str, str]]:
    """The files of a folder and the names that they use without binding them."""
    options = ("--isolated", "--no-cache", "--exit-zero", "--select=F821", "--output-format=json")
    done = subprocess.run([sys.executable, "-m", "ruff", "check", *options, "."], cwd=folder, capture_output=True, text=True, check=True)
    return {(str(Path(each["filename"]).relative_to(folder)), each["message"]) for each in json.loads(done.stdout)}


def test_there_are_programs() -> None:
    assert len(FILES) >= 70
