"""Pages and checks make rules; what is generated from them is up to date."""

import os
import runpy
import tomllib
from pathlib import Path

import pytest

from bnlint import catalogue

ROOT = Path(__file__).parent.parent

PAGE = """\
+++
fix = "unsafe"
changes = ["function"]
since = "0.1.0"
words = ["atchNorm"]
references = ["https://example.org"]
[options]
min_batch = 32
[notes]
bias = "the bias"
[cases.one]
severity = "warning"
message = "`{kind}` before {bn}"
help = "Move it"
[cases.two]
severity = { "2" = "off", "3" = "error" }
message = "worse"
+++
# A title

## What it does
Finds things
that are wrong.

More of it.

## Bad
```python
## What it does not
```
"""


def checkout(root: Path, pages: dict[str, str], checks: tuple[str, ...] = ()) -> Path:
    (root / "rules").mkdir()
    (root / "bnlint" / "checks").mkdir(parents=True)
    for name, text in pages.items():
        (root / "rules" / name).write_text(text, encoding="utf-8")
    for name in checks:
        (root / "bnlint" / "checks" / name).write_text("")
    return root


def test_code_and_name_come_from_the_file_name(tmp_path: Path) -> None:
    (tmp_path / "BN699-a-name.md").write_text(PAGE)
    page = catalogue.read_page(str(tmp_path / "BN699-a-name.md"))
    rule = page.rule
    assert (rule.code, rule.name, rule.title) == ("BN699", "a-name", "A title")
    assert rule.summary == "Finds things that are wrong."
    assert rule.severities == {"one": {"2": "warning", "3": "warning"}, "two": {"2": "off", "3": "error"}}
    assert rule.options == {"min_batch": 32}
    assert (rule.severity, rule.fix, rule.default, rule.unanimous) == ("error", "unsafe", True, False)
    assert rule.module == "bn699_a_name"
    assert rule.url == catalogue.URL + "BN699-a-name.md"
    assert page.cases["one"].help == "Move it"
    assert page.notes == {"bias": "the bias"}
    assert page.section("Bad") == "```python\n## What it does not\n```"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("+++\nfix", "fix"), "starts with TOML"),
        (('fix = "unsafe"', 'fix = "maybe"'), "fix = 'maybe'"),
        (('fix = "unsafe"', "fix = "), "Invalid value"),
        (('since = "0.1.0"', ""), "'since' is missing"),
        (("unsafe", 'unsafe"\ncolour = "red'), "unknown keys ['colour']"),
        (('words = ["atchNorm"]', 'words = [""]'), "words"),
        (('"warning"', '"fatal"'), "a severity is one of"),
        (('"2" = "off", ', ""), "'2' is missing"),
        (("# A title\n", ""), "# Title"),
        (("## What it does\n", "## What\n"), "What it does"),
        (('message = "worse"', ""), "'message' is missing"),
    ],
)
def test_a_page_that_breaks_the_format_is_named_with_its_problem(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    assert change[0] in PAGE
    (tmp_path / "BN699-a-name.md").write_text(PAGE.replace(*change, 1))
    with pytest.raises(catalogue.CatalogueError) as error:
        catalogue.read_page(str(tmp_path / "BN699-a-name.md"))
    assert str(error.value).startswith("BN699-a-name.md: ")
    assert problem in str(error.value)


def test_a_missing_half_is_an_error_that_names_the_file_to_create(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout(
        tmp_path,
        {"BN001-broken.md": PAGE, "BN601-whole.md": PAGE, "BN602-no-check.md": PAGE},
        ("__init__.py", "bn601_whole.py", "bn603_no_page.py"),
    )
    assert catalogue.main(["--write"], str(root)) == 1
    assert capsys.readouterr().err.splitlines() == [
        "BN602-no-check.md has no check: create bnlint/checks/bn602_no_check.py",
        "bnlint/checks/bn603_no_page.py has no page: create rules/BN603-no-page.md",
    ]
    entries = runpy.run_path(str(root / "bnlint" / "index.py"))["RULES"]
    assert [entry["code"] for entry in entries] == ["BN001", "BN601"]


def test_two_pages_of_one_code_are_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout(tmp_path, {"BN601-one.md": PAGE, "BN601-two.md": PAGE}, ("bn601_one.py", "bn601_two.py"))
    assert catalogue.main(["--check"], str(root)) == 1
    assert "BN601-two.md: BN601-one.md has the same code" in capsys.readouterr().err


def test_write_regenerates_and_check_says_what_is_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout(tmp_path, {"BN601-whole.md": PAGE}, ("bn601_whole.py",))
    readme = root / "README.md"
    readme.write_text("before\n<!-- rules:begin -->\nold\n<!-- rules:end -->\nafter\n")
    assert catalogue.main(["--check"], str(root)) == 1
    assert "README.md is stale" in capsys.readouterr().err
    assert not (root / "bnlint" / "index.py").exists()
    assert catalogue.main(["--write"], str(root)) == 0
    assert catalogue.main(["--check"], str(root)) == 0
    text = readme.read_text()
    assert text.startswith("before\n<!-- rules:begin -->\n")
    assert text.endswith("<!-- rules:end -->\nafter\n")
    assert "| [BN601](rules/BN601-whole.md) | whole | A title | error | unsafe |" in text
    before = capsys.readouterr()
    assert catalogue.main(["--write"], str(root)) == 0
    assert capsys.readouterr().out == ""
    assert before.err == ""


def test_usage() -> None:
    assert catalogue.main([]) == 2


# The real catalogue


def test_what_is_generated_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert catalogue.main(["--check"]) == 0, capsys.readouterr().err


def test_the_index_says_what_the_pages_say() -> None:
    pages, problems = catalogue.read_pages(catalogue.folder(), os.path.dirname(catalogue.__file__) + "/checks")
    assert problems == []
    assert list(catalogue.rules().values()) == [page.rule for page in pages]
    assert [catalogue.page(page.rule.code) for page in pages] == pages


def test_the_address_of_a_rule_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["urls"]["Rules"] == catalogue.URL


def test_every_check_takes_the_options_of_its_page() -> None:
    import inspect

    for rule in catalogue.rules().values():
        check = catalogue.check(rule.code)
        if check is None:
            assert rule.code in catalogue.RAISED_BY_THE_ENGINE
            continue
        parameters = inspect.signature(check).parameters
        assert next(iter(parameters)) == "project"
        keywords = {name: p.default for name, p in parameters.items() if p.kind is p.KEYWORD_ONLY}
        assert keywords == dict(rule.options), rule.code
