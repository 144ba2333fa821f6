"""Small batches: what training really gets, and what in the model takes its statistics from it."""

from dataclasses import replace

import pytest

from bnlint.api import lint_source
from bnlint.checks.batches import needed
from bnlint.checks.bn201_small_batch import check as small_batch
from bnlint.checks.bn202_singleton_last_batch import check as singleton
from bnlint.findings import Safety, SetArgument
from bnlint.graph.model import Argument, Arguments, Artifact, Event, Layer, Origin, Project, Shape
from tests.checks.arguments import cases, fix_of
from tests.graphs import Net, bn, chain, conv, dense, event, layer, span, unknown

FLAT: Shape = (None, 20)
IMAGES: Shape = (None, 32, 32, 3)


def trained(*events: Event, norm: Layer | None = None, shape: Shape = FLAT) -> Project:
    return chain(dense() if shape == FLAT else conv(), bn() if norm is None else norm, shape=shape, events=events).project


def fit(**known: object) -> Event:
    """`model.fit(x, y, batch_size=…)`, on line 50."""
    size = known.get("batch_size")
    arguments = Arguments((Argument("batch_size", size, span(50, 10, 2)),))
    return replace(event("fit", **known), origin=Origin(span(50, width=40)), arguments=arguments)


def batched(data: object, *positional: object, **known: object) -> Event:
    """`data.batch(…)`, on line 40."""
    arguments = Arguments(tuple(Argument(None, value, span(40, 10, 2)) for value in positional))
    return replace(event("batch", data, **known), origin=Origin(span(40)), arguments=arguments)


# BN201


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(trained(fit(batch_size=32)), id="32 is enough"),
        pytest.param(trained(fit(batch_size=unknown())), id="unknown size"),
        pytest.param(trained(fit()), id="no size"),
        pytest.param(trained(fit(batch_size=True)), id="True is no size"),
        pytest.param(trained(event("predict", batch_size=1)), id="prediction"),
        pytest.param(trained(event("evaluate", batch_size=1)), id="evaluation"),
        pytest.param(trained(batched(object(), batch_size=1)), id="a data set that is never trained on"),
        pytest.param(trained(fit(batch_size=1), norm=bn(trainable=False)), id="built frozen"),
        pytest.param(trained(event("set_trainable", value=False), fit(batch_size=1)), id="frozen later"),
        pytest.param(trained(event("set_trainable", unknown(), value=False), fit(batch_size=1)), id="something is frozen"),
        pytest.param(trained(fit(batch_size=1), norm=replace(bn(), subclass="FrozenBatchNorm")), id="a subclass decides by itself"),
        pytest.param(trained(fit(batch_size=1), norm=layer("LayerNormalization", "norm")), id="no batch normalisation"),
        pytest.param(trained(event("fit", unknown(), batch_size=1)), id="an unknown model"),
    ],
)
def test_a_batch_is_large_enough_or_harmless(seen: Project) -> None:
    assert cases(small_batch, seen) == []


@pytest.mark.parametrize("size", [1, 8])
def test_what_stands_under_a_test_or_in_inference_mode_proves_nothing(size: int) -> None:
    flag, sized = unknown(), fit(batch_size=size)
    for applied in ({"under": ((flag, True),)}, {"training": False}, {"training": flag}):
        net = Net()
        x = net(dense(), net.input(FLAT))
        assert cases(small_batch, net.build(net(bn(), x, **applied), events=[sized]).project) == []


def test_the_training_argument_of_a_call_method_is_set_by_keras() -> None:
    net = Net("subclass")
    y = net(bn(), net(dense(), net.input(FLAT)), training=unknown("training"), owner="Classifier")
    assert cases(small_batch, net.build(y, events=[fit(batch_size=4)]).project) == ["small"]


@pytest.mark.parametrize(
    ("size", "shape", "case"),
    [
        (1, FLAT, "single"),
        (2, FLAT, "small"),
        (15, FLAT, "small"),
        (16, FLAT, "low"),
        (31, FLAT, "low"),
        (1, IMAGES, "small"),
        (8, IMAGES, "small"),
        (1, None, "small"),
    ],
)
def test_the_smaller_the_worse(size: int, shape: Shape, case: str) -> None:
    seen = trained(fit(batch_size=size), shape=shape)
    assert cases(small_batch, seen) == [case]
    assert cases(small_batch, trained(event("train_on_batch", batch_size=size), shape=shape)) == [case]


@pytest.mark.parametrize(("size", "least", "case"), [(8, 8, []), (7, 8, ["small"]), (16, 12, []), (48, 64, ["low"]), (15, 64, ["small"])])
def test_the_option_moves_both_limits(size: int, least: int, case: list[str]) -> None:
    assert cases(small_batch, trained(fit(batch_size=size)), min_batch=least) == case


def test_image_translation_trains_on_single_images_deliberately() -> None:
    net = Net()
    y = net(bn(), net(conv(), net.input(IMAGES)), training=True)
    assert cases(small_batch, net.build(y, events=[fit(batch_size=1)]).project) == ["instance"]


