"""The documents: what is generated is fresh, pictures show what is measured, links lead somewhere, the site is built without a warning."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest

from bnlint import catalogue
from bnlint.cli.program import names
from bnlint.report import FORMATS
from tests.conftest import needs, needs_program
from tests.test_readme import README, bnlint

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
PICTURES = sorted((DOCS / "pictures").glob("*.svg"))


def script(name: str) -> ModuleType:
    """A script of the documents, as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", script("generated").FILES)
def test_what_is_generated_is_fresh(name: str) -> None:
    """`python docs/generated.py --write` makes it so. (Versions of click break lines in other places: words are compared.)"""
    assert script("generated").FILES[name]().split() == (ROOT / name).read_text(encoding="utf-8").split()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_to_files_of_the_repository(path: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8"))
    local = [link.partition("#")[0] for link in links if "://" not in link and not link.startswith("#")]
    assert [link for link in local if not (DOCS / link).exists() and link != "changelog.md"] == []


def test_options_formats_and_commands_that_the_pages_name_exist() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    known = "".join(bnlint([command, "--help"]).stdout for command in names())
    ours = re.findall(r"bnlint [^\n|`]*", text)
    used = {option for line in ours for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", line)}
    assert {option for option in used if option not in known} == set()
    assert set(re.findall(r"--output-format ([a-z-]+)", text)) <= set(FORMATS)


def test_the_finding_of_the_quick_start_is_the_one_of_the_readme() -> None:
    (screen,) = re.findall(r"```console\n(.*?)```", (DOCS / "index.md").read_text(encoding="utf-8"), re.DOTALL)
    assert screen in README


def test_the_inputs_of_the_action_are_described() -> None:
    needs("yaml")
    import yaml

    inputs = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    rows = re.findall(r"^\| `([a-z-]+)` \| ", (DOCS / "ci.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == list(inputs)


def test_the_snippets_for_ci_name_hooks_and_inputs_that_exist() -> None:
    needs("yaml")
    import yaml

    hooks = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))}
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    named: dict[str, set[str]] = {"hooks": set(), "inputs": set(), "outputs": set()}
    for text in (README, *(path.read_text(encoding="utf-8") for path in PAGES)):
        named["outputs"] |= set(re.findall(r"steps\.bnlint\.outputs\.([a-z-]+)", text))
        for snippet in re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            for entry in entries(yaml.safe_load(snippet)):
                if str(entry.get("uses", "")).startswith("bnlint/bnlint@"):
                    named["inputs"] |= set(entry["with"])
                named["hooks"] |= {hook["id"] for hook in entry.get("hooks", ())}
    assert named["hooks"] <= hooks
    assert named["inputs"] <= set(action["inputs"])
    assert named["outputs"] <= set(action["outputs"])
    assert all(named.values())


def entries(value: object) -> Iterator[dict[str, Any]]:
    """All tables of a document, the outer ones first."""
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from entries(each)


def test_every_page_is_in_the_navigation() -> None:
    listed = re.findall(r"^  - .*: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(listed) == {path.name for path in PAGES} | {"rules/index.md", "changelog.md"}


# Pictures


def numbers(text: str) -> list[float]:
    """All numbers of what is drawn, in order."""
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text.partition("</style>")[2])]


def test_there_is_a_picture_for_every_measurement_and_each_is_shown() -> None:
    assert {path.stem for path in PICTURES} == set(script("pictures").PICTURES)
    shown = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    assert [path.name for path in PICTURES if f"](pictures/{path.name})" not in shown] == []


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_is_small_and_harmless(path: Path) -> None:
    assert path.stat().st_size < 50_000
    elements = list(ElementTree.parse(path).getroot().iter())
    assert {element.tag.rpartition("}")[2] for element in elements} <= {"svg", "title", "style", "path", "text", "g", "circle"}
    attributes = {name for element in elements for name in element.attrib}
    assert not {name for name in attributes if name.startswith("on") or "href" in name}


@pytest.mark.keras
@pytest.mark.slow
def test_the_pictures_show_what_is_measured() -> None:
    needs("tensorflow")
    drawing = script("pictures")
    for path in PICTURES:
        anew = numbers(drawing.draw(drawing.PICTURES[path.stem]()))
        assert anew == pytest.approx(numbers(path.read_text(encoding="utf-8")), abs=3), path.stem


# The site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site. A warning, such as for a link that leads nowhere, makes the build fail."""
    needs("zensical")
    folder = tmp_path_factory.mktemp("site")
    script("site").build(folder / "build" / "docs")
    (folder / "mkdocs.yml").write_bytes((ROOT / "mkdocs.yml").read_bytes())
    done = subprocess.run([sys.executable, "-m", "zensical", "build", "--strict"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stdout + done.stderr
    return folder / "build" / "site"


class Loads(HTMLParser):
    """What a page loads when it is opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "link" and given.get("rel") in ("canonical", "prev", "next", "edit"):
            return
        self.found += [given[name] for name in ("src", *(["href"] if tag == "link" else [])) if name in given]


def pages(site: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(site.rglob("*.html")):
        yield path.relative_to(site).as_posix(), path.read_text(encoding="utf-8")


def test_every_page_and_every_rule_is_on_the_site(site: Path) -> None:
    built = {name for name, _ in pages(site)}
    wanted = {f"{path.stem}.html" for path in PAGES} | {f"rules/{rule.code}-{rule.name}.html" for rule in catalogue.rules().values()}
    assert wanted <= built
    index = (site / "rules" / "index.html").read_text(encoding="utf-8")
    assert [rule.code for rule in catalogue.rules().values() if f'href="{rule.code}-{rule.name}.html"' not in index] == []


def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    for name, text in pages(site):
        assert [address for address in Loads(text).found if "//" in address] == [], name


def test_examples_are_code_and_their_settings_titles(site: Path) -> None:
    for name, text in pages(site):
        assert "```" not in text, name
    page = (site / "rules" / "BN101-activation-order.html").read_text(encoding="utf-8")
    assert 'class="filename">placement=after</span>' in page


def test_the_rules_can_be_filtered(site: Path) -> None:
    needs("playwright")
    chromium = needs_program("chromium", "chromium-browser", "google-chrome")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play, play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]) as browser:
        tab = browser.new_page()
        tab.goto((site / "rules" / "index.html").as_uri())

        def shown() -> list[str]:
            codes: list[str] = tab.locator("article tbody tr:visible td:first-child").all_inner_texts()
            return codes

        everything = list(catalogue.rules())
        assert shown() == everything
        tab.get_by_label("code").select_option("BN1xx")
        assert shown() == [code for code in everything if code.startswith("BN1")]
        tab.get_by_label("fix").select_option("unsafe")
        tab.get_by_label("find").fill("dropout")
        assert shown() == ["BN102"]
        assert tab.locator(".filters output").inner_text() == f"1 of {len(everything)} rules"
