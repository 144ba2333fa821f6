"""From a file to findings: words, severities, ignores, targets, bugs of ours; and the fix loop."""

import gc
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bnlint import api, catalogue, engine, groups, regular, repair
from bnlint.api import Plans, fix_source, lint_paths, lint_source
from bnlint.catalogue import Case, Page
from bnlint.findings import DropArgument, Finding, Fix, Hit, Safety, SetArgument, Severity, TextEdit
from bnlint.graph.model import Layer, Project, Span

MOMENTUM = "from keras import layers\nx = layers.BatchNormalization(momentum=0.1)\n"
MODEL = """\
from keras import layers


def block(x, filters):
    x = layers.Conv2D(filters, 3)(x)
    x = layers.BatchNormalization(momentum=0.1)(x)
    return layers.ReLU()(x)
"""

Check = Callable[[Project], Iterator[Hit]]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts another check in the place of BN403's, with words of its own; all other rules find nothing."""

    def install(check: Check) -> None:
        rule = catalogue.rules()["BN403"]
        page = Page(replace(rule, unanimous=False), {"default": Case("found", "mend it")}, {}, (), (), "")
        monkeypatch.setattr(catalogue, "page", lambda code: page)
        monkeypatch.setattr(catalogue, "check", lambda code: check if code == "BN403" else None)

    return install


def lint(source: str | bytes, path: str = "a.py", **settings: object) -> tuple[Finding, ...]:
    return lint_source(source, path, isolated=True, **settings)  # type: ignore[arg-type]


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def layers_of(project: Project) -> tuple[Layer, ...]:
    return project.modules[0].constructions


# One file


@pytest.mark.parametrize(
    ("name", "speaks"),
    [
        *((name, True) for name in ("BatchNormalization", "Batch_norm", "batchNorm", "batch_norm", "batchnorm", "keras")),
        ("normalise", False),
    ],
)
def test_what_speaks_of_keras_may_matter_named_or_met_by_a_walk(name: str, speaks: bool) -> None:
    plan = Plans(isolated=True).of("a.py")
    given = [groups.Input("a.py", f"import x\nx.{name}()\n".encode(), plan, named) for named in (False, True)]
    assert [groups.may_matter(each) for each in given] == [speaks, speaks]


def test_what_was_not_read_to_its_end_may_speak_of_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plans(isolated=True).of("a.py")

    def is_idle() -> bool:
        (group,) = groups.form([groups.Input("a.py", b"x = 1\n" * 3, plan, named=False)])
        return group.idle

    assert is_idle()
    monkeypatch.setattr(regular, "LARGEST", 10)
    assert not is_idle()


def test_a_file_of_a_walk_that_holds_no_word_is_dismissed_unparsed() -> None:
    plan = Plans(isolated=True).of("a.py")
    checked = engine.check(groups.Group((groups.Input("a.py", b"def broken(", plan, named=False),), None))[0]
    assert (checked.dismissed, checked.findings, checked.document) == (True, (), None)


def test_a_file_that_was_named_is_parsed_all_the_same() -> None:
    assert codes(lint("def broken(\n")) == ["BN001"]
    assert lint("x = 1\n") == ()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"print 'x'  # BatchNormalization\n", "Python 2"),
        (b"x = '\xff'  # BatchNormalization\n", "UTF-8"),
        (b"BatchNormalization\x00", "binary"),
        (b"x = " + b"(" * 5000 + b")" * 5000 + b"  # BatchNormalization", "nested too deeply"),
    ],
)
def test_unreadable_input_is_one_finding_of_one_line(source: bytes, said: str) -> None:
    (found,) = lint(source)
    assert (found.code, found.severity) == ("BN001", Severity.ERROR)
    assert said in found.message
    assert "\n" not in found.message
    assert found.span is not None


def test_empty_input_is_clean() -> None:
    assert lint("") == ()
    assert lint(b"", "a.ipynb") == ()


