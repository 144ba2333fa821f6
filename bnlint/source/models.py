"""Keras objects: building layers, applying layers and models to tensors, user subclasses of either."""

from __future__ import annotations

import ast
from dataclasses import replace

from bnlint.graph.model import ABSENT, Argument, Arguments, Call, Choice, Join, Layer, Origin, Shape, Span, Tensor, Unknown
from bnlint.graph.query import ancestors
from bnlint.keras_api.applications import PARAMETERS
from bnlint.keras_api.applications import application as known_application
from bnlint.keras_api.layers import layer_spec, modern
from bnlint.keras_api.roles import activation_name
from bnlint.keras_api.shapes import output
from bnlint.source.machine import Machine
from bnlint.source.state import Completion
from bnlint.source.values import (
    MISSING,
    TENSORS,
    Array,
    Bound,
    Class,
    Dataset,
    Dict,
    Dotted,
    Function,
    Instance,
    LayerList,
    List,
    Model,
    Placed,
    Splice,
    Super,
    Variables,
    is_constant,
)

WRAPPERS = frozenset({"TimeDistributed", "Bidirectional", "SpectralNormalization", "Wrapper"})


def hole_of(arguments: Arguments) -> Span | None:
    """Where the input tensor stands in an application: its first argument."""
    return arguments.items[0].span if arguments.items else None


# Layers --------------------------------------------------------------------------------------------------------------


def construct(
    m: Machine, kind: str, arguments: Arguments, node: ast.AST, path: str | None, subclass: str | None = None, written: Arguments | None = None
) -> Layer:
    """A Keras layer object."""
    spec = layer_spec(kind)
    assert spec is not None
    config: dict[str, object] = dict(spec.defaults)
    for name, argument in zip(spec.parameters, arguments.positional, strict=False):
        config[name] = plain(m, argument.value)
    for argument in arguments.items:
        if argument.name is not None:
            config[modern(spec.kind, argument.name)] = plain(m, argument.value)
    if not arguments.complete:
        named = {modern(spec.kind, argument.name) for argument in arguments.items if argument.name}
        for name in spec.defaults:
            if name not in named:
                config[name] = Unknown("a `**` argument that is not known")
    inner = None
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
        activation=inner.activation if inner is not None and spec.kind == "TimeDistributed" else activation_of(m, spec.kind, role, config),
        trainable=config.get("trainable", True),
        inner=inner,
        subclass=subclass,
        path=path,
        origin=m.origin(node),
    )
    m.constructions.append(layer)
    return layer


def plain(m: Machine, value: object) -> object:
    """A value as a layer's config keeps it."""
    value = m.settle(value)
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
    if isinstance(value, Function):
        return f"<function {value.name}>"
    return Unknown(f"a {type(value).__name__.lower()}")


def activation_of(m: Machine, kind: str, role: str, config: dict[str, object]) -> str | Unknown | Choice | None:
    """The inline activation of a linear layer, or what an activation layer applies."""
    if role == "linear" or kind == "Activation":
        named = name_activation(config.get("activation"))
        return None if named == "linear" and role == "linear" else named
    return activation_name(kind) if role == "activation" else None


def name_activation(value: object) -> str | Unknown | Choice | None:
    """What is given as `activation=`, as the name of the function that it applies."""
    if value is None:
        return None
    if isinstance(value, str):
        if value.startswith("<function "):
            name = value[len("<function ") : -1]
            return Unknown("a lambda") if name == "<lambda>" else activation_name(name)
        return activation_name(value.rpartition(".")[2])
    if isinstance(value, Layer):
        return value.activation
    if isinstance(value, Choice):
        return Choice(value.condition, name_activation(value.if_true), name_activation(value.if_false))
    return value if isinstance(value, Unknown) else Unknown("an activation that is not known")


def inputs_of(m: Machine, value: object, node: ast.AST) -> tuple[Tensor, ...]:
    """What is given to a layer as its input, as tensors: one, or those of a list."""
    value = m.settle(value)
    if isinstance(value, (List, tuple)):
        items = value.items if isinstance(value, List) else value
        found: list[Tensor] = []
        for item in items:
            parts = (*item.if_true, *item.if_false) if isinstance(item, Splice) else (item,)
            for part in parts:
                found.extend(inputs_of(m, part, node))
        return tuple(dict.fromkeys(found))
    if isinstance(value, Dict):
        return tuple(dict.fromkeys(tensor for part in value.fields.values() for tensor in inputs_of(m, part, node)))
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


