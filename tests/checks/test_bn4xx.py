"""Arguments: what is written, what Keras makes of it, and which change is provably right."""

from dataclasses import replace

import pytest

from bnlint.checks.bn401_axis_mismatch import check as axis_mismatch
from bnlint.checks.bn402_momentum_out_of_range import check as momentum_range
from bnlint.checks.bn403_pytorch_momentum import check as pytorch_momentum
from bnlint.checks.bn404_unsafe_epsilon import check as unsafe_epsilon
from bnlint.checks.bn405_positional_constructor_argument import check as positional
from bnlint.checks.bn406_batchnorm_not_instantiated import check as not_instantiated
from bnlint.checks.bn407_tensor_in_constructor import check as tensor_in_constructor
from bnlint.checks.bn408_unknown_argument import check as unknown_argument
from bnlint.findings import ApplyArguments, DropArgument, Instantiate, RenameArgument, Safety, SetArgument
from bnlint.graph.model import Call, Choice, Event, KerasTarget, Layer, Origin, Project, Shape, Span
from tests.checks.arguments import CALL, cases, fix_of, norm, project
from tests.graphs import Net, act, chain, conv, dense, event, flatten, layer, lstm, mystery, span, unknown

STEPS: Shape = (None, 100, 8)


def fed(feeder: Layer, normalised: Layer, *events: Event, shape: Shape = (None, 32, 32, 3), keras: int = 3) -> Project:
    return chain(feeder, normalised, shape=shape, events=events, keras=KerasTarget(keras)).project


# BN401

FIRST = conv(data_format="channels_first")
LAST = layer("Conv2D", "linear", filters=8, data_format="channels_last")
DEFAULT = replace(layer("Conv2D", "linear", filters=8), config={"filters": 8, "data_format": None})
READ = event("data_format", None, value=None)
OPEN: Shape = (None, None, None, 3)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(fed(LAST, norm()), id="default axis behind channels last"),
        pytest.param(fed(LAST, norm(axis=3)), id="the last axis by its number"),
        pytest.param(fed(FIRST, norm(axis=1)), id="channels first"),
        pytest.param(fed(FIRST, norm(axis=-3)), id="channels first, counted from the end"),
        pytest.param(fed(flatten(), norm(axis=1)), id="axis 1 of two"),
        pytest.param(fed(LAST, norm(axis=unknown())), id="unknown axis"),
        pytest.param(fed(LAST, norm(axis=Choice(unknown(), 1, 3))), id="an axis that depends"),
        pytest.param(fed(LAST, norm(), shape=OPEN), id="open height and width"),
        pytest.param(fed(mystery(), norm(axis=1), shape=None), id="unknown input"),
        pytest.param(fed(LAST, replace(norm(axis=1), subclass="Norm")), id="a subclass decides by itself"),
        pytest.param(fed(DEFAULT, norm(), READ), id="default axis, global format read"),
        pytest.param(fed(DEFAULT, norm(axis=3), READ), id="last axis, global format read"),
        pytest.param(fed(LAST, norm(axis=(3,)), keras=2), id="a list of one on Keras 2"),
        pytest.param(fed(LAST, norm(axis=(1, 2)), keras=2), id="several axes on Keras 2"),
        pytest.param(fed(LAST, norm(64)), id="a positional size is BN405's"),
        pytest.param(fed(LAST, norm(0.8)), id="a positional fraction is BN405's"),
    ],
)
def test_the_axis_holds_the_channels(seen: Project) -> None:
    assert cases(axis_mismatch, seen) == []


def test_an_input_says_nothing_of_its_channels() -> None:
    net = Net()
    assert cases(axis_mismatch, net.build(net(norm(axis=1), net.input())).project) == []


