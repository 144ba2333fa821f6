"""Training and inference mode: what is found, and above all what is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bnlint import catalogue
from bnlint.api import fix_source, lint_source
from bnlint.checks.bn301_call_without_training import check as call_without_training
from bnlint.checks.bn302_train_step_without_training import check as train_step_without_training
from bnlint.checks.bn303_training_true_at_inference import check as training_true_at_inference
from bnlint.checks.bn303_training_true_at_inference import words
from bnlint.checks.bn305_hardcoded_training_true import check as hardcoded_training_true
from bnlint.checks.bn306_training_default_true import check as training_default_true
from bnlint.checks.bn308_implicit_inference_mode import check as implicit_inference_mode
from bnlint.findings import DropArgument, Hit, RenameParameter, Safety, SetArgument, SetParameter
from bnlint.graph.model import (
    ABSENT,
    Argument,
    Arguments,
    Choice,
    ClassInfo,
    Event,
    KerasTarget,
    Layer,
    Method,
    ModelGraph,
    Module,
    Origin,
    Parameter,
    Project,
    Unknown,
)
from bnlint.judge import of_this_keras
from tests.graphs import Built, Net, act, bn, chain, conv, dense, dropout, function, layer, noise, span, unknown

K2, K3, K316 = KerasTarget(2), KerasTarget(3), KerasTarget(3, 16)
DEF = 100
"""The line of `def call` in classes built here; its body goes on to line 110."""


def project(*graphs: ModelGraph, events: tuple[Event, ...] = (), classes: tuple[ClassInfo, ...] = (), keras: KerasTarget = K3) -> Project:
    layers = {id(call.layer): call.layer for graph in graphs for call in graph.calls}
    owned = {id(each): each for cls in classes for each in cls.layers}
    module = Module("model.py", classes=classes, constructions=tuple({**layers, **owned}.values()), events=events)
    return Project(keras, (module,), graphs)


def call(target: object, scope: str = "", line: int = 50, tape: int | None = None, path: str = "model.py", **known: Any) -> Event:
    """`target(x)` on a line; `training=` as a keyword."""
    written = (Argument("training", known["training"], span(line, 30)),) if "training" in known else ()
    under, order = known.pop("under", ()), known.pop("order", line)
    args = {"training": ABSENT, "direct": False, **known}
    return Event("call", target, args, order, under, tape, Arguments(written), Origin(span(line, path=path), scope=scope))


def gradient(*sources: object, tape: int = 1, scope: str = "train_step", **known: Any) -> Event:
    args = {"sources": known.get("unknown", sources), "of_inputs": not sources}
    return Event("gradient", None, args, 90, known.get("under", ()), tape, origin=Origin(span(90), scope=scope))


def done(kind: str, target: object = None, scope: str = "", order: int = 10, tape: int | None = None, **args: object) -> Event:
    return Event(kind, target, args, order, tape=tape, origin=Origin(span(order), scope=scope))


def plain(**config: Any) -> ModelGraph:
    return chain(dense(), bn(**config), dense()).graph


def layers_of(graph: ModelGraph) -> tuple[Layer, ...]:
    return tuple(each.layer for each in graph.calls)


def user_class(*parameters: Parameter, layers: tuple[Layer, ...] = (), used: tuple[str, ...] = (), **known: Any) -> ClassInfo:
    """A class whose `call` has these parameters; `known` holds its name, its base and further methods."""
    name, base = known.pop("name", "Net"), known.pop("base", "Model")
    method = Method("call", (Parameter("self"), Parameter("x"), *parameters), origin=Origin(replace(span(DEF), end_line=DEF + 10)))
    return ClassInfo(name, base, {"call": method, **known}, layers, frozenset(used))


def placed(*layers: Layer) -> tuple[Layer, ...]:
    return tuple(replace(each, origin=Origin(span(10 + n))) for n, each in enumerate(layers))


TRAINING_NONE = Parameter("training", None)


def of_class(cls: ClassInfo, **bn_call: Any) -> ModelGraph:
    net = Net("subclass")
    x = net.input()
    net(bn(), x, owner=cls.name, **bn_call)
    return net.build(net.calls[-1], cls=cls).graph


def cases(hits: Any) -> list[str]:
    return [hit.case for hit in hits]


def only(hits: Any) -> Hit:
    (hit,) = hits
    assert isinstance(hit, Hit)
    return hit


# BN301


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        ((), ["unseen"]),
        (("fit",), ["fitted"]),
        (("fit", "called"), ["fitted"]),
        (("fit", "sublayer"), ["fitted"]),
        (("sublayer",), []),
        (("custom_step",), []),
        (("called",), []),
    ],
)
def test_a_model_without_training_is_judged_by_its_use(used: tuple[str, ...], expected: list[str]) -> None:
    cls = user_class(layers=placed(bn()), used=used)
    assert cases(call_without_training(project(classes=(cls,)))) == expected


@pytest.mark.parametrize(
    "cls",
    [
        pytest.param(user_class(TRAINING_NONE, layers=placed(bn()), used=("fit",)), id="call takes training"),
        pytest.param(user_class(layers=placed(bn()), used=("fit",), base="Layer"), id="a Layer inherits the mode"),
        pytest.param(user_class(layers=placed(dense(), layer("LayerNormalization", "norm")), used=("fit",)), id="no layer has a mode"),
        pytest.param(user_class(layers=placed(dropout(0)), used=("fit",)), id="Dropout that drops nothing"),
        pytest.param(user_class(layers=placed(bn(trainable=False)), used=("fit",)), id="frozen BN"),
        pytest.param(user_class(layers=(replace(bn(), subclass="Frozen"),), used=("fit",)), id="a BN of the user's own"),
        pytest.param(user_class(layers=placed(layer("VGG16", "other")), used=("fit",)), id="a backbone without BN"),
        pytest.param(user_class(layers=placed(bn()), used=("fit",), train_step=Method("train_step")), id="own training step"),
        pytest.param(replace(user_class(layers=placed(bn()), used=("fit",)), complete=False), id="an unresolved base"),
        pytest.param(replace(user_class(layers=placed(bn()), used=("fit",)), methods={}), id="functional subclass without call"),
    ],
)
def test_a_model_is_left_alone(cls: ClassInfo) -> None:
    assert list(call_without_training(project(classes=(cls,)))) == []


@pytest.mark.parametrize("owned", [bn(), dropout(), noise(), layer("ResNet50", "other")], ids=lambda owned: owned.kind)
def test_every_layer_with_a_mode_counts(owned: Layer) -> None:
    cls = user_class(layers=placed(owned), used=("fit",))
    hit = only(call_without_training(project(classes=(cls,))))
    assert hit.origin.span is not None
    assert hit.origin.span.line == DEF
    assert hit.values == {"cls": "Net", "layers": f"`{owned.kind}`"}


def test_keyword_arguments_do_not_help() -> None:
    cls = user_class(Parameter("kwargs", kind="**"), layers=placed(bn(), dropout()), used=("fit",))
    assert only(call_without_training(project(classes=(cls,)))).values["layers"] == "`BatchNormalization` and `Dropout`"


def test_layers_that_are_told_their_mode_do_not_count() -> None:
    cls = user_class(used=("fit",))
    graph = of_class(cls, training=False)
    cls = replace(cls, layers=layers_of(graph))
    assert list(call_without_training(project(replace(graph, cls=cls), classes=(cls,)))) == []


def test_no_parameter_helps_a_layer_that_is_given_none() -> None:
    cls = user_class(used=("fit",))
    graph = of_class(cls, training=None)
    cls = replace(cls, layers=layers_of(graph))
    hit = only(call_without_training(project(replace(graph, cls=cls), classes=(cls,))))
    assert hit.fix is not None
    assert hit.fix.refused == "none-given"


def test_no_second_parameter_helps_a_layer_that_is_told_by_one_of_another_name() -> None:
    cls = user_class(Parameter("is_training", default=False), used=("fit",))
    graph = of_class(cls, training=Unknown("a parameter"))
    cls = replace(cls, layers=layers_of(graph))
    hit = only(call_without_training(project(replace(graph, cls=cls), classes=(cls,))))
    assert hit.fix is not None
    assert hit.fix.refused == "misnamed"


def test_the_parameter_is_forwarded_where_all_layers_take_it() -> None:
    """Line 101 is `self.bn(x)`; on line 102 a loop applies BN and Dense; line 300 is in another body."""
    net = Net("subclass")
    x = net.input()
    for each, line in ((bn(), 101), (bn(), 102), (dense(), 102), (dropout(), 300)):
        x = net(each, x, owner="Net")
        net.calls[-1] = x = replace(x, origin=Origin(span(line)))
    graph = ModelGraph("Net", "subclass", tuple(net.calls), (x,))
    cls = user_class(layers=layers_of(graph), used=("fit",))
    hit = only(call_without_training(project(replace(graph, cls=cls), classes=(cls,))))
    assert hit.fix is not None
    assert hit.fix.safety is Safety.UNSAFE
    assert hit.fix.edits == (SetParameter(replace(span(DEF), end_line=DEF + 10), "training", "None", (span(101),)),)


# BN302


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, ["omitted"]),
        ({"training": None}, ["omitted"]),
        ({"training": False}, ["inference"]),
        ({"training": True}, []),
        ({"training": unknown()}, []),
        ({"training": Choice(unknown(), True, False)}, []),
        ({"direct": True}, ["direct"]),
        ({"direct": True, "training": True}, []),
        ({"tape": None}, []),
        ({"tape": 2}, []),
        ({"tape": 2, "tapes": (1, 2)}, ["omitted"]),
    ],
)
@pytest.mark.parametrize("keras", [K2, K3], ids=str)
def test_a_gradient_step_needs_training_true(known: dict[str, Any], expected: list[str], keras: KerasTarget) -> None:
    graph = plain()
    events = (call(graph, "train_step", **{"tape": 1, **known}), gradient(graph))
    assert cases(train_step_without_training(project(graph, events=events, keras=keras))) == expected


def test_the_finding_explains_itself() -> None:
    graph = plain()
    hit = only(train_step_without_training(project(graph, events=(call(graph, "train_step", tape=1), gradient(graph)))))
    assert hit.origin.span == span(50)
    assert [(each.note, each.origin.span and each.origin.span.line) for each in hit.related] == [("gradient", 90), ("batchnorm", 3)]
    assert hit.fix is not None
    assert hit.fix.edits == (SetArgument(span(50), "training", "True"),)
    assert hit.fix.safety is Safety.UNSAFE


@pytest.mark.parametrize(
    ("taken", "reason"),
    [
        (gradient(), "saliency: with respect to the data"),
        (gradient(unknown=Unknown("variables")), "variables that are not known"),
        (gradient(plain()), "another model is trained"),
        (gradient(tape=3), "another tape"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_gradient_that_is_not_of_the_model_says_nothing(taken: Event, reason: str) -> None:
    graph = plain()
    assert list(train_step_without_training(project(graph, events=(call(graph, tape=1), taken)))) == [], reason


def test_a_gradient_penalty_inside_a_step_is_not_the_step() -> None:
    critic = plain()
    events = (call(critic, tape=2, tapes=(1, 2)), gradient(tape=2), gradient(critic, tape=1))
    assert list(train_step_without_training(project(critic, events=events))) == []


def test_a_generator_counts_only_on_the_tape_of_its_own_step() -> None:
    generator, critic = plain(), plain()
    made = call(generator, "train_step", tape=2, tapes=(1, 2))
    both = (made, gradient(generator, tape=1), gradient(critic, tape=2))
    assert cases(train_step_without_training(project(generator, critic, events=both))) == ["omitted"]
    assert list(train_step_without_training(project(generator, critic, events=(made, gradient(critic, tape=2))))) == []


@pytest.mark.parametrize(
    "graph",
    [
        pytest.param(chain(dense(), dropout()).graph, id="no BN"),
        pytest.param(plain(trainable=False), id="frozen BN"),
        pytest.param(chain(dense(), replace(bn(), subclass="FrozenNorm")).graph, id="a BN of the user's own"),
        pytest.param(chain(dense(), layer("VGG16", "other")).graph, id="a backbone without BN"),
    ],
)
def test_a_model_that_cannot_suffer_is_left_alone(graph: ModelGraph) -> None:
    assert list(train_step_without_training(project(graph, events=(call(graph, tape=1), gradient(graph))))) == []


def test_a_frozen_model_is_left_alone() -> None:
    graph = plain()
    events = (done("set_trainable", graph, value=False), call(graph, tape=1), gradient(graph))
    assert list(train_step_without_training(project(graph, events=events))) == []


def test_a_layer_told_its_mode_in_the_definition_is_left_alone() -> None:
    for told in (True, False, unknown()):
        net = Net()
        x = net(bn(), net.input(), training=told)
        graph = net.build(x).graph
        assert list(train_step_without_training(project(graph, events=(call(graph, tape=1), gradient(graph))))) == []


def test_the_parameter_of_call_is_followed() -> None:
    graph = of_class(user_class(TRAINING_NONE), training=unknown("whether the model is training"))
    assert cases(train_step_without_training(project(graph, events=(call(graph, tape=1), gradient(graph))))) == ["omitted"]


@pytest.mark.parametrize(("default", "expected"), [(None, ["omitted"]), (False, ["omitted"]), (True, []), (unknown(), [])])
def test_the_default_of_call_decides_what_is_omitted(default: object, expected: list[str]) -> None:
    graph = of_class(user_class(Parameter("training", default)))
    assert cases(train_step_without_training(project(graph, events=(call(graph, tape=1), gradient(graph))))) == expected


def test_variables_of_a_container_are_those_of_its_parts() -> None:
    encoder = plain()
    by_part = replace(chain(dense()).graph, parts=(encoder,))
    by_layer = replace(chain(dense()).graph, cls=user_class(layers=layers_of(encoder)))
    for container in (by_part, by_layer):
        assert cases(train_step_without_training(project(encoder, events=(call(encoder, tape=1), gradient(container))))) == ["omitted"]


def test_training_only_the_head_keeps_the_statistics_on_purpose() -> None:
    graph = plain()
    head = graph.calls[-1].layer
    assert list(train_step_without_training(project(graph, events=(call(graph, tape=1), gradient(head))))) == []


@pytest.mark.parametrize(("training", "expected"), [(ABSENT, ["omitted"]), (False, [])])
def test_a_backbone_may_be_tuned_with_its_statistics_kept(training: object, expected: list[str]) -> None:
    backbone = chain(layer("ResNet50", "other"), dense()).graph
    known = {} if training is ABSENT else {"training": training}
    events = (call(backbone, tape=1, **known), gradient(backbone))
    assert cases(train_step_without_training(project(backbone, events=events))) == expected


def test_a_model_with_loaded_weights_may_keep_its_statistics() -> None:
    graph = plain()
    events = (done("load_weights", graph), call(graph, tape=1, training=False), gradient(graph))
    assert list(train_step_without_training(project(graph, events=events))) == []


@pytest.mark.parametrize(("keras", "value", "expected"), [(K2, 1, []), (K2, unknown(), []), (K2, 0, ["omitted"]), (K3, 1, ["omitted"])])
def test_the_learning_phase_of_keras_2_trains(keras: KerasTarget, value: object, expected: list[str]) -> None:
    graph = plain()
    events = (done("learning_phase", value=value), call(graph, tape=1), gradient(graph))
    assert cases(train_step_without_training(project(graph, events=events, keras=keras))) == expected


def test_call_and_gradient_of_different_branches_do_not_meet() -> None:
    graph, flag = plain(), unknown()
    events = (call(graph, tape=1, under=((flag, True),)), gradient(graph, under=((flag, False),)))
    assert list(train_step_without_training(project(graph, events=events))) == []


def test_a_train_step_without_tape_trains_what_it_applies() -> None:
    graph = plain()
    applied = done("apply_gradients", scope="Net.train_step", order=60, sources=(graph,))
    assert cases(train_step_without_training(project(graph, events=(call(graph, "Net.train_step"), applied)))) == ["omitted"]
    assert list(train_step_without_training(project(graph, events=(call(graph, "Net.distil"), applied)))) == []


def test_tapes_of_two_files_are_two_tapes() -> None:
    graph = plain()
    first, second = (Module(f"{n}.py", events=(event,)) for n, event in enumerate((call(graph, tape=1), gradient(graph))))
    assert list(train_step_without_training(Project(K3, (first, second), (graph,)))) == []


def test_no_fix_where_the_line_serves_two_modes_or_the_callee_takes_none() -> None:
    graph = plain()
    shared = (call(graph, tape=1), call(graph), gradient(graph))
    rigid = of_class(user_class())
    alone = (call(rigid, tape=1), gradient(rigid))
    direct = (call(graph, tape=1, direct=True), gradient(graph))
    for model, events, reason in ((graph, shared, "other-mode"), (rigid, alone, "no-parameter"), (graph, direct, "direct")):
        fix = only(train_step_without_training(project(model, events=events))).fix
        assert fix is not None
        assert (fix.edits, fix.refused) == ((), reason)
        assert reason in catalogue.read_page("rules/BN302-train-step-without-training.md").notes


@pytest.mark.parametrize(("training", "expected"), [(ABSENT, ["direct"]), (None, ["direct"]), (True, []), (unknown(), []), (False, [])])
def test_call_of_a_layer_bypasses_keras(training: object, expected: list[str]) -> None:
    norm = bn()
    assert cases(train_step_without_training(project(events=(call(norm, "Net.call", direct=True, training=training),)))) == expected


# BN303


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("train_step", []),
        ("", []),
        ("features", []),
        ("test_predictions_are_finite", []),
        ("TestNet.test_step", []),
        ("train_and_evaluate", []),
        ("mc_predict", []),
        ("MCDropout.predict", []),
        ("update_moving_statistics_and_evaluate", []),
        ("adapt_and_predict", []),
        ("generate_images", []),
        ("Net.test_step", ["default"]),
        ("Net.predict_step", ["default"]),
        ("test", ["default"]),
        ("validate", ["default"]),
        ("main.val_step", ["default"]),
        ("run_inference", ["default"]),
        ("serve", ["default"]),
        ("evalModel", ["default"]),
    ],
)
def test_the_name_of_a_function_tells_what_it_is_for(scope: str, expected: list[str]) -> None:
    graph = plain()
    assert cases(training_true_at_inference(project(graph, events=(call(graph, scope, training=True),)))) == expected


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(call(plain(), "predict"), id="omitted"),
        pytest.param(call(plain(), "predict", training=False), id="false"),
        pytest.param(call(plain(), "predict", training=unknown()), id="unknown"),
        pytest.param(call(plain(), "predict", training=True, tape=1), id="recorded"),
        pytest.param(call(plain(), "evaluate", training=True, path="src/net_test.py"), id="unit test"),
        pytest.param(call(plain(trainable=False), "predict", training=True), id="frozen"),
        pytest.param(call(chain(dense(), dropout()).graph, "predict", training=True), id="no BN"),
        pytest.param(call(chain(dense(), bn(), dropout()).graph, "predict_mc", training=True), id="Monte Carlo dropout"),
        pytest.param(call(unknown(), "predict", training=True), id="an unknown model"),
    ],
)
def test_inference_is_left_alone(event: Event) -> None:
    graphs = (event.target,) if isinstance(event.target, ModelGraph) else ()
    assert list(training_true_at_inference(project(*graphs, events=(event,)))) == []


@pytest.mark.parametrize("kind", ["gradient", "apply_gradients", "fit"])
def test_a_function_that_trains_may_use_training_mode(kind: str) -> None:
    graph = plain()
    events = (call(graph, "evaluate", training=True), done(kind, graph, "evaluate", sources=(graph,)))
    assert list(training_true_at_inference(project(graph, events=events))) == []


def test_dropout_excuses_repeated_predictions_only() -> None:
    graph, data, other = chain(dense(), bn(), dropout()).graph, unknown("x"), unknown("x of the next round")
    same, next_round = (data, data), (data, other)
    for scope, inputs, expected in (("predict", same, 0), ("predict", next_round, 2), ("predict", (data,), 1), ("validate", same, 2)):
        events = tuple(call(graph, scope, training=True, inputs=each) for each in inputs)
        assert len(list(training_true_at_inference(project(graph, events=events)))) == expected


def translator(end: str = "tanh") -> Built:
    return chain(conv(), bn(), layer("Conv2DTranspose", "linear", end))


def test_an_image_generator_may_want_the_statistics_of_the_image() -> None:
    graph, critic = translator().graph, plain()
    events = (call(graph, "evaluate", training=True), gradient(graph), gradient(critic, tape=2))
    assert list(training_true_at_inference(project(graph, critic, events=events))) == []
    named = replace(graph, name="generator")
    assert list(training_true_at_inference(project(named, events=(call(named, "test", training=True),)))) == []
    alone = (call(graph, "evaluate", training=True), gradient(graph))
    assert cases(training_true_at_inference(project(graph, events=alone))) == ["default"]


def test_a_generator_of_images_from_noise_is_no_translator() -> None:
    net = Net()
    x = net(layer("Conv2DTranspose", "linear"), net(bn(), net(dense(), net.input((None, 100)))))
    graph = replace(net.build(x).graph, name="generator")
    assert cases(training_true_at_inference(project(graph, events=(call(graph, "evaluate", training=True),)))) == ["default"]


def test_the_fix_says_false_unless_the_line_serves_two_modes() -> None:
    graph = plain()
    event = call(graph, "Net.test_step", training=True)
    hit = only(training_true_at_inference(project(graph, events=(event,))))
    assert hit.values == {"model": "model", "function": "test_step"}
    assert hit.fix is not None
    assert hit.fix.edits == (SetArgument(span(50), "training", "False"),)
    other = call(graph, "Net.test_step", training=False)
    assert only(training_true_at_inference(project(graph, events=(event, other)))).fix is None
    positional = replace(event, arguments=Arguments((Argument(None, True, span(50)),)))
    assert only(training_true_at_inference(project(graph, events=(positional,)))).fix is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Net.test_step", {"net", "test", "step"}),
        ("MCDropoutNet", {"mc", "dropout", "net"}),
        ("Pix2Pix", {"pix"}),
        ("validate", {"validate"}),
        ("", set()),
    ],
)
def test_words_of_names(name: str, expected: set[str]) -> None:
    assert words(name) == expected


# BN305


def constant(training: object = True, **known: Any) -> Built:
    """Conv → BN(training=…) → activation, functional; the BN stands on line 3."""
    net = Net(known.get("kind", "functional"))
    x = net(bn(**known.get("config", {})), net(conv(), net.input(), **known.get("call", {})), training=training, **known.get("call", {}))
    return net.build(net(known.get("end", act("softmax")), x), keras=known.get("keras", K3))


@pytest.mark.parametrize(("training", "expected"), [(True, 1), (False, 0), (None, 0), (ABSENT, 0), (unknown(), 0), (1, 0)])
def test_only_the_constant_true_is_hardcoded(training: object, expected: int) -> None:
    assert len(list(hardcoded_training_true(constant(training).project))) == expected


@pytest.mark.parametrize(
    ("kind", "keras", "case"),
    [("functional", K3, "recorded"), ("functional", K316, "constant"), ("functional", K2, "constant"), ("block", K3, "constant")],
)
def test_versions_differ_in_functional_models(kind: str, keras: KerasTarget, case: str) -> None:
    built = constant(kind=kind, keras=keras)
    hit = only(of_this_keras(catalogue.page("BN305"), built.project, hardcoded_training_true(built.project)))
    at = built.call("BatchNormalization").origin.span
    assert (hit.case, hit.origin.span) == (case, at)
    assert hit.fix is not None
    assert hit.fix.edits == (DropArgument(at, "training"),)
    assert [each.kind for each in hit.fix.touches] == ["BatchNormalization"]


@pytest.mark.parametrize(
    "known",
    [
        pytest.param({"config": {"trainable": False}}, id="frozen"),
        pytest.param({"config": {"momentum": 0}}, id="momentum 0: calibration"),
        pytest.param({"config": {"momentum": unknown()}}, id="unknown momentum"),
        pytest.param({"config": {"axis": (0, -1)}}, id="axes of an instance norm"),
        pytest.param({"config": {"axis": 0}}, id="the batch axis"),
        pytest.param({"end": layer("Conv2DTranspose", "linear", "tanh")}, id="an image generator"),
        pytest.param({"end": layer("UpSampling2D", "resample")}, id="an image generator with an open end"),
        pytest.param({"call": {"scope": "test_layer"}}, id="a unit test"),
        pytest.param({"call": {"scope": "recalibrate"}}, id="a recalibration"),
        pytest.param({"kind": "subclass", "call": {"owner": "Net", "under": ((unknown("training"), True),)}}, id="an arm of `if training`"),
        pytest.param({"kind": "open"}, id="a script at module level"),
    ],
)
def test_training_mode_may_be_meant(known: dict[str, Any]) -> None:
    assert list(hardcoded_training_true(constant(**known).project)) == []


def test_a_builder_that_nobody_calls_is_a_definition() -> None:
    built = constant(kind="open", call={"scope": "block"})
    assert built.lines(hardcoded_training_true(built.project)) == [3]
    graph = built.graph
    trains = project(graph, events=(done("apply_gradients", scope="block"),))
    assert list(hardcoded_training_true(trains)) == []


def test_segmentation_is_no_generator() -> None:
    assert len(list(hardcoded_training_true(constant(end=layer("Conv2DTranspose", "linear", "sigmoid")).project))) == 1


def test_dropout_kept_on_shows_the_intention() -> None:
    net = Net()
    x = net(dropout(), net(bn(), net(conv(), net.input()), training=True), training=True)
    assert list(hardcoded_training_true(net.build(x).project)) == []


def test_a_layer_that_is_also_called_in_another_mode_is_meant() -> None:
    net = Net("subclass")
    norm, x = bn(), net.input()
    first, second = net(norm, x, training=True), net(norm, x, training=False)
    assert list(hardcoded_training_true(net.build(net.join(first, second, unknown())).project)) == []


def test_a_generator_stays_one_inside_a_larger_model() -> None:
    built = constant(end=layer("Conv2DTranspose", "linear", "tanh"))
    score = replace(built.graph.calls[-1], layer=dense("sigmoid"), inputs=(built.graph.calls[-1],))
    combined = ModelGraph("gan", "functional", (*built.graph.calls, score), (score,))
    assert list(hardcoded_training_true(project(built.graph, combined))) == []


@pytest.mark.parametrize("other", [{"family": "tf1"}, {"subclass": "InstanceNorm"}, {"family": "contrib"}])
def test_other_batch_normalisations_are_not_judged(other: dict[str, Any]) -> None:
    net = Net()
    x = net(replace(bn(), **other), net(conv(), net.input()), training=True)
    assert list(hardcoded_training_true(net.build(x).project)) == []


# BN306


@pytest.mark.parametrize(
    ("cls", "expected"),
    [
        (user_class(TRAINING_NONE, layers=placed(bn())), 0),
        (user_class(Parameter("training", False), layers=placed(bn())), 0),
        (user_class(Parameter("training", unknown()), layers=placed(bn())), 0),
        (user_class(Parameter("training"), layers=placed(bn())), 0),
        (user_class(Parameter("train", True), layers=placed(bn())), 0),
        (user_class(Parameter("training", True), layers=placed(dense())), 0),
        (user_class(Parameter("training", True), layers=placed(bn(trainable=False))), 0),
        (user_class(Parameter("training", True), layers=placed(bn()), base="Callback"), 0),
        (user_class(Parameter("training", True), layers=placed(dropout()), name="MCDropout"), 0),
        (user_class(Parameter("training", True), base="Dropout"), 0),
        (user_class(Parameter("training", True), layers=placed(bn())), 1),
        (user_class(Parameter("training", True), layers=placed(dropout()), base="Layer"), 1),
        (user_class(Parameter("training", True), base="BatchNormalization"), 1),
    ],
)
@pytest.mark.parametrize("keras", [K2, K3], ids=str)
def test_training_true_as_a_default(cls: ClassInfo, expected: int, keras: KerasTarget) -> None:
    hits = list(training_default_true(project(classes=(cls,), keras=keras)))
    assert len(hits) == expected
    for hit in hits:
        at = replace(span(DEF), end_line=DEF + 10)
        assert hit.origin.span == at
        assert hit.fix is not None
        assert (hit.fix.safety, hit.fix.edits) == (Safety.UNSAFE, (SetParameter(at, "training", "None"),))


@pytest.mark.parametrize(
    ("parameter", "changed"),
    [
        ("training=True", "training=None"),
        ("training: bool = True", "training: bool = False"),
        ("training: bool | None = True", "training: bool | None = None"),
        ("training: Mode = True", "training: Mode = None"),
    ],
)
def test_the_default_suits_its_annotation(parameter: str, changed: str) -> None:
    head = "from keras import layers\n\n\nclass Block(layers.Layer):\n    def __init__(self):\n        super().__init__()\n"
    body = "        self.bn = layers.BatchNormalization()\n\n    def call(self, x, {}):\n        return self.bn(x, training=training)\n"
    fixed = fix_source((head + body).format(parameter), isolated=True, unsafe=True, select=["BN306"])
    assert fixed.source == (head + body).format(changed)


# BN308


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (call(plain(), "predict", training=False), []),
        (call(plain(), "predict", training=True), []),
        (call(plain(), "predict", training=None), []),
        (call(plain(), "predict", tape=1), []),
        (call(plain(), "predict", direct=True), []),
        (call(plain(), ""), []),
        (call(plain(), "build"), []),
        (call(plain(trainable=False), "predict"), []),
        (call(chain(dense(), dropout()).graph, "predict"), []),
        (call(unknown("tf.saved_model.load"), "predict"), []),
        (call(plain(), "predict"), ["default"]),
        (call(plain(), "Net.test_step"), ["default"]),
        (call(chain(layer("ResNet50", "other")).graph, "predict"), ["default"]),
    ],
)
def test_inference_is_implicit(event: Event, expected: list[str]) -> None:
    graphs = (event.target,) if isinstance(event.target, ModelGraph) else ()
    hits = list(implicit_inference_mode(project(*graphs, events=(event,))))
    assert cases(hits) == expected
    for hit in hits:
        assert hit.fix is not None
        assert (hit.fix.safety, hit.fix.edits) == (Safety.SAFE, (SetArgument(span(50), "training", "False"),))


@pytest.mark.parametrize("kind", ["fit", "load_weights"])
def test_a_model_that_is_ready_infers(kind: str) -> None:
    graph, other = plain(), plain()
    ready, later = done(kind, graph, order=10), done(kind, graph, order=99)
    assert cases(implicit_inference_mode(project(graph, events=(ready, call(graph))))) == ["default"]
    assert list(implicit_inference_mode(project(graph, events=(call(graph), later)))) == []
    assert list(implicit_inference_mode(project(graph, events=(ready, call(graph, "summarise"))))) == []
    assert list(implicit_inference_mode(project(graph, other, events=(done(kind, other), call(graph))))) == []
    assert list(implicit_inference_mode(project(graph, events=(ready, gradient(graph, scope=""), call(graph))))) == []


@pytest.mark.parametrize(
    ("keras", "phases", "expected"),
    [
        (K2, [1], ["learning-phase"]),
        (K2, [True, 0], ["learning-phase"]),
        (K2, [0], ["default"]),
        (K2, [unknown()], []),
        (K3, [1], ["default"]),
    ],
)
def test_the_learning_phase_matters_under_keras_2(keras: KerasTarget, phases: list[object], expected: list[str]) -> None:
    graph = plain()
    events = (*(done("learning_phase", value=phase) for phase in phases), call(graph, "predict"))
    assert cases(implicit_inference_mode(project(graph, events=events, keras=keras))) == expected


@pytest.mark.parametrize(("default", "expected"), [(None, ["default"]), (False, ["default"]), (True, ["default-true"]), (unknown(), [])])
def test_the_default_of_the_callee_matters(default: object, expected: list[str]) -> None:
    graph = of_class(user_class(Parameter("training", default)))
    hits = list(implicit_inference_mode(project(graph, events=(call(graph, "predict"),))))
    assert cases(hits) == expected
    assert all(hit.fix is not None and (hit.fix.safety is Safety.SAFE) is (hit.case == "default") for hit in hits)


def test_a_call_inside_a_call_has_no_fix() -> None:
    graph = plain()
    hit = only(implicit_inference_mode(project(graph, events=(call(graph, "Net.predict_mask", owner="Net"),))))
    assert hit.case == "inside-call"
    assert hit.fix is not None
    assert (hit.fix.edits, hit.fix.refused) == ((), "leak")


@pytest.mark.parametrize(("keras", "expected"), [(K3, ["recorded-true"]), (K316, []), (K2, [])])
def test_a_recorded_constant_matters_until_keras_3_15(keras: KerasTarget, expected: list[str]) -> None:
    graph = constant(keras=keras).graph
    called = project(graph, events=(call(graph, "predict"),), keras=keras)
    hits = list(implicit_inference_mode(called))
    assert [hit.case for hit in of_this_keras(catalogue.page("BN308"), called, hits)] == expected
    assert all(hit.fix is not None and hit.fix.safety is Safety.UNSAFE for hit in hits)


def test_no_fix_where_the_callee_takes_no_training() -> None:
    rigid, open_ended = of_class(user_class()), of_class(user_class(Parameter("kwargs", kind="**")))
    fix = only(implicit_inference_mode(project(rigid, events=(call(rigid, "predict"),)))).fix
    assert fix is not None
    assert (fix.edits, fix.refused) == ((), "no-parameter")
    fix = only(implicit_inference_mode(project(open_ended, events=(call(open_ended, "predict"),)))).fix
    assert fix is not None
    assert fix.edits


def test_functions_on_tensors_have_no_mode() -> None:
    net = Net()
    graph = net.build(net(function("relu", "activation", "relu"), net.input())).graph
    assert list(implicit_inference_mode(project(graph, events=(call(graph, "predict"),)))) == []


BACKBONE = """\
import keras
from keras import layers