def apply_layer(m: Machine, layer: Layer, arguments: Arguments, node: ast.Call) -> object:
    """`layer(x, …)`."""
    first = next((a for a in arguments.items if a.name in (None, "inputs", "x", "input", "query")), None)
    if first is None:
        return Unknown("a layer called without an input") if arguments.complete else applied(m, layer, (), m.origin(node))
    rest = Arguments(tuple(a for a in arguments.items if a is not first))
    from bnlint.source.invoke import tensors_of

    inputs = tuple(dict.fromkeys(inputs_of(m, first.value, node) + tensors_of(m, rest, node)))
    training = arguments.keyword("training")
    value: object = training.value if training else ABSENT
    if value is ABSENT and layer.role in ("batchnorm", "dropout") and len(arguments.positional) > 1:
        value = arguments.positional[1].value
    return applied(m, layer, inputs, m.origin(node), training=value, hole=first.span)


def applied(m: Machine, layer: Layer, inputs: tuple[Tensor, ...], origin: Origin, training: object = ABSENT, hole: Span | None = None) -> Call:
    """The node for one application of a layer."""
    shape, channels = output_of(layer, inputs)
    owner = m.frame.owner.name if m.frame.owner is not None and m.frame.function is not None and m.frame.function.name == "call" else None
    return m.call(layer, inputs, origin, training=training, shape=shape, channels=channels, hole=hole, owner=owner)


def output_of(layer: Layer, inputs: tuple[Tensor, ...]) -> tuple[Shape, int | None]:
    """Shape and channel axis of what a layer makes of its inputs."""
    known = [(tensor.shape, tensor.channels) for tensor in inputs]
    if layer.kind == "TimeDistributed" and layer.inner is not None:
        inner = [((s[0], *s[2:]) if s is not None and len(s) > 2 else None, None if c is None else c - 1) for s, c in known]
        shape, channels = output(layer.inner.kind, layer.inner.config, inner)
        outer = known[0][0] if known else None
        steps = outer[1] if outer is not None and len(outer) > 1 else Unknown("the number of time steps")
        return (None if shape is None else (shape[0], steps, *shape[1:])), (None if channels is None else channels + 1)
    return output(layer.kind, layer.config, known)


# Models --------------------------------------------------------------------------------------------------------------