def test_unreadable_input_is_found_whatever_is_selected() -> None:
    assert codes(lint("def broken(", select=["BN403"])) == ["BN001"]
    assert codes(lint("def broken(", ignore=["BN0"])) == ["BN001"]


def test_unreadable_input_whose_rule_is_ignored_is_counted_as_skipped() -> None:
    result = api.lint_data(b"def broken(", "a.py", Plans(isolated=True, overrides={"ignore": ["BN001"]}))
    assert result.findings == ()
    assert result.analysed == 0
    assert dict(result.skipped) == {"unreadable, and BN001 is ignored": 1}


def test_a_broken_cell_does_not_hide_the_others() -> None:
    import json

    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []} for source in ("def broken(", MOMENTUM)]
    notebook = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    (found,) = lint(notebook, "n.ipynb", select=["BN403"])
    assert found.span is not None
    assert found.span.cell == 2


def test_findings_come_in_order_of_place() -> None:
    source = "from keras import layers\nb = layers.BatchNormalization(epsilon=0)\na = layers.BatchNormalization(epsilon=0, momentum=2)\n"
    found = [(each.span.line, each.code) for each in lint(source, select=["BN402", "BN404"]) if each.span]
    assert found == [(2, "BN404"), (3, "BN402"), (3, "BN404")]


def test_what_the_file_imports_is_not_reported_in_it(fake: Callable[..., None]) -> None:
    def check(project: Project, **options: object) -> Iterator[Hit]:
        for layer in layers_of(project):
            origin = layer.origin
            assert origin.span is not None
            yield Hit("default", replace(origin, span=replace(origin.span, path="other.py")), layer)

    fake(check)
    assert lint(MOMENTUM) == ()


# Settings


def test_severity_overrides_and_per_file_ignores(tmp_path: Path) -> None:
    settings = 'severity = { BN403 = "error" }\n[per-file-ignores]\n"skipped.py" = ["BN403"]\n'
    (tmp_path / "bnlint.toml").write_text(settings)
    (tmp_path / "a.py").write_text(MOMENTUM)
    (tmp_path / "skipped.py").write_text(MOMENTUM)
    result = lint_paths([tmp_path], select=["BN403"])
    assert [(Path(each.path).name, each.severity) for each in result.findings] == [("a.py", Severity.ERROR)]


def test_each_file_is_held_to_its_closest_settings(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "bnlint.toml").write_text('fail-on = "error"\n')
    (inner / "bnlint.toml").write_text('select = ["BN404"]\n')
    for folder in (tmp_path, inner):
        (folder / "a.py").write_text(MOMENTUM)
    result = lint_paths([tmp_path])
    assert [Path(each.path).parent.name for each in result.findings if each.code == "BN403"] == [tmp_path.name]
    assert not result.fails
    assert lint_paths([tmp_path], fail_on="info").fails


