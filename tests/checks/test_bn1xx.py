"""The order of layers, on graphs built by hand: silent cases first."""

from dataclasses import replace
from pathlib import Path

import pytest

from bnlint import catalogue
from bnlint.api import fix_source, lint_paths, lint_source
from bnlint.checks import (
    bn101_activation_order,
    bn102_dropout_before_batchnorm,
    bn103_bias_before_batchnorm,
    bn104_consecutive_batchnorm,
    bn105_batchnorm_on_output,
    bn106_double_activation,
    bn108_unused_batchnorm,
)
from bnlint.findings import DropArgument, InsertActivation, RemoveApplication, SetArgument, Swap
from bnlint.graph.model import Choice, ClassInfo, Method
from tests.graphs import (
    Built,
    Net,
    act,
    add,
    bn,
    chain,
    conv,
    dense,
    dropout,
    event,
    flatten,
    layer,
    lstm,
    mystery,
    noise,
    padding,
    pool,
    relu,
    unknown,
)


def cases(check, built: Built, **options) -> list[str]:
    return [hit.case for hit in check(built.project, **options)]


def only(check, built: Built, **options):
    (hit,) = check(built.project, **options)
    return hit


# BN101 ---------------------------------------------------------------------------------------------------------------

order = bn101_activation_order.check

SILENT_BEFORE = {
    "a BN before its activation": (conv(), bn(), relu()),
    "no activation at all": (conv(), bn(), conv()),
    "a linear activation": (conv("linear"), bn()),
    "an activation layer that is linear": (conv(), act("linear"), bn()),
    "an activation that is not known": (conv(unknown()), bn()),
    "the tanh inside a recurrent layer": (lstm(), bn()),
    "SELU inline": (dense("selu"), bn()),
    "SELU as a layer": (dense(), act("selu"), bn()),
    "softmax inline": (dense("softmax"), bn(), dense()),
    "softmax as a layer": (dense(), act("softmax"), bn(), dense()),
    "an activation on both sides": (conv("relu"), bn(), relu()),
    "an activation on both sides, pooled": (conv("relu"), bn(), pool(), relu()),
    "a softmax at the output": (dense("softmax"), bn()),
    "nothing weighted before the activation": (relu(), bn()),
    "another BN before the activation": (conv(), bn(), relu(), bn()),
    "an unknown layer before": (conv("relu"), mystery(), bn()),
    "an unknown layer behind": (conv("relu"), bn(), mystery(), conv()),
}


@pytest.mark.parametrize("layers", SILENT_BEFORE.values(), ids=SILENT_BEFORE)
def test_before_is_silent_on(layers) -> None:
    assert cases(order, chain(*layers)) == []


FOUND_BEFORE = {
    "an inline activation": ("inline", (conv("relu"), bn())),
    "a separate activation": ("separate", (conv(), relu(), bn())),
    "a sigmoid between hidden layers": ("inline", (dense("sigmoid"), bn(), dense())),
    "pooling between": ("inline", (conv("relu"), pool(), bn(), conv())),
    "dropout, noise, padding and Flatten between": ("separate", (conv(), padding(), relu(), dropout(), noise(), flatten(), bn(), dense())),
    "pooling behind": ("separate", (conv(), relu(), bn(), pool(), conv())),
}


@pytest.mark.parametrize(("case", "layers"), FOUND_BEFORE.values(), ids=FOUND_BEFORE)
def test_before_finds(case: str, layers) -> None:
    built = chain(*layers)
    hit = only(order, built)
    assert hit.case == case
    assert hit.layer is built.call("BatchNormalization").layer
    assert hit.values["kind"] in ("Conv2D", "Dense")


SILENT_AFTER = {
    "an activation before": (conv("relu"), bn()),
    "a linear bottleneck": (conv(), bn(), conv()),
    "a pre-activation block behind pooling": (conv(), pool(), bn(), relu(), conv()),
    "a softmax at the output": (dense(), bn(), act("softmax")),
    "an activation that is not known": (dense(), bn(), act(unknown())),
    "SELU": (dense(), bn(), act("selu")),
}


@pytest.mark.parametrize("layers", SILENT_AFTER.values(), ids=SILENT_AFTER)
def test_after_is_silent_on(layers) -> None:
    assert cases(order, chain(*layers), placement="after") == []


def test_after_finds_a_bn_before_its_activation() -> None:
    hit = only(order, chain(conv(), bn(), relu()), placement="after")
    assert (hit.case, dict(hit.values)) == ("after", {"kind": "Conv2D", "activation": "relu"})
    assert isinstance(hit.fix.edits[0], Swap)
    assert hit.fix.edits[0].first.at.line == 3


def test_off_finds_nothing() -> None:
    assert cases(order, chain(conv("relu"), bn()), placement="off") == []


