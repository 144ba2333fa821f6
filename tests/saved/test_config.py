"""Configs of Keras 3 and Keras 2 become graphs."""

from typing import Any, cast

import pytest

from bnlint.graph.model import ABSENT, Layer, ModelGraph, Unknown
from bnlint.saved import Unreadable
from bnlint.saved import calls as calls_of
from bnlint.saved.config import NO_LAYERS, read_config
from tests.saved.configs import calls, chain, edges, functional, graph_of, layer, node, old, sequential, start, tensor


def bn(name: str = "bn", *nodes: object, **config: Any) -> dict[str, Any]:
    return layer("BatchNormalization", name, *nodes, axis=-1, **config)


def conv(name: str = "conv", *nodes: object, **config: Any) -> dict[str, Any]:
    return layer("Conv2D", name, *nodes, filters=4, kernel_size=[3, 3], **config)


def test_layers_are_as_the_source_front_end_makes_them() -> None:
    graph = graph_of(chain(conv(activation="relu", strides=[2, 2]), bn(momentum=0.9)))
    _, conv_call, bn_call = graph.calls
    made = conv_call.layer
    assert (made.kind, made.role, made.name, made.activation, made.family) == ("Conv2D", "linear", "conv", "relu", "keras")
    assert made.config["kernel_size"] == (3, 3)
    assert made.config["use_bias"] is True, "defaults are filled in"
    assert (conv_call.shape, conv_call.channels) == ((None, 3, 3, 4), 3)
    assert (bn_call.layer.role, bn_call.layer.config["momentum"], bn_call.layer.config["epsilon"]) == ("batchnorm", 0.9, 0.001)
    assert bn_call.origin.key == bn_call.layer.origin.key == "bn"
    assert graph.outputs == (bn_call,)


def test_an_input_is_what_a_source_has() -> None:
    call = graph_of(chain(bn(), shape=(None, None, 3))).calls[0]
    assert (call.layer.kind, call.layer.role, call.layer.is_function, call.shape, call.channels) == (
        "Input",
        "input",
        True,
        (None, None, 3),
        None,
    )


def test_inputs_keep_their_order_and_a_shared_layer_is_one() -> None:
    layers = [
        start(),
        bn("bn", node(tensor("x")), node(tensor("act"), training=True)),
        layer("ReLU", "act", node(tensor("bn", 0))),
        layer("Concatenate", "cat", node([tensor("bn", 1), tensor("act")])),
    ]
    graph = graph_of(functional(layers, [["x", 0, 0]], [["cat", 0, 0]]))
    assert edges(graph) == [("x",), ("bn", "x"), ("act", "bn"), ("bn", "act"), ("cat", "bn", "act")]
    first, second = (call for call in graph.calls if call.layer.name == "bn")
    assert first.layer is second.layer
    assert (first.training, second.training) == (ABSENT, True)
    assert graph.calls[-1].inputs[0] is second


def test_the_order_of_the_file_does_not_matter() -> None:
    layers = [bn("bn", node(tensor("conv"))), conv("conv", node(tensor("x"))), start()]
    assert edges(graph_of(functional(layers, ["x", 0, 0], ["bn", 0, 0]))) == [("x",), ("conv", "x"), ("bn", "conv")]


def test_the_old_notation() -> None:
    layers = [
        old("InputLayer", "x", batch_input_shape=[None, 8, 8, 3]),
        old("Conv2D", "conv", [["x", 0, 0, {}]], filters=4, kernel_size=[3, 3]),
        old("BatchNormalizationV1", "bn", [["conv", 0, 0, {"training": False}]], axis=[3]),
        old("Add", "add", [["bn", 0, 0, {}], ["conv", 0, 0, {}]]),
        old("MultiHeadAttention", "mha", [["add", 0, 0, {"value": ["bn", 0, 0], "key": None}]], num_heads=1, key_dim=2),
    ]
    graph = graph_of(
        {"class_name": "Model", "config": {"name": "m", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["mha", 0, 0]]}}
    )
    assert edges(graph) == [("x",), ("conv", "x"), ("bn", "conv"), ("add", "bn", "conv"), ("mha", "add", "bn")]
    made = calls(graph)["bn"]
    assert (made.layer.kind, made.layer.config["axis"], made.training) == ("BatchNormalization", 3, False)


NESTED = [layer("Dense", "d", node(tensor("i")), units=4), bn("bn", node(tensor("d")))]


