"""What the formats for machines print: to the byte, by the schemas of those who read it, and what no input can forge."""

import base64
import hashlib
import json
import os
import re
import urllib.parse
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bnlint import api, catalogue, report
from bnlint.findings import Finding, Severity
from bnlint.fixer import apply
from bnlint.graph.model import Span
from bnlint.report import FORMATS, Report, printable
from bnlint.report.machine import relative
from tests import samples
from tests.conftest import needs
from tests.tools import sarif_multitool, validate_sarif

ROOT = Path(__file__).parent.parent
REPORTS = ROOT / "fixtures" / "reports"
SCHEMAS = ROOT / "fixtures" / "schemas"
SUFFIXES = {
    "json": "json",
    "json-lines": "jsonl",
    "gitlab": "json",
    "sarif": "sarif",
    "junit": "xml",
    "rdjson": "json",
    "markdown": "md",
    "html": "html",
}


@pytest.fixture
def _stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    samples.stub(monkeypatch)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def sample(tmp_path: Path, _stub: None) -> Report:
    return samples.report(tmp_path, samples.findings(tmp_path))


def test_every_format_is_a_module() -> None:
    folder = Path(report.__file__).parent
    with_render = {path.stem for path in folder.glob("*.py") if "def render(report: Report)" in path.read_text(encoding="utf-8")}
    assert {name.replace("-", "_") for name in FORMATS} == with_render