def test_consistent_reports_the_minority_only() -> None:
    built = chain(conv(), bn(), relu(), conv("relu"), bn(), conv(), bn(), relu())
    hits = list(order(built.project, placement="consistent"))
    assert (built.lines(hits), [hit.case for hit in hits]) == ([6], ["minority-inline"])


def test_consistent_reports_the_other_minority() -> None:
    built = chain(conv(), bn(), relu(), conv("relu"), bn(), conv(), relu(), bn(), conv())
    assert cases(order, built, placement="consistent") == ["minority-after"]


def test_consistent_is_silent_on_a_tie() -> None:
    assert cases(order, chain(conv(), bn(), relu(), conv("relu"), bn(), conv()), placement="consistent") == []


def test_a_sum_before_the_activation_is_no_block() -> None:
    net = Net()
    x = net.input()
    y = net(add(), net(conv(), x), x)
    assert cases(order, net.build(net(bn(), net(relu(), y)))) == []


def test_an_activation_must_stand_before_on_every_path() -> None:
    net, flag = Net(), unknown()
    x = net(conv(), net.input())
    y = net.join(net(relu(), x, under=((flag, True),)), x, flag)
    assert cases(order, net.build(net(bn(), y))) == []


def test_either_activation_will_do() -> None:
    net, flag = Net(), unknown()
    x = net(conv(), net.input())
    y = net.join(net(relu(), x, under=((flag, True),)), net(act("elu"), x, under=((flag, False),)), flag)
    hit = only(order, net.build(net(bn(), y)))
    assert (hit.case, hit.fix.refused) == ("separate", "apart")


def test_an_order_that_is_offered_as_an_option_is_silent() -> None:
    net, flag = Net(), unknown("normalise_first")
    x = net(conv(), net.input())
    first = net(relu(), net(bn(), x, under=((flag, True),)), under=((flag, True),))
    second = net(bn(), net(relu(), x, under=((flag, False),)), under=((flag, False),))
    built = net.build(net.join(first, second, flag))
    for placement in ("before", "after", "consistent"):
        assert cases(order, built, placement=placement) == []


def test_an_order_that_callers_choose_is_silent() -> None:
    net = Net()
    x, linear, norm = net.input(), conv(), bn()
    first = net(relu(), net(norm, net(linear, x), decided=1))
    built = net.build(first, net(norm, net(relu(), net(linear, x)), decided=1))
    for placement in ("before", "after"):
        assert cases(order, built, placement=placement) == []


def test_a_bn_that_everything_contradicts_is_silent() -> None:
    net, flag = Net(), unknown()
    x = net(conv("relu"), net.input())
    y = net(bn(), x, under=((flag, True),))
    assert cases(order, net.build(net(relu(), net.join(x, y, flag)))) == []


def test_an_activation_that_depends_on_an_option_is_silent() -> None:
    flag = unknown()
    assert cases(order, chain(conv(Choice(flag, "relu", None)), bn())) == []
    assert cases(order, chain(conv(Choice(flag, "relu", "elu")), bn())) == ["inline"]


def test_an_inline_activation_moves_behind_the_bn() -> None:
    hit = only(order, chain(conv("relu"), bn()))
    (edit,) = hit.fix.edits
    assert isinstance(edit, InsertActivation)
    assert (edit.after.at.line, edit.inline.line, edit.code) == (3, 2, '"relu"')
    assert {touched.kind for touched in hit.fix.touches} == {"Conv2D", "BatchNormalization"}


def test_separate_layers_change_places() -> None:
    (edit,) = only(order, chain(conv(), relu(), bn())).fix.edits
    assert isinstance(edit, Swap)
    assert (edit.first.at.line, edit.second.at.line) == (3, 4)