@pytest.mark.parametrize(
    ("outer", "end"),
    [
        pytest.param([node(tensor("x")), node(tensor("inner", 0))], [["inner", 2, 0]], id="keras 3 counts outputs from 1"),
        pytest.param([[["x", 0, 0, {}]], [["inner", 1, 0, {}]]], [["inner", 2, 0]], id="keras 2 counts all from 1"),
        pytest.param([[["x", 0, 0, {}]], [["inner", 0, 0, {}]]], [["inner", 1, 0]], id="or from 0, for a Sequential without an input"),
    ],
)
def test_a_model_in_a_model_is_looked_into(outer: list[object], end: list[object]) -> None:
    inner = {**functional([start("i", (None, 4)), *NESTED], ["i", 0, 0], ["bn", 0, 0], name="inner"), "inbound_nodes": outer}
    graph = graph_of(functional([start("x", (None, 4)), inner], [["x", 0, 0]], end))
    assert edges(graph) == [("x",), ("inner/d", "x"), ("inner/bn", "inner/d"), ("inner/d", "inner/bn"), ("inner/bn", "inner/d")]
    assert graph.calls[1].layer is graph.calls[3].layer
    assert graph.outputs == (graph.calls[-1],)
    assert graph.artifact is not None
    assert (graph.artifact.layers, graph.artifact.batchnorms) == (4, 1)
    assert [part.name for part in graph.parts if isinstance(part, ModelGraph)] == ["inner"]


def test_the_mode_of_a_model_in_a_model_is_an_event() -> None:
    inner = {
        **functional([start("i", (None, 4)), *NESTED], ["i", 0, 0], ["bn", 0, 0], name="inner"),
        "inbound_nodes": [node(tensor("x"), training=False)],
    }
    graph = graph_of(functional([start("x", (None, 4)), inner], [["x", 0, 0]], ["inner", 1, 0]))
    (event,) = graph.events
    assert (event.kind, event.args["training"], event.origin.key) == ("apply", False, "inner")
    assert event.target is graph.parts[0]
    assert calls(graph)["inner/bn"].training is ABSENT
    assert calls(graph)["inner/bn"].layer is calls(graph.parts[0])["inner/bn"].layer  # type: ignore[arg-type]


def test_the_default_mode_that_keras_3_records_is_none() -> None:
    dropout = {**layer("Dropout", "drop", rate=0.5), "given": {"training": False}}
    norm = {**bn(), "given": {"training": False}}
    made = calls(graph_of(chain(dropout, norm)))
    assert (made["drop"].training, made["bn"].training) == (ABSENT, False)


def test_a_sequential_with_and_without_an_input() -> None:
    dense = layer("Dense", "d", units=4)
    built = graph_of(sequential(start("x", (None, 3)), dense, bn()))
    assert (built.kind, edges(built), built.calls[-1].shape) == ("sequential", [("x",), ("d", "x"), ("bn", "d")], (None, 4))
    bare = graph_of(sequential(dense, bn()))
    assert [call.layer.kind for call in bare.calls] == ["Input", "Dense", "BatchNormalization"]
    assert bare.calls[0].shape is None
    declared = graph_of(
        {"class_name": "Sequential", "config": [old("Dense", "d", units=4, batch_input_shape=[None, 5]), old("BatchNormalization", "bn")]}
    )
    assert declared.calls[0].shape == (None, 5)
    assert bare.artifact is not None
    assert bare.artifact.layers == 2, "an input that is only implied is no layer of the file"


def test_a_wrapped_layer_is_inner() -> None:
    wrapped = {"module": "keras.layers", "class_name": "BatchNormalization", "config": {"name": "norm", "axis": -1}}
    graph = graph_of(chain(layer("TimeDistributed", "td", layer=wrapped), shape=(None, 5, 4)))
    made = graph.calls[1].layer
    assert (made.kind, made.role) == ("TimeDistributed", "batchnorm")
    assert made.inner is not None
    assert (made.inner.kind, made.inner.origin.key) == ("BatchNormalization", "td/norm")
    assert graph.calls[1].shape == (None, 5, 4)