@pytest.mark.parametrize(
    ("path", "scope", "case"),
    [
        ("nets/pix2pix_facades.py", "", "instance"),
        ("train.py", "Pix2Pix.train", "instance"),
        ("pix2pix/train.py", "train", "small"),  # the folder may hold other things, too
    ],
)
def test_the_name_of_image_translation_tells_it(path: str, scope: str, case: str) -> None:
    once = replace(fit(batch_size=1), origin=Origin(span(50, width=40, path=path), scope=scope))
    assert cases(small_batch, trained(once, shape=IMAGES)) == [case]


def test_a_call_in_training_mode_outside_of_a_gradient_tells_it() -> None:
    for calls, case in ((True, "instance"), (False, "small"), (unknown(), "small")):
        assert cases(small_batch, trained(fit(batch_size=1), event("call", training=calls), shape=IMAGES)) == [case]


def test_the_data_set_that_is_trained_on_makes_the_batches() -> None:
    data = object()
    (hit,) = small_batch(trained(batched(data, 4, batch_size=4), fit(x=data, batch_size=4)))
    assert (hit.case, hit.origin.span, hit.fix) == ("small", span(40), None)
    assert hit.related[0].layer is not None


def test_a_model_inside_the_model_counts() -> None:
    inner = chain(dense(), bn(), shape=FLAT)
    net = Net()
    outer = net.build(net(dense(), net.input(FLAT)), events=[fit(batch_size=4)], parts=(inner.graph,))
    seen = Project(outer.project.keras, (*inner.project.modules, *outer.project.modules), (inner.graph, outer.graph))
    assert cases(small_batch, seen) == ["small"]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 20), [("single", 1)]),
        ((4, 20), [("small", 4)]),
        ((31, 32, 32, 3), [("low", 31)]),
        ((32, 2), []),
        ((None, 2), []),
        ((unknown(), 2), []),
        ((), []),
        (None, []),
    ],
)
def test_a_model_of_a_file_may_have_a_batch_of_its_own(shape: Shape, expected: list[tuple[str, int]]) -> None:
    built = chain(layer("Reshape", "reshape"), bn(), shape=shape, events=[event("compile")])
    assert list(small_batch(built.project)) == []
    object.__setattr__(built.graph, "artifact", Artifact("m.keras", "keras 3 (.keras)"))
    assert [(hit.case, hit.values["size"]) for hit in small_batch(built.project)] == expected


def test_a_better_size_is_shown_and_not_applied() -> None:
    (hit,) = small_batch(trained(fit(batch_size=4)))
    assert fix_of(hit) == (Safety.DISPLAY, SetArgument(span(50, width=40), "batch_size", "32"))


# BN202


def fit_data(data: object, **known: object) -> tuple[Event, Event]:
    return batched(data, **known), event("fit", x=data, **known)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(trained(fit(batch_size=32, samples=64)), id="no remainder"),
        pytest.param(trained(fit(batch_size=32, samples=66)), id="a remainder of two"),
        pytest.param(trained(fit(batch_size=32, samples=unknown())), id="unknown samples"),
        pytest.param(trained(fit(batch_size=unknown(), samples=65)), id="unknown size"),
        pytest.param(trained(fit(batch_size=1, samples=65)), id="batches of one are BN201's"),
        pytest.param(trained(fit(batch_size=32, samples=1)), id="one sample in all"),
        pytest.param(trained(fit(batch_size=32, samples=65), shape=IMAGES), id="images"),
        pytest.param(trained(fit(batch_size=32, samples=65), shape=None), id="unknown rank"),
        pytest.param(trained(fit(batch_size=32, samples=65), norm=bn(trainable=False)), id="frozen"),
        pytest.param(trained(*fit_data("data", batch_size=32, samples=65, drop_remainder=True)), id="the remainder is dropped"),
        pytest.param(trained(*fit_data("data", batch_size=32, samples=65, drop_remainder=unknown())), id="perhaps dropped"),
        pytest.param(trained(batched("data", batch_size=32, samples=65), event("evaluate", x="data")), id="evaluation"),
    ],
)
def test_no_batch_of_one_is_trained_on(seen: Project) -> None:
    assert cases(singleton, seen) == []


def test_fit_may_not_train_on_every_sample() -> None:
    stopped = replace(fit(batch_size=32, samples=65), arguments=Arguments((Argument("steps_per_epoch", 2, span(50)),)))
    assert cases(singleton, trained(stopped)) == []
    assert cases(singleton, trained(fit(batch_size=32, samples=65, validation_split=0.2))) == []


def test_a_data_set_may_be_cut_after_it_was_batched() -> None:
    cut = batched("data", batch_size=32, samples=65), event("fit", x="data", batch_size=32, samples=unknown())
    assert cases(singleton, trained(*cut)) == []