def make_input(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`keras.Input(...)`."""
    from bnlint.source.library import bind_parameters

    named = bind_parameters(("shape", "batch_size", "dtype"), arguments)
    tensor = m.settle(named.get("tensor"))
    if isinstance(tensor, TENSORS):
        return tensor
    layer = Layer("Input", "input", name=m.settle(named.get("name")), config={k: plain(m, v) for k, v in named.items()}, arguments=arguments, is_function=True, origin=m.origin(node))
    shape = input_shape(layer.config)
    return m.call(layer, (), layer.origin, shape=shape, channels=None)


def input_shape(config: object) -> Shape:
    """The shape that `shape=`, `batch_shape=`, `input_shape=` … declare, batch first."""
    assert isinstance(config, dict)
    for name in ("batch_shape", "batch_input_shape"):
        declared = config.get(name)
        if isinstance(declared, (tuple, list)):
            return tuple(_dimension(size) for size in declared)
    batch = _dimension(config.get("batch_size"))
    for name in ("shape", "input_shape"):
        declared = config.get(name)
        if isinstance(declared, int):
            declared = (declared,)
        if isinstance(declared, (tuple, list)):
            return (batch, *(_dimension(size) for size in declared))
    if "input_dim" in config:
        size = _dimension(config["input_dim"])
        return (batch, _dimension(config["input_length"]), size) if "input_length" in config else (batch, size)
    return None


def _dimension(size: object) -> int | None | Unknown:
    return size if size is None or isinstance(size, (int, Unknown)) else Unknown("a size that is not known")


def make_sequential(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`keras.Sequential(...)`."""
    name = arguments.keyword("name")
    model = Model("sequential", str(m.settle(name.value)) if name and isinstance(m.settle(name.value), str) else "sequential", m.origin(node), {"items": ()})
    model.epoch = m.epoch
    m.models.append(model)
    layers = arguments.keyword("layers") or next(iter(arguments.positional), None)
    if layers is None:
        return model
    written = next((k.value for k in node.keywords if k.arg == "layers"), node.args[0] if node.args else None)
    m.write(model.fields, "items", _placed(m, layers.value, written, node))
    return model


def _placed(m: Machine, value: object, written: ast.expr | None, node: ast.AST) -> tuple[object, ...]:
    value = m.settle(value)
    if isinstance(value, Choice):
        return (Splice(value.condition, _placed(m, value.if_true, None, node), _placed(m, value.if_false, None, node)),)
    if not isinstance(value, (List, tuple, LayerList)):
        return (Placed(Unknown("a list of layers that is not known"), m.origin(node)),)
    items = value.items if isinstance(value, List) else tuple(value.layers) if isinstance(value, LayerList) else value
    spans: list[Span | None] = [None] * len(items)
    if isinstance(written, (ast.List, ast.Tuple)) and len(written.elts) == len(items) and not any(isinstance(e, ast.Starred) for e in written.elts):
        spans = [m.span(element) for element in written.elts]

    def place(item: object, span: Span | None) -> object:
        if isinstance(item, Splice):
            return Splice(item.condition, tuple(place(i, None) for i in item.if_true), tuple(place(i, None) for i in item.if_false))
        origin = Origin(span, m.stack, m.frame.qualified) if span else item.origin if isinstance(item, Layer) else m.origin(node)
        return check_element(m, item, origin)

    return tuple(place(item, span) for item, span in zip(items, spans, strict=True))


def check_element(m: Machine, value: object, origin: Origin) -> Placed:
    """An element of a Sequential; one that is no layer is remembered as an event."""
    from bnlint.graph.model import Event

    value = m.settle(value)
    args: dict[str, object] | None = None
    if isinstance(value, Dotted) and (value.canonical or "").startswith("keras.layers."):
        args = {"what": "class", "kind": (value.canonical or "").removeprefix("keras.layers."), "returns": None}
    elif isinstance(value, Class) and value.keras is not None:
        args = {"what": "class", "kind": value.keras.rpartition(".")[2], "returns": None}
    elif isinstance(value, Function):
        kind, code = _returned_layer(m, value)
        args = {"what": "function", "kind": kind, "returns": code}
    if args is not None:
        m.events.append(Event("not_a_layer", None, args, len(m.events), tuple(m.under.items()), m.tape, origin=origin))
    return Placed(value, origin)


def _returned_layer(m: Machine, function: Function) -> tuple[str | None, str | None]:
    """What a function does whose whole body is `return Layer(...)(argument)` or `return Layer(...)`: the kind and the constructor's code."""
    from bnlint.keras_api.names import canonical

    body = [s for s in function.node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))] if not isinstance(function.node, ast.Lambda) else []
    value = function.node.body if isinstance(function.node, ast.Lambda) else body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None
    parameters = {a.arg for a in (*function.node.args.posonlyargs, *function.node.args.args, *function.node.args.kwonlyargs)}
    made = None
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Call) and len(value.args) == 1 and not value.keywords and isinstance(value.args[0], ast.Name):
        made = value.func
    elif isinstance(value, ast.Call) and not parameters:
        made = value
    if made is None:
        return None, None
    head: ast.expr = made.func
    parts: list[str] = []
    while isinstance(head, ast.Attribute):
        parts.append(head.attr)
        head = head.value
    if not isinstance(head, ast.Name):
        return None, None
    root = function.scope.names.get(head.id)
    if not isinstance(root, Dotted) or any(isinstance(n, ast.Name) and n.id in parameters for a in (*made.args, *made.keywords) for n in ast.walk(a)):
        return None, None
    name = canonical(".".join([root.name, *reversed(parts)])) or ""
    return (name.removeprefix("keras.layers."), ast.unparse(made)) if name.startswith("keras.layers.") else (None, None)