@pytest.mark.parametrize(
    ("case", "seen"),
    [
        pytest.param("default", fed(FIRST, norm()), id="channels first and the default axis"),
        pytest.param("default", fed(LAST, norm(axis=1)), id="rows"),
        pytest.param("default", fed(LAST, norm(axis=2)), id="columns"),
        pytest.param("default", fed(DEFAULT, norm(axis=1)), id="channels last is Keras's default"),
        pytest.param("steps", fed(dense(), norm(axis=1), shape=STEPS), id="time steps of Dense"),
        pytest.param("steps", fed(lstm(), norm(axis=-2), shape=STEPS), id="time steps, counted from the end"),
        pytest.param("format", fed(DEFAULT, norm(axis=1), READ), id="global format read"),
        pytest.param(
            "format", fed(DEFAULT, norm(axis=1), event("data_format", None, value=unknown())), id="global format set to something"
        ),
        pytest.param("default", fed(LAST, norm(axis=1), READ), id="its own format counts more"),
        pytest.param("default", fed(DEFAULT, norm(axis=1), event("data_format", None, value="channels_last")), id="global format known"),
        pytest.param("neither", fed(DEFAULT, norm(axis=2), READ), id="right in no format"),
        pytest.param("batch", fed(LAST, norm(axis=0)), id="the batch"),
        pytest.param("batch", fed(mystery(), norm(axis=0), shape=None), id="the batch of anything"),
        pytest.param("batch", fed(LAST, norm(axis=-4)), id="the batch, counted from the end"),
        pytest.param("range", fed(LAST, norm(axis=4)), id="out of range"),
        pytest.param("range", fed(LAST, norm(5)), id="a positional axis out of range"),
        pytest.param("open", fed(LAST, norm(axis=1), shape=OPEN), id="open height"),
        pytest.param("list", project(norm(axis=(3,))), id="a list of one on Keras 3"),
    ],
)
def test_the_axis_is_another_one(case: str, seen: Project) -> None:
    assert cases(axis_mismatch, seen) == [case]


def test_all_alternatives_must_be_wrong() -> None:
    for second, expected in ((LAST, ["default"]), (FIRST, [])):
        net = Net()
        x = net.input()
        joined = net.join(net(LAST, x), net(second, x), unknown())
        assert cases(axis_mismatch, net.build(net(norm(axis=1), joined)).project) == expected


@pytest.mark.parametrize(
    ("seen", "fix"),
    [
        (fed(FIRST, norm()), (Safety.UNSAFE, SetArgument(CALL, "axis", "1"))),
        (fed(FIRST, norm(axis=2)), (Safety.UNSAFE, SetArgument(CALL, "axis", "1"))),
        (fed(LAST, norm(axis=1)), (Safety.UNSAFE, DropArgument(CALL, "axis"))),
        (fed(LAST, norm(axis=0)), (Safety.UNSAFE, DropArgument(CALL, "axis"))),
        (fed(LAST, norm(1)), (Safety.UNSAFE, DropArgument(CALL, 0))),
        (fed(LAST, norm(1, 0.9)), "positional"),
        (fed(FIRST, norm(2)), "positional"),
        (fed(FIRST, norm(complete=False)), None),
        (fed(DEFAULT, norm(axis=1), READ), None),
        (fed(FIRST, replace(norm(), family="tf1")), "tf1"),
        (project(norm(axis=(3,))), (Safety.SAFE, SetArgument(CALL, "axis", "3"))),
        (project(norm((3,))), None),
    ],
)
def test_the_axis_is_mended(seen: Project, fix: object) -> None:
    (hit,) = axis_mismatch(seen)
    assert fix_of(hit) == fix


def test_a_layer_with_two_different_mistakes_has_no_fix() -> None:
    net, shared = Net(), norm(axis=2)
    x = net.input()
    outputs = net(shared, net(LAST, x)), net(shared, net(FIRST, x))
    (hit,) = axis_mismatch(net.build(*outputs).project)
    assert hit.fix is None


# BN402, BN403


@pytest.mark.parametrize("momentum", [0.8, 0.9, 0.99, 0.9997, 0.5, 0.25, 1e-3, unknown(), "0.9"])
def test_momentum_is_in_its_range(momentum: object) -> None:
    assert cases(momentum_range, project(norm(momentum=momentum))) == []


@pytest.mark.parametrize(
    ("momentum", "case"),
    [
        (99, "above"),
        (1.5, "above"),
        (1, "one"),
        (1.0, "one"),
        (1 - 1e-12, "one"),
        (True, "one"),
        (-0.1, "negative"),
        (0, "zero"),
        (0.0, "zero"),
        (False, "zero"),
        (None, "none"),
    ],
)
def test_momentum_is_out_of_range(momentum: object, case: str) -> None:
    assert cases(momentum_range, project(norm(momentum=momentum))) == [case]


def test_keras_2_takes_none_as_momentum() -> None:
    assert cases(momentum_range, project(norm(momentum=None), keras=2)) == []


def test_a_frozen_layer_does_not_use_its_momentum() -> None:
    assert cases(momentum_range, project(norm(momentum=2, trainable=False))) == []
    assert cases(pytorch_momentum, project(norm(momentum=0.1, trainable=False))) == []


@pytest.mark.parametrize(
    ("path", "scope"), [("tests/test_norm.py", ""), ("norm_test.py", ""), ("tests/data/model.py", ""), ("m.py", "recalibrate")]
)
def test_momentum_zero_is_meant_in_tests_and_calibration(path: str, scope: str) -> None:
    deliberate = replace(norm(momentum=0), origin=Origin(replace(CALL, path=path), scope=scope))
    assert cases(momentum_range, project(deliberate)) == []
    wrong = replace(norm(momentum=2), origin=deliberate.origin)
    assert cases(momentum_range, project(wrong)) == ["above"]