def test_a_data_set_that_was_batched_and_then_mapped_is_mended_where_it_was_batched() -> None:
    batch = batched("data", batch_size=32, samples=65)
    (hit,) = singleton(trained(batch, event("fit", x="mapped", batch=batch, batch_size=32, samples=65)))
    assert hit.origin.span == span(40)


def test_arrays_leave_a_batch_of_one() -> None:
    (hit,) = singleton(trained(fit(batch_size=32, samples=65)))
    assert (hit.origin.span, fix_of(hit), hit.values) == (span(50, width=40), "arrays", {"samples": 65, "size": 32})


def test_a_data_set_can_drop_it() -> None:
    (hit,) = singleton(trained(*fit_data("data", batch_size=2, samples=33, drop_remainder=False)))
    assert (hit.origin.span, fix_of(hit)) == (span(40), (Safety.UNSAFE, SetArgument(span(40), "drop_remainder", "True")))


def test_a_positional_drop_remainder_is_left_alone() -> None:
    (hit,) = singleton(trained(batched("data", 32, False, batch_size=32), event("fit", x="data", batch_size=32, samples=33)))
    assert fix_of(hit) == "positional"


# BN203


@pytest.mark.parametrize(("version", "offered"), [("2.11", False), ("2.12", True), ("3", True), ("2", True)])
def test_batches_are_synchronised_where_keras_can(version: str, offered: bool) -> None:
    scope = "with tf.distribute.MirroredStrategy().scope():\n    bn = keras.layers.BatchNormalization()\n"
    (found,) = lint_source(f"import keras\nimport tensorflow as tf\n{scope}", isolated=True, select=["BN203"], target_keras=version)
    assert (found.fix is not None) is offered
    assert ("came with Keras 2.12" in found.reason) is not offered


@pytest.mark.parametrize(
    ("strategy", "size", "severity"),
    [
        ("MirroredStrategy(['GPU:0', 'GPU:1'])", 16, "warning"),
        ("MirroredStrategy(['GPU:0', 'GPU:1'])", "size", "info"),
        ("MirroredStrategy()", 16, "info"),
    ],
)
def test_it_is_a_warning_where_a_replica_certainly_gets_too_few(strategy: str, size: object, severity: str) -> None:
    network = "keras.Sequential([keras.Input((4,)), keras.layers.Dense(8), keras.layers.BatchNormalization(), keras.layers.Dense(1)])"
    source = f"""import keras
import tensorflow as tf
from data import size, x, y
with tf.distribute.{strategy}.scope():
    model = {network}
    model.compile("sgd", "mse")
model.fit(x, y, batch_size={size})
"""
    (found,) = lint_source(source, isolated=True, select=["BN203"])
    assert found.severity.name.lower() == severity


# BN204


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("train.py", "warning"),
        ("src/testing/train.py", "warning"),
        ("tests/train.py", "info"),
        ("a\\test\\train.py", "info"),
        ("src/test_train.py", "info"),
        ("src/train_test.py", "info"),
        ("src/contest.py", "warning"),
    ],
)
def test_a_model_of_a_test_need_not_be_trained_to_the_end(path: str, severity: str) -> None:
    source = (
        "import keras\nfrom keras import layers\nimport numpy as np\n"
        "model = keras.Sequential([keras.Input((8,)), layers.Dense(4), layers.BatchNormalization(), layers.Dense(1)])\n"
        "model.compile('adam', 'mse')\nmodel.fit(np.ones((64, 8)), np.ones((64, 1)))\n"
    )
    assert [str(found.severity) for found in lint_source(source, path=path, isolated=True, select=["BN204"])] == [severity]


@pytest.mark.parametrize(("epochs", "wrapped", "offered"), [(29, False, False), (30, False, True), (30, True, False)])
def test_a_smaller_momentum_is_shown_where_it_is_enough(epochs: int, wrapped: bool, offered: bool) -> None:
    norm, shape = ("layers.TimeDistributed(layers.BatchNormalization())", 5) if wrapped else ("layers.BatchNormalization()", 8)
    (found,) = lint_source(
        "import keras\nfrom keras import layers\nimport numpy as np\n"
        f"model = keras.Sequential([keras.Input(({shape}, 8)), layers.Dense(4), {norm}, layers.Dense(1)])\n"
        f"model.compile('adam', 'mse')\nmodel.fit(np.ones((64, {shape}, 8)), np.ones((64, {shape}, 1)), batch_size=64, epochs={epochs})\n",
        isolated=True,
        select=["BN204"],
    )
    assert found.message.startswith(f"this trains {epochs} steps; with momentum 0.99 ")
    assert (found.fix is not None) is offered
    if found.fix is not None:
        (edit,) = found.fix.edits
        assert isinstance(edit, SetArgument)
        assert (found.fix.safety, edit.name, edit.code) == (Safety.DISPLAY, "momentum", "0.9")


def test_the_steps_that_a_momentum_needs_are_those_that_the_page_says() -> None:
    assert [needed(momentum) for momentum in (0.9, 0.99, 0.999)] == [30, 300, 3000]