def add_layer(m: Machine, model: Model, arguments: Arguments, node: ast.Call) -> None:
    """`model.add(layer)`."""
    if model.kind == "sequential" and arguments.items:
        first = arguments.items[0]
        origin = Origin(first.span or m.span(node), m.stack, m.frame.qualified)
        value = m.settle(first.value)
        if isinstance(value, Choice):
            def choose(v: object) -> object:
                v = m.settle(v)
                return Splice(v.condition, (choose(v.if_true),), (choose(v.if_false),)) if isinstance(v, Choice) else check_element(m, v, origin)
            placed = choose(value)
        else:
            placed = check_element(m, value, origin)
        m.write(model.fields, "items", (*model.fields["items"], placed))


def derive(m: Machine, model: Model) -> tuple[Tensor, Tensor]:
    """Input and output of a sequential model, its layers applied in order."""
    items = model.fields["items"]
    if model.derived is not None and model.derived[0] is items:
        return model.derived[1], model.derived[2]
    under, m.under = m.under, {}
    start, rest = _start(m, items, model.origin)
    end = through(m, rest, start)
    m.under = under
    model.derived = (items, start, end)
    return start, end


def _start(m: Machine, items: tuple[object, ...], origin: Origin) -> tuple[Tensor, tuple[object, ...]]:
    first = items[0] if items else None
    if isinstance(first, Placed):
        if isinstance(first.value, TENSORS):
            return first.value, items[1:]
        if isinstance(first.value, Layer):
            given: dict[str, object] = {a.name: plain(m, a.value) for a in first.value.arguments.items if a.name}
            if first.value.kind == "InputLayer":
                layer = Layer("Input", "input", name=first.value.name, config=first.value.config, is_function=True, origin=first.value.origin)
                return m.call(layer, (), first.origin, shape=input_shape(dict(first.value.config))), items[1:]
            shape = input_shape(given)
            if first.value.kind == "Embedding":
                shape = None
            return m.call(Layer("Input", "input", is_function=True, origin=origin), (), origin, shape=shape), items
    return m.call(Layer("Input", "input", is_function=True, origin=origin), (), origin), items


def through(m: Machine, items: tuple[object, ...], tensor: object) -> Tensor:
    """The tensor after a run of Sequential elements."""
    for item in items:
        if isinstance(item, Splice):
            present = tensor
            choice = item
            tensor = m.fork(
                choice.condition,
                lambda choice=choice, present=present: through(m, choice.if_true, present),  # type: ignore[misc]
                lambda choice=choice, present=present: through(m, choice.if_false, present),  # type: ignore[misc]
            )
        elif isinstance(item, Placed):
            tensor = _apply_element(m, item, tensor)
    assert isinstance(tensor, (Call, Join))
    return tensor


def _apply_element(m: Machine, item: Placed, tensor: object) -> object:
    assert isinstance(tensor, (Call, Join))
    value = m.settle(item.value)
    if isinstance(value, Layer):
        return applied(m, value, (tensor,), item.origin)
    argument = Arguments((Argument(None, tensor, None),))
    marker = _Site(item.origin)
    result: object = Unknown("an element that is not known")
    from bnlint.source import invoke

    if isinstance(value, (Model, Instance)) and item.origin.span is not None:
        result = invoke.invoke(m, value, argument, marker)
    made = m.settle(result)
    if isinstance(made, TENSORS):
        return made
    reason = value.reason if isinstance(value, Unknown) else "an element that is not known"
    layer = Layer("unknown", "unknown", name=reason, is_function=True, family="unknown", origin=item.origin)
    return m.call(layer, (tensor,), item.origin)


class _Site(ast.Call):
    """Stands for the call expression of an element of a Sequential, which the source does not have."""

    def __init__(self, origin: Origin) -> None:
        span = origin.span
        super().__init__(func=ast.Name("element", ast.Load()), args=[], keywords=[])
        self.span = span


