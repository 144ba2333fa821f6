"""What the output formats print, to the byte."""

import json
import os
import re
from pathlib import Path

import pytest

from bnlint import catalogue, report
from bnlint.catalogue import Page, Rule
from bnlint.findings import DropArgument, Finding, Fix, Safety, Severity, TextEdit
from bnlint.graph.model import Span
from bnlint.report import Report

SOURCE = """\
from keras import layers


def block(x, filters):
    x = layers.Conv2D(filters, 3)(x)
    x = layers.BatchNormalization()(x, training=True)
    return layers.ReLU()(x)
"""
RULE = Rule(
    "BN305", "hardcoded-training-true", "A title", "A summary.", "unsafe", "0.1.0", ("x",), {"default": {"2": "error", "3": "error"}}
)


@pytest.fixture(autouse=True)
def _one_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "rules", lambda: {"BN305": RULE})
    monkeypatch.setattr(catalogue, "page", lambda code: Page(RULE, {}, {}, ("function", "statistics"), (), ""))


def finding(span: Span | None = Span("a.py", 6, 40, 6, 53), **values: object) -> Finding:  # noqa: B008 (frozen)
    known = {"path": span.path if span else "a.py", "message": "`training=True` is hard-coded", "severity": Severity.ERROR, **values}
    return Finding(code="BN305", name="hardcoded-training-true", span=span, **known)  # type: ignore[arg-type]


def fixable(safety: Safety = Safety.UNSAFE, **values: object) -> Finding:
    at = Span("a.py", 6, 9, 6, 54)
    return finding(fix=Fix(safety, (DropArgument(at, "training"),)), help="Remove `training=True`", **values)


def shown(*findings: Finding, source: str = SOURCE, output_format: str = "text", **values: object) -> str:
    lines = source.split("\n")
    return report.render(Report(findings, lines=lambda path, cell: lines, files=1, **values), output_format)  # type: ignore[arg-type]


def test_text_shows_the_code_and_what_to_do() -> None:
    assert (
        shown(fixable())
        == """\
BN305 `training=True` is hard-coded
 --> a.py:6:40
  |
4 | def block(x, filters):
5 |     x = layers.Conv2D(filters, 3)(x)
6 |     x = layers.BatchNormalization()(x, training=True)
  |                                        ^^^^^^^^^^^^^
7 |     return layers.ReLU()(x)
  |
help: Remove `training=True`
note: This is an unsafe fix and changes what the model computes and the moving statistics
rule: hardcoded-training-true · error · bnlint explain BN305

Found 1 error, 0 warnings, 0 info in 1 of 1 file.
1 unsafe fix available with `--fix --unsafe-fixes`.
"""
    )


def test_text_says_once_what_holds_for_several_layers_of_a_model() -> None:
    def of(layer: str, **values: object) -> Finding:
        return finding(None, path="net.keras", layer=layer, about="Conv2D", **values)

    few = shown(of("a"), of("b", message="else"), of("c"))
    assert few.startswith("BN305 `training=True` is hard-coded\n --> net.keras::a (Conv2D)\n --> net.keras::c (Conv2D)\nrule:")
    assert few.count("rule:") == 2
    assert "Found 3 errors" in few
    many = shown(*(of(str(number)) for number in range(20)))
    assert many.count("-->") == 9
    assert " --> net.keras::7 (Conv2D)\n --> and 12 more layers\n" in many
    assert shown(finding(None, path="a.keras"), finding(None, path="a.keras")).count("rule:") == 2


def test_text_frames_code_of_several_lines() -> None:
    assert (
        shown(finding(Span("a.py", 4, 1, 7, 28))).split("rule:")[0]
        == """\
BN305 `training=True` is hard-coded
 --> a.py:4:1
  |
4 | / def block(x, filters):
5 | |     x = layers.Conv2D(filters, 3)(x)
6 | |     x = layers.BatchNormalization()(x, training=True)
7 | |     return layers.ReLU()(x)
  | |___________________________^
  |
"""
    )


def test_text_leaves_out_the_middle_of_long_code() -> None:
    source = "\n".join(f"line{number}" for number in range(1, 101))
    text = shown(finding(Span("a.py", 10, 1, 90, 5)), source=source)
    assert "10 | / line10\n" in text
    assert "15 | | line15\n   | | ...\n85 | | line85\n" in text
    assert "90 | | line90\n   | |____^\n" in text
    assert len(text.splitlines()) < 30