@pytest.mark.parametrize("output_format", FORMATS)
def test_what_is_printed_is_what_was(output_format: str, sample: Report, tmp_path: Path) -> None:
    """Golden files: `BNLINT_WRITE_REPORTS=1 pytest tests/test_formats.py` writes them anew."""
    golden = REPORTS / f"{output_format}.{SUFFIXES.get(output_format, 'txt')}"
    text = report.render(sample, output_format).replace(str(tmp_path), "/project")
    if os.environ.get("BNLINT_WRITE_REPORTS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_there_is_a_golden_file_for_every_format_and_no_other() -> None:
    assert {path.stem for path in REPORTS.iterdir()} == set(FORMATS)


# Schemas


def schema(name: str) -> dict[str, Any]:
    if name == "sarif":
        text = (sarif_multitool() / "sarif-2.1.0.json").read_text(encoding="utf-8-sig")
    elif name.startswith("json"):
        from bnlint.report.json import schema as own

        text = own()
    else:
        text = (SCHEMAS / f"{name}.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def violations(name: str, value: object) -> list[str]:
    needs("jsonschema")
    import jsonschema

    known = schema(name)
    validator = jsonschema.validators.validator_for(known)
    validator.check_schema(known)
    return [f"{error.json_path}: {error.message}" for error in validator(known).iter_errors(value)]


def real(*paths: str) -> Report:
    """What bnlint finds in files of this checkout."""
    result = api.lint_paths([str(ROOT / path) for path in paths], isolated=True)
    assert len(result.findings) > 5
    return drawn(result, str(ROOT))


def drawn(result: api.Result, base: str) -> Report:
    return Report(
        result.findings,
        lines=result.lines,
        edits=result.edits,
        raw=result.raw,
        raw_edits=result.raw_edits,
        base=base,
        files=len(result.files),
    )


@pytest.fixture(scope="module")
def quickstart() -> Report:
    return real("fixtures/quickstart", "fixtures/programs/notebooks")


@pytest.mark.parametrize(
    ("output_format", "name"), [("json", "json"), ("gitlab", "gitlab-code-quality"), ("rdjson", "rdjson"), ("sarif", "sarif")]
)
def test_the_schema_holds(output_format: str, name: str, quickstart: Report) -> None:
    for drawn in (quickstart, Report((), base=str(ROOT))):
        assert violations(name, json.loads(report.render(drawn, output_format))) == []


@pytest.mark.parametrize(
    ("output_format", "name"), [("json", "json"), ("gitlab", "gitlab-code-quality"), ("rdjson", "rdjson"), ("sarif", "sarif")]
)
def test_the_schema_holds_for_models(output_format: str, name: str, sample: Report) -> None:
    assert violations(name, json.loads(report.render(sample, output_format))) == []


def test_each_line_of_json_lines_is_an_item_of_json(quickstart: Report) -> None:
    lines = [json.loads(line) for line in report.render(quickstart, "json-lines").splitlines()]
    assert lines == json.loads(report.render(quickstart, "json"))
    assert violations("json", lines) == []


def test_our_schema_knows_every_key(sample: Report) -> None:
    """A key that the output gains must be described: the schema allows no other."""
    entry = json.loads(report.render(sample, "json"))[0]
    assert violations("json", [{**entry, "extra": 1}])
    for key in entry:
        assert violations("json", [{name: value for name, value in entry.items() if name != key}])


def test_junit_is_valid(quickstart: Report, sample: Report) -> None:
    needs("lxml")
    from lxml import etree

    xsd = etree.XMLSchema(etree.parse(str(SCHEMAS / "junit.xsd")))
    for drawn in (quickstart, sample, Report(())):
        xsd.assertValid(etree.fromstring(report.render(drawn, "junit").encode()))
    suites = etree.fromstring(report.render(quickstart, "junit").encode())
    assert int(suites.get("failures")) == len(quickstart.findings) == len(suites.findall(".//failure"))
    assert len(suites.findall("testsuite")) == len({finding.path for finding in quickstart.findings})


def test_a_clean_run_passes_one_test(sample: Report) -> None:
    suites = ElementTree.fromstring(report.render(Report(()), "junit"))
    assert (suites.get("tests"), suites.get("failures"), len(suites.findall(".//testcase"))) == ("1", "0", 1)


# SARIF


def test_the_validator_of_microsoft_finds_no_fault(quickstart: Report, tmp_path: Path) -> None:
    for name, found in (("found", quickstart), ("clean", Report((), base=str(ROOT)))):
        file = tmp_path / f"{name}.sarif"
        file.write_text(report.render(found, "sarif"), encoding="utf-8")
        assert validate_sarif(file) == []


def test_the_validator_of_microsoft_finds_no_fault_with_models(sample: Report, tmp_path: Path) -> None:
    file = tmp_path / "model.sarif"
    file.write_text(report.render(sample, "sarif"), encoding="utf-8")
    assert validate_sarif(file) == []


def test_the_validator_would_find_a_fault(sample: Report, tmp_path: Path) -> None:
    data = json.loads(report.render(sample, "sarif"))
    del data["runs"][0]["tool"]["driver"]["rules"][0]["help"], data["runs"][0]["results"][0]["locations"]
    file = tmp_path / "broken.sarif"
    file.write_text(json.dumps(data), encoding="utf-8")
    assert any("error GH" in line for line in validate_sarif(file))


def sarif(drawn: Report) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(report.render(drawn, "sarif"))["runs"][0]
    return run


def test_sarif_names_files_from_the_root(sample: Report, tmp_path: Path) -> None:
    run = sarif(sample)
    artifacts = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in run["results"]]
    assert [artifact["uri"] for artifact in artifacts] == ["src/model.py", "src/model.py", "notebooks/train%20it.ipynb", "models/net.keras"]
    assert {artifact["uriBaseId"] for artifact in artifacts} == set(run["originalUriBaseIds"])
    assert run["originalUriBaseIds"]["PROJECTROOT"]["uri"] == tmp_path.as_uri() + "/"


def test_sarif_of_a_model_has_the_layer_and_the_start_of_the_file(sample: Report) -> None:
    (location,) = sarif(sample)["results"][-1]["locations"]
    assert location["logicalLocations"] == [{"fullyQualifiedName": "stage2/bn", "kind": "member"}]
    assert location["physicalLocation"]["region"] == {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2}


def test_sarif_carries_the_pages() -> None:
    found = real("fixtures/quickstart")
    rules = sarif(found)["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({finding.code for finding in found.findings})
    assert all(rule["help"]["markdown"] == catalogue.page(rule["id"]).body for rule in rules)
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in sarif(found)["results"])


def test_fingerprints_survive_lines_that_come_and_go(tmp_path: Path) -> None:
    source = (ROOT / "fixtures/quickstart/classifier.py").read_text(encoding="utf-8")

    def fingerprints(text: str) -> list[str]:
        (tmp_path / "a.py").write_text(text, encoding="utf-8")
        run = sarif(drawn(api.lint_paths([tmp_path / "a.py"], isolated=True), str(tmp_path)))
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]]

    first = fingerprints(source)
    assert len(set(first)) == len(first) > 2
    assert fingerprints(f'"""A module."""\n\n\n{source}') == first


