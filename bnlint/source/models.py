"""Model objects: functional ones, those of keras.applications, and models called like layers."""

from __future__ import annotations

import ast
from collections.abc import Callable

from bnlint.graph.model import ABSENT, Argument, Arguments, Call, Join, Layer, Span, Tensor, Unknown
from bnlint.graph.query import ancestors, upstream
from bnlint.keras_api.applications import application as known_application
from bnlint.keras_api.applications import leaving
from bnlint.keras_api.tensors import input_shape, output_of
from bnlint.keras_api.training import MODES, is_mode, mode
from bnlint.records import replace
from bnlint.source import data, invoke, layers, sequential
from bnlint.source.machine import Machine
from bnlint.source.values import (
    MISSING,
    TENSORS,
    Array,
    Class,
    Dataset,
    Dict,
    Function,
    Instance,
    List,
    Model,
    bind_parameters,
)

REPLAY = 6
"""Steps that a call costs which is made once more."""


def replay(
    m: Machine,
    inputs: tuple[Tensor, ...],
    outputs: tuple[Tensor, ...],
    given: tuple[Tensor, ...],
    site: Span,
    renew: Callable[[Layer], Layer] = lambda layer: layer,
) -> tuple[Tensor, ...]:
    """The outputs of a functional model on other inputs: its calls once more, on these; `renew` may put other layers in."""
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
            mapped[id(current)] = (
                Join((first, second), current.condition, current.shape, current.channels, current.origin) if changed else current
            )
            order.pop()
        return mapped[id(tensor)]

    for old in m.in_order(needed):
        if id(old) in mapped:
            continue
        new_inputs = tuple(of(tensor) for tensor in old.inputs)
        layer = renew(old.layer)
        if layer is not old.layer or any(new is not before for new, before in zip(new_inputs, old.inputs, strict=True)):
            shape, channels = layers.resized(old, new_inputs) if layer is old.layer else output_of(layer, new_inputs)
            made = replace(
                old,
                layer=layer,
                inputs=new_inputs,
                shape=shape,
                channels=channels,
                under=tuple({**m.under, **dict(old.under)}.items()),
                origin=replace(old.origin, stack=(*m.stack, site, *old.origin.stack)),
            )
            m.spend(REPLAY)
            m.calls.append(made)
            m.built += 1
            mapped[id(old)] = made
    return tuple(of(tensor) for tensor in outputs)


