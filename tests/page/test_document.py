"""The page as a file: its policy, what hostile names do to it, what there is without scripts."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bnlint import page
from bnlint.findings import Severity
from bnlint.graph.model import ModelGraph
from bnlint.page import Page, assets, document
from tests.page import models

ROOT = Path(__file__).parent.parent.parent

HOSTILE = (
    "<script>window.broken = 1</script>",
    "</script><script>window.broken = 1</script>",
    "</noscript></title><img src=x onerror=window.broken=1>",
    "\"'><svg onload=window.broken=1>",
    "javascript:window.broken=1",
    "<!--",
    "]]>&amp;&lt;",
    "bidi \u202e\u2066 override",
    "escape \x1b[31m bell \x07 line\nbreak",
    "separators \u2028 \u2029",
    "surrogate \ud800",
    "${policy} $static {{ x }}",
    "a" * 5000,
)


class Parsed(HTMLParser):
    """The elements of a page, with their attributes and their text; what stands in noscript as elements too."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.handle_starttag(f"/{tag}", [])

    def handle_data(self, data: str) -> None:
        if self.texts:
            self.texts[-1] += data

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, text) for (name, attributes), text in zip(self.elements, self.texts, strict=True) if name == tag]


def hostile() -> Page:
    """A page all of whose words come from somebody else."""
    graph = models.graph(HOSTILE[1], [models.saved(name, "other", name, filters=name) for name in HOSTILE], path=HOSTILE[0], notes=HOSTILE)
    norm = models.norm(HOSTILE[2], graph.calls[0], 4, models.Random(1))
    graph = replace(graph, calls=(*graph.calls, norm), name=HOSTILE[1])
    findings = [
        models.finding("BN404", "unsafe-epsilon", Severity.ERROR, name, name, HOSTILE[0], help=name, reason=name, related=((name, None),))
        for name in HOSTILE
    ]
    return Page([graph], findings, facts=[("settings", HOSTILE[0])], hashes={HOSTILE[0]: "0" * 64})


def small() -> Page:
    return Page([models.small()], models.SMALL_FINDINGS)


def test_the_policy_names_each_script_and_the_style_and_nothing_else() -> None:
    parsed = Parsed(page.as_html(small()))
    (policy,) = [
        attributes["content"] or "" for attributes, _ in parsed.all("meta") if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in policy

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    scripts = [text for attributes, text in parsed.all("script") if attributes.get("type") != "application/json"]
    assert rules["script-src"].split() == [digest(text) for text in scripts]
    assert len(scripts) == 3
    assert [rules["style-src"]] == [digest(text) for _, text in parsed.all("style")]


@pytest.mark.parametrize("made", [small, hostile])
def test_nothing_refers_to_another_file(made: object) -> None:
    parsed = Parsed(page.as_html(made()))  # type: ignore[operator]
    names = {name for _, attributes in parsed.elements for name in attributes}
    assert not names & {"src", "srcset", "data", "poster", "background", "action", "style", "xlink:href"}
    assert not any(name.startswith("on") for name in names)
    assert "href" not in names
    assert not {tag for tag, _ in parsed.elements} & {"link", "iframe", "object", "embed", "img", "base", "form"}


def test_hostile_names_make_no_element() -> None:
    """The same elements, whatever the names are; and each name can be read in the data."""
    text = page.as_html(hostile())
    parsed = Parsed(text)
    assert len(parsed.all("script")) == 4
    assert len(parsed.all("noscript")) == 1
    assert len(parsed.all("title")) == 1 + len(parsed.all("g"))
    data = json.loads(parsed.all("script")[0][1])
    shown = [node["name"] for node in data["models"][0]["nodes"]]
    assert shown[0] == HOSTILE[0]
    assert shown[7] == "bidi \\u202e\\u2066 override"
    assert shown[8] == "escape \\x1b[31m bell \\x07 line\\nbreak"
    assert len(shown[12]) == 120
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", text.partition("</noscript>")[0]
    )


def test_data_is_ascii_without_markup() -> None:
    embedded = document.embedded({"name": "<>&\u2028\U0001f600"})
    assert embedded.isascii()
    assert not set(embedded) & set("<>&")
    assert json.loads(embedded) == {"name": "<>&\u2028\U0001f600"}


def test_without_scripts_there_are_findings_a_table_and_a_picture() -> None:
    static = page.as_html(small()).partition("<noscript>")[2].partition("</noscript>")[0]
    assert [finding.message.replace("`", "") in static.replace("`", "") for finding in models.SMALL_FINDINGS] == [True] * 4
    rows = static.partition("<tbody>")[2].partition("</tbody>")[0]
    assert rows.count("<tr>") == 2
    assert "1 not finite" in rows
    assert static.count('<g class="node') == 8


def test_the_same_input_gives_the_same_bytes() -> None:
    code = (
        "import sys; from bnlint import page; from tests.page import models\n"
        "drawn = page.Page([models.small(), models.residual()], models.SMALL_FINDINGS)\n"
        "sys.stdout.write(page.as_html(drawn) + page.as_svg(drawn))"
    )
    outputs = set()
    for seed, language in (("1", "C"), ("2", "tr_TR.UTF-8")):
        environment = {"PYTHONHASHSEED": seed, "LC_ALL": language, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PATH": ""}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, cwd=ROOT, check=True)
        outputs.add(done.stdout)
    assert len(outputs) == 1


def svg(graphs: list[ModelGraph]) -> ElementTree.Element:
    return ElementTree.fromstring(page.as_svg(Page(graphs, models.SMALL_FINDINGS)))


NAMESPACE = "{http://www.w3.org/2000/svg}"


def test_the_picture_is_a_file_of_its_own() -> None:
    picture = svg([models.small(), models.residual()])
    groups = [each for each in picture.iter(f"{NAMESPACE}g") if "node" in (each.get("class") or "").split()]
    assert len(groups) == len(models.small().calls) + len(models.residual().calls)
    assert [each.text for each in picture.iter(f"{NAMESPACE}text") if each.get("class") == "title"] == ["classifier", "resnet50"]
    style = next(picture.iter(f"{NAMESPACE}style")).text or ""
    assert "var(" not in style
    worst = [(each.get("class") or "").split()[-1] for each in groups]
    assert (worst.count("error"), worst.count("warning"), worst.count("info")) == (1, 1, 1)


def test_the_picture_of_hostile_names_is_well_formed() -> None:
    drawn = hostile()
    picture = ElementTree.fromstring(page.as_svg(drawn))
    assert not list(picture.iter(f"{NAMESPACE}script"))
    assert {name for each in picture.iter() for name in each.attrib} <= {
        *("class", "x", "y", "width", "height", "rx", "d", "cx", "cy", "r", "transform", "viewBox"),
    }


def test_no_models_make_a_page_of_findings() -> None:
    text = page.as_html(Page([], models.SMALL_FINDINGS))
    data = json.loads(Parsed(text).all("script")[0][1])
    assert data["models"] == []
    assert len(data["findings"]) == 4
    assert page.as_svg(Page([])).startswith("<svg")


def test_the_static_part_stops_where_it_would_outgrow_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "PICTURED", 10)
    static = page.as_html(Page([models.small(), models.residual((1,))])).partition("<noscript>")[2]
    assert static.count('<svg class="graph"') == 1
    assert "drawn by a script" in static


def test_assets_are_read_as_they_are_hashed() -> None:
    """Browsers hash line ends as newlines."""
    assert all("\r" not in script for script in assets.scripts())
    assert "\r" not in assets.style()