def replay(m: Machine, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...], given: tuple[Tensor, ...], site: Span) -> tuple[Tensor, ...]:
    """The outputs of a functional model on other inputs: its calls once more, on these."""
    mapped: dict[int, Tensor] = {id(old): new for old, new in zip(inputs, given, strict=False)}
    needed = ancestors(outputs)

    def of(tensor: Tensor) -> Tensor:
        if id(tensor) in mapped or isinstance(tensor, Call):
            return mapped.get(id(tensor), tensor)
        order: list[Tensor] = [tensor]
        while order:
            current = order[-1]
            if id(current) in mapped or isinstance(current, Call):
                order.pop()
                continue
            waiting = [a for a in current.alternatives if isinstance(a, Join) and id(a) not in mapped]
            if waiting:
                order.extend(waiting)
                continue
            first, second = (mapped.get(id(a), a) for a in current.alternatives)
            changed = first is not current.alternatives[0] or second is not current.alternatives[1]
            mapped[id(current)] = Join((first, second), current.condition, current.shape, current.channels, current.origin) if changed else current
            order.pop()
        return mapped[id(tensor)]

    for old in [call for call in m.calls if id(call) in needed]:
        if id(old) in mapped:
            continue
        new_inputs = tuple(of(tensor) for tensor in old.inputs)
        if any(new is not before for new, before in zip(new_inputs, old.inputs, strict=True)):
            shape, channels = (old.shape, old.channels) if old.layer.is_function else output_of(old.layer, new_inputs)
            made = replace(
                old, inputs=new_inputs, shape=shape, channels=channels, under=tuple({**m.under, **dict(old.under)}.items()), origin=replace(old.origin, stack=(*m.stack, site, *old.origin.stack))
            )
            m.calls.append(made)
            mapped[id(old)] = made
    return tuple(of(tensor) for tensor in outputs)


