"""Users' classes: making them, making objects of them, and what an object of a Keras subclass does when it is called."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from bnlint.graph.model import Argument, Arguments, Call, Choice, Layer, Origin, Span, Tensor, Unknown
from bnlint.graph.query import upstream
from bnlint.keras_api.layers import layer_spec
from bnlint.keras_api.shapes import output
from bnlint.keras_api.training import is_mode, mode
from bnlint.source import attributes, captures, expressions, invoke, layers, models, records, sequential, statements
from bnlint.source.machine import Frame, Machine
from bnlint.source.stock import is_stock
from bnlint.source.values import (
    MISSING,
    Class,
    Dict,
    Dotted,
    Function,
    Instance,
    List,
    Model,
    Placed,
    Scope,
    Splice,
    Super,
    bind_parameters,
    first_argument,
)


def make_class(m: Machine, node: ast.ClassDef) -> Class:
    """A class value; its body runs now."""
    bases = tuple(_near(expressions.evaluate(m, base)) for base in node.bases if not isinstance(base, ast.Starred))
    keras, complete = None, True
    for base in bases:
        if isinstance(base, Class):
            keras = keras or base.keras
            complete = complete and base.complete
        elif isinstance(base, Dotted):
            if (
                base.canonical is not None
                and keras is None
                and (base.canonical in KERAS_BASES or base.canonical.startswith("keras.layers."))
            ):
                keras = base.canonical
            elif base.name not in ("object", "abc.ABC"):
                complete = complete and base.canonical is not None
        else:
            complete = False
    frame = m.frame
    qualified = f"{frame.qualified}.{node.name}" if frame.qualified else node.name
    scope = Scope(frame.scope, is_class=True)
    made = Class(node.name, node, bases, scope, frame.chunk, qualified, keras, complete, plain=records.kind_of(bases))
    made.handed = bool(node.decorator_list)
    with m.entered(Frame(scope, frame.chunk, qualified, None, made)):
        statements.execute(m, node.body)
    m.classes.append(made)
    m.scopes.add(m.frame.scope)
    if made.plain == "enum":
        records.enumerate_members(m, made)
    return made


LINEAGE = 100
"""Classes from which one derives, directly or not."""


def _near(base: object) -> object:
    """A base class; one that itself derives from too many is not followed."""
    far = isinstance(base, Class) and len(base.lineage()) > LINEAGE
    return Unknown("a class that derives from too many") if far else base


KERAS_BASES = frozenset({"keras.Model", "keras.Sequential", "keras.Layer"})


def instantiate(m: Machine, cls: Class, arguments: Arguments, node: ast.Call) -> object:
    """Make an object of a user's class and run its __init__."""
    kind = concrete(cls)
    if kind is not None:
        return subclassed_layer(m, cls, kind, arguments, node)
    if cls.members:
        return m.each(first_argument(arguments), lambda value: records.member(m, cls, value))
    instance = Instance(cls, origin=m.origin(node), arguments=arguments, epoch=m.epoch)
    register(m, instance)
    initialise(m, instance, arguments, node)
    return instance


def register(m: Machine, instance: Instance) -> None:
    """Note that an object was made."""
    instance.cls.instances.append(instance)
    m.instances.append(instance)


def concrete(cls: Class) -> str | None:
    """The kind of the concrete Keras layer that a class derives from (`BatchNormalization`), None for Layer, Model and others."""
    if cls.keras is None or not cls.keras.startswith("keras.layers."):
        return None
    kind = cls.keras.removeprefix("keras.layers.")
    spec = layer_spec(kind)
    if kind in ("Layer", "InputSpec", "Wrapper", "RNN", "AbstractRNNCell") or spec is None:
        return None
    return kind


def initialise(m: Machine, instance: Instance, arguments: Arguments, node: ast.Call) -> None:
    function = instance.cls.find("__init__")
    if isinstance(function, Function):
        invoke.run(m, function, arguments, node, instance)
    elif instance.cls.keras in ("keras.Model", "keras.Sequential"):
        initialise_model(m, instance, arguments, node)
    elif instance.cls.keras is None:
        records.fill(m, instance, arguments, node)
    for keyword in ("name", "trainable"):
        found = arguments.keyword(keyword)
        if found is not None and keyword not in instance.fields:
            m.write(instance.fields, keyword, found.value)


