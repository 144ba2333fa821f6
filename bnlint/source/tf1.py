"""Layers of TF1: tf.layers and tf.compat.v1.layers, tf.contrib.layers and slim with their arg_scope, as layers like others."""

from __future__ import annotations

import ast
from typing import Final

from bnlint.graph.model import ABSENT, Argument, Arguments, Call, Layer, Unknown
from bnlint.keras_api.activations import activation_of
from bnlint.keras_api.layers import layer_spec
from bnlint.keras_api.tensors import input_shape
from bnlint.keras_api.tf1 import SAME_FUNCTION, TF1_CLASSES, TF1_LAYERS, FunctionalLayer
from bnlint.source import invoke, layers
from bnlint.source.machine import Handler, Machine
from bnlint.source.values import MISSING, TENSORS, ArgScope, Dict, Dotted, Function, List, bind_parameters, first_argument, sequence

SCOPED: Final = ("activation_fn", "normalizer_fn", "is_training")
"""Arguments of slim and contrib that an arg_scope which is not seen may set: they are unknown where nothing visible gives them."""


def call(m: Machine, name: str, arguments: Arguments, node: ast.Call) -> object:
    """A function or class of TF1; MISSING for others."""
    if name in TF1_CLASSES:
        return _layer(m, TF1_CLASSES[name], bind_parameters(TF1_CLASSES[name].parameters, arguments), arguments, node, name)
    module, _, last = name.rpartition(".")
    if module.startswith("tf.contrib") and last in CONTRIB:
        return CONTRIB[last](m, arguments, node)
    spec = TF1_LAYERS.get(name)
    if spec is None:
        return MISSING
    named = bind_parameters(spec.parameters, arguments)
    given = named.pop("inputs", MISSING)
    if given is MISSING:
        return Unknown(f"`{name}` without an input")
    if spec.family == "contrib":
        named = {**_scope(m, _place(name)), **named}
        return _contrib(m, spec, named, given, arguments, node, name)
    return _apply(m, _layer(m, spec, named, arguments, node, name), given, arguments, node)


def _apply(m: Machine, layer: Layer, given: object, arguments: Arguments, node: ast.Call) -> Call:
    inputs = layers.inputs_of(m, given, node)
    training = layer.config.get("training", ABSENT)
    return layers.applied(m, layer, inputs, m.origin(node), training=training, hole=layers.hole_of(arguments))


def _layer(m: Machine, spec: FunctionalLayer, named: dict[str, object], arguments: Arguments, node: ast.Call, name: str) -> Layer:
    keras = layer_spec(spec.kind)
    assert keras is not None
    config: dict[str, object] = dict(keras.defaults)
    for key, value in {**spec.defaults, **named}.items():
        renamed = spec.renamed.get(key, key)
        if renamed is not None:
            config[renamed] = layers.plain(m, value)
    layer = Layer(
        spec.kind,
        keras.role,
        name=config.get("name"),
        config=config,
        arguments=arguments,
        activation=activation_of(spec.kind, keras.role, config),
        trainable=config.get("trainable", True),
        family=spec.family,
        path=name,
        origin=m.origin(node),
    )
    m.constructions.append(layer)
    m.built += 1
    return layer


# slim and contrib


def _contrib(
    m: Machine, spec: FunctionalLayer, named: dict[str, object], given: object, arguments: Arguments, node: ast.Call, name: str
) -> object:
    """A layer of contrib: what it computes, then its normalizer, then its activation, each a node where they are known."""
    named |= {key: Unknown("an arg_scope may set it") for key in SCOPED if key in spec.parameters and key not in named}
    normalizer = m.settle(named.get("normalizer_fn"))
    activation = m.settle({**spec.defaults, **named}.get("activation_fn"))
    normalized = isinstance(normalizer, (Dotted, Function))
    if normalized:
        named |= {"activation_fn": None, "biases_initializer": None}
    if "keep_prob" in spec.parameters:
        kept = m.settle({**spec.defaults, **named}["keep_prob"])
        named["rate"] = 1 - kept if isinstance(kept, (int, float)) else Unknown("one less what is kept")
    layer = _layer(m, spec, named, arguments, node, name)
    if isinstance(layer.config, dict):
        layer.config.update(_derived(layer, normalized))
    made: object = _apply(m, layer, given, arguments, node)
    if normalized:
        made = _then(m, normalizer, made, node, m.settle(named.get("normalizer_params")))
    apart = normalized or layer.role in ("batchnorm", "norm")
    return _then(m, activation, made, node) if apart and isinstance(activation, (Dotted, Function)) else made