def test_the_reason_for_no_fix_and_related_places_are_notes() -> None:
    text = shown(finding(reason="the output is used twice", related=(("the bias", Span("a.py", 5, 9, 5, 12)), ("without place", None))))
    assert "note: No fix here: the output is used twice\nnote: a.py:5:9: the bias\nnote: without place\nrule:" in text


@pytest.mark.parametrize(
    ("line", "start", "end", "marked"),
    [
        ("\tx = bn(x)", 6, 11, "    x = bn(x)\n  |         ^^^^^"),
        ("    '漢字', bn(x)", 11, 16, "    '漢字', bn(x)\n  |             ^^^^^"),
        ("'e\u0301', bn(x)", 7, 12, "'e\u0301', bn(x)\n  |      ^^^^^"),
        ("'\x1b[31m', bn(x)", 10, 15, "'\\x1b[31m', bn(x)\n  |             ^^^^^"),
        ("x" * 300 + "bn(x)" + "y" * 300, 301, 306, "x" * 80 + "bn(x)" + "y" * 74 + "…\n  | " + " " * 80 + "^^^^^"),
        ("bn(x)" + "y" * 300, 1, 6, "bn(x)" + "y" * 154 + "…\n  | ^^^^^"),
    ],
    ids=["tab", "wide", "combining", "escape", "long", "long to the right"],
)
def test_the_caret_stands_under_the_code(line: str, start: int, end: int, marked: str) -> None:
    text = shown(finding(Span("a.py", 1, start, 1, end)), source=line)
    assert text.split("  |\n1 | ")[1].split("\n  |\n")[0] == marked


def test_no_name_in_the_input_forges_output() -> None:
    evil = "x\n::error::\x1b[2J\x9b1m\u202e\u2028"
    hostile = finding(Span(f"{evil}.py", 1, 1, 1, 2), message=evil, reason=evil, help=evil, related=((evil, Span(evil, 1, 1, 1, 1)),))
    for output_format in ("text", "concise"):
        text = shown(hostile, source=f"{evil}\n", output_format=output_format)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202e]", text)
        assert not any(line.startswith("::error") for line in text.splitlines())
    text = shown(hostile, output_format="json")
    assert text.isascii()
    assert json.loads(text)[0]["message"] == evil


def test_a_finding_without_source_has_no_frame() -> None:
    for place, line in ((None, " --> a.py\n"), (Span("a.py", 1, 1, 1, 1), " --> a.py:1:1\n")):
        text = report.render(Report((finding(place),)), "text")
        assert text.startswith(f"BN305 `training=True` is hard-coded\n{line}rule:")


def test_colour_is_all_that_colour_adds() -> None:
    plain, coloured = shown(fixable()), shown(fixable(), colour=True)
    assert "\x1b[1;31mBN305\x1b[0m" in coloured
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == plain


def test_concise_is_worded_as_ruff_words_it() -> None:
    notebook = finding(Span("n.ipynb", 3, 5, 3, 9, cell=2), severity=Severity.WARNING)
    assert (
        shown(fixable(Safety.SAFE), notebook, output_format="concise")
        == """\
a.py:6:40: BN305 [*] `training=True` is hard-coded
n.ipynb:cell 2:3:5: BN305 `training=True` is hard-coded
Found 1 error, 1 warning, 0 info in 2 of 1 file.
[*] 1 fixable with `--fix`.
"""
    )


def test_json_has_the_keys_of_ruff() -> None:
    edit = TextEdit(Span("a.py", 6, 38, 6, 53), "")
    related = (("the other", Span("b.py", 1, 2, 1, 3)),)
    entry = fixable(related=related, layer="bn1", fingerprint="f00")
    (printed,) = json.loads(shown(entry, output_format="json", edits=lambda finding: (edit,)))
    assert printed == {
        "cell": None,
        "code": "BN305",
        "end_location": {"column": 53, "row": 6},
        "filename": os.path.abspath("a.py"),
        "fingerprint": "f00",
        "fix": {
            "applicability": "unsafe",
            "changes": ["function", "statistics"],
            "edits": [{"content": "", "end_location": {"column": 53, "row": 6}, "location": {"column": 38, "row": 6}}],
            "message": "Remove `training=True`",
        },
        "layer": "bn1",
        "location": {"column": 40, "row": 6},
        "message": "`training=True` is hard-coded",
        "name": "hardcoded-training-true",
        "related": [
            {
                "cell": None,
                "end_location": {"column": 3, "row": 1},
                "filename": os.path.abspath("b.py"),
                "location": {"column": 2, "row": 1},
                "message": "the other",
            }
        ],
        "severity": "error",
        "url": RULE.url,
    }