def annotated(cls: Class) -> tuple[str, ...]:
    """The fields of a data class or named tuple, those of its bases first."""
    return tuple(typed(cls))


def typed(cls: Class) -> dict[str, ast.expr]:
    """The same, with what is said of their types."""
    declared = [s for relative in reversed(cls.lineage()) for s in relative.node.body if isinstance(s, ast.AnnAssign)]
    return {each.target.id: each.annotation for each in declared if isinstance(each.target, ast.Name)}


def subclassed_layer(m: Machine, cls: Class, kind: str, arguments: Arguments, node: ast.Call) -> Layer:
    """An object of a user's subclass of a concrete Keras layer: one layer of that kind, with the arguments that `super().__init__` gets."""
    instance = Instance(cls, origin=m.origin(node), arguments=arguments)
    function = cls.find("__init__")
    passed: object = arguments
    if isinstance(function, Function):
        invoke.run(m, function, arguments, node, instance)
        passed = instance.fields.get("super arguments", Arguments((), complete=False))
    cls.used.add("called")
    call = cls.find("call")
    if isinstance(call, Function):
        m.mark_called(call)
    for other in cls.scope.names.values():
        if isinstance(other, Function):
            m.mark_called(other)
    given = passed if isinstance(passed, Arguments) else Arguments((), complete=False)
    return layers.construct(m, kind, given, node, None, cls.name, arguments, is_stock(cls))


def initialise_model(m: Machine, instance: Instance, arguments: Arguments, node: ast.Call) -> None:
    """What the constructor of keras.Model or Sequential does with its arguments, for an instance of a subclass."""
    if instance.cls.keras == "keras.Sequential":
        m.write(instance.fields, "functional", sequential.make_sequential(m, arguments, node))
    elif any(a.name in ("inputs", "outputs", "input", "output") for a in arguments.items) or len(arguments.positional) >= 2:
        m.write(instance.fields, "functional", models.make_model(m, arguments, node))


def super_init(m: Machine, base: Super, arguments: Arguments, node: ast.Call) -> object:
    """`super().__init__(...)` that arrives at Keras."""
    instance = base.instance
    if isinstance(instance, Instance):
        if concrete(instance.cls) is not None:
            m.write(instance.fields, "super arguments", arguments)
        elif instance.cls.keras in ("keras.Model", "keras.Sequential"):
            initialise_model(m, instance, arguments, node)
        elif instance.cls.plain == "mapping":
            records.fill(m, instance, arguments, node)
    return None


def owned(value: object, *, by_instances: bool = True) -> list[Layer]:
    """The layers that a value holds: itself, or those in lists, dicts, models and (`by_instances`) in the attributes of instances."""
    found: list[Layer] = []
    seen: set[int] = set()
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, Layer):
            found.append(current)
        elif id(current) not in seen and (by_instances or not isinstance(current, Instance)):
            seen.add(id(current))
            stack.extend(reversed(tuple(_parts(current))))
    return found


def _parts(value: object) -> Iterable[object]:
    match value:
        case List():
            return value.items
        case tuple():
            return value
        case Splice():
            return (*value.if_true, *value.if_false)
        case Placed():
            return (value.value,)
        case Choice():
            return (value.if_true, value.if_false)
        case Dict():
            return value.fields.values()
        case Model():
            inner = [call.layer for call in upstream(value.fields.get("outputs", ())) if not call.layer.is_function]
            return (value.fields.get("items", ()), *inner[::-1])
        case Instance():
            return [item for item in value.fields.values() if item is not value]
    return ()


