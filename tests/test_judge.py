"""Hits become findings: words, severities, one finding for each place, unanimity."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from bnlint import catalogue
from bnlint.catalogue import Case, Page, Rule
from bnlint.findings import Applied, DropArgument, Finding, Fix, Hit, InsertActivation, Related, RemoveApplication, Safety, Severity, Swap
from bnlint.graph.model import KerasTarget, Layer, Module, Origin, Project, Span
from bnlint.judge import DIFFERENT, judge
from tests.graphs import Net, bn, chain, conv, dense, span

CASES = {
    "default": Case("{bn} after `{kind}` on {keras}", "Move {bn}"),
    "new": Case("only {rate} on {keras}", ""),
}
RULE = Rule(
    code="BN199",
    name="a-rule",
    title="A title",
    summary="",
    fix="unsafe",
    since="0.1.0",
    words=("x",),
    severities={"default": {"2": "warning", "3": "warning"}, "new": {"2": "off", "3": "error"}},
)
PAGE = Page(RULE, CASES, {"bias": "the bias of {kind}", "several": "it is used twice"}, (), (), "")
KERAS_2, KERAS_3 = KerasTarget(2, 15), KerasTarget(3)


@pytest.fixture(autouse=True)
def _one_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "page", lambda code: PAGE)


def project(*layers: Layer, keras: KerasTarget = KERAS_3) -> Project:
    return Project(keras, (Module("model.py", constructions=layers),))


def judged(
    project: Project, hits: Iterable[Hit], rule: Rule = RULE, override: Severity | None = None, explicit: bool = False
) -> list[Finding]:
    return judge(project, rule, hits, override, explicit)


def at(line: int, layer: Layer) -> Layer:
    return replace(layer, origin=Origin(span(line)))


def hit(layer: Layer | None, fix: Fix | None = None, case: str = "default", line: int = 1, **values: object) -> Hit:
    origin = layer.origin if layer is not None else Origin(span(line))
    return Hit(case, origin, layer=layer, values={"kind": "Dense", "rate": 0.5, **values}, fix=fix)


def drop(*layers: Layer, line: int = 1) -> Fix:
    return Fix(Safety.UNSAFE, (DropArgument(span(line), "use_bias"),), touches=layers)


def test_a_hit_becomes_a_finding_in_the_words_of_its_page() -> None:
    layer = at(3, bn())
    (found,) = judged(project(layer), [hit(layer)])
    assert (found.code, found.name, found.severity) == ("BN199", "a-rule", Severity.WARNING)
    assert found.message == "BatchNormalization after `Dense` on Keras 3"
    assert found.help == "Move BatchNormalization"
    assert (found.path, found.span, found.count, found.layer, found.fix, found.reason) == ("model.py", span(3), 1, None, None, "")


def test_bn_is_called_by_its_name() -> None:
    layer = at(3, replace(bn(), name="stem_bn"))
    (found,) = judged(project(layer), [hit(layer)])
    assert found.message.startswith("`stem_bn` after")
    assert found.layer == "stem_bn"


def test_bn_is_found_among_the_related_layers() -> None:
    source, norm = at(3, dense()), at(4, replace(bn(), name="stem_bn"))
    related = (Related(norm.origin, "bias", norm), Related(norm.origin, "bias", norm), Related(Origin()))
    (found,) = judged(project(source, norm), [replace(hit(source), related=related)])
    assert found.message.startswith("`stem_bn` after")
    assert found.related == (("the bias of Dense", span(4)), ("", None))


@pytest.mark.parametrize(
    ("value", "shown"), [(1 - 0.9, "only 0.1 "), (1e-9, "only 1e-09 "), (3, "only 3 "), ("x", "only x "), (None, "only None ")]
)
def test_numbers_are_printed_as_people_write_them(value: object, shown: str) -> None:
    (found,) = judged(project(), [hit(None, case="new", rate=value)])
    assert found.message.startswith(shown)


def test_a_value_that_looks_like_a_template_is_only_text() -> None:
    (found,) = judged(project(), [hit(None, kind="{bn!r} {0}")])
    assert found.message == "BatchNormalization after `{bn!r} {0}` on Keras 3"


def test_a_template_that_asks_for_what_the_hit_lacks_is_our_bug() -> None:
    with pytest.raises(KeyError):
        judged(project(), [Hit("default", Origin(span(1)))])


# Severity


def test_severity_goes_by_the_version_of_keras() -> None:
    hits = [hit(None, case="new")]
    assert [found.severity for found in judged(project(keras=KERAS_3), hits)] == [Severity.ERROR]
    assert judged(project(keras=KERAS_2), hits) == []
    assert judged(project(keras=KerasTarget(1)), hits) == []


def test_a_rule_that_is_off_is_an_info_for_who_selects_it_by_its_full_code() -> None:
    rule = replace(RULE, severities={"new": RULE.severities["new"]})
    (found,) = judged(project(keras=KERAS_2), [hit(None, case="new")], rule, explicit=True)
    assert found.severity is Severity.INFO


def test_a_case_that_is_off_in_a_rule_that_is_on_stays_silent() -> None:
    assert judged(project(keras=KERAS_2), [hit(None, case="new")], explicit=True) == []


def test_the_settings_override_the_severity_but_revive_nothing() -> None:
    hits = [hit(None), hit(None, case="new")]
    assert [found.severity for found in judged(project(keras=KERAS_2), hits, override=Severity.ERROR)] == [Severity.ERROR]
    assert judged(project(), hits, override=Severity.OFF) == []


# One finding for each place


def test_the_layers_of_one_place_are_one_finding_that_counts_them() -> None:
    layers = [at(3, bn()) for _ in range(4)]
    (found,) = judged(project(*layers), [hit(layer) for layer in (*layers, layers[0])])
    assert found.count == 4
    assert found.message.endswith(" (4 layers)")


def test_layers_of_several_names_at_one_place_have_no_name() -> None:
    layers = [at(3, replace(bn(), name=f"bn{number}")) for number in range(2)]
    (found,) = judged(project(*layers), [hit(layer) for layer in layers])
    assert found.layer is None
    assert found.message == "BatchNormalization after `Dense` on Keras 3 (2 layers)"


def test_two_cases_of_one_place_are_two_findings() -> None:
    layer = at(3, bn())
    assert len(judged(project(layer), [hit(layer), hit(layer, case="new")])) == 2


# Unanimity


def test_a_fix_lives_where_all_layers_of_its_place_agree() -> None:
    layers = [at(1, dense()) for _ in range(3)]
    (found,) = judged(project(*layers), [hit(layer, drop(layer)) for layer in layers])
    assert found.fix is not None
    assert found.reason == ""


def test_a_fix_becomes_advice_where_one_layer_of_its_place_is_not_hit() -> None:
    layers = [at(1, dense()) for _ in range(3)]
    (found,) = judged(project(*layers), [hit(layer, drop(layer)) for layer in layers[:2]])
    assert found.fix is None
    assert found.reason == "the change suits only 2 of the 3 layers that this code builds"


def test_a_fix_becomes_advice_where_the_layers_of_a_place_need_different_changes() -> None:
    first, second = at(1, dense()), at(1, dense())
    (found,) = judged(project(first, second), [hit(first, drop(first)), hit(second, drop(second, line=2))])
    assert (found.fix, found.reason) == (None, DIFFERENT)


def test_a_fix_becomes_advice_where_one_hit_of_its_place_has_none() -> None:
    first, second = at(1, dense()), at(1, dense())
    assert judged(project(first, second), [hit(first, drop(first)), hit(second)])[0].reason == DIFFERENT
    assert judged(project(first, second), [hit(first), hit(second, drop(second))])[0].reason == DIFFERENT
    refusal = Fix(Safety.UNSAFE, refused="several")
    (found,) = judged(project(first, second), [hit(first, drop(first)), hit(second, refusal)])
    assert (found.fix, found.reason) == (None, "it is used twice")


def test_no_fix_and_no_reason_where_the_rule_offers_none() -> None:
    (found,) = judged(project(), [hit(None)])
    assert (found.fix, found.reason) == (None, "")


def test_layers_that_hits_at_other_places_touch_with_the_same_edits_count() -> None:
    """Two findings whose fix is one and the same change of a helper."""
    helped = [at(1, dense()), at(1, dense())]
    norms = [at(2, bn()), at(3, bn())]
    hits = [hit(norm, drop(layer)) for norm, layer in zip(norms, helped, strict=True)]
    assert [found.fix is not None for found in judged(project(*helped, *norms), hits)] == [True, True]
    assert [found.fix is not None for found in judged(project(*helped, *norms), hits[:1])] == [False]


def test_the_place_of_birth_of_a_touched_layer_counts_though_the_edit_is_elsewhere() -> None:
    """`InsertActivation` edits behind one layer, and takes the argument out of the constructor of another."""
    net = Net()
    x = net.input()
    first = net(conv("relu"), x)
    second = net(bn(), first)
    built = net.build(second)
    twin = replace(first.layer)
    fix = Fix(
        Safety.UNSAFE,
        (InsertActivation(Applied(second.origin.span or span(0), second.hole), '"relu"', span(9)),),
        touches=(first.layer, second.layer),
    )
    (found,) = judged(built.project, [hit(second.layer, fix)])
    assert found.fix is not None
    (found,) = judged(replace(built.project, modules=(Module("model.py", constructions=(twin,)),)), [hit(second.layer, fix)])
    assert found.reason.startswith("the change suits only 1 of the 2 layers")


def test_the_places_of_applications_count_too() -> None:
    built = chain(conv(), bn(), bn())
    first, second = built.call("BatchNormalization"), built.call("BatchNormalization", 1)
    places = [Applied(call.origin.span or span(0), None) for call in (first, second)]
    swap = Fix(Safety.UNSAFE, (Swap(*places),), touches=(first.layer,))
    (found,) = judged(built.project, [hit(first.layer, swap)])
    assert found.reason == "the change suits only 0 of the 1 layers that this code builds"
    (found,) = judged(built.project, [hit(first.layer, replace(swap, touches=(first.layer, second.layer)))])
    assert found.fix is not None
    removal = Fix(Safety.UNSAFE, (RemoveApplication(places[1]),), touches=(second.layer,))
    (found,) = judged(built.project, [hit(second.layer, removal)])
    assert found.fix is not None


def test_a_unanimous_rule_is_silent_unless_every_layer_of_the_place_is_hit() -> None:
    rule = replace(RULE, unanimous=True)
    layers = [at(1, dense()), at(1, dense()), at(2, dense())]
    found = judged(project(*layers), [hit(layers[0]), hit(layers[2])], rule)
    assert [each.span for each in found] == [span(2)]
    assert len(judged(project(*layers), [hit(layer) for layer in layers], rule)) == 2
    assert len(judged(project(), [Hit("new", Origin(None, key="a/b"), dense(), {"rate": 1})], rule)) == 1


def test_a_finding_in_a_model_file_is_known_by_its_key() -> None:
    (found,) = judged(project(), [Hit("new", Origin(None, key="stage1/bn"), values={"rate": 1})])
    assert (found.span, found.layer) == (None, "stage1/bn")


def test_spans_of_other_files_are_kept_apart() -> None:
    hits = [Hit("new", Origin(Span(path, 1, 1, 1, 2)), values={"rate": 1}) for path in ("a.py", "b.py")]
    assert len(judged(project(), hits)) == 2


def test_of_many_related_places_the_first_are_named() -> None:
    layer = at(1, bn())
    hits = [
        replace(hit(layer), related=tuple(Related(Origin(span(line)), "bias") for line in range(10, 10 + count))) for count in (8, 9, 11)
    ]
    named = [judged(project(layer), [each])[0].related for each in hits]
    assert [len(each) for each in named] == [8, 9, 9]
    assert [each[-1][0] for each in named[1:]] == ["and 1 more such place", "and 3 more such places"]
