"""Layers of Keras: building them, applying them to tensors."""

from __future__ import annotations

import ast

from bnlint.graph.model import ABSENT, Argument, Arguments, Call, Choice, Layer, Origin, Shape, Span, Tensor, Unknown
from bnlint.keras_api.activations import activation_of
from bnlint.keras_api.layers import WRAPPERS, configure, layer_spec, modern
from bnlint.keras_api.tensors import dimension, input_shape, output_of
from bnlint.source import captures, invoke, surroundings
from bnlint.source.machine import Machine
from bnlint.source.values import (
    TENSORS,
    Array,
    Bound,
    Dataset,
    Dict,
    Dotted,
    Function,
    Instance,
    List,
    Model,
    Partial,
    Splice,
    bind_parameters,
    is_constant,
    unspliced,
)


def hole_of(arguments: Arguments) -> Span | None:
    """Where the input tensor stands in an application: its first argument."""
    return arguments.items[0].span if arguments.items else None


def construct(
    m: Machine,
    kind: str,
    arguments: Arguments,
    node: ast.AST,
    path: str | None,
    subclass: str | None = None,
    written: Arguments | None = None,
    stock: bool = False,
) -> Layer:
    """A Keras layer object."""
    spec = layer_spec(kind)
    assert spec is not None
    written_kind = path.rpartition(".")[2] if path is not None and layer_spec(path.rpartition(".")[2]) is spec else kind
    keywords = {argument.name: plain(m, argument.value) for argument in arguments.items if argument.name is not None}
    config = configure(written_kind, tuple(plain(m, argument.value) for argument in arguments.positional), keywords)
    if config.get("data_format", "") is None and m.data_format != "channels_last":
        config["data_format"] = m.data_format
    if m.policy is not None and spec.role == "batchnorm" and config.get("dtype") is None:
        config["dtype"] = m.policy
    if not arguments.complete:
        named = {modern(spec.kind, name) for name in keywords}
        for name in spec.defaults:
            if name not in named:
                config[name] = Unknown("a `**` argument that is not known")
    wrapped = inner = None
    role = spec.role
    if spec.kind in WRAPPERS and arguments.items:
        wrapped = m.settle(arguments.items[0].value)
        inner = wrapped if isinstance(wrapped, Layer) else None
        if spec.kind == "TimeDistributed":
            role = inner.role if inner is not None else "other"
    layer = Layer(
        spec.kind,
        role,
        name=config.get("name"),
        config=config,
        arguments=written or arguments,
        activation=inner.activation if inner is not None and spec.kind == "TimeDistributed" else activation_of(spec.kind, role, config),
        trainable=config.get("trainable", True),
        inner=inner,
        subclass=subclass,
        stock=stock,
        path=path,
        attempted=m.attempts > 0,
        origin=m.origin(node),
    )
    m.constructions.append(layer)
    m.built += 1
    if spec.kind == "TimeDistributed" and isinstance(wrapped, (Model, Instance)):
        m.event("wrapped", layer, {"model": wrapped}, node)
    if spec.role == "batchnorm":
        surroundings.built(m, layer, m.span(node))
    return layer


def plain(m: Machine, value: object) -> object:
    """A value as a layer's config keeps it."""
    value = m.plain(value)
    if isinstance(value, List) and not any(isinstance(item, Splice) for item in value.items):
        return [plain(m, item) for item in value.items]
    if isinstance(value, tuple):
        return tuple(plain(m, item) for item in value)
    if isinstance(value, Choice):
        return Choice(value.condition, plain(m, value.if_true), plain(m, value.if_false))
    if is_constant(value) or isinstance(value, (Unknown, Layer)):
        return value
    if isinstance(value, Dotted):
        return value.canonical or value.name
    if isinstance(value, Bound) and value.function is not None:
        value = value.function
    if isinstance(value, Function):
        return f"<function {value.name}>"
    return Unknown(f"a {type(value).__name__.lower()}")


def inputs_of(m: Machine, value: object, node: ast.AST) -> tuple[Tensor, ...]:
    """What is given to a layer as its input, as tensors: one, or those of a list, one that is given twice twice."""
    value = m.settle(value)
    if isinstance(value, (List, tuple)):
        items = value.items if isinstance(value, List) else value
        found: list[Tensor] = []
        for item in unspliced(items):
            found.extend(inputs_of(m, item, node))
        return tuple(found)
    if isinstance(value, Dict):
        return tuple(tensor for part in value.fields.values() for tensor in inputs_of(m, part, node))
    if isinstance(value, Choice) and any(isinstance(part, (List, tuple)) for part in (value.if_true, value.if_false)):
        first, second = inputs_of(m, value.if_true, node), inputs_of(m, value.if_false, node)
        return tuple(dict.fromkeys(first + second))
    if isinstance(value, Layer) and (tensor := misplaced_tensor(value)) is not None:
        return (applied(m, value, (tensor,), value.origin),)
    if isinstance(value, (Array, Dataset)):
        value = Unknown("data")
    if isinstance(value, Bound):
        value = Unknown("a value that is not known")
    tensor_or_none = m.tensor(value, node)
    return () if tensor_or_none is None else (tensor_or_none,)