def test_a_wrapped_model_is_a_graph_of_its_own() -> None:
    inner = functional([start("i", (None, 4)), *NESTED], ["i", 0, 0], ["bn", 0, 0], name="inner")
    made = chain(layer("TimeDistributed", "td", layer=inner), shape=(None, 5, 4))
    graph = graph_of(made)
    (event,) = graph.events
    wrapped = event.args["model"]
    assert isinstance(wrapped, ModelGraph)
    assert (event.kind, graph.calls[1].layer.role) == ("wrapped", "other")
    assert [call.layer.origin.key for call in wrapped.calls] == ["td/inner/i", "td/inner/d", "td/inner/bn"]
    assert [place.path for place in read_config(made, "m", "f").places] == ["layers/time_distributed/layer/layers/batch_normalization"]
    assert graph.artifact is not None
    assert (graph.artifact.layers, graph.artifact.batchnorms) == (5, 1)


@pytest.mark.parametrize(
    "entry",
    [
        layer("BatchNormalization", "odd", module="my.layers"),
        {**layer("BatchNormalization", "odd"), "class_name": "my>BatchNormalization"},
        old("Custom>BatchNormalization", "odd"),
        layer("NewLayer", "odd"),
        {**layer("BatchNormalization", "odd"), "module": None},
    ],
)
def test_a_class_that_is_not_keras_s_is_unknown(entry: dict[str, object]) -> None:
    graph = graph_of(chain(conv(), entry, bn()))
    made = calls(graph)["odd"]
    assert (made.layer.role, made.layer.family) == ("unknown", "user")
    assert edges(graph)[-1] == ("bn", "odd")
    assert graph.artifact is not None
    assert graph.artifact.batchnorms == 1


OPERATIONS = [
    (layer("Relu", "f", module="keras.src.ops.nn"), ("relu", "activation", "relu")),
    (layer("ReLU", "f", module="keras.src.activations.activations", negative_slope=0.0), ("relu", "activation", "relu")),
    (layer("Multiply", "f", module="keras.src.ops.numpy"), ("multiply", "other", None)),
    (layer("GetItem", "f", module="keras.src.ops.numpy"), ("getitem", "reshape", None)),
    (old("TFOpLambda", "f", function="nn.relu"), ("relu", "activation", "relu")),
    (old("TFOpLambda", "f", function="__operators__.add"), ("add", "other", None)),
    (old("TFOpLambda", "f", function="no.such.thing"), ("unknown", "other", None)),
    (old("SlicingOpLambda", "f", function="__operators__.getitem"), ("getitem", "reshape", None)),
    (old("TensorFlowOpLayer", "f", node_def={"op": "Relu"}), ("relu", "activation", "relu")),
]


@pytest.mark.parametrize(("entry", "expected"), OPERATIONS)
def test_functions_and_operators(entry: dict[str, object], expected: tuple[object, ...]) -> None:
    made = graph_of(chain(entry)).calls[1].layer
    assert (made.kind, made.role, made.activation) == expected
    assert made.is_function


def test_an_operator_on_two_tensors_merges_them() -> None:
    add = layer("Add", "sum", node(tensor("x"), tensor("conv")), module="keras.src.ops.numpy")
    graph = graph_of(functional([start(), conv("conv", node(tensor("x")), padding="same"), add], ["x", 0, 0], ["sum", 0, 0]))
    assert (graph.calls[-1].layer.kind, graph.calls[-1].layer.role) == ("add", "merge")
    assert graph.artifact is not None
    assert graph.artifact.layers == 2, "an operation is no layer"


def test_casts_are_looked_through() -> None:
    graph = graph_of(chain(conv(), layer("Cast", "cast", module="keras.src.ops.core"), bn()))
    assert edges(graph)[-1] == ("bn", "conv")


def test_the_file_knows_shapes_that_do_not_follow() -> None:
    entries = [start(), layer("Lambda", "l", node(tensor("x"))), bn("bn", node(tensor("l", shape=[None, 2, 2, 7])))]
    graph = graph_of(functional(entries, ["x", 0, 0], ["bn", 0, 0]))
    assert calls(graph)["l"].shape == (None, 2, 2, 7)
    built = [
        old("InputLayer", "x", batch_input_shape=[None, 4]),
        old("Lambda", "l", [["x", 0, 0]]),
        {**old("BatchNormalization", "bn", [["l", 0, 0]]), "build_config": {"input_shape": [None, 9]}},
    ]
    graph = graph_of(functional(built, [["x", 0, 0]], [["bn", 0, 0]]))
    assert calls(graph)["l"].shape == (None, 9)