@pytest.mark.parametrize("momentum", [0, 0.0, -0.1, 0.21, 0.5, 0.8, 0.99, 1.5, True, None, unknown()])
def test_momentum_is_no_pytorch_value(momentum: object) -> None:
    assert cases(pytorch_momentum, project(norm(momentum=momentum))) == []


@pytest.mark.parametrize(
    ("momentum", "complement"), [(0.1, "0.9"), (1 - 0.9, "0.9"), (0.2, "0.8"), (0.01, "0.99"), (0.003, "0.997"), (1e-3, "0.999")]
)
def test_momentum_is_turned_round(momentum: float, complement: str) -> None:
    (hit,) = pytorch_momentum(project(norm(momentum=momentum)))
    assert fix_of(hit) == (Safety.UNSAFE, SetArgument(CALL, "momentum", complement))


def test_a_momentum_that_stands_elsewhere_is_not_edited_here() -> None:
    elsewhere = norm(momentum=0.1)
    for outside in (None, Span("other.py", 2, 1, 2, 5), Span(CALL.path, 120, 1, 120, 5)):
        items = tuple(replace(item, span=outside) for item in elsewhere.arguments.items)
        (hit,) = pytorch_momentum(project(replace(elsewhere, arguments=replace(elsewhere.arguments, items=items))))
        assert hit.fix is None


# BN404


@pytest.mark.parametrize(
    ("epsilon", "case"),
    [
        (1e-3, []),
        (1.001e-5, []),
        (1e-6, []),
        (1e-7, []),
        (1e-8 * 10, []),
        (0.1, []),
        (unknown(), []),
        (None, []),
        (False, []),
        (0, ["zero"]),
        (-1e-3, ["zero"]),
        (1e-12, ["tiny"]),
        (9e-8, ["tiny"]),
        (0.2, ["large"]),
        (1, ["large"]),
    ],
)
def test_epsilon(epsilon: object, case: list[str]) -> None:
    assert cases(unsafe_epsilon, project(norm(epsilon=epsilon))) == case


# BN405


@pytest.mark.parametrize("value", [-1, 0, 1, 2, 3, 4, -3, (3,), unknown(), Choice(unknown(), 0.8, 1)])
def test_a_positional_value_may_be_an_axis(value: object) -> None:
    assert cases(positional, project(norm(value))) == []


def test_a_subclass_has_parameters_of_its_own() -> None:
    subclass = replace(norm(0.8, eps=1e-3), subclass="Norm")
    assert cases(positional, project(subclass)) == []
    assert cases(unknown_argument, project(subclass)) == []


SIZE, MOMENTUM = DropArgument(CALL, 0), RenameArgument(CALL, 0, "momentum")


@pytest.mark.parametrize(
    ("written", "case", "fix"),
    [
        (norm(64), "size", (Safety.SAFE, SIZE)),
        (norm(8), "size", (Safety.SAFE, SIZE)),
        (norm(64, momentum=0.9), "size", (Safety.SAFE, SIZE)),
        (norm(64, 1e-5), "size", "several"),
        (norm(64, complete=False), "size", "several"),
        (norm(0.8), "momentum", (Safety.SAFE, MOMENTUM)),
        (norm(0.8, momentum=0.9), "momentum", "twice"),
        (norm(1e-5), "epsilon", (Safety.SAFE, RenameArgument(CALL, 0, "epsilon"))),
        (norm(0.1), "default", None),
        (norm(1.0), "default", None),
        (norm(-64), "default", None),
        (norm("bn"), "default", None),
        (norm(True), "default", None),
        (norm(None), "default", None),
    ],
)
def test_a_positional_value_is_no_axis(written: Layer, case: str, fix: object) -> None:
    (hit,) = positional(project(written, keras=2))
    assert (hit.case, fix_of(hit)) == (case, fix)


@pytest.mark.parametrize(
    ("shape", "safety"), [((None, 20), Safety.SAFE), ((8, 20), Safety.UNSAFE), ((unknown(), 20), Safety.UNSAFE), (None, Safety.UNSAFE)]
)
def test_keras_3_refuses_a_fraction_only_where_the_batch_is_open(shape: Shape, safety: Safety) -> None:
    (hit,) = positional(fed(dense(), norm(0.8), shape=shape))
    assert fix_of(hit) == (safety, MOMENTUM)


