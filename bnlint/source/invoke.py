"""Calling: collecting arguments, making functions and classes, running what the user wrote."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import pairwise

from bnlint.graph import query
from bnlint.graph.model import ABSENT, Argument, Arguments, Call, Choice, Layer, Span, Tensor, Unknown
from bnlint.records import dataclass
from bnlint.source import (
    classes,
    data,
    expressions,
    layers,
    library,
    methods,
    models,
    options,
    protocols,
    repetition,
    statements,
    surroundings,
    tf1,
    trees,
)
from bnlint.source.budget import Exhausted
from bnlint.source.joins import join
from bnlint.source.machine import DEPTH, Frame, Machine
from bnlint.source.state import Completion
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
    sequence,
    unspliced,
)

IDLE = 2_000
"""Steps after which a function that has built nothing, done nothing to a model and given nothing is not run again (downloads)."""


def is_literal(m: Machine, node: ast.expr) -> bool:
    """Whether an expression is made of constants alone."""
    if isinstance(node, (ast.Constant, ast.Name, ast.Attribute, ast.Call)):
        return isinstance(node, ast.Constant)
    place = ("literal", node)
    if place not in m.derived:
        m.derived[place] = not any(isinstance(part, (ast.Name, ast.Attribute, ast.Call)) for part in trees.walk(node))
    return m.derived[place] is True


class Site(ast.Call):
    """Stands for the call expression where there is none: a decorator, an element of a Sequential, what Python calls by itself."""

    def __init__(self, span: Span) -> None:
        super().__init__(func=ast.Name("", ast.Load()), args=[], keywords=[])
        self.span = span


def collect(m: Machine, node: ast.Call) -> Arguments:
    """The arguments of a call as written, stars expanded where their content is known."""
    found: list[Argument] = []
    complete, presumed = True, True
    for part in node.args:
        if not isinstance(part, ast.Starred):
            found.append(Argument(None, expressions.evaluate(m, part), m.span(part), is_literal(m, part)))
            continue
        items = sequence(protocols.iterated(m, expressions.evaluate(m, part.value), part))
        if items is None or any(isinstance(item, Splice) for item in items):
            complete = presumed = False
            continue
        found.extend(Argument(None, item, None) for item in items)
    for keyword in node.keywords:
        value = expressions.evaluate(m, keyword.value)
        if keyword.arg is not None:
            found.append(Argument(keyword.arg, value, m.span(keyword.value), is_literal(m, keyword.value)))
        elif isinstance(given := _one_dict(m, m.settle(value)), Dict):
            complete = complete and not given.open
            presumed = presumed and (given.presumed or not given.open)
            optional = {key for key in given.fields if (id(given.fields), key) in m.optional}
            found += [Argument(key, each, None, certain=key not in optional) for key, each in given.fields.items() if isinstance(key, str)]
        else:
            complete = presumed = False
    return Arguments(tuple(found), complete, presumed and not complete)


def _one_dict(m: Machine, value: object) -> object:
    """Dicts of which it depends on a test which one it is as one, of which a part is optional."""
    if not isinstance(value, Choice):
        return value
    first, second = _one_dict(m, value.if_true), _one_dict(m, value.if_false)
    if not isinstance(first, Dict) or not isinstance(second, Dict):
        return value
    is_open = first.open or second.open
    made = Dict({}, is_open, is_open and all(each.presumed or not each.open for each in (first, second)))
    for key in {**first.fields, **second.fields}:
        parts = [each.fields.get(key, MISSING) for each in (first, second)]
        made.fields[key] = join(value.condition, *parts)
        if MISSING in parts or any((id(each.fields), key) in m.optional for each in (first, second)):
            m.optional[id(made.fields), key] = made.fields
    return made


def _names(node: ast.expr) -> str:
    """The names and attributes in an expression, by which it can be told what it is about."""
    return " ".join(
        part.id if isinstance(part, ast.Name) else part.attr for part in ast.walk(node) if isinstance(part, (ast.Name, ast.Attribute))
    )


def unpacked(value: object) -> Arguments:
    """The entries of a dict as the arguments of a call."""
    if not isinstance(value, Dict):
        return Arguments((), complete=False)
    items = (Argument(key, content, None) for key, content in value.fields.items() if isinstance(key, str))
    return Arguments(tuple(items), not value.open, value.open and value.presumed)


def make_function(m: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, name: str) -> Function:
    """A function value; defaults are evaluated now, as Python does."""
    arguments = node.args
    defaults: dict[str, object] = {}
    positional = [*arguments.posonlyargs, *arguments.args]
    for parameter, default in zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True):
        defaults[parameter.arg] = expressions.evaluate(m, default)
    for parameter, default_or_none in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if default_or_none is not None:
            defaults[parameter.arg] = expressions.evaluate(m, default_or_none)
    frame = m.frame
    m.scopes.add(frame.scope)
    qualified = f"{frame.qualified}.{name}" if frame.qualified else name
    decorators = () if isinstance(node, ast.Lambda) else tuple(ast.unparse(part) for part in node.decorator_list)
    if not isinstance(node, ast.Lambda):
        defaults.update(options.decorated(m, node))
    return Function(name, node, frame.scope, frame.chunk, qualified, defaults, frame.owner if frame.scope.is_class else None, decorators)


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
            return methods.method(m, callee.owner, callee.name, arguments, node)
        case Class():
            return classes.instantiate(m, callee, arguments, node)
        case Layer():
            if callee.role == "batchnorm" and len(arguments.positional) > 1:
                names = _names(node.args[1]) if len(node.args) > 1 else ""
                m.event("positional", callee, {"value": m.settle(arguments.positional[1].value), "names": names}, node, arguments)
            return layers.apply_layer(m, callee, arguments, node)
        case Model():
            return models.apply_model(m, callee, arguments, node)
        case Instance():
            return classes.apply_instance(m, callee, arguments, node)
        case Partial():
            given = {argument.name for argument in arguments.items if argument.name is not None}
            held = (argument for argument in callee.arguments.items if argument.name not in given)
            whole = Arguments((*held, *arguments.items), callee.arguments.complete and arguments.complete)
            return invoke(m, callee.callee, whole, node)
        case Dotted():
            return library.call(m, callee, arguments, node)
        case surroundings.Rematerialized(function, within):
            return surroundings.inside(m, within, lambda: invoke(m, function, arguments, node))
        case Call() if callee.layer.role == "unknown":
            return unknown_call(m, Unknown(f"the callee comes from unknown code ({callee.layer.name})"), arguments, node)
        case Unknown():
            models.note_training(m, callee, arguments, node)
            return unknown_call(m, callee, arguments, node)
        case _:
            return unknown_call(m, Unknown("a value that cannot be called"), arguments, node)


def tensors_of(m: Machine, arguments: Arguments, node: ast.AST) -> tuple[Tensor, ...]:
    """The tensors among the arguments, those in lists and tuples too."""
    return tuple(tensor for argument in arguments.items for tensor in _tensors_in(m, argument.value, node))


def _tensors_in(m: Machine, value: object, node: ast.AST) -> Iterable[Tensor]:
    value = m.settle(value)
    if isinstance(value, TENSORS):
        return (value,)
    if isinstance(value, (tuple, List)):
        items = unspliced(value if isinstance(value, tuple) else value.items)
        return [tensor for item in items for tensor in _tensors_in(m, item, node)]
    if (isinstance(value, Choice) and _some_tensor(value)) or (isinstance(value, Unknown) and (value in m.open or value in m.parameters)):
        made = m.tensor(value, node)
        return () if made is None else (made,)
    return ()


def _some_tensor(value: object) -> bool:
    if isinstance(value, Choice):
        return _some_tensor(value.if_true) or _some_tensor(value.if_false)
    return isinstance(value, TENSORS)


def unknown_call(m: Machine, callee: Unknown, arguments: Arguments, node: ast.Call) -> object:
    """Something unknown is called: with tensors it is an unknown layer, else an unknown value."""
    escaping = [layer for argument in arguments.items for layer in _layers_in(argument.value)]
    for layer in escaping:
        m.event("escape", layer, {}, node)
    inputs = tensors_of(m, arguments, node)
    made: Unknown | Call = Unknown(callee.reason)
    if inputs:
        origin = m.origin(node)
        layer = Layer("unknown", "unknown", name=callee.reason, is_function=True, family="unknown", origin=origin)
        training = arguments.keyword("training")
        told = ABSENT if training is None else training.value
        made = m.call(layer, layers.distinct(inputs), origin, training=told, hole=layers.hole_of(arguments))
    ours = any(isinstance(m.settle(argument.value), (Bound, Class, Function, Partial)) for argument in arguments.items)
    if callee in m.foreign and not escaping and not ours and _are_bare(m, inputs, arguments):
        m.foreign.add(made)
    return made


def _are_bare(m: Machine, inputs: tuple[Tensor, ...], arguments: Arguments) -> bool:
    """Whether no layer leads to the tensors among some arguments: they are inputs, or a parameter that is given for one."""
    given = arguments.keyword("input_tensor")
    value = m.settle(given.value) if given is not None else None
    known = m.open[value] if isinstance(value, Unknown) and value in m.parameters else None
    return all(isinstance(each, Call) and (each.layer.role == "input" or each is known) for each in inputs)


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
    if m.arg_scope:
        arguments = tf1.scoped(m, function, arguments)
    if "staticmethod" in function.decorators:
        instance = MISSING
    elif "classmethod" in function.decorators and isinstance(instance, Instance):
        instance = instance.cls
    if too_deep(m, function):
        m.gap(f"the calls of {function.qualified} nest too deep to follow", node)
        return unknown_call(m, Unknown(f"{function.qualified} calls itself"), arguments, node)
    place, endless = ("idle", function.node), ("endless", function.node)
    if place in m.derived:
        return m.derived[place]
    if isinstance(known := m.derived.get(endless), Unknown):
        return unknown_call(m, known, arguments, node)
    made, here, entry = (len(m.calls), len(m.constructions), len(m.events)), m.here(), (m.steps, m.built)
    if instance is MISSING:
        m.entries.append(entry)
    try:
        result = repeated(m, function, bind(m, function, arguments, instance).names, m.span(node), instance)
    except Exhausted:
        if instance is not MISSING or not m.idles(*entry) or made != (len(m.calls), len(m.constructions), len(m.events)):
            raise  # what a method leaves undone would be missing in its object
        m.return_to(here)
        m.gap(f"{function.qualified} builds nothing and is too long to be followed", node)
        m.derived[endless] = lost = Unknown(f"the result of {function.qualified}")
        return unknown_call(m, lost, arguments, node)
    finally:
        if instance is MISSING:
            m.entries.pop()
    idle = made == (len(m.calls), len(m.constructions), len(m.events)) and instance is MISSING
    if idle and m.steps - entry[0] > IDLE and all(part is None or isinstance(part, Unknown) for part in query.alternatives(result)):
        m.derived[place] = result if result is None else Unknown(f"the result of {function.qualified}")
    return result


def repeated(m: Machine, function: Function, names: dict[str, object], site: Span, instance: object = MISSING) -> object:
    """Enter a function, if that must be."""
    return repetition.run(m, function, names, site, lambda given: enter(m, function, given, site, instance))


def too_deep(m: Machine, function: Function) -> bool:
    """Whether a function may not be entered once more: by a test that is not known it may call itself twice, else as deep as calls go."""
    entered = [landing.under for running, landing in zip(m.running, m.landings["return"], strict=True) if running is function]
    return m.depth >= DEPTH or sum(before != after for before, after in pairwise([*entered, m.under])) >= 2


def enter(m: Machine, function: Function, names: dict[str, object], site: object = None, instance: object = MISSING) -> object:
    """Run the body of a function with its parameters bound."""
    m.mark_called(function)
    scope = Scope(function.scope)
    scope.names.update(names)
    frame = Frame(scope, function.chunk, function.qualified, function, function.owner, instance)
    m.running.append(function)
    outer = {kind: m.landings[kind] for kind in ("break", "continue", "else")}
    m.landings.update({kind: [] for kind in outer})
    m.enter("return")
    try:
        with m.entered(frame, site if isinstance(site, Span) else None):
            if isinstance(function.node, ast.Lambda):
                return m.land("return", expressions.evaluate(m, function.node.body))
            if _is_generator(m, function.node):
                yielded = scope.names["yield"] = List({"items": ()})
                ended: Completion | None = statements.execute(m, function.node.body)
                m.land("return", None)
                return yielded if protocols.known(yielded.items) else data.generator(m, function, names)
            ended = statements.execute(m, function.node.body)
            if ended is not None and ended.kind == "raise":
                pending = m.landings["return"][-1].pending
                value = m.land("return", MISSING if pending else None)
                return value if pending else Unknown(f"{function.qualified} raises")
            return m.land("return", ended.value if ended is not None else None)
    finally:
        m.landings.update(outer)
        m.running.pop()
        del m.landings["return"][len(m.running) :]


def _is_generator(m: Machine, node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    place = ("generator", node)
    if place not in m.derived:
        m.derived[place] = "yield" in m.frame.chunk.text and _yields(node)
    return m.derived[place] is True


def _yields(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    stack: list[ast.AST] = list(node.body)
    while stack:
        current = stack.pop()
        if isinstance(current, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(current, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            stack += trees.children(current)
    return False