def test_what_a_function_was_built_for_may_be_its_constant() -> None:
    scaled = old("TFOpLambda", "f", [["_CONSTANT_VALUE", -1, 0.1, {"y": ["d", 0, 0], "name": None}]], function="math.multiply")
    entries = [
        old("InputLayer", "x", batch_input_shape=[None, 4]),
        old("Dense", "d", [["x", 0, 0]], units=8),
        {**scaled, "build_config": {"input_shape": []}},
    ]
    graph = graph_of(functional(entries, [["x", 0, 0]], [["f", 0, 0]]))
    assert calls(graph)["d"].shape == calls(graph)["f"].shape == (None, 8)


def test_values_are_as_in_source() -> None:
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_float16"}, "registered_name": None}
    regularizer = {"module": "keras.regularizers", "class_name": "L2", "config": {"l2": 0.1}, "registered_name": None}
    made = calls(graph_of(chain(bn(dtype=policy, gamma_regularizer=regularizer, momentum=10**30))))["bn"].layer
    assert made.config["dtype"] == "mixed_float16"
    assert made.config["gamma_regularizer"] == "keras.regularizers.L2"
    assert isinstance(made.config["momentum"], Unknown)


ACTIVATIONS = [
    ("swish", "silu"),
    ("linear", None),
    ({"module": "builtins", "class_name": "function", "config": "my_act", "registered_name": "my_act"}, "my_act"),
    ({"module": "keras.layers", "class_name": "LeakyReLU", "config": {"negative_slope": 0.1}, "registered_name": None}, "leaky_relu"),
]


@pytest.mark.parametrize(("given", "expected"), ACTIVATIONS)
def test_inline_activations(given: object, expected: str | None) -> None:
    assert calls(graph_of(chain(conv(activation=given))))["conv"].layer.activation == expected


def test_trainable() -> None:
    inner = {
        **functional([start("i", (None, 4)), *NESTED], ["i", 0, 0], ["bn", 0, 0], name="inner", trainable=False),
        "inbound_nodes": [node(tensor("x"))],
    }
    frozen = bn("frozen", node(tensor("inner")), trainable=False)
    made = calls(graph_of(functional([start("x", (None, 4)), inner, frozen], ["x", 0, 0], ["frozen", 0, 0])))
    assert made["frozen"].layer.trainable is False
    assert isinstance(made["inner/bn"].layer.trainable, Unknown), "its own flag says otherwise"


def test_what_the_model_was_compiled_with() -> None:
    adam = {"module": "keras.optimizers", "class_name": "AdamW", "config": {"name": "adamw", "weight_decay": 0.01}, "registered_name": None}
    graph = graph_of({**chain(bn()), "compile_config": {"optimizer": adam, "loss": "mse", "metrics": ["mae"]}})
    optimizer, compiled = graph.events
    assert (optimizer.kind, optimizer.args["class"], optimizer.args["weight_decay"]) == ("optimizer", "AdamW", 0.01)
    assert compiled.target is graph
    assert compiled.args == {"loss": "mse", "optimizer": optimizer.target, "metrics": ["mae"]}
    old_style = graph_of(chain(bn()), compiled={"loss": "mse", "optimizer_config": {"class_name": "Custom>Adam", "config": {}}})
    assert old_style.events[0].args["class"] == "Adam"


def test_a_subclassed_model_says_that_its_layers_are_not_recorded() -> None:
    graph = graph_of({"module": None, "class_name": "Net", "config": {"trainable": True}, "registered_name": "Net"}, keras="3.15.1")
    assert (graph.kind, graph.calls) == ("subclass", ())
    assert graph.artifact is not None
    assert (graph.artifact.notes, graph.artifact.keras) == ((NO_LAYERS,), "3.15.1")


def test_a_subclass_that_was_built_like_a_functional_model_is_read() -> None:
    made = {**chain(bn()), "class_name": "Net", "module": "my.models", "registered_name": "my>Net"}
    assert edges(graph_of(made)) == [("x",), ("bn", "x")]