def make_model(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`keras.Model(inputs, outputs)`."""
    from bnlint.source.library import bind_parameters

    named = bind_parameters(("inputs", "outputs", "name"), arguments)
    name = m.settle(named.get("name"))
    inputs = inputs_of(m, named.get("inputs", named.get("input", ())), node)
    given = named.get("outputs", named.get("output", ()))
    outputs = inputs_of(m, given, node)
    model = Model("functional", name if isinstance(name, str) else "model", m.origin(node), {"inputs": inputs, "outputs": outputs, "shape": _structure(m, given)})
    model.epoch = m.epoch
    m.models.append(model)
    return model


def _structure(m: Machine, value: object) -> str:
    value = m.settle(value)
    return "list" if isinstance(value, (List, tuple)) and len(value.items if isinstance(value, List) else value) > 1 else "one"


def tensors(m: Machine, model: Model) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and outputs of a model."""
    if model.kind == "sequential":
        start, end = derive(m, model)
        return (start,), (end,)
    return model.fields["inputs"], model.fields["outputs"]


def on_data(m: Machine, value: object, epoch: int) -> bool:
    """Whether a model's argument is data rather than a symbolic tensor.

    A parameter of a function that is analysed on its own is data for a model that existed before (`epoch`), or under a tape.
    """
    value = m.settle(value)
    if isinstance(value, (tuple, List)):
        items = value.items if isinstance(value, List) else value
        return bool(items) and all(on_data(m, item, epoch) for item in items)
    if isinstance(value, Unknown):
        return value not in m.open and (value not in m.parameters or m.tape is not None or epoch < m.epoch)
    return isinstance(value, (Array, Dataset))


def call_event(m: Machine, target: object, arguments: Arguments, node: ast.Call, direct: bool = False) -> Unknown:
    """Note that a model is run on data."""
    training = arguments.keyword("training")
    value = training.value if training else arguments.positional[1].value if len(arguments.positional) > 1 and not direct else ABSENT
    m.event("call", target, {"training": value, "direct": direct, "inputs": arguments.items[0].value if arguments.items else None}, node, arguments)
    return Unknown("the output of a model on data")


def apply_model(m: Machine, model: Model, arguments: Arguments, node: ast.Call) -> object:
    """`model(x)`: its layers once more on x; on data, an event."""
    first = next((a for a in arguments.items if a.name in (None, "inputs", "x")), None)
    if first is None:
        return Unknown("a model called without an input")
    if on_data(m, first.value, model.epoch):
        return call_event(m, model, arguments, node)
    given = inputs_of(m, first.value, node)
    if model.kind == "application":
        assert model.layer is not None
        training = arguments.keyword("training")
        shape = model.fields["outputs"][0].shape
        channels = model.fields["outputs"][0].channels
        return m.call(model.layer, given, m.origin(node), training=training.value if training else ABSENT, shape=shape, channels=channels, hole=first.span)
    model.called = True
    if model.kind == "sequential":
        items = model.fields["items"]
        rest = items[1:] if items and isinstance(items[0], Placed) and (isinstance(items[0].value, TENSORS) or (isinstance(items[0].value, Layer) and items[0].value.kind == "InputLayer")) else items
        stack = m.stack
        m.stack = (*stack, m.span(node))
        try:
            return through(m, rest, given[0]) if given else Unknown("a model called without an input")
        finally:
            m.stack = stack
    inputs, outputs = tensors(m, model)
    if not outputs:
        from bnlint.source.invoke import unknown_call

        return unknown_call(m, Unknown("a model whose outputs are not known"), arguments, node)
    made = replay(m, inputs, outputs, given, m.span(node))
    return made[0] if len(made) == 1 and model.fields.get("shape") != "list" else List({"items": made})


def application(m: Machine, canonical: str, arguments: Arguments, node: ast.Call) -> object | None:
    """`keras.applications.ResNet50(...)`: a backbone taken as one layer."""
    known = known_application(canonical)
    if known is None:
        return None
    kind = canonical.rpartition(".")[2]
    from bnlint.source.library import bind_parameters

    named = {k: plain(m, v) for k, v in bind_parameters(PARAMETERS, arguments).items()}
    origin = m.origin(node)
    given = arguments.keyword("input_tensor")
    under, m.under = m.under, {}
    start = inputs_of(m, given.value, node) if given is not None and m.settle(given.value) is not None else ()
    if not start:
        start = (m.call(Layer("Input", "input", is_function=True, origin=origin), (), origin, shape=input_shape(named)),)
    layer = Layer(kind, "other", name=named.get("name"), config={"has_batchnorm": known.batchnorm, **named}, arguments=arguments, family="keras", path=canonical, origin=origin)
    flat = named.get("include_top", True) is True or named.get("pooling") in ("avg", "max")
    shape: Shape = (None, Unknown("the size of a backbone")) if flat else (None, *(Unknown("the size of a backbone"),) * 3)
    end = m.call(layer, start, origin, shape=shape, channels=1 if flat else 3)
    m.under = under
    model = Model("application", kind, origin, {"inputs": start, "outputs": (end,)}, layer)
    if named.get("weights", "imagenet") is not None:
        m.event("load_weights", model, {"source": named.get("weights", "imagenet")}, node)
    return model


def clone(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`keras.models.clone_model(model)`."""
    model = m.settle(arguments.items[0].value) if arguments.items else None
    if not isinstance(model, Model):
        return Unknown("a clone of a model that is not known")
    return Model(model.kind, model.name, m.origin(node), dict(model.fields), model.layer)


def attribute(m: Machine, base: Layer | Model | object, name: str, node: ast.AST) -> object:
    """An attribute of a layer or model."""
    if isinstance(base, Layer):
        return _layer_attribute(m, base, name)
    assert isinstance(base, Model)
    if name in ("output", "outputs", "input", "inputs", "layers"):
        inputs, outputs = tensors(m, base)
        if name == "layers":
            return LayerList(base, layers_of(m, base))
        chosen = outputs if name.startswith("output") else inputs
        if not chosen:
            return Unknown(f"the {name} of a model that is not known")
        return List({"items": chosen}) if name.endswith("s") or len(chosen) > 1 else chosen[0]
    if name in ("trainable_variables", "trainable_weights", "variables", "weights"):
        return Variables((base,), name.startswith("trainable"))
    if name == "name":
        return base.name
    if name in ("output_shape", "input_shape"):
        inputs, outputs = tensors(m, base)
        shape = (outputs if name == "output_shape" else inputs)[0].shape if outputs else None
        return shape if shape is not None else Unknown("the shape of a tensor")
    return Bound(base, name)


def _layer_attribute(m: Machine, layer: Layer, name: str) -> object:
    if name in ("output", "input"):
        made = next((call for call in reversed(m.calls) if call.layer is layer), None)
        if made is None or (name == "input" and not made.inputs):
            return Unknown(f"the {name} of a layer that is not known")
        return made if name == "output" else made.inputs[0]
    if name in ("trainable_variables", "trainable_weights", "variables", "weights"):
        return Variables((layer,), name.startswith("trainable"))
    if name in layer.config:
        return layer.config[name]
    if name == "trainable":
        return layer.trainable
    return Bound(layer, name)


def layers_of(m: Machine, model: Model) -> tuple[Layer, ...]:
    """The layers of a model in order, as far as known."""
    if model.kind == "application":
        return ()
    needed = ancestors(tensors(m, model)[1])
    return tuple(dict.fromkeys(call.layer for call in m.calls if id(call) in needed and not call.layer.is_function))


def find_layer(m: Machine, model: Model, name: object) -> object:
    """`model.get_layer(name)`."""
    if model.kind != "application" and isinstance(name, str):
        for layer in layers_of(m, model):
            if layer.name == name:
                return layer
    return _OpaqueLayer.of(m, model, name)


class _OpaqueLayer:
    """A layer of a model that is not looked into: its output is one node."""

    @staticmethod
    def of(m: Machine, model: Model, name: object) -> object:
        key = ("layer", model, name if isinstance(name, (str, int)) else None)
        known = m.derived.get(key)
        if known is None:
            known = m.derived[key] = Unknown(f"a layer inside {model.name}")
        return known


# Users' classes --------------------------------------------------------------------------------------------------------


def subclassed_layer(m: Machine, cls: Class, kind: str, arguments: Arguments, node: ast.Call) -> Layer:
    """An object of a user's subclass of a concrete Keras layer: one layer of that kind, with the arguments that `super().__init__` gets."""
    from bnlint.source.invoke import run

    instance = Instance(cls, origin=m.origin(node), arguments=arguments)
    function = cls.find("__init__")
    passed: object = arguments
    if isinstance(function, Function):
        run(m, function, arguments, node, instance)
        passed = instance.fields.get("super arguments", Arguments((), complete=False))
    cls.used.add("called")
    call = cls.find("call")
    if isinstance(call, Function):
        call.called = True
    for other in cls.scope.names.values():
        if isinstance(other, Function):
            other.called = True
    return construct(m, kind, passed if isinstance(passed, Arguments) else Arguments((), complete=False), node, None, cls.name, arguments)


def initialise_model(m: Machine, instance: Instance, arguments: Arguments, node: ast.Call) -> None:
    """What the constructor of keras.Model or Sequential does with its arguments, for an instance of a subclass."""
    if instance.cls.keras == "keras.Sequential":
        m.write(instance.fields, "functional", make_sequential(m, arguments, node))
    elif any(a.name in ("inputs", "outputs", "input", "output") for a in arguments.items) or len(arguments.positional) >= 2:
        m.write(instance.fields, "functional", make_model(m, arguments, node))


def super_init(m: Machine, base: Super, arguments: Arguments, node: ast.Call) -> object:
    """`super().__init__(...)` that arrives at Keras."""
    from bnlint.source.invoke import concrete

    instance = base.instance
    if isinstance(instance, Instance):
        if concrete(instance.cls) is not None:
            m.write(instance.fields, "super arguments", arguments)
        elif instance.cls.keras in ("keras.Model", "keras.Sequential"):
            initialise_model(m, instance, arguments, node)
    return None


def owned(value: object, depth: int = 0) -> list[Layer]:
    """The layers that a value holds: itself, or those in lists, dicts, models and instances."""
    if isinstance(value, Layer):
        return [value]
    if depth > 6:
        return []
    if isinstance(value, (List, tuple)):
        return [layer for item in (value.items if isinstance(value, List) else value) for layer in owned(item, depth + 1)]
    if isinstance(value, Splice):
        return [layer for item in (*value.if_true, *value.if_false) for layer in owned(item, depth + 1)]
    if isinstance(value, Placed):
        return owned(value.value, depth + 1)
    if isinstance(value, Choice):
        return owned(value.if_true, depth + 1) + owned(value.if_false, depth + 1)
    if isinstance(value, Dict):
        return [layer for item in value.fields.values() for layer in owned(item, depth + 1)]
    if isinstance(value, Model):
        return owned(value.fields.get("items", ()), depth + 1) + ([value.layer] if value.layer else [])
    if isinstance(value, Instance):
        return [layer for item in value.fields.values() if item is not value for layer in owned(item, depth + 1)]
    return []


def own(owner: Instance, value: object) -> None:
    """Note that an instance holds layers; they may be reached as `self.layers`."""
    if isinstance(value, Instance) and owner.cls.keras is not None:
        value.cls.used.add("sublayer")
    owner.layers.extend(owned(value))


def apply_instance(m: Machine, instance: Instance, arguments: Arguments, node: ast.Call) -> object:
    """`instance(x)`: of a plain class its `__call__`; of a Keras class what its `call` does."""
    from bnlint.source import invoke

    cls = instance.cls
    direct = cls.find("__call__")
    if isinstance(direct, Function):
        return invoke.run(m, direct, arguments, node, instance)
    functional = instance.fields.get("functional")
    function = cls.find("call")
    if isinstance(functional, Model) and not isinstance(function, Function):
        return apply_model(m, functional, arguments, node)
    first = next((a for a in arguments.items if a.name in (None, "inputs", "x")), None)
    if cls.keras == "keras.Model" and first is not None and on_data(m, first.value, instance.epoch):
        return call_event(m, instance, arguments, node)
    inputs = inputs_of(m, first.value, node) if first is not None else ()
    if not isinstance(function, Function) or m.depth >= invoke.DEPTH or m.running.count(function) >= 2:
        return opaque(m, instance, inputs, node, hole=first.span if first else None)
    instance.called = True
    cls.used.add("sublayer")
    build(m, instance, node)
    start = len(m.calls)
    names = invoke.bind(m, function, arguments, instance).names
    known = {a.arg for a in (*function.node.args.posonlyargs, *function.node.args.args, *function.node.args.kwonlyargs)}
    for flag in ("training", "is_training"):
        if flag in known:
            names[flag] = m.training
    if "mask" in known and arguments.keyword("mask") is None:
        names["mask"] = None
    result = invoke.enter(m, function, names, m.span(node), instance)
    if any(not call.layer.is_function for call in m.calls[start:]):
        return result
    kept = [call for call in m.calls[start:] if call.layer.role in ("input", "unknown") and not call.inputs]
    del m.calls[start:]
    m.calls.extend(kept)
    return opaque(m, instance, inputs, node, hole=first.span if first else None)


def open_input(m: Machine, cls: Class, name: str, node: ast.AST) -> Call:
    """An input of the `call` of a class that is analysed on its own: of a model its input, of a layer unknown."""
    under, m.under = m.under, {}
    origin = Origin(cls.chunk.span(cls.node), (), cls.qualified)
    if cls.keras == "keras.Model":
        layer = Layer("Input", "input", name=name, is_function=True, origin=origin)
    else:
        layer = Layer("unknown", "unknown", name=f"the input of {cls.name}", is_function=True, family="unknown", origin=origin)
    made = m.call(layer, (), origin)
    m.under = under
    return made


def build(m: Machine, instance: Instance, node: ast.AST) -> None:
    """Run `build` once."""
    from bnlint.source import invoke

    function = instance.cls.find("build")
    if instance.built or not isinstance(function, Function):
        return
    instance.built = True
    arguments = Arguments((Argument(None, Unknown("the input shape"), None),))
    invoke.enter(m, function, invoke.bind(m, function, arguments, instance).names, m.span(node), instance)


def opaque(m: Machine, instance: Instance, inputs: tuple[Tensor, ...], node: ast.AST, hole: Span | None) -> object:
    """A user's layer that calls no layers: one node."""
    if not inputs:
        return Unknown(f"the output of {instance.cls.name}")
    known = instance.cls.keras is not None
    key = ("opaque", instance)
    layer = m.derived.get(key)
    if not isinstance(layer, Layer):
        layer = m.derived[key] = Layer(
            instance.cls.name, "other" if known else "unknown", name=instance.fields.get("name"), arguments=instance.arguments, family="user", origin=instance.origin
        )
    shape, channels = output("Identity", {}, [])
    return m.call(layer, inputs, m.origin(node), shape=shape, channels=channels, hole=hole)


__all__ = ["Completion", "Layer", "MISSING", "add_layer", "apply_instance", "apply_layer", "apply_model", "construct"]