def test_json_without_findings_is_an_empty_list() -> None:
    assert shown(output_format="json") == "[]\n"


def test_json_of_a_finding_without_fix_or_place() -> None:
    (printed,) = json.loads(shown(finding(None), output_format="json"))
    assert (printed["fix"], printed["location"], printed["end_location"]) == (None, None, None)


def test_the_standard_input_has_no_absolute_name() -> None:
    (printed,) = json.loads(shown(finding(path="<stdin>"), output_format="json"))
    assert printed["filename"] == "<stdin>"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"files": 1}, "All checks passed!\n"),
        ({"files": 41, "dismissed": 38}, "All checks passed!\n41 files (38 skipped: no BatchNormalization).\n"),
        ({"files": 2, "skipped": {"too large": 1}}, "All checks passed!\n2 files (1 skipped: too large).\n"),
    ],
)
def test_the_summary_without_findings(values: dict[str, object], expected: str) -> None:
    assert report.summary(Report((), **values)) == expected  # type: ignore[arg-type]


def test_the_summary_counts_by_severity_files_and_fixes() -> None:
    info = finding(severity=Severity.INFO)
    found = Report((finding(), fixable(Safety.SAFE), fixable(), info), fixed=(finding(path="b.py"),), files=41, dismissed=38)
    assert report.summary(found) == (
        "Found 4 errors, 0 warnings, 1 info (1 fixed, 4 remaining) in 2 of 41 files (38 skipped: no BatchNormalization).\n"
        "[*] 1 fixable with `--fix` (1 unsafe fix available with `--fix --unsafe-fixes`).\n"
    )
    assert report.summary(Report(found.findings, unsafe=True, files=1)).endswith("\n[*] 2 fixable with `--fix`.\n")


def test_advice_is_never_counted_as_fixable() -> None:
    assert "fixable" not in shown(fixable(Safety.DISPLAY), unsafe=True)
    assert "[*]" not in shown(fixable(Safety.DISPLAY), unsafe=True)


def test_show_fixes_lists_files_and_rules() -> None:
    fixed = (finding(path="b.py"), finding(), finding())
    assert report.summary(Report((), fixed=fixed, files=2, show_fixes=True)) == (
        "Fixed 3 errors, 0 warnings, 0 info:\n"
        "- a.py:\n    2 × BN305 (hardcoded-training-true)\n"
        "- b.py:\n    1 × BN305 (hardcoded-training-true)\n"
        "\n"
        "Found 3 errors, 0 warnings, 0 info (3 fixed, 0 remaining) in 2 of 2 files.\n"
    )


def test_unsafe_fixes_say_what_they_change() -> None:
    fixed = (fixable(Safety.UNSAFE), fixable(Safety.UNSAFE), fixable(Safety.SAFE))
    words = "    2 × BN305 (hardcoded-training-true): what the model computes and the moving statistics\n\n"
    assert report.summary(Report((), fixed=fixed, files=1)).startswith(f"Unsafe fixes have changed:\n{words}Found ")
    assert report.only_fixed(Report((), fixed=fixed), would=True).startswith(f"Unsafe fixes would change:\n{words}Would fix ")
    assert "Unsafe" not in report.summary(Report((), fixed=fixed[2:], files=1))


def test_fix_only_and_diff_say_what_is_or_would_be_fixed() -> None:
    assert report.only_fixed(Report((), fixed=(finding(),))) == "Fixed 1 error, 0 warnings, 0 info.\n"
    assert report.only_fixed(Report(()), would=True) == "Nothing would be fixed.\n"
    assert report.only_fixed(Report((fixable(),), fixed=(finding(),)), would=True) == (
        "Would fix 1 error, 0 warnings, 0 info (1 more fix available with `--unsafe-fixes`).\n"
    )


def test_quiet_is_findings_only() -> None:
    assert shown(finding(), output_format="concise", quiet=True) == "a.py:6:40: BN305 `training=True` is hard-coded\n"
    assert shown(quiet=True) == ""


def test_a_path_is_relative_to_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert report.place(str(tmp_path / "sub" / "a.py"), 1, 2) == os.path.join("sub", "a.py") + ":1:2"
    assert report.place("/elsewhere/a.py") == "/elsewhere/a.py"