def test_where_weights_are_kept() -> None:
    inner = {
        **functional([start("i", (None, 4)), *NESTED], ["i", 0, 0], ["bn", 0, 0], name="inner"),
        "inbound_nodes": [node(tensor("first"))],
    }
    wrapped = {"module": "keras.layers", "class_name": "BatchNormalization", "config": {"name": "norm", "axis": -1}}
    seq = {**sequential(start("s", (None, 4)), bn("e"), name="seq"), "inbound_nodes": [node(tensor("inner"))]}
    entries = [
        start("x", (None, 4)),
        bn("first", node(tensor("x"))),
        inner,
        seq,
        layer("Add", "op", node(tensor("seq"), 1.0), module="keras.src.ops.numpy"),
        bn("second", node(tensor("op"))),
        layer("TimeDistributed", "td", node(tensor("second")), layer=wrapped),
    ]
    reading = read_config(functional(entries, ["x", 0, 0], ["td", 0, 0]), "m", "f")
    assert [(place.path, place.names) for place in reading.places] == [
        ("layers/batch_normalization", ("first",)),
        ("layers/functional/layers/batch_normalization", ("inner", "bn")),
        ("layers/sequential/layers/batch_normalization", ("seq", "e")),
        ("layers/batch_normalization_1", ("second",)),
        ("layers/time_distributed/layer", ("td", "norm")),
    ]
    assert all(isinstance(place.layer, Layer) and place.layer.weights == {} for place in reading.places)
    assert len({id(place.layer.weights) for place in reading.places}) == 5


def test_an_object_that_is_shared_is_one_layer() -> None:
    mark = {"shared_object_id": 7}
    inner = {
        **functional([start("i", (None, 4)), {**bn("bn", node(tensor("i"))), **mark}], ["i", 0, 0], ["bn", 0, 0], name="inner"),
        "inbound_nodes": [node(tensor("bn"))],
    }
    reading = read_config(
        functional([start("x", (None, 4)), {**bn("bn", node(tensor("x"))), **mark}, inner], ["x", 0, 0], ["inner", 1, 0]), "m", "f"
    )
    graph = reading.finish()
    assert graph.calls[1].layer is graph.calls[2].layer
    assert [place.names for place in reading.places] == [("bn",), ("inner", "bn")]
    assert graph.artifact is not None
    assert graph.artifact.batchnorms == 1


# What is wrong with a file is said


def test_what_a_file_refers_to_and_does_not_hold_is_a_gap() -> None:
    graph = graph_of(functional([start(), bn("bn", node(tensor("gone", 3)))], ["x", 0, 0], ["bn", 0, 0]))
    assert [gap.reason for gap in graph.gaps] == ["the file does not hold what it calls 'gone', application 3"]
    assert calls(graph)["bn"].inputs[0].layer.role == "unknown"  # type: ignore[union-attr]


def test_a_layer_that_is_applied_to_nothing_has_an_unknown_input() -> None:
    graph = graph_of(functional([bn("bn", node())], [], ["bn", 0, 0]))
    assert [call.layer.role for call in graph.calls] == ["unknown", "batchnorm"]


DAMAGED = [
    ([], "the model is a list, not an object"),
    ({"class_name": 3, "config": {}}, "the class of the model is a number, not a text"),
    (functional([cast("Any", None)], [], []), "layer 0 of the model 'net' is missing, not an object"),
    (functional([cast("Any", 1)], [], []), "layer 0 of the model 'net' is a number, not an object"),
    (functional([{"name": "a", "config": {}}], [], []), "the class of the layer 'a' is missing, not a text"),
    (functional([start(), start()], [], []), "the model 'net' has two layers with the name 'x'"),
    (functional([start()], "x", []), "`input_layers` of the model 'net' is a text, not a list"),
    (functional([{**start(), "inbound_nodes": {}}], [], []), "`inbound_nodes` of the layer 'x' is an object, not a list"),
    (functional([{**start(), "inbound_nodes": [{"args": 1}]}], [], []), "`args` of the layer 'x' is a number, not a list"),
    (functional([bn("a", node(tensor("b"))), bn("b", node(tensor("a")))], [], []), "in the model 'net' the layer 'a' feeds itself"),
]


@pytest.mark.parametrize(("given", "reason"), DAMAGED)
def test_a_damaged_config_is_told_in_a_line(given: object, reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        graph_of(given)
    assert caught.value.message == f"is damaged: {reason}"


def test_models_in_models_do_not_multiply_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_of, "LIMIT", 1000)
    made = functional([start("x", (None, 4)), bn("bn", node(tensor("x")))], ["x", 0, 0], ["bn", 0, 0])
    for depth in range(18):
        inner = {**made, "name": "inner", "inbound_nodes": [node(tensor("x")), node(tensor("inner", 0))]}
        made = functional([start("x", (None, 4)), inner], ["x", 0, 0], ["inner", 2, 0], name=f"m{depth}")
    with pytest.raises(Unreadable, match="more than 1,000 applications"):
        graph_of(made)