def _derived(layer: Layer, normalized: bool) -> dict[str, object]:
    """What contrib's arguments mean in Keras's terms."""
    config = layer.config
    found: dict[str, object] = {}
    if layer.role == "batchnorm" and config.get("data_format") in ("NCHW", "NCDHW"):
        found["axis"] = 1
    if normalized:
        found["use_bias"] = False
    elif "use_bias" in config and "bias_initializer" in config:
        found["use_bias"] = config["bias_initializer"] is not None
    return found


def _then(m: Machine, function: object, tensor: object, node: ast.Call, more: object = None) -> object:
    """A function applied to what a layer made; what it cannot be followed through is left as it is."""
    items = [Argument(None, tensor, None)]
    items += [Argument(key, value, None) for key, value in more.fields.items()] if isinstance(more, Dict) else []
    made = m.settle(invoke.invoke(m, function, Arguments(tuple(items), more is None or isinstance(more, Dict)), node))
    return made if isinstance(made, TENSORS) else tensor


def _place(function: object) -> object:
    """What an arg_scope knows a function by: its plain name if it is contrib's, however it is reached; else the function itself."""
    name = function if isinstance(function, str) else function.canonical if isinstance(function, Dotted) else None
    if name is None or not name.startswith("tf.contrib."):
        return function
    last = name.rpartition(".")[2]
    return SAME_FUNCTION.get(last, last)


def _scope(m: Machine, place: object) -> dict[str, object]:
    return dict(m.arg_scope.get(place, {}))


def scoped(m: Machine, function: Function, arguments: Arguments) -> Arguments:
    """The arguments of a user's function, with those that an arg_scope adds."""
    more = {name: value for name, value in _scope(m, function).items() if arguments.keyword(name) is None}
    added = tuple(Argument(name, value, None) for name, value in more.items())
    return Arguments((*arguments.items, *added), arguments.complete, arguments.presumed) if added else arguments


