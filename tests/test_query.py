"""What checks ask of graphs: on graphs built by hand, of which the answers are plain to see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bnlint.graph import query
from bnlint.graph.model import (
    Call,
    Choice,
    ClassInfo,
    Event,
    Gap,
    KerasTarget,
    Layer,
    ModelGraph,
    Module,
    Origin,
    Project,
    Span,
    Tensor,
    Unknown,
)
from bnlint.graph.query import Step
from tests.graphs import Net, act, add, bn, chain, conv, dense, dropout, event, function, layer, pool, relu, span, unknown

FLAG, OTHER = unknown("a flag"), unknown("another flag")
X = unknown("x")
IS_A, IS_B, IS_NONE = (unknown(str(value), test=("==" if value else "is", X, value)) for value in ("a", "b", None))
MODE = replace(unknown("training"), mode=True)
IN_AB = unknown("x in (a, b)", test=("in", X, ("a", "b")))


def kinds(steps: tuple[Step, ...]) -> set[str | None]:
    return {step.call.layer.kind if step.call is not None else None for step in steps}


# Assumptions


@pytest.mark.parametrize(
    ("held", "condition", "outcome"),
    [
        ({}, FLAG, None),
        ({FLAG: True}, FLAG, True),
        ({FLAG: False}, FLAG, False),
        ({FLAG: True}, OTHER, None),
        ({IS_A: True}, IS_A, True),
        ({IS_A: True}, IS_B, False),
        ({IS_A: True}, IS_NONE, False),
        ({IS_NONE: True}, IS_A, False),
        ({IS_A: False}, IS_B, None),
        ({IS_A: True}, IN_AB, True),
        ({IS_NONE: True}, IN_AB, False),
        ({IS_A: True}, X, True),
        ({IS_NONE: True}, X, False),
        ({X: True}, IS_NONE, False),
        ({X: False}, IS_A, False),
        ({X: False}, IS_NONE, None),
        ({X: True}, IS_A, None),
    ],
    ids=lambda value: "/".join(f"{key.reason}={outcome}" for key, outcome in value.items()) if isinstance(value, dict) else None,
)
def test_what_follows_from_an_assumption(held: query.Assumption, condition: Unknown, outcome: bool | None) -> None:
    assert query.decide(held, condition) is outcome


def test_equal_numbers_of_different_types_are_told_apart() -> None:
    one, true = unknown("1", test=("==", X, 1)), unknown("True", test=("==", X, True))
    assert query.decide({one: True}, true) is False


@pytest.mark.parametrize(
    ("tests", "trains"),
    [
        ({}, None),
        ({FLAG: True}, None),
        ({MODE: True}, True),
        ({MODE: False}, False),
        ({FLAG: False, MODE: True}, True),
        ({unknown("training is None", test=("is", MODE, None)): True}, False),
        ({unknown("training is None", test=("is", MODE, None)): False}, None),
        ({unknown("training == 1", test=("==", MODE, 1)): True}, True),
    ],
)
def test_the_mode_of_a_path(tests: query.Assumption, trains: bool | None) -> None:
    assert query.trains(tests) is trains


def test_an_assumption_is_extended_or_contradicted() -> None:
    assert query.extend({}, FLAG, True) == {FLAG: True}
    assert query.extend({FLAG: True}, FLAG, True) == {FLAG: True}
    assert query.extend({FLAG: True}, FLAG, False) is None
    assert query.extend({IS_A: True}, IS_B, False) == {IS_A: True}, "what follows is not added"
    assert query.merge({FLAG: True}, ((OTHER, False), (IS_A, True))) == {FLAG: True, OTHER: False, IS_A: True}
    assert query.merge({}, ((IS_A, True), (IS_B, True))) is None


def test_a_choice_is_resolved_where_it_can_be() -> None:
    choice = Choice(FLAG, 1, Choice(OTHER, 2, 3))
    assert query.resolve(5) == 5
    assert query.resolve(choice) is choice
    assert query.resolve(choice, {FLAG: True}) == 1
    assert query.resolve(choice, {FLAG: False, OTHER: False}) == 3
    assert query.resolve(Choice(FLAG, 2, Choice(FLAG, 1, 2))) == 2, "the same on both sides, once the inner test is correlated"
    assert isinstance(query.resolve(Choice(FLAG, 1, True)), Choice), "1 and True are not the same"


def test_a_choice_in_a_choice_is_resolved_under_the_outer_one() -> None:
    assert query.resolve(Choice(FLAG, 1, Choice(FLAG, 2, 1))) == 1
    assert query.resolve(Choice(FLAG, Choice(FLAG, 1, 2), 1)) == 1
    assert query.resolve(Choice(OTHER, 1, Choice(FLAG, 2, 3)), {OTHER: False, FLAG: True}) == 2


def test_the_alternatives_of_a_choice_respect_correlation() -> None:
    choice = Choice(IS_A, 1, Choice(IS_B, 2, Choice(IS_A, 3, 4)))
    assert query.alternatives(choice) == (1, 2, 4)
    assert query.alternatives(choice, {IS_B: True}) == (2,)
    assert query.alternatives(7) == (7,)


def test_a_setting_is_resolved_or_unknown() -> None:
    layer = bn(axis=Choice(FLAG, 1, 3))
    assert query.config(layer, "axis", {FLAG: True}) == 1
    assert isinstance(query.config(layer, "axis"), Choice)
    assert isinstance(query.config(layer, "nothing"), Unknown)


# Neighbours


def test_neighbours_in_a_chain() -> None:
    built = chain(conv(), dropout(), bn(), pool(), relu())
    norm = built.call("BatchNormalization")
    assert kinds(query.producers(norm)) == {"Dropout"}
    assert kinds(query.consumers(built.graph, norm)) == {"MaxPooling2D"}
    (behind,) = query.consumers(built.graph, norm, ("pool",))
    assert (behind.call, [via.layer.kind for via in behind.via]) == (built.call("ReLU"), ["MaxPooling2D"])
    (before,) = query.producers(norm, lambda call: call.layer.role in ("dropout", "linear"))
    assert before.call is not None
    assert (before.call.layer.kind, [via.layer.kind for via in before.via]) == ("Input", ["Dropout", "Conv2D"]), "nearest first"


def test_nothing_feeds_an_input_and_the_end_is_an_output() -> None:
    built = chain(conv(), bn())
    assert query.producers(built.call("Input")) == ()
    assert [step.call for step in query.consumers(built.graph, built.call("BatchNormalization"))] == [None]
    assert [query.is_output(built.graph, call) for call in built.graph.calls] == [False, False, True]


def test_an_output_that_is_used_on_has_both() -> None:
    net = Net()
    x = net(conv(), net.input())
    y = net(relu(), x)
    built = net.build(x, y)
    assert kinds(query.consumers(built.graph, x)) == {None, "ReLU"}
    assert query.is_output(built.graph, x)


def test_a_merge_has_all_of_its_inputs() -> None:
    net = Net()
    x = net.input()
    built = net.build(net(add(), net(conv(), x), net(bn(), x)))
    assert kinds(query.producers(built.call("Add"))) == {"Conv2D", "BatchNormalization"}
    assert kinds(query.consumers(built.graph, x)) == {"Conv2D", "BatchNormalization"}


def test_a_join_is_looked_through_under_its_condition() -> None:
    net = Net()
    x = net(conv(), net.input())
    y = net(relu(), x, under=((FLAG, True),))
    z = net(bn(), net.join(y, x, FLAG))
    built = net.build(z)
    steps = query.producers(z)
    assert {step.call: dict(step.under) for step in steps} == {y: {FLAG: True}, x: {FLAG: False}}
    assert [step.call for step in query.producers(z, under={FLAG: True})] == [y]
    assert {step.call: dict(step.under) for step in query.consumers(built.graph, x)} == {y: {FLAG: True}, z: {FLAG: False}}
    assert [step.call for step in query.consumers(built.graph, y)] == [z]


def test_two_joins_on_one_flag_make_no_impossible_path() -> None:
    """`if use_bn: x = bn(x)` twice: with a BN at the second place there was one at the first."""
    net = Net()
    x = net(conv(), net.input())
    first = net.join(net(bn(), x, under=((FLAG, True),)), x, FLAG)
    middle = net(dense(), first)
    second = net(bn(), middle, under=((FLAG, True),))
    built = net.build(net.join(second, middle, FLAG))
    (step,) = query.producers(second, ("linear",))
    assert step.call is built.call("BatchNormalization")
    (step,) = query.consumers(built.graph, built.call("BatchNormalization"), ("linear",))
    assert step.call is second


def test_correlated_tests_of_one_value_exclude_each_other() -> None:
    net = Net()
    x = net(conv(), net.input())
    normal = net.join(net(bn(), x, under=((IS_A, True),)), x, IS_A)
    active = net(relu(), normal, under=((IS_B, True),))
    net.build(active)
    assert kinds(query.producers(active)) == {"Conv2D"}


def test_the_sources_of_nested_joins() -> None:
    net = Net()
    a, b, c = (net(dense(), net.input()) for _ in range(3))
    inner = net.join(a, b, OTHER)
    assert [call for call, _ in query.sources(net.join(inner, c, FLAG))] == [a, b, c]
    assert [call for call, _ in query.sources(net.join(inner, c, FLAG), {OTHER: False})] == [b, c]
    assert [call for call, _ in query.sources(net.join(inner, c, OTHER))] == [a, c]
    assert [call for call, _ in query.sources(a, {FLAG: True})] == [a]


def test_what_feeds_a_join_in_a_join_is_used_by_all_that_use_that_once() -> None:
    net = Net()
    a, b, c = (net(dense(), net.input()) for _ in range(3))
    outer = net.join(net.join(a, b, OTHER), c, FLAG)
    first, second = net(relu(), outer), net(bn(), outer)
    built = net.build(first, second)
    for each in (a, b, c):
        assert [step.call for step in query.consumers(built.graph, each)] == [first, second]


def test_a_search_that_would_be_endless_ends_in_an_unknown_step() -> None:
    net = Net()
    x = net.input()
    tensor = net(relu(), x)
    for number in range(12):
        flag = unknown(f"flag {number}")
        tensor = net(add(), net.join(net(relu(), tensor), tensor, flag), tensor)
    last = net(bn(), tensor)
    built = net.build(last)
    through = ("merge", "activation")
    assert None in kinds(query.producers(last, through))
    assert None in kinds(query.consumers(built.graph, x, through))


def test_no_more_sources_are_looked_for_than_can_be_told() -> None:
    net = Net()
    tensor: Tensor = net.input()
    for number in range(3 * query.LIMIT):
        tensor = net.join(net(relu(), net.input()), tensor, unknown(f"flag {number}"))
    assert 0 < len(list(query.sources(tensor))) <= query.LIMIT + 1


def test_all_that_a_tensor_depends_on() -> None:
    net = Net()
    x = net.input()
    y, z = net(conv(), x), net(relu(), x)
    beside = net(bn(), x)
    joined = net.join(y, z, FLAG)
    last = net(add(), joined, y)
    net.build(last, beside)
    assert set(query.upstream([last])) == {x, y, z, last}
    assert len(list(query.upstream([last, y]))) == 4, "each call once"
    assert query.ancestors([last]) == {id(each) for each in (x, y, z, joined, last)}


# Layers, models and events


def test_layers_are_those_that_were_built_and_those_that_were_applied_each_once() -> None:
    idle, inner = bn(), dense()
    wrapper = replace(dense(), kind="TimeDistributed", inner=inner)
    built = chain(wrapper, bn(), function("relu", "activation", "relu"), constructions=(idle,))
    found = list(query.layers(built.project))
    assert [layer.kind for layer in found] == ["Input", "TimeDistributed", "Dense", "BatchNormalization", "BatchNormalization"]
    assert inner in found
    assert len(list(query.batchnorms(built.project))) == 2


def test_a_batchnorm_of_another_family_is_none_of_keras() -> None:
    assert not list(query.batchnorms(chain(replace(bn(), family="contrib")).project))


@pytest.mark.parametrize("kind", ["BatchNormalization", "SyncBatchNormalization"])
def test_both_kinds_of_batchnorm_are_batchnorms(kind: str) -> None:
    assert [each.kind for each in query.batchnorms(chain(layer(kind, "batchnorm")).project)] == [kind]


def test_events_by_kind_and_target() -> None:
    built = chain(bn(), events=[event("compile", loss="mse"), event("fit", order=1), event("fit", unknown(), order=2)])
    assert [each.kind for each in query.events(built.project, "compile", "fit")] == ["compile", "fit", "fit"]
    assert [each.order for each in query.done_to(built.project, built.graph, "fit")] == [1]


def test_the_applications_of_a_layer() -> None:
    shared = bn()
    net = Net()
    x = net.input()
    first, second = net(shared, x), net(shared, net(conv(), x))
    built = net.build(first, second)
    assert list(query.applications(built.project, first.layer)) == [(built.graph, first), (built.graph, second)]
    assert not list(query.applications(built.project, shared)), "the layer as it was before it got its place is another one"


def test_the_calls_of_a_class_are_those_of_all_of_its_graphs() -> None:
    one, other = ClassInfo("One", "Model"), ClassInfo("Other", "Model")
    mine = Net("subclass")
    built = mine.build(mine(bn(), mine.input()), cls=one)
    assert list(query.calls_in(built.project, one)) == list(built.graph.calls)
    assert not list(query.calls_in(built.project, other))


def test_the_calls_of_a_class_are_found_inside_other_models_too() -> None:
    part, whole = ClassInfo("Part", "Layer"), ClassInfo("Whole", "Model")
    net = Net("subclass")
    inner = net(bn(), net.input(), owner="Part")
    built = net.build(net(relu(), inner, owner="Whole"), cls=whole)
    assert [call.layer.kind for call in query.calls_in(built.project, part)] == ["BatchNormalization"]


def test_a_model_covers_its_layers_those_of_its_class_and_those_of_its_parts() -> None:
    inner = chain(bn())
    owned, foreign = bn(), bn()
    net = Net("subclass")
    outer = net.build(net(dense(), net.input()), cls=ClassInfo("Net", "Model", layers=(owned,)), parts=(inner.graph, unknown()))
    normal = inner.call("BatchNormalization").layer
    assert list(query.with_parts(outer.graph)) == [outer.graph, inner.graph]
    assert not list(query.with_parts(normal))
    assert query.covers(outer.graph, normal)
    assert query.covers(outer.graph, owned)
    assert query.covers(normal, normal)
    assert not query.covers(outer.graph, foreign)
    assert not query.covers(unknown(), foreign)
    assert query.contains(inner.graph, normal)
    assert not query.contains(outer.graph, normal)


def test_models_that_hold_each_other_are_met_once() -> None:
    first = chain(bn()).graph
    second = replace(chain(bn()).graph, parts=(first,))
    object.__setattr__(first, "parts", (second,))
    assert list(query.with_parts(first)) == [first, second]


def froze(target: object, value: object = False) -> Event:
    return event("set_trainable", target, value=value)


def test_what_is_frozen() -> None:
    built = chain(bn(), bn(trainable=False), bn(trainable=unknown()))
    free, cold, unsure = (call.layer for call in query.calls_of(built.graph, "batchnorm"))

    def frozen(layer: Layer, *events: Event) -> bool | None:
        return query.frozen(Project(KerasTarget(3), (Module("model.py", events=events),), (built.graph,)), layer)

    assert [frozen(free), frozen(cold), frozen(unsure)] == [False, True, None]
    assert frozen(free, froze(free)) is None
    assert frozen(free, froze(built.graph)) is None, "a model freezes its layers"
    assert frozen(free, froze(unknown())) is None, "what is frozen is not known"
    assert frozen(free, froze(cold)) is False
    assert frozen(free, froze(free, True)) is False
    assert frozen(free, froze(free, unknown())) is None
    assert frozen(cold, froze(free, True)) is None, "it may have been thawed"
    assert frozen(cold, froze(free)) is True


@pytest.mark.parametrize(("major", "expected"), [(2, False), (3, None)])
def test_what_was_compiled_before_it_is_frozen_trains_on_keras_2_only(major: int, expected: bool | None) -> None:
    built = chain(bn())
    events = (event("compile", built.graph, 1), event("set_trainable", built.graph, 2, value=False), event("fit", built.graph, 3))
    seen = Project(KerasTarget(major), (Module("model.py", events=events),), (built.graph,))
    assert query.frozen(seen, built.call("BatchNormalization").layer) is expected


def test_frozen_under_an_assumption() -> None:
    built = chain(bn(trainable=Choice(FLAG, True, False)))
    layer = built.call("BatchNormalization").layer
    assert query.frozen(built.project, layer) is None
    assert query.frozen(built.project, layer, {FLAG: True}) is False
    assert query.frozen(built.project, layer, {FLAG: False}) is True


def test_the_layers_of_a_place_are_those_built_or_applied_there() -> None:
    made = Origin(span(3))
    first, second = (replace(bn(), origin=made) for _ in range(2))
    relu_here = replace(function("relu", "activation", "relu"), origin=Origin(span(9)))
    call = Call(relu_here, (), origin=Origin(span(9)))
    graph = ModelGraph("model", calls=(Call(first, (), origin=Origin(span(5))), call))
    project = Project(KerasTarget(3), (Module("model.py", constructions=(first, second, bn())),), (graph,))
    assert query.born_at(project, span(3)) == (first, second)
    assert query.born_at(project, span(5)) == (first,)
    assert query.born_at(project, span(9)) == (relu_here,)
    assert query.born_at(project, span(7)) == ()


def test_an_input_that_is_not_known_is_no_layer_of_its_place() -> None:
    """In `tf.layers.conv2d(x, 8, 3)` an x that is not known is noted at the same place as the convolution."""
    here = Origin(span(3))
    given = Call(replace(function("unknown", "unknown"), origin=here), (), origin=here)
    applied = Call(replace(bn(), origin=here), (given,), origin=here)
    project = Project(KerasTarget(3), (), (ModelGraph("model", calls=(given, applied)),))
    assert query.born_at(project, span(3)) == (applied.layer,)


def test_calls_by_role() -> None:
    built = chain(conv(), bn(), act("relu"))
    assert [call.layer.kind for call in query.calls_of(built.graph, "linear", "activation")] == ["Conv2D", "Activation"]


# Code for other versions


def test_code_is_guarded_by_the_stretches_around_it_and_around_its_callers() -> None:
    module = Module("a.py", guarded=(Span("a.py", 3, 1, 6, 20),))
    project = Project(KerasTarget(3), (module,))
    inside, outside = Span("a.py", 4, 5, 4, 9), Span("a.py", 7, 1, 7, 9)
    assert query.guarded(project, Origin(inside))
    assert query.guarded(project, Origin(outside, (inside,)))
    assert not query.guarded(project, Origin(outside))
    assert not query.guarded(project, Origin(Span("b.py", 4, 5, 4, 9)))
    assert not query.guarded(project, Origin(None))


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        (Span("a.py", 3, 5, 6, 20), True),
        (Span("a.py", 4, 1, 5, 99), True),
        (Span("a.py", 3, 4, 6, 20), False),
        (Span("a.py", 3, 5, 6, 21), False),
        (Span("a.py", 3, 5, 6, 20, 1), False),
        (Span("b.py", 4, 1, 5, 99), False),
    ],
)
def test_a_place_lies_in_itself_and_in_what_is_around_it(inner: Span, expected: bool) -> None:
    assert query.lies_in(inner, Span("a.py", 3, 5, 6, 20)) is expected


def test_a_name_is_mentioned_in_the_module_where_it_stands() -> None:
    project = Project(KerasTarget(2), (Module("a.py"), Module("b.py", mentions=frozenset({"UPDATE_OPS"}))))
    assert query.mentions(project, ("update_ops", "UPDATE_OPS"))
    assert query.mentions(project, ("UPDATE_OPS",), "b.py")
    assert not query.mentions(project, ("UPDATE_OPS",), "a.py")
    assert not query.mentions(project, ("update_ops",))


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (Origin(span(1, path="a.py")), False),
        (Origin(span(1, path="b.py")), True),
        (Origin(span(1, path="a.py"), (span(2, path="a.py"), span(3, path="b.py"))), True),
        (Origin(None, (span(3, path="b.py"),)), True),
        (Origin(None), False),
    ],
)
def test_gaps_are_those_of_the_files_through_which_a_call_was_reached(origin: Origin, expected: bool) -> None:
    modules = (Module("a.py"), Module("b.py", gaps=(Gap("a name that is not known"),)))
    assert query.has_gaps(Project(KerasTarget(3), modules), Call(bn(), origin=origin)) is expected


def test_models_that_an_optimizer_trains() -> None:
    value, other = object(), object()
    made = event("optimizer", value)
    compiled = [event("compile", optimizer=value), event("compile", optimizer=value), event("compile", unknown(), optimizer=other)]
    built = chain(dense(), bn(), events=[made, *compiled])
    assert query.compiled_with(built.project, made) == (built.graph,)