def test_the_pins_of_the_named_folder_hold_for_all_below(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("tensorflow==2.4\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.py").write_text("from tensorflow.keras import layers\nx = layers.BatchNormalization(axis=[3])\n")
    assert lint_paths([tmp_path], isolated=True, select=["BN401"]).findings == ()
    (tmp_path / "requirements.txt").unlink()
    assert codes(lint_paths([tmp_path], isolated=True, select=["BN401"]).findings) == ["BN401"]


def test_unknown_rules_are_errors() -> None:
    with pytest.raises(api.SettingsError, match="BN999"):
        lint("x = 1", select=["BN999"])


# Ignores


@pytest.mark.parametrize("comment", ["# bnlint: ignore[BN403]", "# bnlint: ignore[pytorch-momentum]", "# noqa: BN403", "# noqa"])
def test_ignores_suppress(comment: str) -> None:
    assert lint(MOMENTUM.rstrip("\n") + f"  {comment}\n", select=["BN403", "BN002"]) == ()


def test_an_unused_ignore_is_found_and_removed() -> None:
    source = MOMENTUM.rstrip("\n") + "  # bnlint: ignore[BN404]\n"
    found = lint(source, select=["BN404", "BN002"])
    assert codes(found) == ["BN002"]
    assert "# bnlint: ignore[BN404]" in found[0].message
    fixed = fix_source(source, "a.py", isolated=True, select=["BN404", "BN002"])
    assert fixed.source == MOMENTUM
    assert codes(fixed.fixed) == ["BN002"]
    assert fixed.findings == ()


def test_an_ignore_of_a_rule_that_is_off_is_not_unused() -> None:
    assert lint(MOMENTUM.rstrip("\n") + "  # bnlint: ignore[BN404]\n", select=["BN002"]) == ()


# Fingerprints


def test_fingerprints_do_not_depend_on_the_line() -> None:
    before, after = lint(MOMENTUM), lint("\n\n" + MOMENTUM.replace("x =", "x  ="))
    assert [each.fingerprint for each in before] == [each.fingerprint for each in after]
    assert len(before[0].fingerprint) == 32


def test_fingerprints_tell_file_rule_line_and_repetition_apart() -> None:
    twice = MOMENTUM + MOMENTUM.splitlines()[1] + "\n"
    prints = [each.fingerprint for each in (*lint(twice), *lint(MOMENTUM, "b.py"), *lint(MOMENTUM.replace("x", "y")))]
    assert len(set(prints)) == len(prints) == 4


# Our own bugs


def test_a_check_that_crashes_is_a_failure_that_names_file_and_rule(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def check(project: Project, **options: object) -> Iterator[Hit]:
        raise KeyError("x\ny")
        yield

    monkeypatch.setattr(catalogue, "check", lambda code: check if code == "BN403" else None)
    (tmp_path / "a.py").write_text(MOMENTUM)
    (tmp_path / "broken.py").write_text("def broken(  # BatchNormalization")
    result = lint_paths([tmp_path], isolated=True)
    (failure,) = result.failures
    assert failure.startswith(f"internal error: BN403 (pytorch-momentum) on {tmp_path / 'a.py'}: KeyError: 'x")
    assert "\n" not in failure
    assert codes(result.findings) == ["BN001"]
    assert result.analysed == 2


def test_a_front_end_that_crashes_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    from bnlint import source

    def analyse(documents: object, root: object, whole: bool, seen: object) -> object:
        raise ValueError("oops")

    monkeypatch.setattr(source, "analyse", analyse)
    result = api.lint_data(MOMENTUM.encode(), "a.py", Plans(isolated=True))
    assert result.failures[0].startswith("internal error: reading a.py: ValueError: oops (test_engine.py:")


def test_a_front_end_that_runs_out_of_stack_is_bad_input(monkeypatch: pytest.MonkeyPatch) -> None:
    from bnlint import source

    def analyse(documents: object, root: object, whole: bool, seen: object) -> object:
        raise RecursionError

    monkeypatch.setattr(source, "analyse", analyse)
    assert "nested too deeply" in lint(MOMENTUM)[0].message


# Fixing


def test_safe_fixes_only_unless_unsafe_ones_are_asked_for() -> None:
    assert fix_source(MODEL, "a.py", isolated=True).source == MODEL
    fixed = fix_source(MODEL, "a.py", isolated=True, unsafe=True, select=["BN403"])
    assert fixed.source == MODEL.replace("momentum=0.1", "momentum=0.9")
    assert codes(fixed.fixed) == ["BN403"]
    assert fixed.findings == ()


def test_a_source_of_bytes_stays_bytes() -> None:
    source = b"\xef\xbb\xbf" + MODEL.replace("\n", "\r\n").encode()
    fixed = fix_source(source, "a.py", isolated=True, unsafe=True, select=["BN403"])
    assert fixed.source == source.replace(b"0.1", b"0.9")


def test_fixable_and_unfixable_choose_rules() -> None:
    for settings in ({"unfixable": ["BN403"]}, {"fixable": ["BN1"]}):
        fixed = fix_source(MODEL, "a.py", isolated=True, unsafe=True, select=["BN403"], **settings)  # type: ignore[arg-type]
        assert fixed.source == MODEL
        assert [each.fix for each in fixed.findings] == [None]


def edit_each(name: str, code: str) -> Check:
    """A check that wants one argument of each layer set."""

    def check(project: Project, **options: object) -> Iterator[Hit]:
        for layer in layers_of(project):
            if layer.kind == "BatchNormalization" and layer.config.get(name) != float(code):
                assert layer.origin.span is not None
                fix = Fix(Safety.SAFE, (SetArgument(layer.origin.span, name, code),), touches=(layer,))
                yield Hit("default", layer.origin, layer, fix=fix)

    return check


def test_fixes_of_several_places_are_made_in_one_round(fake: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    fake(edit_each("momentum", "0.5"))
    rounds = []
    check = engine.check
    monkeypatch.setattr(engine, "check", lambda *arguments, **named: rounds.append(1) or check(*arguments, **named))
    fixed = fix_source(MOMENTUM * 5, "a.py", isolated=True)
    assert fixed.source == MOMENTUM.replace("0.1", "0.5") * 5
    assert len(fixed.fixed) == 5
    assert len(rounds) == 2


def test_a_fix_that_never_comes_to_rest_is_a_bug_and_changes_nothing(fake: Callable[..., None]) -> None:
    def check(project: Project, **options: object) -> Iterator[Hit]:
        (layer,) = layers_of(project)
        assert layer.origin.span is not None
        momentum = layer.config["momentum"]
        assert isinstance(momentum, float)
        fix = Fix(Safety.SAFE, (SetArgument(layer.origin.span, "momentum", str(momentum + 1)),), touches=(layer,))
        yield Hit("default", layer.origin, layer, fix=fix)

    fake(check)
    result = api.lint_data(MOMENTUM.encode(), "a.py", Plans(isolated=True), "safe")
    assert (result.changes, result.fixed) == ((), ())
    assert result.failures == ("internal error: fixing BN403 in a.py changes it again and again; please report it",)
    assert codes(result.findings) == ["BN403"]


def test_a_fix_that_leaves_no_program_is_a_bug_and_changes_nothing(fake: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    from bnlint.fixer import apply

    fake(edit_each("momentum", "0.5"))
    monkeypatch.setattr(apply, "apply", lambda *arguments, **options: b"f(")
    result = api.lint_data(MOMENTUM.encode(), "a.py", Plans(isolated=True), "safe")
    assert (result.changes, result.fixed) == ((), ())
    assert result.failures == ("internal error: fixing BN403 in a.py leaves what cannot be read; please report it",)
    assert codes(result.findings) == ["BN403"]


def test_a_fix_that_cannot_be_made_is_advice_with_the_reason(fake: Callable[..., None]) -> None:
    def check(project: Project, **options: object) -> Iterator[Hit]:
        (layer,) = layers_of(project)
        assert layer.origin.span is not None
        fix = Fix(Safety.SAFE, (DropArgument(layer.origin.span, "renorm"),), touches=(layer,))
        yield Hit("default", layer.origin, layer, fix=fix)

    fake(check)
    (found,) = lint(MOMENTUM)
    assert found.fix is None
    assert "renorm" in found.reason
    assert fix_source(MOMENTUM, "a.py", isolated=True).source == MOMENTUM


def test_a_fixer_that_crashes_is_a_failure_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from bnlint.fixer import apply

    def crash(*arguments: object, **options: object) -> bytes:
        raise ValueError("oops")

    monkeypatch.setattr(apply, "apply", crash)
    result = api.lint_data(MODEL.encode(), "a.py", Plans(isolated=True, overrides={"select": ["BN403"]}), "unsafe")
    assert result.failures[0].startswith("internal error: fixing a.py: ValueError: oops (")
    assert codes(result.findings) == ["BN403"]
    assert result.changes == ()


def test_a_file_is_written_only_when_asked_to(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(MODEL)
    result = lint_paths([file], mend="unsafe", write=False, isolated=True, select=["BN403"])
    assert file.read_text() == MODEL
    assert [change.after for change in result.changes] == [MODEL.replace("0.1", "0.9").encode()]
    lint_paths([file], mend="unsafe", isolated=True, select=["BN403"])
    assert file.read_text() == MODEL.replace("0.1", "0.9")


def test_a_file_that_cannot_be_written_is_a_failure_and_keeps_its_findings(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text(MODEL)
    (tmp_path / "b.py").hardlink_to(file)
    result = lint_paths([file], mend="unsafe", isolated=True, select=["BN403"])
    assert file.read_text() == MODEL
    assert codes(result.findings) == ["BN403"]
    assert result.fixed == ()
    assert result.failures[0].startswith(f"{file} was not changed: it is a hard link")


# Overlapping edits


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((1, 1, 1, 5), (1, 5, 1, 9), False),
        ((1, 1, 1, 5), (1, 4, 1, 9), True),
        ((1, 1, 3, 2), (2, 1, 2, 9), True),
        ((1, 5, 1, 5), (1, 5, 1, 5), True),
        ((1, 5, 1, 5), (1, 5, 1, 9), True),
        ((1, 1, 1, 5), (1, 5, 1, 5), False),
        ((1, 1, 1, 1), (2, 1, 2, 1), False),
    ],
)
def test_which_edits_keep_clear_of_each_other(one: tuple[int, ...], other: tuple[int, ...], expected: bool) -> None:
    first, second = (TextEdit(Span("a.py", *place), "") for place in (one, other))  # type: ignore[arg-type]
    assert meets(first, second) is meets(second, first) is expected


def test_edits_in_two_cells_keep_clear() -> None:
    first, second = (TextEdit(Span("a.ipynb", 1, 1, 1, 9, cell=cell), "") for cell in (1, 2))
    assert not meets(first, second)


def test_an_edit_among_many_meets_those_that_it_touches() -> None:
    dice = random.Random(1)
    for _ in range(200):
        taken, all_taken = repair.Taken(), list[TextEdit]()
        for _ in range(20):
            start = dice.randrange(1, 40)
            edit = TextEdit(Span("a.py", 1, start, 1, start + dice.choice((0, 0, 1, 3))), "x")
            expected = any(meets(other, edit) for other in all_taken)
            assert taken.meets(edit) is expected
            assert taken.holds([edit]) is (edit in all_taken)
            if not expected:
                taken.add([edit])
                all_taken.append(edit)


def meets(one: TextEdit, other: TextEdit) -> bool:
    taken = repair.Taken()
    taken.add([one])
    return taken.meets(other)


def test_what_an_analysis_leaves_behind_is_freed_at_once(tmp_path: Path) -> None:
    """To look for garbage takes up to a quarter of the time of a run."""
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "__init__.py").write_text("from net.blocks import *\nfrom net.model import Net\n")
    (tmp_path / "net" / "blocks.py").write_text(
        "from keras import layers\n\n\ndef block(x, use_bn=True):\n    x = layers.Dense(8, use_bias=not use_bn)(x)\n"
        "    return layers.ReLU()(layers.BatchNormalization()(x) if use_bn and x is not None else x)\n"
    )
    (tmp_path / "net" / "model.py").write_text(
        "import keras\nfrom net import block\n\n\nclass Net(keras.Model):\n    def __init__(self):\n        super().__init__()\n"
        "        self.parts = [lambda x, n=n: block(x, n > 1) for n in range(3) if n]\n\n    def call(self, x, training=None):\n"
        "        for part in self.parts:\n            x = part(x)\n        return x\n"
    )
    api.lint_paths([str(tmp_path)], isolated=True)
    gc.collect()
    gc.disable()
    try:
        assert api.lint_paths([str(tmp_path)], isolated=True).analysed == 2
        assert gc.collect() < 50
    finally:
        gc.enable()