base = keras.applications.ResNet50(include_top=False)
base.trainable = False
inputs = keras.Input((8, 8, 3))
model = keras.Model(inputs, layers.Dense(1)(base(inputs)))
{thawed}
model.compile("adam", "mse")
"""
EACH = "for layer in base.layers:\n    layer.trainable = True"
LOWER = "for layer in base.layers[:100]:\n    layer.trainable = False"


@pytest.mark.parametrize(
    ("thawed", "fit", "severity"),
    [
        ("base.trainable = True", "", "error"),
        ("base.trainable = True", "model.fit(x, y, batch_size=256)", "info"),
        ("base.trainable = True", "model.fit(x, y, batch_size=256)\nmodel.fit(x, y, batch_size=4)", "error"),
        ("base.trainable = True", "model.fit(x, y)", "error"),
        (EACH, "model.fit(x, y, batch_size=256)", "error"),
        (f"base.trainable = True\n{LOWER}", "model.fit(x, y, batch_size=256)", "error"),
        ("base.trainable = True\nmodel.trainable = True\nmodel.layers[-1].trainable = False", "model.fit(x, y, batch_size=256)", "info"),
    ],
)
def test_a_backbone_that_is_thawed_for_large_batches_is_meant(thawed: str, fit: str, severity: str) -> None:
    found = lint_source(BACKBONE.format(thawed=thawed) + fit, isolated=True, select=["BN309"], target_keras="3")
    assert [(each.code, str(each.severity)) for each in found] == [("BN309", severity)]


def test_a_model_of_ones_own_that_was_frozen_in_part_is_no_backbone() -> None:
    source = BACKBONE.replace("keras.applications.ResNet50(include_top=False)", OWN)
    part = "for layer in base.layers[:1]:\n    layer.trainable = False"
    for freeze, count in (("base.trainable = False", 1), (part, 0)):
        program = source.replace("base.trainable = False", freeze).format(thawed="base.trainable = True")
        assert len(lint_source(program, isolated=True, select=["BN309"], target_keras="3")) == count


OWN = "keras.Sequential([keras.Input((8, 8, 3)), layers.Dense(4), layers.BatchNormalization()])\nbase.load_weights('w.weights.h5')"


MISNAMED = """\
import keras
from keras import layers

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.bn = layers.BatchNormalization()

    def call(self, x, is_training=None):
        return self.bn(x, training=is_training)

model = Net()
model.compile("adam", "mse")
model.fit(x, y)
"""


def test_a_parameter_that_callers_pass_by_its_name_keeps_it() -> None:
    (alone,) = lint_source(MISNAMED, isolated=True, select=["BN307"])
    (called,) = lint_source(f"{MISNAMED}model(x, is_training=False)\n", isolated=True, select=["BN307"])
    assert alone.fix is not None
    assert [type(edit) for edit in alone.fix.edits] == [RenameParameter]
    assert (called.fix, called.reason) == (None, "callers pass the parameter under its present name")


@pytest.mark.parametrize(("keras", "lines"), [("2", []), ("3.15", []), ("3.16", [6])])
def test_a_recorded_constant_leaks_in_a_functional_model_of_keras_3_16(keras: str, lines: list[int]) -> None:
    source = """\
import keras
from keras import layers
inputs = keras.Input((8,))
x = layers.BatchNormalization()(inputs, training=True)
x = layers.Dense(8)(x)
x = layers.BatchNormalization()(x)
model = keras.Model(inputs, x)
"""
    found = lint_source(source, isolated=True, select=["BN304"], target_keras=keras)
    assert [each.span.line for each in found if each.span is not None] == lines