def own(m: Machine, owner: Instance, value: object) -> None:
    """Note that an instance holds layers; they may be reached as `self.layers`."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return
    if isinstance(value, Instance) and owner.cls.keras is not None:
        value.cls.used.add("sublayer")
    captures.in_module(m, owner, value)
    captures.in_function(m, owner, value)
    owner.layers.extend(owned(value))


def apply_instance(m: Machine, instance: Instance, arguments: Arguments, node: ast.Call) -> object:
    """`instance(x)`: what its `__call__` does; of a Keras class what its `call` does."""
    direct = instance.cls.find("__call__")
    if isinstance(direct, Function):
        return invoke.run(m, direct, arguments, node, instance)
    return apply_call(m, instance, arguments, node)


def apply_call(m: Machine, instance: Instance, arguments: Arguments, node: ast.Call) -> object:
    """What Keras's own `__call__` does: `build` once, then `call`."""
    cls = instance.cls
    functional = instance.fields.get("functional")
    function = cls.find("call")
    if isinstance(functional, Model) and not isinstance(function, Function):
        return models.apply_model(m, functional, arguments, node)
    first = next((a for a in arguments.items if a.name in (None, "inputs", "x")), None)
    if cls.keras == "keras.Model" and first is not None and models.on_data(m, first.value, instance.epoch):
        return models.call_event(m, instance, arguments, node)
    inputs = layers.inputs_of(m, first.value, node) if first is not None else ()
    if not isinstance(function, Function) or invoke.too_deep(m, function):
        return opaque(m, instance, inputs, node, hole=first.span if first else None)
    instance.called = True
    m.touched.append(instance)
    cls.used.add("sublayer")
    shapes = [attributes.shape_of(m, tensor) for tensor in inputs]
    several = first is not None and isinstance(m.settle(first.value), (List, tuple))
    build(m, instance, node, List({"items": tuple(shapes)}) if several else shapes[0] if shapes else None)
    start = len(m.calls)
    names = invoke.bind(m, function, arguments, instance).names
    known = {a.arg for a in (*function.node.args.posonlyargs, *function.node.args.args, *function.node.args.kwonlyargs)}
    names |= {name: m.training for name in known if is_mode(name, function.defaults.get(name, MISSING))}
    models.note_mode(cls, arguments)
    positional = [parameter.arg for parameter in (*function.node.args.posonlyargs, *function.node.args.args)][1:]
    told = bind_parameters(tuple(positional), arguments)
    if "training" in told:
        m.event("apply", instance, {"training": mode(told["training"]), "owner": m.caller()}, node, arguments)
    if "mask" in known and arguments.keyword("mask") is None:
        names["mask"] = None
    result = invoke.repeated(m, function, names, m.span(node), instance)
    if any(not call.layer.is_function for call in m.calls[start:]):
        return result
    m.calls += [call for call in m.forget(start) if call.layer.role in ("input", "unknown") and not call.inputs]
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
    m.symbolic.add(made)
    m.under = under
    return made


def build(m: Machine, instance: Instance, node: ast.AST, shape: object = None) -> None:
    """Run `build` once."""
    function = instance.cls.find("build")
    if instance.built or not isinstance(function, Function):
        return
    instance.built = True
    m.touched.append(instance)
    arguments = Arguments((Argument(None, Unknown("the input shape") if shape is None else shape, None),))
    invoke.repeated(m, function, invoke.bind(m, function, arguments, instance).names, m.span(node), instance)


def opaque(m: Machine, instance: Instance, inputs: tuple[Tensor, ...], node: ast.AST, hole: Span | None) -> object:
    """A user's layer that calls no layers: one node."""
    if not inputs:
        return Unknown(f"the output of {instance.cls.name}")
    layer = opaque_layer(instance)
    m.touched.append(instance)
    shape, channels = output("Identity", {}, [])
    return m.call(layer, layers.distinct(inputs), m.origin(node), shape=shape, channels=channels, hole=hole)


def opaque_layer(instance: Instance) -> Layer:
    """The layer as which such an object appears."""
    known = instance.cls.keras is not None
    instance.layer = instance.layer or Layer(
        instance.cls.name if known else "unknown",
        "other" if known else "unknown",
        name=instance.fields.get("name"),
        arguments=instance.arguments,
        family="user",
        origin=instance.origin,
    )
    return instance.layer