def test_fingerprints_do_not_depend_on_where_bnlint_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bnlint.toml").write_text("")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.py").write_text("from keras import layers\nx = layers.BatchNormalization(epsilon=0)\n")
    found = set()
    for folder, path in (
        (tmp_path, "sub/a.py"),
        (tmp_path / "sub", "a.py"),
        (tmp_path, tmp_path / "sub" / "a.py"),
        (tmp_path / "sub", "."),
    ):
        monkeypatch.chdir(folder)
        found |= {finding.fingerprint for finding in api.lint_paths([path]).findings}
    assert len(found) == 1


# Notebooks: places and edits in the JSON


def test_places_in_a_notebook_are_those_of_its_json(quickstart: Report) -> None:
    done = 0
    for finding in quickstart.findings:
        if finding.span is None or finding.span.cell is None or finding.span.line != finding.span.end_line:
            continue
        code = quickstart.lines(finding.path, finding.span.cell)[finding.span.line - 1]
        at = quickstart.raw(finding.span)
        written = Path(finding.path).read_text(encoding="utf-8").split("\n")[at.line - 1][at.column - 1 : at.end_column - 1]
        assert json.loads(f'"{written}"') == code[finding.span.column - 1 : finding.span.end_column - 1]
        assert (at.cell, at.end_line) == (None, at.line)
        done += 1
    assert done > 3


def test_edits_of_a_file_give_what_fixing_gives(quickstart: Report) -> None:
    """For notebooks too, the edits that a review tool applies make the same bytes as `--fix`."""
    result = api.lint_paths([ROOT / "fixtures/quickstart", ROOT / "fixtures/programs/notebooks"], isolated=True)
    done = 0
    for file in result.files:
        assert file.document is not None
        for finding in file.findings:
            edits = result.edits(finding)
            if edits:
                text = file.document.data.decode()
                for edit in sorted(result.raw_edits(finding), key=lambda edit: (edit.span.line, edit.span.column), reverse=True):
                    text = (
                        text[: offset(text, edit.span.line, edit.span.column)]
                        + edit.text
                        + text[offset(text, edit.span.end_line, edit.span.end_column) :]
                    )
                assert text.encode() == apply.splice(file.document, edits)
                done += finding.span is not None and finding.span.cell is not None
    assert done > 2


def offset(text: str, line: int, column: int) -> int:
    return sum(len(part) + 1 for part in text.split("\n")[: line - 1]) + column - 1


def test_columns_of_rdjson_are_bytes(sample: Report, tmp_path: Path) -> None:
    diagnostic = json.loads(report.render(sample, "rdjson"))["diagnostics"][2]
    raw = [line.encode() for line in samples.NOTEBOOK.split("\n")]
    (suggestion,) = diagnostic["suggestions"]
    start, end = suggestion["range"]["start"], suggestion["range"]["end"]
    assert start["line"] == end["line"]
    assert raw[start["line"] - 1][start["column"] - 1 : end["column"] - 1] == b"eps"
    assert suggestion["text"] == "epsilon"


# GitHub


@pytest.mark.usefixtures("_stub")
def test_github_shows_the_worst_and_counts_the_rest() -> None:
    at = Span("a.py", 1, 1, 1, 2)
    severities = [Severity.INFO] * 12 + [Severity.WARNING] * 12 + [Severity.ERROR] * 12
    found = [Finding("BN305", "hardcoded-training-true", severity, f"number {n}", "a.py", at) for n, severity in enumerate(severities)]
    lines = report.render(Report(found), "github").splitlines()
    kinds = [line.split(" ")[0] for line in lines]
    assert kinds == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"] * 10
    assert lines[-1] == "::notice title=bnlint::7 more findings not shown here: see the summary of the job"
    assert "number 24" in lines[0]