def test_keras_3_may_run_a_fraction_that_no_graph_applies() -> None:
    (hit,) = positional(project(norm(0.8)))
    assert fix_of(hit) == (Safety.UNSAFE, MOMENTUM)


# BN406


def element(**known: object) -> Event:
    return Event("not_a_layer", None, known, origin=Origin(span(7)))


@pytest.mark.parametrize("known", [{"what": "class", "kind": "Dense"}, {"what": "function", "kind": None}, {"what": "function"}])
def test_other_things_in_a_sequential_are_not_ours(known: dict[str, object]) -> None:
    assert cases(not_instantiated, project(events=(element(**known),))) == []


@pytest.mark.parametrize(
    ("known", "fix"),
    [
        ({"what": "class"}, (Safety.SAFE, Instantiate(span(7)))),
        ({"what": "class", "place": "input"}, None),
        ({"what": "function", "returns": "BN(momentum=0.9)"}, (Safety.SAFE, Instantiate(span(7), "BN(momentum=0.9)"))),
        ({"what": "function", "returns": None}, "body"),
    ],
)
def test_a_class_or_function_is_made_a_layer(known: dict[str, object], fix: object) -> None:
    (hit,) = not_instantiated(project(events=(element(kind="BatchNormalization", **known),)))
    assert (hit.case, hit.origin.span, fix_of(hit)) == (known["what"], span(7), fix)


# BN407


TENSOR = Call(dense())


def test_a_setting_is_no_tensor() -> None:
    assert cases(tensor_in_constructor, project(norm(), norm(-1), norm(unknown()), norm(axis=TENSOR))) == []


def test_a_tensor_goes_to_the_layer() -> None:
    for written in (norm(TENSOR), norm(TENSOR, momentum=0.9, name="bn")):
        (hit,) = tensor_in_constructor(project(written))
        assert fix_of(hit) == (Safety.SAFE, ApplyArguments(CALL))
        assert cases(positional, project(written)) == []


@pytest.mark.parametrize("written", [norm(TENSOR, unknown()), norm(TENSOR, training=True), norm(TENSOR, complete=False)])
def test_a_call_that_would_still_raise_has_no_fix(written: Layer) -> None:
    (hit,) = tensor_in_constructor(project(written))
    assert fix_of(hit) == "rest"


# BN408


@pytest.mark.parametrize("keras", [2, 3])
def test_arguments_that_keras_has_or_had(keras: int) -> None:
    written = norm(
        axis=-1, momentum=0.9, epsilon=1e-3, name="bn", dtype="float32", trainable=False, fused=True, mode=0, weights=None, renorm=True
    )
    assert cases(unknown_argument, project(written, keras=keras)) == []


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("eps", "renamed"),
        ("moving_var_initializer", "renamed"),
        ("decay", "decay"),
        ("affine", "affine"),
        ("num_features", "size"),
        ("data_format", "format"),
        ("training", "training"),
        ("is_training", "training"),
        ("activation", "activation"),
        ("inputs", "input"),
        ("input", "input"),
        ("x", "input"),
        ("track_running_stats", "default"),
    ],
)
def test_arguments_of_other_libraries(name: str, case: str) -> None:
    (hit,) = unknown_argument(project(norm(**{name: 1})))
    assert hit.case == case
    assert (hit.fix is not None) is (case == "renamed")


def test_an_argument_is_not_renamed_where_others_may_be_unpacked() -> None:
    (known,), (unpacked,) = (tuple(unknown_argument(project(norm(complete=complete, eps=1e-5)))) for complete in (True, False))
    assert known.fix is not None
    assert unpacked.fix is None


def test_two_unknown_arguments_are_one_finding() -> None:
    (hit,) = unknown_argument(project(norm(affine=True, eps=1e-5)))
    assert (hit.case, hit.values["argument"]) == ("several", "affine`, `eps")
    assert fix_of(hit) == (Safety.SAFE, RenameArgument(CALL, "eps", "epsilon"))


def test_no_argument_is_given_twice() -> None:
    (hit,) = unknown_argument(project(norm(eps=1e-5, epsilon=1e-3)))
    assert hit.fix is None


# All of them


@pytest.mark.parametrize("kind", ["LayerNormalization", "GroupNormalization"])
def test_other_layers_are_not_ours(kind: str) -> None:
    other = replace(layer(kind, "norm", axis=0, momentum=7, epsilon=0, eps=0), origin=Origin(CALL))
    seen = fed(act(), other)
    for check in (axis_mismatch, momentum_range, pytorch_momentum, unsafe_epsilon, positional, tensor_in_constructor, unknown_argument):
        assert cases(check, seen) == []