def misplaced_tensor(layer: Layer) -> Tensor | None:
    """The tensor that was given to the constructor of a layer (`BatchNormalization(x)`), if any."""
    first = next(iter(layer.arguments.positional), None)
    return first.value if first is not None and isinstance(first.value, TENSORS) else None


MODIFIERS = ("training", "mask")
"""Arguments of a call that say how it is made, and are no input."""


def apply_layer(m: Machine, layer: Layer, arguments: Arguments, node: ast.Call) -> object:
    """`layer(x, …)`."""
    first = next((a for a in arguments.items if a.name in (None, "inputs", "x", "input", "query")), None)
    if first is None:
        return Unknown("a layer called without an input") if arguments.complete else applied(m, layer, (), m.origin(node))
    given = m.settle(first.value)
    if isinstance(given, Dotted) and (given.canonical or "").startswith("keras.layers.") and first.span is not None:
        kind = (given.canonical or "").removeprefix("keras.layers.")
        origin = Origin(first.span, m.stack, m.frame.qualified)
        m.event("not_a_layer", None, {"what": "class", "kind": kind, "returns": None, "place": "input"}, origin)
    rest = Arguments(tuple(a for a in arguments.items if a is not first and a.name not in MODIFIERS))
    others = () if layer.role in ("batchnorm", "dropout") else invoke.tensors_of(m, rest, node)
    inputs = inputs_of(m, first.value, node) + others
    training = arguments.keyword("training")
    value: object = training.value if training else ABSENT
    if value is ABSENT and layer.role in ("batchnorm", "dropout") and len(arguments.positional) > 1:
        value = arguments.positional[1].value
    return applied(m, layer, inputs, m.origin(node), training=value, hole=first.span)


def applied(
    m: Machine, layer: Layer, inputs: tuple[Tensor, ...], origin: Origin, training: object = ABSENT, hole: Span | None = None
) -> Call:
    """The node for one application of a layer."""
    surroundings.applied(m, layer, training)
    shape, channels = _of_function(m, layer, inputs, origin) if layer.kind == "Lambda" else output_of(layer, inputs)
    return m.call(layer, distinct(inputs), origin, training=training, shape=shape, channels=channels, hole=hole, owner=m.caller())


def distinct(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Each tensor once."""
    return tuple(dict.fromkeys(tensors))


def _of_function(m: Machine, layer: Layer, inputs: tuple[Tensor, ...], origin: Origin) -> tuple[Shape, int | None]:
    """Shape and channel axis of what a Lambda makes: its function is tried, and what it builds forgotten."""
    given = bind_parameters(("function", "output_shape", "mask", "arguments"), layer.arguments)
    function, declared = m.settle(given.get("function")), plain(m, given.get("output_shape"))
    if not inputs or origin.span is None or not isinstance(function, (Function, Partial, Dotted)):
        return None, None
    start, events, made, opened = len(m.calls), len(m.events), len(m.constructions), dict(m.open)
    called, defined = len(m.called), len(m.functions)
    site = ast.Call(func=ast.Name("function", ast.Load()), args=[], keywords=[])
    site.span = origin.span  # type: ignore[attr-defined]
    tensor = inputs[0] if len(inputs) == 1 else List({"items": inputs})
    extra = m.settle(given.get("arguments"))
    named = [Argument(key, value, None) for key, value in extra.fields.items() if isinstance(key, str)] if isinstance(extra, Dict) else []
    found = m.settle(invoke.invoke(m, function, Arguments((Argument(None, tensor, None), *named)), site))
    applied, inside = [call.layer for call in m.forget(start)], m.constructions[made:]
    del m.events[events:], m.constructions[made:]
    captures.in_lambda(m, applied, inside, origin)
    m.open = opened
    inner = {id(function) for function in m.functions[defined:]}
    for each in m.called[called:]:
        each.called = id(each) in inner
    del m.called[called:]
    if isinstance(found, TENSORS) and found.shape is not None:
        return found.shape, found.channels
    if isinstance(declared, (tuple, list)) and inputs[0].shape:
        return (inputs[0].shape[0], *map(dimension, declared)), 1 if len(declared) == 1 else None
    return None, None


def resized(call: Call, inputs: tuple[Tensor, ...]) -> tuple[Shape, int | None]:
    """Shape and channel axis of a call made once more on other inputs."""
    same = call.shape, call.channels
    follows = not call.layer.is_function and output_of(call.layer, call.inputs) == same
    return output_of(call.layer, inputs) if follows else same


def make_input(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`keras.Input(...)`."""
    named = bind_parameters(("shape", "batch_size", "dtype"), arguments)
    tensor = m.settle(named.get("tensor"))
    if isinstance(tensor, TENSORS):
        return tensor
    layer = Layer(
        "Input",
        "input",
        name=m.settle(named.get("name")),
        config={k: plain(m, v) for k, v in named.items()},
        arguments=arguments,
        is_function=True,
        origin=m.origin(node),
    )
    shape = input_shape(layer.config)
    return m.call(layer, (), layer.origin, shape=shape, channels=None)