def _arg_scope(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`slim.arg_scope([slim.conv2d], normalizer_fn=…)`, or of a scope that was kept."""
    first = m.settle(first_argument(arguments))
    if isinstance(first, ArgScope):
        return first
    functions = sequence(first) if isinstance(first, (List, tuple)) else None
    if functions is None:
        return Unknown("an arg_scope that is not known")
    given = dict(m.arg_scope)
    named = {argument.name: argument.value for argument in arguments.items if argument.name is not None}
    for function in map(m.settle, functions):
        place = _place(function)
        if isinstance(place, (str, Function)):
            given[place] = {**given.get(place, {}), **named}
    return ArgScope(given)


def _repeat(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`slim.repeat(x, 3, slim.conv2d, 64, [3, 3])`."""
    named = bind_parameters(("inputs", "repetitions", "layer"), arguments)
    count = m.settle(named.get("repetitions"))
    rest = [Argument(None, argument.value, None) for argument in arguments.positional[3:]]
    return _chained(m, named, [rest] * count, arguments, node) if isinstance(count, int) and count <= 256 else _unseen(m, arguments, node)


def _stack(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`slim.stack(x, slim.fully_connected, [32, 64])`."""
    named = bind_parameters(("inputs", "layer", "stack_args"), arguments)
    steps = sequence(m.settle(named.get("stack_args")))
    if steps is None:
        return _unseen(m, arguments, node)
    rounds = [sequence(step) if isinstance(step, (List, tuple)) else (step,) for step in map(m.settle, steps)]
    return _chained(m, named, [[Argument(None, value, None) for value in values or ()] for values in rounds], arguments, node)


def _chained(m: Machine, named: dict[str, object], rounds: list[list[Argument]], arguments: Arguments, node: ast.Call) -> object:
    """A layer applied again and again."""
    own = ("inputs", "repetitions", "layer", "stack_args", "scope")
    keywords = [argument for argument in arguments.items if argument.name is not None and argument.name not in own]
    tensor = named.get("inputs")
    for rest in rounds:
        tensor = invoke.invoke(m, named.get("layer"), Arguments((Argument(None, tensor, None), *rest, *keywords)), node)
    return tensor


def _unseen(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return invoke.unknown_call(m, Unknown("layers that are not known"), arguments, node)


# Graphs: inputs, update operations


def _placeholder(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`tf.placeholder(tf.float32, [None, 32, 32, 3])`: an input, if it is more than a number or flag."""
    given = bind_parameters(("dtype", "shape"), arguments)
    dtype, shape = m.settle(given.get("dtype")), layers.plain(m, given.get("shape"))
    numbers = dtype is None or (isinstance(dtype, Dotted) and "float" in dtype.name) or (isinstance(dtype, str) and "float" in dtype)
    if not numbers or not isinstance(shape, (tuple, list)) or len(shape) < 2:
        return Unknown("a placeholder")
    origin = m.origin(node)
    layer = Layer(
        "Input", "input", config={"batch_shape": tuple(shape)}, arguments=arguments, is_function=True, family="tf1", origin=origin
    )
    return m.call(layer, (), origin, shape=input_shape(layer.config))


def _backend_placeholder(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`K.placeholder(shape=…)`."""
    return _placeholder(m, Arguments(tuple(Argument(a.name or "shape", a.value, a.span) for a in arguments.items[:1])), node)


def collection(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`tf.get_collection(tf.GraphKeys.UPDATE_OPS)`."""
    key = m.settle(first_argument(arguments))
    found = Unknown("a collection of the graph")
    if key == "update_ops" or (isinstance(key, Dotted) and key.name.endswith("GraphKeys.UPDATE_OPS")):
        m.event("update_ops", None, {"how": "read"}, node, arguments)
        m.derived["update operations", found] = True
    return found


def _control_dependencies(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`tf.control_dependencies(update_ops)`."""
    first = m.settle(first_argument(arguments))
    held = sequence(first) if isinstance(first, (List, tuple)) else (first,)
    if any(("update operations", part) in m.derived for part in map(m.settle, held or ()) if isinstance(part, Unknown)):
        m.event("update_ops", None, {"how": "control_dependencies"}, node, arguments)
    return Unknown("control dependencies")


def _training_operation(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`slim.learning.create_train_op(loss, optimizer)`: a training step that runs the update operations by itself."""
    given = arguments.keyword("update_ops")
    if given is None or m.settle(given.value) is None:
        m.event("update_ops", None, {"how": "run"}, node, arguments)
    m.event("apply_gradients", None, {"sources": Unknown("the variables")}, node, arguments)
    return Unknown("a training operation")


CONTRIB: Final[dict[str, Handler]] = {
    "arg_scope": _arg_scope,
    "create_train_op": _training_operation,
    "optimize_loss": _training_operation,
    "repeat": _repeat,
    "stack": _stack,
}
"""Functions of contrib and slim that are no layers, by their plain name."""

HANDLERS: Final[dict[str, Handler]] = {
    **dict.fromkeys(("tf.compat.v1.control_dependencies", "tf.control_dependencies"), _control_dependencies),
    **dict.fromkeys(("tf.compat.v1.get_collection", "tf.compat.v1.get_collection_ref", "tf.get_collection"), collection),
    **dict.fromkeys(("tf.compat.v1.placeholder", "tf.placeholder"), _placeholder),
    "keras.backend.placeholder": _backend_placeholder,
}