def make_model(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`keras.Model(inputs, outputs)`."""
    named = bind_parameters(("inputs", "outputs", "name"), arguments)
    name = m.settle(named.get("name"))
    taken, given = named.get("inputs", named.get("input", ())), named.get("outputs", named.get("output", ()))
    inputs, outputs = layers.inputs_of(m, taken, node), layers.inputs_of(m, given, node)
    model = Model(
        "functional",
        name if isinstance(name, str) else "model",
        m.origin(node),
        {"inputs": inputs, "outputs": outputs, "taken": _structure(m, taken), "given": _structure(m, given)},
    )
    model.epoch = m.epoch
    m.models.append(model)
    freeze(m, model, arguments, node)
    return model


def freeze(m: Machine, model: Model, arguments: Arguments, node: ast.Call) -> None:
    """Note `trainable=` of a model's constructor."""
    given = arguments.keyword("trainable")
    if given is not None:
        m.event("set_trainable", model, {"value": m.settle(given.value)}, node)


def _structure(m: Machine, value: object) -> str | tuple[object, ...]:
    """How tensors are given: "one", "list", or the keys of a dict."""
    value = m.settle(value)
    if isinstance(value, Dict):
        return tuple(value.fields)
    return "list" if isinstance(value, (List, tuple)) and len(value.items if isinstance(value, List) else value) > 1 else "one"


def tensors(m: Machine, model: Model) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and outputs of a model."""
    if model.kind == "sequential":
        start, end = sequential.derive(m, model)
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
        return value not in m.open and (value not in m.parameters or bool(m.tapes) or epoch < m.epoch)
    if isinstance(value, TENSORS) and epoch < m.epoch:
        # What functions make of a parameter, or of data, is data too; what comes from an input or through a layer is symbolic.
        return all(call.layer.is_function and call.layer.role != "input" and call not in m.symbolic for call in upstream((value,)))
    return isinstance(value, (Array, Dataset))


def watched(m: Machine, tape: int) -> list[object]:
    """What a tape is told to watch, and what models are called on while it records."""
    found = m.derived.setdefault(("watched", tape), [])
    assert isinstance(found, list)
    return found


def call_event(m: Machine, target: object, arguments: Arguments, node: ast.Call, direct: bool = False) -> Unknown:
    """Note that a model is run on data."""
    if isinstance(target, Instance):
        if m.tapes or not _is_step_of(m, target):
            target.cls.used.add("custom_step" if m.tapes else "called")
        note_mode(target.cls, arguments)
    training = arguments.keyword("training")
    value = training.value if training else arguments.positional[1].value if len(arguments.positional) > 1 and not direct else ABSENT
    inputs = next((a.value for a in arguments.items if a.name in (None, "inputs", "x")), None)
    for tape in m.tapes:
        watched(m, tape).extend(data.parts(m, inputs))
    args = {"training": mode(value), "direct": direct, "inputs": inputs, "tapes": m.tapes, "owner": m.caller()}
    m.event("call", target, {**args, **data.batch_of(m, inputs)}, node, arguments)
    made = Unknown("the output of a model on data")
    m.outputs.add(made)
    return made


def _is_step_of(m: Machine, target: Instance) -> bool:
    """Whether a step of the model itself is running, as `evaluate` or `predict` of Keras does: it shows no use of the model."""
    function = m.frame.function
    return m.frame.self is target and function is not None and function.name in ("predict_step", "test_step")


def note_training(m: Machine, callee: Unknown, arguments: Arguments, node: ast.Call) -> None:
    """Note what a tape sees run in training mode, though nobody knows what it is."""
    training = arguments.keyword("training")
    if m.tapes and training is not None and mode(training.value) is True:
        args = {"training": True, "direct": False, "inputs": None, "tapes": m.tapes, "owner": m.caller()}
        m.event("call", callee, args, node, arguments)


def note_mode(cls: Class, arguments: Arguments) -> None:
    """Note whether a caller gives a parameter that says whether the model is training, and that Keras does not know."""
    call = cls.find("call")
    spec = call.node.args if isinstance(call, Function) else None
    named = [parameter.arg for parameter in (*spec.posonlyargs, *spec.args)] if spec is not None else []
    for name in (*named, *(parameter.arg for parameter in (spec.kwonlyargs if spec is not None else ()))):
        default = call.defaults.get(name, MISSING) if isinstance(call, Function) else MISSING
        if name != MODES[0] and is_mode(name, default) and arguments.complete:
            by_position = name in named and named.index(name) <= len(arguments.positional)
            cls.used.add("told" if by_position or arguments.keyword(name) is not None else "untold")


def apply_model(m: Machine, model: Model, arguments: Arguments, node: ast.Call) -> object:
    """`model(x)`: its layers once more on x; on data, an event."""
    m.touched.append(model)
    first = next((a for a in arguments.items if a.name in (None, "inputs", "x")), None)
    if first is None:
        return Unknown("a model called without an input")
    if on_data(m, first.value, model.epoch):
        return call_event(m, model, arguments, node)
    given = layers.inputs_of(m, _in_order(m, model, first.value), node)
    model.called = True
    if model.kind != "application" and (told := arguments.keyword("training")) is not None:
        m.event("apply", model, {"training": mode(told.value), "owner": m.caller()}, node, arguments)
    if model.kind == "application":
        assert model.layer is not None
        training = arguments.keyword("training")
        shape = model.fields["outputs"][0].shape
        channels = model.fields["outputs"][0].channels
        return m.call(
            model.layer,
            layers.distinct(given),
            m.origin(node),
            training=training.value if training else ABSENT,
            shape=shape,
            channels=channels,
            hole=first.span,
        )
    if model.kind == "sequential":
        rest = sequential.without_input(sequential.elements_of(model))
        stack = m.stack
        m.stack = (*stack, m.span(node))
        try:
            return sequential.through(m, rest, given[0]) if given else Unknown("a model called without an input")
        finally:
            m.stack = stack
    inputs, outputs = tensors(m, model)
    if not outputs:
        return invoke.unknown_call(m, Unknown("a model whose outputs are not known"), arguments, node)
    made = replay(m, inputs, outputs, given, m.span(node))
    keys = model.fields.get("given")
    if isinstance(keys, tuple) and len(keys) == len(made):
        return Dict(dict(zip(keys, made, strict=True)))
    return made[0] if len(made) == 1 and keys != "list" else List({"items": made})


def _in_order(m: Machine, model: Model, value: object) -> object:
    """What a model is called on; a dict in the order of the model's inputs."""
    value, keys = m.settle(value), model.fields.get("taken")
    if not isinstance(keys, tuple):
        keys = tuple(tensor.layer.name for tensor in model.fields.get("inputs", ()) if isinstance(tensor, Call))
    if isinstance(value, Dict) and len(keys) == len(value.fields) and all(isinstance(key, str) and key in value.fields for key in keys):
        return tuple(value.fields[key] for key in keys)
    return value


def application(m: Machine, canonical: str, arguments: Arguments, node: ast.Call) -> object | None:
    """`keras.applications.ResNet50(...)`: a backbone taken as one layer."""
    known = known_application(canonical)
    if known is None:
        return None
    kind = canonical.rpartition(".")[2]

    named = {k: layers.plain(m, v) for k, v in bind_parameters(known.parameters, arguments).items()}
    origin = m.origin(node)
    given = arguments.keyword("input_tensor")
    under, m.under = m.under, {}
    start = layers.inputs_of(m, given.value, node) if given is not None and m.settle(given.value) is not None else ()
    if not start:
        start = (m.call(Layer("Input", "input", is_function=True, origin=origin), (), origin, shape=input_shape(named)),)
    layer = Layer(
        kind,
        "other",
        name=named.get("name"),
        config={"has_batchnorm": known.batchnorm, **named},
        arguments=arguments,
        family="keras",
        path=canonical,
        origin=origin,
    )
    shape, channels = leaving(named, m.data_format == "channels_first")
    end = m.call(layer, start, origin, shape=shape, channels=channels)
    m.under = under
    model = Model("application", kind, origin, {"inputs": start, "outputs": (end,)}, layer)
    m.applications.append(model)
    if named.get("weights", "imagenet") is not None:
        m.event("load_weights", model, {"source": named.get("weights", "imagenet")}, node)
    return model


def static_batch(m: Machine, model: object) -> int | None:
    """The batch size that the input of a model declares (`batch_shape=`, `batch_input_shape=`)."""
    functional = model.fields.get("functional") if isinstance(model, Instance) else model
    if not isinstance(functional, Model) or functional.kind == "application":
        return None
    if functional.kind == "sequential":
        shape = sequential.declared_shape(m, sequential.elements_of(functional))
    else:
        shape = functional.fields["inputs"][0].shape if functional.fields["inputs"] else None
    return shape[0] if shape and isinstance(shape[0], int) else None


def clone(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`keras.models.clone_model(model, clone_function=f)`: f makes the layer that takes the place of each."""
    named = bind_parameters(("model", "input_tensors", "clone_function"), arguments)
    model, function = m.settle(named.get("model")), m.settle(named.get("clone_function"))
    if not isinstance(model, Model):
        return Unknown("a clone of a model that is not known")
    if function is None or model.kind == "application":
        return Model(model.kind, model.name, m.origin(node), dict(model.fields), model.layer)
    made: dict[Layer, Layer] = {}

    def renew(layer: Layer) -> Layer:
        if not layer.is_function and layer not in made:
            found = m.settle(invoke.invoke(m, function, Arguments((Argument(None, layer, None),)), node))
            made[layer] = (
                found
                if isinstance(found, Layer)
                else Layer("unknown", "unknown", name="a layer that a function replaces", origin=m.origin(node))
            )
        return made.get(layer, layer)

    inputs, outputs = tensors(m, model)
    taken = named.get("input_tensors")
    given = layers.inputs_of(m, taken, node) if m.settle(taken) is not None else inputs
    replaced = replay(m, inputs, outputs, given, m.span(node), renew)
    clone = Model("functional", model.name, m.origin(node), {**model.fields, "inputs": given, "outputs": replaced}, epoch=m.epoch)
    m.models.append(clone)
    return clone


def replicate(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`keras.utils.multi_gpu_model(model, gpus=n)`: the same layers, each time on a part of the batch."""
    model = m.settle(bind_parameters(("model", "gpus"), arguments).get("model"))
    return model if isinstance(model, (Model, Instance)) else Unknown("a copy on several devices of a model that is not known")