# HTML


def test_the_page_is_one_file_with_a_policy_that_allows_its_style_alone(quickstart: Report) -> None:
    from tests.page.test_document import Parsed

    text = report.render(quickstart, "html")
    parsed = Parsed(text)
    (allowed,) = [attributes["content"] for attributes, _ in parsed.all("meta") if attributes.get("http-equiv")]
    assert allowed is not None
    rules = dict(rule.strip().split(" ", 1) for rule in allowed.split(";"))
    (style,) = [text for _, text in parsed.all("style")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert (rules["default-src"], rules["script-src"], rules["style-src"]) == ("'none'", "'none'", f"'sha256-{digest}'")
    assert {name for _, attributes in parsed.elements for name in attributes} <= ATTRIBUTES
    assert len(parsed.all("article")) == len(quickstart.findings)
    assert "url(" not in style


def test_the_page_marks_what_is_found(sample: Report) -> None:
    text = report.render(sample, "html")
    assert "<i>6</i>     x = <mark>layers.BatchNormalization()(x, training=True)</mark>" in text
    assert "<mark>layers.BatchNormalization(eps=1e-3)</mark>" in text


# Nothing can be forged

Parser = Callable[[str], list[tuple[str, ...]]]


def unescaped(text: str) -> str:
    return text.replace("%2C", ",").replace("%3A", ":").replace("%25", "%")


def from_github(text: str) -> list[tuple[str, ...]]:
    """As the runner reads workflow commands."""
    found = []
    for line in text.splitlines():
        command = re.fullmatch(r"::(error|warning|notice) ([^:]*(?:%3A[^:]*)*)::(.*)", line)
        assert command, line
        properties = dict(part.split("=", 1) for part in command[2].split(","))
        found.append((unescaped(properties["file"]), unescaped(command[3])))
    return found


def from_azure(text: str) -> list[tuple[str, ...]]:
    found = []
    for line in text.splitlines():
        command = re.fullmatch(r"##vso\[task\.logissue ([^\]]*)\](.*)", line)
        assert command, line
        properties = dict(part.split("=", 1) for part in command[1].rstrip(";").split(";"))
        assert properties.keys() == {"type", "sourcepath", "linenumber", "columnnumber", "code"}
        path = properties["sourcepath"].replace("%3B", ";").replace("%5D", "]").replace("%AZP25", "%")
        found.append((path, command[2].replace("%AZP25", "%")))
    return found


def from_junit(text: str) -> list[tuple[str, ...]]:
    suites = ElementTree.fromstring(text)
    return [
        (case.get("classname", ""), failure.get("message", "")) for case in suites.iter("testcase") for failure in case.findall("failure")
    ]


def from_sarif(text: str) -> list[tuple[str, ...]]:
    found = []
    for result in json.loads(text)["runs"][0]["results"]:
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9_.~/%:-]+", uri)
        found.append((uri, result["message"]["text"]))
    return found


def from_markdown(text: str) -> list[tuple[str, ...]]:
    """As a parser of Markdown reads the table: the text of its cells, code in backticks."""
    from markdown_it import MarkdownIt

    rows: list[list[str]] = []
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows and token.children is not None:
            allowed = {"text", "text_special", "link_open", "link_close"}
            tags = {child.content for child in token.children if child.type == "html_inline"}
            assert tags <= {"<code>", "</code>"}
            assert {child.type for child in token.children} - {"html_inline"} <= allowed, text
            rows[-1].append("".join("`" if child.type == "html_inline" else child.content for child in token.children))
        elif rows:
            assert token.type in (
                "th_open",
                "th_close",
                "td_open",
                "td_close",
                "tr_close",
                "thead_close",
                "tbody_open",
                "tbody_close",
                "table_close",
            )
    return [(place.strip("` "), message.strip()) for _, _, place, message in rows[1:]]