REFUSED = {
    "apart": chain(conv("relu"), pool(), bn()),
    "loads-weights": chain(conv("relu"), bn(), events=[event("load_weights", source="w.h5")]),
    "activity-regularizer": chain(conv("relu", activity_regularizer="l2"), bn()),
    "own-weights": chain(conv(), layer("PReLU", "activation", "prelu"), bn()),
    "activated-twice": chain(conv("relu"), act("tanh"), bn()),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_move_is_refused(reason: str) -> None:
    hit = only(order, REFUSED[reason])
    assert (hit.fix.refused, hit.fix.edits) == (reason, ())


def test_weights_that_a_library_ships_do_not_refuse_a_move() -> None:
    for target in (object(), layer("ResNet50", "other")):
        hit = only(order, chain(conv("relu"), bn(), events=[event("load_weights", target=target, source="imagenet")]))
        assert hit.fix.refused == ""


def test_a_producer_with_several_consumers_is_reported_without_a_fix() -> None:
    net = Net()
    x = net(conv("relu"), net.input())
    assert only(order, net.build(net(add(), net(bn(), x), x))).fix.refused == "several-consumers"


def test_layers_that_are_applied_in_different_functions_do_not_change_places() -> None:
    net = Net()
    x = net(relu(), net(conv(), net.input()), scope="helper")
    assert only(order, net.build(net(bn(), x))).fix.refused == "apart"


def test_a_shared_layer_is_reported_without_a_fix() -> None:
    net, norm = Net(), bn()
    x = net.input()
    one = net(norm, net(conv("relu"), x))
    other = net(norm, net(conv("relu"), x))
    object.__setattr__(other, "origin", net.calls[-2].origin)
    hits = list(order(net.build(net(add(), one, other)).project))
    assert [hit.fix.refused for hit in hits] == ["shared", "shared"]


# BN102 ---------------------------------------------------------------------------------------------------------------

dropped = bn102_dropout_before_batchnorm.check

SILENT_DROPOUT = {
    "dropout behind the BN": (dense(), bn(), relu(), dropout()),
    "a rate of zero": (dense(), dropout(0.0), bn()),
    "a rate below a tenth": (dense(), dropout(0.05), bn()),
    "noise below a tenth": (dense(), noise(0.01), bn()),
    "stochastic depth": (dense(), dropout(0.5, noise_shape=(None, 1)), bn()),
    "a frozen BN": (dense(), dropout(), bn(trainable=False)),
    "two weighted layers between": (dropout(), dense(), dense(), bn()),
    "another BN between": (dropout(), bn(trainable=False), bn()),
    "an unknown layer between": (dropout(), mystery(), bn()),
}


@pytest.mark.parametrize("layers", SILENT_DROPOUT.values(), ids=SILENT_DROPOUT)
def test_dropout_is_silent_on(layers) -> None:
    assert cases(dropped, chain(*layers)) == []


FOUND_DROPOUT = {
    "dropout directly before": ("default", (dense(), dropout(), bn())),
    "a tenth, but for rounding": ("default", (dense(), dropout(1 - 0.9), bn())),
    "pooling and an activation between": ("default", (conv(), dropout(kind="SpatialDropout2D"), pool(), relu(), flatten(), bn())),
    "noise": ("default", (dense(), noise(0.5), bn())),
    "a small dropout between": ("default", (dense(), dropout(), dropout(0.01), bn())),
    "one weighted layer between": ("through-weights", (dropout(), dense("relu"), bn())),
    "a rate that is not known": ("unknown-rate", (dense(), dropout(unknown()), bn())),
}


@pytest.mark.parametrize(("case", "layers"), FOUND_DROPOUT.values(), ids=FOUND_DROPOUT)
def test_dropout_finds(case: str, layers) -> None:
    built = chain(*layers)
    hit = only(dropped, built)
    assert (hit.case, hit.layer) == (case, built.call("BatchNormalization").layer)


def test_dropout_is_silent_through_a_merge() -> None:
    net = Net()
    x = net.input()
    assert cases(dropped, net.build(net(bn(), net(add(), net(dropout(), x), x)))) == []


def test_dropout_that_is_always_on_is_silent() -> None:
    net = Net()
    assert cases(dropped, net.build(net(bn(), net(dropout(), net.input(), training=True)))) == []


def test_dropout_on_one_path_only_is_silent() -> None:
    net, flag = Net(), unknown()
    x = net(dense(), net.input())
    assert cases(dropped, net.build(net(bn(), net.join(net(dropout(), x), x, flag)))) == []


def test_dropout_in_the_round_before_counts() -> None:
    norm, drop = bn(), dropout()
    net = Net()
    x = net.input()
    for _ in range(2):
        x = net(drop, net(norm, x))
    assert cases(dropped, net.build(x)) == ["default"]


def test_adjacent_dropout_and_bn_change_places() -> None:
    (edit,) = only(dropped, chain(dense(), dropout(), bn())).fix.edits
    assert isinstance(edit, Swap)
    assert only(dropped, chain(dense(), dropout(), relu(), bn())).fix.refused == "apart"


# BN103 ---------------------------------------------------------------------------------------------------------------

biased = bn103_bias_before_batchnorm.check

SILENT_BIAS = {
    "no bias": (conv(use_bias=False), bn()),
    "a bias that is not known": (conv(use_bias=unknown()), bn()),
    "an activation between": (conv("relu"), bn()),
    "an activation layer between": (conv(), relu(), bn()),
    "an activation that is not known": (conv(unknown()), bn()),
    "padding between": (conv(), padding(), bn()),
    "dropout between": (conv(), dropout(), bn()),
    "bilinear upsampling between": (conv(), layer("UpSampling2D", "resample", interpolation="bilinear"), bn()),
    "Dense and Reshape": (dense(), layer("Reshape", "reshape", target_shape=(4, 4, 2)), bn()),
    "a BN on another axis": (conv(), bn(axis=1)),
    "a BN on another axis behind pooling": (conv(), pool("AveragePooling2D"), bn(axis=1)),
    "a BN on an axis that is not known": (conv(), bn(axis=unknown())),
    "a frozen BN": (conv(), bn(trainable=False)),
    "renormalisation": (conv(), bn(renorm=True)),
    "a regularised output": (conv(activity_regularizer="l2"), bn()),
    "a bias for each place": (layer("LocallyConnected2D", "linear", filters=3, kernel_size=3), bn()),
    "weights given to the layer": (conv(weights=unknown()), bn()),
    "nothing behind": (conv(),),
}


@pytest.mark.parametrize("layers", SILENT_BIAS.values(), ids=SILENT_BIAS)
def test_bias_is_silent_on(layers) -> None:
    assert cases(biased, chain(*layers)) == []


FOUND_BIAS = {
    "a convolution": (conv(), bn()),
    "a linear activation": (conv("linear"), bn()),
    "channels first": (conv(data_format="channels_first"), bn(axis=1)),
    "the last axis by number": (conv(), bn(axis=3)),
    "the last axis in a list": (conv(), bn(axis=[3])),
    "pooling and Flatten between": (conv(), pool(), flatten(), bn()),
    "nearest upsampling between": (conv(), layer("UpSampling2D", "resample", interpolation="nearest"), bn()),
}


@pytest.mark.parametrize("layers", FOUND_BIAS.values(), ids=FOUND_BIAS)
def test_bias_finds(layers) -> None:
    built = chain(*layers)
    hit = only(biased, built)
    assert hit.layer is built.call("Conv2D").layer
    assert hit.related[0].layer is built.call("BatchNormalization").layer


@pytest.mark.parametrize(("written", "found"), [({"use_bias": True}, ["default"]), ({}, [])])
def test_a_bias_beside_arguments_that_are_unpacked_is_found_where_it_is_written(written: dict[str, bool], found: list[str]) -> None:
    made = conv(**written)
    unpacked = replace(made, arguments=replace(made.arguments, complete=False))
    assert cases(biased, chain(unpacked, bn())) == found


@pytest.mark.parametrize(("data_format", "found"), [("channels_last", ["default"]), ("channels_first", []), (None, ["default"])])
def test_the_last_axis_of_a_shape_that_is_not_known(data_format: str | None, found: list[str]) -> None:
    assert cases(biased, chain(conv(data_format=data_format), bn(), shape=None)) == found


def test_a_bias_of_tensorflow_1_is_found_and_stays() -> None:
    """Its BatchNormalization is judged as Keras's is; the call that keeps the bias is not rewritten."""
    old, contrib = (chain(replace(conv(), family=family), replace(bn(), family=family)) for family in ("tf1", "contrib"))
    assert only(biased, old).fix.refused == "tf1"
    assert cases(biased, contrib) == []


def test_a_bias_with_another_consumer_is_silent() -> None:
    net = Net()
    x = net(conv(), net.input())
    assert cases(biased, net.build(net(add(), net(bn(), x), x))) == []


def test_a_bias_with_two_batchnorms_is_silent() -> None:
    net = Net()
    x = net(conv(), net.input())
    assert cases(biased, net.build(net(add(), net(bn(), x), net(bn(), x)))) == []


@pytest.mark.parametrize(
    ("written", "fixed"), [("None, True", False), ("**options", False), ("**options, name='a'", False), ("use_bias=True", True)]
)
def test_a_bias_that_is_not_written_by_its_name_has_no_fix(written: str, fixed: bool) -> None:
    source = (
        "import keras\nfrom keras import layers\noptions = {'use_bias': True}\n"
        f"m = keras.Sequential([keras.Input((4,)), layers.Dense(8, {written}), layers.BatchNormalization()])\n"
    )
    (found,) = lint_source(source, isolated=True, select=["BN103"])
    reason = "" if fixed else "`use_bias` is given by position, or may be given by a `**` argument"
    assert (found.fix is not None, found.reason) == (fixed, reason)


OPTIONAL = (
    "if bn:\n        x = layers.BatchNormalization()(x)",
    "x = layers.BatchNormalization()(x) if bn else x",
    "x = (bn and layers.BatchNormalization()(x)) or x",
    "x = not bn and x or layers.BatchNormalization()(x)",
    "match bn:\n        case True:\n            x = layers.BatchNormalization()(x)",
    "x = [layers.BatchNormalization()(each) for each in [x] if bn][0]",
)


@pytest.mark.parametrize("option", OPTIONAL)
def test_a_bias_before_a_bn_that_an_option_leaves_out_has_no_fix(option: str) -> None:
    source = f"from keras import layers\ndef block(x, bn=True):\n    x = layers.Dense(8)(x)\n    {option}\n    return layers.ReLU()(x)\n"
    (found,) = lint_source(source, isolated=True, select=["BN103"])
    assert (found.fix, found.reason) == (None, "the code leaves the bias, or the BatchNormalization, to an option")


def test_a_bias_under_an_optional_bn_is_silent() -> None:
    net, flag = Net(), unknown("use_bn")
    x = net(conv(), net.input())
    assert cases(biased, net.build(net(conv(), net.join(net(bn(), x, under=((flag, True),)), x, flag)))) == []


def test_a_bias_that_is_kept_only_with_the_bn_is_found() -> None:
    net, flag = Net(), unknown("use_bn")
    x = net(conv(use_bias=Choice(flag, True, False)), net.input())
    y = net.join(net(bn(), x, under=((flag, True),)), x, flag)
    assert cases(biased, net.build(net(relu(), y))) == ["default"]


def test_one_of_two_batchnorms_is_enough() -> None:
    net, flag = Net(), unknown("synchronised")
    x = net(conv(), net.input())
    y = net.join(net(bn(), x, under=((flag, True),)), net(bn(), x, under=((flag, False),)), flag)
    assert cases(biased, net.build(y)) == ["default"]


def test_a_bn_in_inference_mode_keeps_the_bias() -> None:
    net = Net()
    assert cases(biased, net.build(net(bn(), net(conv(), net.input()), training=False))) == []


def test_a_shared_layer_must_be_cancelled_everywhere() -> None:
    net, linear = Net(), conv()
    x = net.input()
    y = net(bn(), net(linear, x))
    assert cases(biased, net.build(net(add(), y, net(linear, x)))) == []


def test_weights_of_this_model_silence_and_those_of_another_do_not() -> None:
    assert cases(biased, chain(conv(), bn(), events=[event("load_weights")])) == []
    assert cases(biased, chain(conv(), bn(), events=[event("load_weights", target=unknown())])) == []
    other = chain(conv(), bn()).graph
    assert cases(biased, chain(conv(), bn(), events=[event("load_weights", target=other)])) == ["default"]


@pytest.mark.parametrize(
    ("package", "call", "bias"),
    [
        ("keras", "Convolution2D(8, 3, 3, border_mode='same')", "bias"),
        ("keras", "Convolution2D(8, 3, 3)", "use_bias"),
        ("keras", "Conv2D(8, kernel_size=3, stride=2)", "use_bias"),
        ("keras", "Conv2D(8, 3, strides=2, border_mode='same')", "use_bias"),
        ("tensorflow.keras", "Conv2D(8, 3, border_mode='same')", "use_bias"),
    ],
)
def test_the_bias_goes_in_the_words_of_the_call(package: str, call: str, bias: str) -> None:
    rest = "model = models.Sequential([layers.{}, layers.BatchNormalization(), layers.ReLU()])\n"
    source = f"from {package} import layers, models\n\n{rest}"
    fixed = fix_source(source.format(call), isolated=True, unsafe=True, select=["BN103"])
    assert fixed.source == source.format(f"{call[:-1]}, {bias}=False)")


def test_the_bias_and_what_configures_it_go() -> None:
    edits = only(biased, chain(conv(use_bias=True, bias_regularizer="l2"), bn())).fix.edits
    assert [type(edit) for edit in edits] == [SetArgument, DropArgument]
    assert (edits[0].name, edits[0].code, edits[0].at.line, edits[1].argument) == ("use_bias", "False", 2, "bias_regularizer")


def test_no_fix_through_other_layers() -> None:
    assert only(biased, chain(conv(), pool(), bn())).fix.refused == "apart"


# BN104 ---------------------------------------------------------------------------------------------------------------

doubled = bn104_consecutive_batchnorm.check


@pytest.mark.parametrize(
    "layers", [(bn(), relu(), bn()), (layer("Normalization", "norm"), bn()), (bn(axis=1), bn(axis=-1)), (bn(trainable=False), bn())]
)
def test_two_batchnorms_are_silent(layers) -> None:
    assert cases(doubled, chain(*layers)) == []


def test_the_first_of_two_batchnorms_goes() -> None:
    built = chain(conv(), bn(axis=3), bn())
    hit = only(doubled, built)
    (edit,) = hit.fix.edits
    assert (hit.case, hit.origin.span.line) == ("default", 4)
    assert isinstance(edit, RemoveApplication)
    assert edit.application.at.line == 3


def test_the_first_of_two_stays_where_tensorflow_1_made_it() -> None:
    old = replace(bn(), family="tf1")
    assert only(doubled, chain(conv(), old, bn(), dense())).fix.refused == "tf1"


def test_a_first_that_is_used_elsewhere_stays() -> None:
    net = Net()
    x = net(bn(), net(conv(), net.input()))
    assert only(doubled, net.build(net(add(), net(bn(), x), x))).fix.refused == "several-consumers"


def test_a_bn_that_follows_one_on_some_paths_only_is_silent() -> None:
    net, flag = Net(), unknown()
    x = net(conv(), net.input())
    assert cases(doubled, net.build(net(bn(), net.join(net(bn(), x), x, flag)))) == []


def test_a_shared_bn_that_follows_itself_is_another_rule() -> None:
    net, norm = Net(), bn()
    assert cases(doubled, net.build(net(norm, net(norm, net.input())))) == []


def test_between_two_models_it_is_an_info_without_fix() -> None:
    inner = chain(conv(), bn())
    net = Net()
    last = inner.graph.outputs[0] if inner.graph.outputs else inner.graph.calls[-1]
    net.calls.extend(inner.graph.calls)
    hit = only(doubled, net.build(net(bn(), last), parts=(inner.graph,)))
    assert (hit.case, hit.fix) == ("between-models", None)


def test_it_is_between_models_also_where_the_model_is_a_part_of_a_part() -> None:
    inner = chain(conv(), bn())
    middle = chain(dense(), parts=(inner.graph,))
    net = Net()
    net.calls.extend(inner.graph.calls)
    hit = only(doubled, net.build(net(bn(), inner.graph.outputs[0]), parts=(middle.graph,)))
    assert (hit.case, hit.fix) == ("between-models", None)


def test_a_first_that_another_graph_uses_as_well_stays() -> None:
    built = chain(conv(), bn(), bn())
    other = Net("open")
    again = replace(built.call("BatchNormalization"), inputs=(other.input(),))
    other.calls.append(again)
    elsewhere = other.build(other(relu(), again))
    (hit,) = doubled(replace(built.project, models=(built.graph, elsewhere.graph)))
    assert hit.fix.refused == "several-consumers"


# BN105 ---------------------------------------------------------------------------------------------------------------

on_output = bn105_batchnorm_on_output.check
COMPILED = [event("compile", loss="mean_squared_error")]


@pytest.mark.parametrize(
    ("layers", "events"),
    [
        ((dense(), bn()), []),
        ((dense(), bn()), [event("compile", loss="cosine_similarity")]),
        ((dense(), bn()), [event("compile", loss=unknown())]),
        ((dense(), bn(), relu()), COMPILED),
        ((dense("sigmoid"), bn(), dense()), []),
        ((dense(), bn(), layer("RepeatVector", "reshape")), COMPILED),
    ],
    ids=["no loss", "a loss of directions", "an unknown loss", "an activation behind", "a hidden sigmoid", "an output that is repeated"],
)
def test_an_output_is_silent(layers, events) -> None:
    assert cases(on_output, chain(*layers, events=events)) == []


@pytest.mark.parametrize(
    "layers",
    [
        (dense("softmax"), bn()),
        (dense(), act("sigmoid"), bn()),
        (dense("softmax"), bn(), flatten()),
        (dense("softmax"), layer("Masking", "other"), bn()),
    ],
)
def test_probabilities_are_an_error(layers) -> None:
    hit = only(on_output, chain(*layers))
    assert hit.case == "probabilities"
    assert isinstance(hit.fix.edits[0], RemoveApplication)


@pytest.mark.parametrize("loss", ["mse", "MeanSquaredError", "keras.losses.MeanAbsoluteError", "sparse_categorical_crossentropy"])
def test_the_last_layer_of_a_trained_model(loss: str) -> None:
    assert cases(on_output, chain(dense(), bn(), events=[event("compile", loss=loss)])) == ["trained"]


def test_a_lone_bn_is_not_removed() -> None:
    assert only(on_output, chain(bn(), events=COMPILED)).fix.refused == "alone"


@pytest.mark.parametrize(("used", "found"), [((), ["trained"]), (("fit",), ["trained"]), (("fit", "sublayer"), [])])
def test_the_last_layer_of_a_class_that_is_a_model_of_its_own(used: tuple[str, ...], found: list[str]) -> None:
    net = Net("subclass")
    output = net(bn(), net(dense(), net.input()))
    assert cases(on_output, net.build(output, cls=ClassInfo("Net", "Model", used=frozenset(used)), events=COMPILED)) == found


def test_what_the_model_does_not_give_out_is_no_output() -> None:
    net = Net()
    x = net.input()
    net(bn(), net(dense(), x))
    assert cases(on_output, net.build(net(dense(), x), events=COMPILED)) == []


def test_a_layer_from_which_another_model_goes_on_is_no_output() -> None:
    built = chain(dense("softmax"), bn())
    other = Net()
    again = replace(built.call("BatchNormalization"), inputs=(other.input(),))
    other.calls.append(again)
    for end, count in ((again, 1), (other(relu(), again), 0)):
        seen = replace(built.project, models=(built.graph, other.build(end).graph))
        assert len([hit for hit in on_output(seen) if hit.case == "probabilities"]) == count


def test_a_builder_and_a_part_are_no_models() -> None:
    net = Net("open")
    assert cases(on_output, net.build(net(bn(), net(dense("softmax"), net.input())))) == []
    inner = chain(dense("softmax"), bn(), events=COMPILED)
    outer = Net()
    built = outer.build(outer(dense(), outer.input()), parts=(inner.graph,))
    object.__setattr__(built.project, "models", (inner.graph, built.graph))
    assert cases(on_output, built) == []


# BN106 ---------------------------------------------------------------------------------------------------------------

twice = bn106_double_activation.check


@pytest.mark.parametrize(
    "layers",
    [
        (conv(), bn(), relu()),
        (conv("relu"), bn()),
        (conv("relu"), pool(), bn(), relu()),
        (conv("relu"), bn(), conv("relu")),
        (conv("relu"), bn(), act("linear")),
        (conv(), layer("PReLU", "activation", "prelu"), bn(), relu()),
    ],
    ids=["before only", "after only", "pre-activation", "weights between", "linear", "PReLU"],
)
def test_two_activations_are_silent(layers) -> None:
    assert cases(twice, chain(*layers)) == []


@pytest.mark.parametrize("layers", [(conv("relu"), bn(), relu()), (conv(), relu(), dropout(), bn(), pool(), act("tanh"))])
def test_two_activations_are_found(layers) -> None:
    hit = only(twice, chain(*layers))
    assert (hit.values["before"], hit.fix) == ("relu", None)


@pytest.mark.parametrize(("kind", "found"), [("Multiply", []), ("multiply", []), ("mul", []), ("Add", ["default"])])
def test_a_gate_is_silent(kind: str, found: list[str]) -> None:
    net = Net()
    x = net.input()
    y = net(act("sigmoid"), net(bn(), net(conv("relu"), x)))
    assert cases(twice, net.build(net(layer(kind, "merge"), x, y))) == found


# BN108 ---------------------------------------------------------------------------------------------------------------

unused = bn108_unused_batchnorm.check


def test_a_result_that_is_used_or_given_out_is_silent() -> None:
    net = Net()
    x = net(conv(), net.input())
    y = net(bn(), x)
    assert cases(unused, net.build(net(relu(), x), y)) == []


def test_a_result_that_is_dropped_is_found() -> None:
    net = Net()
    x = net(conv(), net.input())
    net(bn(), x)
    assert cases(unused, net.build(net(relu(), x))) == ["dropped"]


def test_a_call_that_only_builds_is_silent() -> None:
    net, norm = Net(), bn()
    x = net(conv(), net.input())
    net(norm, x)
    assert cases(unused, net.build(net(norm, net(relu(), x)))) == []


def owner(
    norm, *, complete: bool = True, methods: tuple[str, ...] = ("call",), calls: bool = False, escape: bool = False, followed: bool = True
) -> Built:
    net = Net("subclass")
    placed = net.place(norm)
    x = net(dense(), net.input())
    x = net(norm, x) if calls else x
    cls = ClassInfo("Net", "Model", {name: Method(name) for name in methods}, (placed,), complete=complete)
    built = net.build(x, cls=cls, constructions=(placed,), events=[event("escape", target=placed)] if escape else [])
    if not followed:
        object.__setattr__(built.graph, "cls", None)
    return built


@pytest.mark.parametrize("why", [{"complete": False}, {"methods": ()}, {"calls": True}, {"escape": True}, {"followed": False}], ids=str)
def test_a_layer_of_a_class_is_silent_when_it_is_called_or_may_be(why) -> None:
    assert cases(unused, owner(bn(), **why)) == []


def test_a_layer_of_a_class_that_is_never_called() -> None:
    assert cases(unused, owner(bn())) == ["uncalled"]


def test_what_a_class_calls_without_being_known_may_be_the_layer() -> None:
    net = Net("subclass")
    placed = net.place(bn())
    cls = ClassInfo("Net", "Model", {"call": Method("call")}, (placed,))
    opaque = net(mystery(), net(mystery("an input that is not known")))
    assert cases(unused, net.build(opaque, cls=cls, constructions=(placed,))) == []
    net.calls.pop()
    assert cases(unused, net.build(net(dense(), net.calls[0]), cls=cls, constructions=(placed,))) == ["uncalled"]


# Wrappers --------------------------------------------------------------------------------------------------------------


def wrapped(inner):
    made = layer("TimeDistributed", inner.role)
    object.__setattr__(made, "inner", inner)
    return made


def test_a_wrapped_bn_is_reported_where_it_is_built() -> None:
    norm = bn()
    hit = only(order, chain(wrapped(conv("relu")), wrapped(norm)))
    assert (hit.layer, hit.values["kind"]) == (norm, "Conv2D")


def test_a_wrapped_bias_is_cancelled_by_a_wrapped_bn() -> None:
    linear = conv()
    assert only(biased, chain(wrapped(linear), wrapped(bn()))).layer is linear


def test_all_rates_that_a_dropout_may_have_are_told() -> None:
    hit = only(bn102_dropout_before_batchnorm.check, chain(dropout(Choice(unknown(), 0.2, 0.5)), conv(), bn()))
    assert "0.2, 0.5" in hit.values.values()


def test_an_axis_that_counts_the_time_is_counted_on() -> None:
    source = "from keras import Input, layers\nx = layers.TimeDistributed(layers.BatchNormalization(axis={}))(Input((5, 4, 3)))\n"
    expected = "from keras import Input, layers\nx = layers.BatchNormalization(axis={})(Input((5, 4, 3)))\n"
    for before, after in (("1", "2"), ("-1", "-1")):
        fixed = fix_source(source.format(before), isolated=True, unsafe=True, select=["BN109"])
        assert fixed.source == expected.format(after)


def test_an_axis_that_is_not_written_there_is_not_counted_on() -> None:
    source = "from keras import Input, layers\nA = 1\nx = layers.TimeDistributed(layers.BatchNormalization(axis=A))(Input((5, 4, 3)))\n"
    (finding,) = lint_source(source, isolated=True, select=["BN109"])
    assert (finding.fix, finding.reason) == (None, catalogue.page("BN109").notes["axis"])


@pytest.mark.parametrize("gate", bn106_double_activation.GATES)
def test_a_gate_is_no_second_activation(gate: str) -> None:
    net = Net()
    features = net(conv("relu"), net.input())
    weights = net(act(gate), net(bn(), features))
    assert cases(bn106_double_activation.check, net.build(net(layer("Multiply", "merge"), weights, features))) == []
    assert cases(bn106_double_activation.check, net.build(net(act(gate), net(bn(), net(conv("relu"), net.input()))))) == ["default"]


ORDERS = {
    "old": "    x = layers.Conv2D(8, 3, activation='relu')(x)\n    return layers.BatchNormalization()(x)\n",
    "new": "    x = layers.Conv2D(8, 3, use_bias=False)(x)\n    return layers.ReLU()(layers.BatchNormalization()(x))\n",
}
CHOOSES = "    x = keras.Input((32, 32, 3))\n    return keras.Model(x, old(x) if name == 'old' else new(x))\n"


def test_another_order_in_another_file_is_another_network_and_no_option(tmp_path: Path) -> None:
    head = "import keras\nfrom keras import layers\n"
    for name, body in ORDERS.items():
        (tmp_path / f"{name}.py").write_text(f"{head}def {name}(x):\n{body}")
    (tmp_path / "make.py").write_text(f"{head}from new import new\nfrom old import old\ndef make(name):\n{CHOOSES}")
    found = [finding.span for finding in lint_paths([tmp_path], isolated=True, select=["BN101"]).findings if finding.span is not None]
    assert [(Path(span.path).name, span.line) for span in found] == [("old.py", 5)]
    one = head + "".join(f"def {name}(x):\n{body}" for name, body in ORDERS.items()) + f"def make(name):\n{CHOOSES}"
    assert lint_source(one, isolated=True, select=["BN101"]) == ()


NETWORK = "import keras\nfrom keras import layers\nfrom loading import load\nx = keras.Input((8,))\ny = layers.ReLU()(layers.Dense(8)(x))\n"
LOADED = {
    "net = keras.Model(x, layers.BatchNormalization()(layers.Dense(8)(y)))\nload(net)\n": [],
    "net = keras.Model(x, layers.BatchNormalization()(layers.Dense(8)(y)))\nload(keras.Model(x, layers.Dense(8)(x)))\n": ["BN103"],
    "def net(path=None):\n    made = keras.Model(x, layers.BatchNormalization()(layers.Dense(8)(y)))\n    if path:\n"
    "        made.load_weights(path)\n    return made\nload(keras.Model(x, layers.Dense(8)(x)))\n": [],
    "net = keras.Model(x, layers.BatchNormalization()(layers.Dense(8)(y)))\n": ["BN103"],
}


@pytest.mark.parametrize("body", LOADED)
def test_weights_that_a_function_of_another_file_loads_are_loaded_here(tmp_path: Path, body: str) -> None:
    (tmp_path / "loading.py").write_text("def load(model):\n    model.load_weights('trained.weights.h5')\n")
    (tmp_path / "net.py").write_text(NETWORK + body)
    (tmp_path / "other.py").write_text("from loading import load\nfrom net import net\nload(net)\n")
    found = lint_paths([tmp_path], isolated=True, select=["BN103"]).findings
    assert [finding.code for finding in found] == LOADED[body]


def test_a_move_is_refused_where_a_function_of_another_file_loads_weights(tmp_path: Path) -> None:
    (tmp_path / "loading.py").write_text("def load(model):\n    model.load_weights('trained.weights.h5')\n")
    body = "net = keras.Model(x, layers.BatchNormalization()(layers.Dense(8, activation='relu')(y)))\n"
    for name, rest in (("net", ""), ("loaded", "load(net)\n")):
        (tmp_path / f"{name}.py").write_text(NETWORK + body + rest)
    found = lint_paths([tmp_path], isolated=True, select=["BN101"]).findings
    fixed = {Path(finding.span.path).name: finding.fix is not None for finding in found if finding.span is not None}
    assert fixed == {"loaded.py": False, "net.py": True}
