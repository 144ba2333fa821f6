"""Every example of every rule page is a test. CONTRIBUTING.md says how a page is written."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bnlint import catalogue
from bnlint.api import fix_source, lint_source

MARK = re.compile(r"  # (BN\d{3}(?: BN\d{3})*)$", re.MULTILINE)
FENCE = re.compile(r"^```python(?![ \t]+model\b)[ \t]*([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MODEL_FENCE = re.compile(r"^```python[ \t]+model\b[ \t]*([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MODEL_MARK = re.compile(r"^# (BN\d{3})(?:: (.+))?\n", re.MULTILINE)
"""`# BN602: stem, block/norm` names layers, `# BN601` stands for the model as a whole."""


@dataclass(frozen=True)
class Example:
    """One fence of a page: its source, its settings, and the lines on which the page's rule is said to be found."""

    code: str
    section: str
    number: int
    source: str
    settings: dict[str, Any]
    marked: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.code}-{self.section}-{self.number}".replace(" ", "-").lower()


@cache
def examples(code: str, section: str) -> tuple[Example, ...]:
    fences = FENCE.findall(catalogue.page(code).section(section))
    return tuple(example(code, section, number, *fence) for number, fence in enumerate(fences, 1))


def example(code: str, section: str, number: int, info: str, source: str) -> Example:
    marked = [line for line, text in enumerate(source.split("\n"), 1) for found in MARK.findall(text) if code in found.split()]
    return Example(code, section, number, MARK.sub("", source), settings(code, info.split()), tuple(marked))


@dataclass(frozen=True)
class ModelExample:
    """One ```` ```python model ```` fence: a program that leaves a model in the name `model`, in the layers of which the rule is found."""

    code: str
    section: str
    number: int
    source: str
    settings: dict[str, Any]
    layers: tuple[str, ...]
    exported: bool

    def __str__(self) -> str:
        return f"{self.code}-{self.section}-model-{self.number}".replace(" ", "-").lower()


@cache
def models(code: str, section: str) -> tuple[ModelExample, ...]:
    fences = MODEL_FENCE.findall(catalogue.page(code).section(section))
    return tuple(model_example(code, section, number, *fence) for number, fence in enumerate(fences, 1))


def model_example(code: str, section: str, number: int, info: str, source: str) -> ModelExample:
    marked = [name for found, names in MODEL_MARK.findall(source) if found == code for name in names.split(", ")]
    words = info.split()
    given = settings(code, [word for word in words if word != "export"])
    return ModelExample(code, section, number, MODEL_MARK.sub("", source), given, tuple(sorted(marked)), "export" in words)


def settings(code: str, words: list[str]) -> dict[str, Any]:
    """What `placement=after target-keras=2` asks for: settings of the command line, and options of the rule."""
    asked: dict[str, Any] = {"target_keras": "3", "preview": True}
    options = catalogue.rules()[code].options
    for word in words:
        key, _, value = word.partition("=")
        name = key.replace("-", "_")
        if name in options:
            asked.setdefault("rules", {}).setdefault(code, {})[key] = type(options[name])(value)
        else:
            asked[name] = value
    return asked


def everything(*sections: str) -> list[Example]:
    return [each for code in catalogue.rules() for section in sections for each in examples(code, section)]


def select(each: Example) -> dict[str, Any]:
    """All rules; one that is off by default only on its own page."""
    own = [] if catalogue.rules()[each.code].default else [each.code]
    return {"isolated": True, "select": ["ALL", *own], **each.settings}


def found(each: Example) -> list[int]:
    findings = lint_source(each.source, f"{each}.py", **select(each))
    return sorted(finding.span.line for finding in findings if finding.code == each.code and finding.span)


def fixed(each: Example) -> str:
    """What fixing the page's own rule, unsafe fixes too, makes of the example."""
    return fix_source(each.source, f"{each}.py", unsafe=True, fixable=[each.code], **select(each)).source


@pytest.mark.parametrize("each", everything("Bad"), ids=str)
def test_bad_is_found_on_the_marked_lines(each: Example) -> None:
    assert each.marked, "a Bad example marks at least one line"
    assert found(each) == sorted(set(each.marked))


@pytest.mark.parametrize("each", everything("Fixed", "Not flagged"), ids=str)
def test_fixed_and_not_flagged_are_silent(each: Example) -> None:
    assert not each.marked
    assert found(each) == []


@pytest.mark.parametrize("each", [each for each in everything("Bad") if catalogue.rules()[each.code].fix in ("safe", "unsafe")], ids=str)
def test_fixing_bad_gives_fixed(each: Example) -> None:
    by_number = {fixed.number: fixed for fixed in examples(each.code, "Fixed")}
    expected = by_number[each.number].source if each.number in by_number else each.source
    assert fixed(each) == expected


@pytest.mark.parametrize("each", everything("Fixed"), ids=str)
def test_fixing_fixed_changes_nothing(each: Example) -> None:
    assert fixed(each) == each.source


@pytest.mark.parametrize("code", catalogue.rules())
def test_a_page_has_all_its_parts(code: str) -> None:
    page = catalogue.page(code)
    titles = re.findall(r"^## (.+)$", re.sub(r"^```.*?^```$", "", page.body, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    assert titles == ["What it does", "Why it matters", "Bad", "Fixed", "Not flagged", "Fix safety", "When to ignore", "References"]
    shown = {section: (*examples(code, section), *models(code, section)) for section in ("Bad", "Fixed", "Not flagged")}
    assert shown["Bad"]
    assert len(shown["Not flagged"]) >= 2
    assert len(shown["Fixed"]) <= len(shown["Bad"])
    assert page.body.count("```python") == sum(map(len, shown.values()))
    assert bool(page.rule.words) is any(examples(code, section) for section in shown), "a rule that speaks of models only has no words"
    for source in (each.source for section in shown.values() for each in section):
        if code != "BN001":
            compile(source, code, "exec", dont_inherit=True)


@pytest.mark.parametrize("code", catalogue.rules())
def test_a_page_keeps_its_word_about_safety(code: str) -> None:
    page = catalogue.page(code)
    if page.rule.fix == "none":
        assert page.changes == (), "a rule without a fix changes nothing"
    if page.rule.fix == "unsafe":
        assert page.changes, "an unsafe fix says what it changes"
    assert set(page.changes) <= {"function", "statistics", "checkpoint", "layer index"}
    assert all(reference.startswith("https://") for reference in page.references)


@pytest.mark.parametrize("code", catalogue.rules())
def test_every_file_that_a_page_shows_as_bad_holds_one_of_its_words(code: str) -> None:
    """Else the file would be dismissed before the check could look at it."""
    for each in examples(code, "Bad"):
        assert any(word in each.source for word in catalogue.rules()[code].words), each.source


def test_every_page_of_the_folder_is_tested() -> None:
    pages = {path.name for path in Path(catalogue.folder()).glob("BN*.md")}
    assert pages == {rule.page for rule in catalogue.rules().values()}