def from_html(text: str) -> list[tuple[str, ...]]:
    """As a browser reads the page: the text of its cards, code in backticks. There is no element and no attribute that we do not make."""
    from tests.page.test_document import Parsed

    parsed = Parsed(text)
    assert {name for name, _ in parsed.elements} <= ELEMENTS | {f"/{name}" for name in ELEMENTS}
    assert {name for _, attributes in parsed.elements for name in attributes} <= ATTRIBUTES
    assert {attributes["href"] for _, attributes in parsed.elements if "href" in attributes} <= {samples.RULES["BN305"].url}
    found, inside, texts = [], "", {"h3": "", "place": ""}
    for (name, attributes), said in zip(parsed.elements, parsed.texts, strict=True):
        if name in ("h3", "p", "article"):
            inside = attributes.get("class") or name
            texts = {"h3": "", "place": ""} if name == "article" else texts
        if inside in texts:
            texts[inside] += ("`" if name in ("code", "/code") else "") + said
        if name in ("/h3", "/p"):
            inside = ""
        if name == "/article":
            found.append((texts["place"], texts["h3"]))
    return found


ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "article", "details", "summary"),
    *("h1", "h2", "h3", "p", "pre", "span", "b", "i", "a", "code", "mark", "dl", "dt", "dd", "table", "tr", "td"),
}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "class", "href", "rel", "tabindex"}


def words(finding: Finding) -> str:
    return printable((f"{finding.layer}: " if finding.span is None and finding.layer else "") + finding.message)


def sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def where(finding: Finding, base: str) -> str:
    path, span = relative(finding.path, base), finding.span
    if span is None:
        return printable(path + (f"::{finding.layer}" if finding.layer else ""))
    return printable(path) + (f":cell {span.cell}" if span.cell else "") + f":{span.line}:{span.column}"


def uri(path: str, base: str) -> str:
    inside = relative(path, base)
    try:
        data = os.fsencode(inside)
    except UnicodeEncodeError:
        data = inside.encode("utf-8", "backslashreplace")
    return ("file://" if os.path.isabs(inside) else "") + urllib.parse.quote(data)


def expected(output_format: str, findings: list[Finding], base: str) -> list[tuple[str, ...]]:
    """What a reader must get out of the output."""
    by_severity = sorted(findings, key=lambda finding: -finding.severity)
    match output_format:
        case "github":
            return [
                (printable(relative(each.path, base)), f"{where(each, base)}: {each.code} {printable(each.message)}")
                for each in by_severity
            ]
        case "azure":
            return [
                (printable(relative(each.path, base)), f"{where(each, base)}: {printable(each.message)} ({each.name})") for each in findings
            ]
        case "junit":
            return [(printable(relative(each.path, base)), words(each)) for each in findings]
        case "sarif":
            return [(uri(each.path, base), sentence(words(each))) for each in findings]
        case "markdown":
            return [(where(each, base).strip("` "), printable(each.message).strip()) for each in by_severity]
        case "html":
            return [(where(each, base), printable(each.message)) for each in findings]
        case "gitlab":
            return [(relative(each.path, base), f"{each.code} {words(each)}") for each in findings]
        case "rdjson":
            return [(relative(each.path, os.getcwd()), words(each)) for each in findings]
    return [(each.path if each.path.startswith("<") else os.path.abspath(each.path), each.message) for each in findings]


