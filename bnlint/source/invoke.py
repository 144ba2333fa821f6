"""Calling: collecting arguments, making functions and classes, running what the user wrote."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass

from bnlint.graph.model import ABSENT, Argument, Arguments, Call, Choice, Layer, Tensor, Unknown
from bnlint.keras_api.layers import layer_spec
from bnlint.keras_api.names import canonical
from bnlint.source import attributes, library, models
from bnlint.source.machine import DEPTH, Frame, Machine
from bnlint.source.values import (
    MISSING,
    TENSORS,
    Bound,
    Class,
    Dict,
    Dotted,
    Function,
    Instance,
    List,
    Model,
    Partial,
    Scope,
    Splice,
    Super,
)


def collect(m: Machine, node: ast.Call) -> Arguments:
    """The arguments of a call as written, stars expanded where their content is known."""
    from bnlint.source.expressions import evaluate, sequence

    found: list[Argument] = []
    complete, presumed = True, True
    for part in node.args:
        if not isinstance(part, ast.Starred):
            found.append(Argument(None, evaluate(m, part), m.span(part)))
            continue
        items = sequence(m, evaluate(m, part.value))
        if items is None or any(isinstance(item, Splice) for item in items):
            complete = presumed = False
            continue
        found.extend(Argument(None, item, None) for item in items)
    for keyword in node.keywords:
        value = evaluate(m, keyword.value)
        if keyword.arg is not None:
            found.append(Argument(keyword.arg, value, m.span(keyword.value)))
        elif isinstance(value, Dict):
            complete = complete and not value.open
            presumed = presumed and (value.presumed or not value.open)
            found.extend(Argument(key, content, None) for key, content in value.fields.items() if isinstance(key, str))
        else:
            complete = presumed = False
    return Arguments(tuple(found), complete, presumed and not complete)


def make_function(m: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, name: str) -> Function:
    """A function value; defaults are evaluated now, as Python does."""
    from bnlint.source.expressions import evaluate

    arguments = node.args
    defaults: dict[str, object] = {}
    positional = [*arguments.posonlyargs, *arguments.args]
    for parameter, default in zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True):
        defaults[parameter.arg] = evaluate(m, default)
    for parameter, default_or_none in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default_or_none is not None:
            defaults[parameter.arg] = evaluate(m, default_or_none)
    frame = m.frame
    qualified = f"{frame.qualified}.{name}" if frame.qualified else name
    decorators = () if isinstance(node, ast.Lambda) else tuple(ast.unparse(part) for part in node.decorator_list)
    return Function(name, node, frame.scope, frame.chunk, qualified, defaults, frame.owner if frame.scope.is_class else None, decorators)


def make_class(m: Machine, node: ast.ClassDef) -> Class:
    """A class value; its body runs now."""
    from bnlint.source.expressions import evaluate
    from bnlint.source.statements import execute

    bases = tuple(evaluate(m, base) for base in node.bases if not isinstance(base, ast.Starred))
    keras, complete = None, True
    for base in bases:
        if isinstance(base, Class):
            keras = keras or base.keras
            complete = complete and base.complete
        elif isinstance(base, Dotted):
            if base.canonical is not None and keras is None and (base.canonical in KERAS_BASES or base.canonical.startswith("keras.layers.")):
                keras = base.canonical
            elif base.name not in ("object", "abc.ABC"):
                complete = complete and base.canonical is not None
        else:
            complete = False
    frame = m.frame
    qualified = f"{frame.qualified}.{node.name}" if frame.qualified else node.name
    scope = Scope(frame.scope, is_class=True)
    made = Class(node.name, node, bases, scope, frame.chunk, qualified, keras, complete)
    with m.entered(Frame(scope, frame.chunk, qualified, None, made)):
        execute(m, node.body)
    m.classes.append(made)
    return made


KERAS_BASES = frozenset({"keras.Model", "keras.Sequential", "keras.Layer"})


def invoke(m: Machine, callee: object, arguments: Arguments, node: ast.Call) -> object:
    """Call any value."""
    callee = m.settle(callee)
    match callee:
        case Choice():
            choice = callee
            return m.fork(
                choice.condition,
                lambda: invoke(m, choice.if_true, arguments, node),
                lambda: invoke(m, choice.if_false, arguments, node),
            )
        case Function():
            return run(m, callee, arguments, node)
        case Bound(function=Function() as function):
            return run(m, function, arguments, node, callee.owner)
        case Bound():
            return library.method(m, callee.owner, callee.name, arguments, node)
        case Class():
            return instantiate(m, callee, arguments, node)
        case Layer():
            return models.apply_layer(m, callee, arguments, node)
        case Model():
            return models.apply_model(m, callee, arguments, node)
        case Instance():
            return models.apply_instance(m, callee, arguments, node)
        case Partial():
            return invoke(m, callee.callee, Arguments((*callee.arguments.items, *arguments.items), callee.arguments.complete and arguments.complete), node)
        case Dotted():
            return library.call(m, callee, arguments, node)
        case Call() if callee.layer.role == "unknown":
            return unknown_call(m, Unknown(f"the callee comes from unknown code ({callee.layer.name})"), arguments, node)
        case Unknown():
            return unknown_call(m, callee, arguments, node)
        case _:
            return unknown_call(m, Unknown("a value that cannot be called"), arguments, node)


def tensors_of(m: Machine, arguments: Arguments, node: ast.AST) -> tuple[Tensor, ...]:
    """The tensors among the arguments, those in lists and tuples too."""
    found: list[Tensor] = []

    def visit(value: object) -> None:
        value = m.settle(value)
        if isinstance(value, TENSORS):
            found.append(value)
        elif isinstance(value, (tuple, List)):
            for item in value if isinstance(value, tuple) else value.items:
                visit(item)
        elif isinstance(value, Splice):
            for item in (*value.if_true, *value.if_false):
                visit(item)
        elif isinstance(value, Choice) and _some_tensor(value):
            made = m.tensor(value, node)
            if made is not None:
                found.append(made)
        elif isinstance(value, Unknown) and (value in m.open or value in m.parameters):
            opened = m.tensor(value, node)
            if opened is not None:
                found.append(opened)

    for argument in arguments.items:
        visit(argument.value)
    return tuple(dict.fromkeys(found))


def _some_tensor(value: object) -> bool:
    if isinstance(value, Choice):
        return _some_tensor(value.if_true) or _some_tensor(value.if_false)
    return isinstance(value, TENSORS)


def unknown_call(m: Machine, callee: Unknown, arguments: Arguments, node: ast.Call) -> object:
    """Something unknown is called: with tensors it is an unknown layer, else an unknown value."""
    for argument in arguments.items:
        for layer in _layers_in(argument.value):
            m.event("escape", layer, {}, node)
    inputs = tensors_of(m, arguments, node)
    if not inputs:
        return Unknown(callee.reason)
    origin = m.origin(node)
    layer = Layer("unknown", "unknown", name=callee.reason, is_function=True, family="unknown", origin=origin)
    return m.call(layer, inputs, origin, hole=models.hole_of(arguments))


def _layers_in(value: object) -> list[object]:
    if isinstance(value, (Layer, Model, Instance)):
        return [value]
    if isinstance(value, (List, tuple)):
        return [found for item in (value.items if isinstance(value, List) else value) for found in _layers_in(item)]
    return []


@dataclass(slots=True, eq=False)
class Binding:
    """Parameter names to values. `missing` had neither argument nor default."""

    names: dict[str, object]
    missing: list[str]


def bind(m: Machine, function: Function, arguments: Arguments, instance: object = MISSING) -> Binding:
    """Bind arguments to the parameters of a user function, as Python does; what does not fit is unknown."""
    spec = function.node.args
    positional = [parameter.arg for parameter in (*spec.posonlyargs, *spec.args)]
    given = [argument.value for argument in arguments.positional]
    if instance is not MISSING:
        given.insert(0, instance)
    names = dict(zip(positional, given, strict=False))
    if spec.vararg is not None:
        names[spec.vararg.arg] = tuple(given[len(positional) :])
    known = {*positional, *(parameter.arg for parameter in spec.kwonlyargs)}
    extra = Dict({}, not arguments.complete, arguments.presumed)
    for argument in arguments.items:
        if argument.name in known and argument.name is not None:
            names[argument.name] = argument.value
        elif argument.name is not None:
            extra.fields[argument.name] = argument.value
    if spec.kwarg is not None:
        names[spec.kwarg.arg] = extra
    missing: list[str] = []
    for name in known:
        if name in names:
            continue
        if name in function.defaults and (arguments.complete or arguments.presumed):
            names[name] = function.defaults[name]
        else:
            missing.append(name)
            names[name] = Unknown(f"the argument `{name}` of {function.qualified} is not known")
    return Binding(names, missing)


def run(m: Machine, function: Function, arguments: Arguments, node: ast.Call, instance: object = MISSING) -> object:
    """Run a user function with arguments, at a call site."""
    if "staticmethod" in function.decorators:
        instance = MISSING
    elif "classmethod" in function.decorators and isinstance(instance, Instance):
        instance = instance.cls
    if m.depth >= DEPTH or m.running.count(function) >= 2:
        m.gap(f"the calls of {function.qualified} nest too deep to follow", node)
        return unknown_call(m, Unknown(f"{function.qualified} calls itself"), arguments, node)
    return enter(m, function, bind(m, function, arguments, instance).names, m.span(node), instance)


def enter(m: Machine, function: Function, names: dict[str, object], site: object = None, instance: object = MISSING) -> object:
    """Run the body of a function with its parameters bound."""
    from bnlint.graph.model import Span
    from bnlint.source.expressions import evaluate
    from bnlint.source.state import Completion
    from bnlint.source.statements import execute

    function.called = True
    scope = Scope(function.scope)
    scope.names.update(names)
    frame = Frame(scope, function.chunk, function.qualified, function, function.owner, instance)
    m.running.append(function)
    outer = {kind: m.landings[kind] for kind in ("break", "continue")}
    m.landings.update({"break": [], "continue": []})
    m.enter("return")
    try:
        with m.entered(frame, site if isinstance(site, Span) else None):
            if isinstance(function.node, ast.Lambda):
                return m.land("return", evaluate(m, function.node.body))
            if _is_generator(function.node):
                ended: Completion | None = execute(m, function.node.body)
                m.land("return", None)
                return Unknown(f"{function.qualified} is a generator")
            ended = execute(m, function.node.body)
            if ended is not None and ended.kind == "raise":
                pending = m.landings["return"][-1].pending
                value = m.land("return", MISSING if pending else None)
                return value if pending else Unknown(f"{function.qualified} raises")
            return m.land("return", ended.value if ended is not None else None)
    finally:
        m.landings.update(outer)
        m.running.pop()


def _is_generator(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    stack: list[ast.AST] = list(node.body)
    while stack:
        current = stack.pop()
        if isinstance(current, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            stack.extend(ast.iter_child_nodes(current))
    return False


def instantiate(m: Machine, cls: Class, arguments: Arguments, node: ast.Call) -> object:
    """Make an object of a user's class and run its __init__."""
    kind = concrete(cls)
    if kind is not None:
        return models.subclassed_layer(m, cls, kind, arguments, node)
    instance = Instance(cls, origin=m.origin(node), arguments=arguments, epoch=m.epoch)
    cls.instances.append(instance)
    initialise(m, instance, arguments, node)
    return instance


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
        run(m, function, arguments, node, instance)
    elif instance.cls.keras in ("keras.Model", "keras.Sequential"):
        models.initialise_model(m, instance, arguments, node)
    for keyword in ("name", "trainable"):
        found = arguments.keyword(keyword)
        if found is not None and keyword not in instance.fields:
            m.write(instance.fields, keyword, found.value)


Handler = Callable[[Machine, Arguments, ast.Call], object]

__all__ = ["ABSENT", "Super", "attributes", "bind", "canonical", "collect", "concrete", "enter", "instantiate", "invoke", "make_class", "make_function", "run", "tensors_of", "unknown_call"]