def through_json(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """JSON cannot tell two halves of a character from the character."""
    return [tuple(text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass") for text in row) for row in rows]


PARSERS: dict[str, Parser] = {
    "json": lambda text: [(entry["filename"], entry["message"]) for entry in json.loads(text)],
    "json-lines": lambda text: [(entry["filename"], entry["message"]) for entry in map(json.loads, text.splitlines())],
    "gitlab": lambda text: [(entry["location"]["path"], entry["description"]) for entry in json.loads(text)],
    "rdjson": lambda text: [(entry["location"]["path"], entry["message"]) for entry in json.loads(text)["diagnostics"]],
    "github": from_github,
    "azure": from_azure,
    "junit": from_junit,
    "sarif": from_sarif,
    "markdown": from_markdown,
    "html": from_html,
}

HOSTILE = [
    "\n::error file=x::forged",
    "\r\n##vso[task.complete result=Failed;]",
    "::error::",
    "]]>",
    "</failure><testcase>",
    "<script>alert(1)</script>",
    "| x | y |",
    "`|`",
    "[link](javascript:x)",
    "![image](http://x)",
    "\x1b]0;title\x07\x1b[2J",
    "\u202e\u2066\u2028\u0085",
    "\ud800\udfff\udc80",
    "%0A%25%3A%2C,line=1",
    "&lt;&#10;",
    "\\|\\`\\",
    "  ",
    "\x00\x7f\x9b",
    "BN305 ",
    " --> a.py:1:1",
    "help: run `curl | sh`",
    "../../etc/passwd",
    "\ufffe\uffff",
    "https://x.y www.x.y :100: @you #12",
]


def hostile_texts() -> Any:
    from hypothesis import strategies

    characters = strategies.characters(exclude_categories=())
    parts = strategies.one_of(strategies.sampled_from(HOSTILE), strategies.text(characters, max_size=6))
    return strategies.lists(parts, min_size=1, max_size=4).map("".join)


def hostile_findings() -> Any:
    from hypothesis import strategies

    texts = hostile_texts()
    paths = texts.map(lambda text: text.replace("\0", "") or "x")
    places = strategies.one_of(strategies.none(), strategies.sampled_from([(1, 1, 1, 3), (1, 2, 2, 1), (2, 1, 2, 1, 3)]))

    def build(path: str, message: str, layer: str | None, place: tuple[int, ...] | None, severity: Severity, more: str) -> Finding:
        span = Span(path, *place) if place else None
        related = ((more, Span(path, 1, 1, 1, 1)), (more, None))
        return Finding("BN305", "hardcoded-training-true", severity, message, path, span, more, None, more, 1, layer, related, "f00")

    severities = strategies.sampled_from([Severity.ERROR, Severity.WARNING, Severity.INFO])
    one = strategies.builds(build, paths, texts, strategies.one_of(strategies.none(), texts), places, severities, texts)
    return strategies.tuples(strategies.lists(one, max_size=4), texts)


@pytest.mark.usefixtures("_stub")
def test_what_was_found_is_what_is_read() -> None:
    needs("hypothesis", "markdown_it")
    from hypothesis import HealthCheck, example, given, settings

    base = os.getcwd()
    root = Finding("BN305", "hardcoded-training-true", Severity.ERROR, "a folder", "/", None, "", None, "", 1, None, (), "f00")

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(hostile_findings())
    @example(([root], ""))
    def check(case: tuple[list[Finding], str]) -> None:
        findings, source = case
        drawn = Report(findings, lines=lambda path, cell: source.split("\n"), base=base, files=1)
        for output_format, parse in PARSERS.items():
            text = report.render(drawn, output_format)
            assert parse(text) == through_json(expected(output_format, findings, base)), output_format
            assert_harmless(text)
        for output_format in ("text", "concise", "grouped"):
            text = report.render(drawn, output_format)
            assert_harmless(text)
            assert_readable(output_format, text, findings)

    check()


def assert_readable(output_format: str, text: str, findings: list[Finding]) -> None:
    """A person sees these findings and no other: a line begins as one of ours does only where it is one."""
    lines = text.split("\n")
    if output_format == "text":
        # What holds for several layers of a model file is said once.
        once = {id(each) if each.span or not each.layer else (each.path, each.severity, each.message, each.help): each for each in findings}
        said = [f"BN305 {printable(each.message)}" for each in once.values()]
        assert [line for line in lines if line.startswith("BN305")] == said
        return
    if output_format == "concise":
        assert lines[: len(findings)] == [f"{report.place_of(each)}: BN305 {printable(each.message)}" for each in findings]
    for path, group in groupby(findings, key=lambda each: each.path) if output_format == "grouped" else ():
        assert lines.pop(0) == f"{report.place(path)}:"
        for each in group:
            line = lines.pop(0)
            assert line.startswith("  ")
            assert line.endswith(f"  BN305 {printable(each.message)}")
        assert lines.pop(0) == ""
    end = lines[len(findings) if output_format == "concise" else 0]
    assert end.startswith("Found ") if findings else end == "All checks passed!"


def assert_harmless(text: str) -> None:
    """No control character but the newline, no separator and no change of direction reaches a terminal."""
    assert all(char == "\n" or char.isprintable() for char in text)
