"""Documents to Modules and graphs: run the modules, then the builders that nobody calls."""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import NoneType

from bnlint.footprint import Footprint
from bnlint.graph import query
from bnlint.graph.model import Choice, ModelGraph, Module, Origin, Span, Unknown
from bnlint.keras_api.training import is_mode, says_training
from bnlint.records import dataclass
from bnlint.shared import Shared
from bnlint.source import assembly, captures, classes, invoke, modules, trees, unreached
from bnlint.source.files import Files
from bnlint.source.machine import Frame, Machine
from bnlint.source.mentions import Mentions, Sites, Unit, holds
from bnlint.source.modules import Run
from bnlint.source.said import builds
from bnlint.source.values import MISSING, TENSORS, Class, Dict, Function, Instance, Scope
from bnlint.text import Document, Unreadable


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What documents say: `modules` hold what is no graph, one for each document that could be read; `models` are the graphs of them all.

    `unreadable` tells by path why a document was not read, `read` which other files were, for what these import.
    """

    modules: tuple[Module, ...]
    models: tuple[ModelGraph, ...]
    unreadable: Mapping[str, Unreadable]
    read: tuple[str, ...] = ()
    widen: Callable[[Iterable[Span]], Analysis | None] = lambda spans: None
    """The same with everything analysed that may build layers at some places; None if it was already."""
    close: Callable[[], None] = lambda: None
    """To be called when no more is asked of it: then what it holds is freed together with it."""


FRAMES = 6000
"""Python's own recursion limit while a document is read: nested code takes a few frames a level, and none of the C stack."""


def analyse(documents: Iterable[Document], root: str | None = None, whole: bool = True, seen: Footprint | None = None) -> Analysis:
    """Read documents as one project: what one imports from another, and from files on disk below `root`, is followed.

    Unless `whole`, only such functions are analysed on their own as may have to do with BatchNormalization. `seen` takes down what
    was looked at on the disk.
    """
    m = Machine(Files(documents, root, seen))
    mentions = Mentions(m, whole)
    done: set[Way] = set()
    with _DEEP:
        for file in m.files.asked:
            file.distant = not whole and not file.says("atchNorm", "atch_norm")
            modules.load(m, file)
        return _explored(m, mentions, done)


@contextmanager
def _deep() -> Iterator[None]:
    """Allow for code that is nested as deeply as Python parses it."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


_DEEP = Shared(_deep)


def _explored(m: Machine, mentions: Mentions, done: set[Way]) -> Analysis:
    """What there is when all that is worth it is analysed."""

    def widen(spans: Iterable[Span]) -> Analysis | None:
        grown = mentions.want(spans)
        if grown is None:
            return None
        done.difference_update((cls, frozenset()) for cls in grown)
        with _DEEP:
            return _explored(m, mentions, done)

    explore(m, mentions, done)
    captures.settle(m)
    for file in m.files.asked:
        file.unreached.clear()
    for file, chunk, node in unreached.unseen(m, unreached.KINDS):
        file.unreached.append(Origin(chunk.span(node)))
    found, models = assembly.assemble(m)
    others = (file.place for file in m.files.by_path.values() if not file.asked and file.trees)
    return Analysis(found, models, m.files.unreadable, tuple(sorted(others)), widen, m.close)


Kinds = tuple[type, ...]

WIDE: tuple[Kinds, ...] = ((bool, NoneType), (bool, NoneType, str))
"""Parameters with such defaults are unknown all the same, where a BatchNormalization was not reached with the defaults: flags first."""


def explore(m: Machine, mentions: Mentions, done: set[Way]) -> None:
    """Analyse what the modules define and never call, by and by: what nothing else that is left mentions; in a circle the last first.

    What something mentions that was called, but with what leads elsewhere, is met where that is analysed on its own: a network that is one
    of several in a dict.
    """
    while left := [unit for unit in mentions.relevant() if _way(unit, ()) not in done and not _called(unit)]:
        for unit in mentions.outer(left) or left[::-1]:
            for user in mentions.mentioning()[id(unit)]:
                if not _called(unit) and isinstance(user, Function) and user.called and _way(user, ()) not in done:
                    done.add(_way(user, ()))
                    open_unit(m, mentions, user)
            if not _called(unit):
                done.add(_way(unit, ()))
                open_unit(m, mentions, unit)
    for unit in mentions.relevant()[::-1]:
        if isinstance(unit, Class) and _way(unit, ()) not in done:
            done.add(_way(unit, ()))
            open_unit(m, mentions, unit)
    _closures(m, mentions)
    for wide in WIDE:
        start = len(m.functions)
        for towards in (mentions.outermost, mentions.leading, mentions.around):
            sites = [(chunk, node) for _, chunk, node in (*unreached.unseen(m, unreached.NAMES), *unreached.unasked(m))]
            for unit in towards(sites):
                if (way := _way(unit, wide)) not in done:
                    done.add(way)
                    open_unit(m, mentions, unit, wide, sites)
        _closures(m, mentions, start)


Way = tuple[int, frozenset[tuple[str, str]]]
"""How a function or class is analysed on its own: which one, and which of its parameters are unknown although they have a default."""


def _way(unit: Unit, wide: Kinds) -> Way:
    scopes = [each.scope for each in unit.lineage()] if isinstance(unit, Class) else []
    methods = [value for scope in scopes for value in scope.names.values() if isinstance(value, Function)]
    functions = [unit] if isinstance(unit, Function) else methods
    return id(unit), frozenset(
        (each.name, name) for each in functions for name, default in each.defaults.items() if isinstance(default, wide)
    )


def is_asked(m: Machine, unit: Unit) -> bool:
    """Whether a function or class stands in a file that is analysed for its own sake."""
    return m.files.by_path[unit.chunk.path].asked


def _called(unit: Unit) -> bool:
    return unit.called if isinstance(unit, Function) else bool(unit.instances)


CLOSURES = 8
"""Functions made by one inner definition that are analysed, the first ones."""


def _closures(m: Machine, mentions: Mentions, start: int = 0) -> None:
    """Inner functions and classes that were defined and never called (training steps, callbacks).

    What a builder returned that was opened alone is of no interest where the same builder made others that were called; unless that
    happened since the function of number `start` was made: then it was opened for what those do not show.
    """
    for cls in [cls for cls in m.classes if is_asked(m, cls)]:
        call = cls.find("call")
        if not isinstance(call, Function) or call.called or any(instance.called for instance in cls.instances):
            continue
        if cls.keras is not None and cls.instances and classes.concrete(cls) is None:
            _open_call(m, cls, cls.instances[0], call)
    inside = mentions.inside(mentions.relevant())
    made: Counter[int] = Counter()
    shown = {id(function.node) for function in m.functions if function.called and not start}
    for function in m.functions[start:]:
        if function.called or function.scope.parent is None or function.owner is not None or id(function.node) not in inside:
            continue
        if id(function.node) not in shown or not any(value in m.parameters for value in _unknowns(function.scope)):
            made[id(function.node)] += 1
            if made[id(function.node)] <= CLOSURES:
                open_function(m, function, wide=())


def _unknowns(scope: Scope) -> Iterator[Unknown]:
    return (value for value in scope.names.values() if isinstance(value, Unknown))


def open_unit(m: Machine, mentions: Mentions, unit: Unit, wide: Kinds = (), sites: Sites = ()) -> None:
    """Analyse a function or class on its own. Defaults of the types `wide` are not taken for granted, for the sake of some sites."""
    start = len(m.called)
    if isinstance(unit, Function):
        open_function(m, unit, wide)
    elif wide or unit.keras is not None or unit.instances or any(isinstance(v, Function) for v in unit.scope.names.values()):
        open_class(m, mentions, unit, wide, sites)
    for function in m.called[start:]:
        m.leading.setdefault(id(function.node), unit)


def open_function(m: Machine, function: Function, wide: Kinds, instance: object = MISSING) -> object:
    """Run a function with its defaults, and with unknown values where it has none; an inherited method for the file of its object."""
    chunk = instance.cls.chunk if isinstance(instance, Instance) else function.chunk
    start, file = len(m.calls), m.files.by_path[chunk.path]
    m.epoch += 1
    m.data_format = file.data_format
    names = parameters(m, function, wide, instance)
    frame = Frame(function.scope, function.chunk, function.qualified)

    def run() -> object:
        return returned(m, invoke.enter(m, function, names, None, instance), function.node)

    result = modules.root(m, file, frame, function.qualified, run, builds=builds(function))
    m.runs.append(Run(file, function.qualified, start, len(m.calls), result))
    return result


def returned(m: Machine, value: object, node: ast.AST) -> object:
    """What a root returns: of alternatives one of which is a tensor, their Join."""
    if isinstance(value, tuple):
        return tuple(returned(m, item, node) for item in value)
    if isinstance(value, Choice) and any(isinstance(leaf, TENSORS) for leaf in query.alternatives(value)):
        return m.tensor(value, node)
    return value


def parameters(m: Machine, function: Function, wide: Kinds, instance: object = MISSING) -> dict[str, object]:
    """The parameters of a function that is analysed on its own."""
    spec = function.node.args
    names: dict[str, object] = {}
    positional = [*spec.posonlyargs, *spec.args]
    bound = instance is not MISSING and "staticmethod" not in function.decorators
    for position, parameter in enumerate([*positional, *spec.kwonlyargs]):
        name = parameter.arg
        if bound and position == 0 and positional:
            names[name] = instance.cls if "classmethod" in function.decorators and isinstance(instance, Instance) else instance
            continue
        default = function.defaults.get(name, MISSING)
        if default is MISSING or isinstance(default, wide) or (says_training(name) and isinstance(default, bool)):
            names[name] = unknown_parameter(m, function, name)  # who builds a model to train builds it otherwise to run it
        else:
            names[name] = default
    if spec.vararg is not None:
        names[spec.vararg.arg] = unknown_parameter(m, function, spec.vararg.arg)
    if spec.kwarg is not None:
        names[spec.kwarg.arg] = Dict({}, open=True, presumed=True)
    return names


def unknown_parameter(m: Machine, function: Function, name: str) -> Unknown:
    reason = f"the parameter `{name}` of {function.qualified} is not known"
    made = Unknown(reason, mode=says_training(name), presumed=function.defaults.get(name))
    m.parameters.add(made)
    return made


def open_class(m: Machine, mentions: Mentions, cls: Class, wide: Kinds, sites: Sites) -> None:
    """Analyse a class on its own: make an object if nobody does, call it if nobody does, then its other methods: those that nobody calls,
    or that lead to some sites."""
    if classes.concrete(cls) is not None:
        return
    instance = _some_instance(m, cls, wide)
    call = cls.find("call")
    if cls.keras is not None and isinstance(call, Function) and (wide or not instance.called):
        _open_call(m, cls, instance, call)
    leading = _leading(m, cls, sites)
    worth = mentions.relevant_methods(cls, _every(cls))
    building = {name for name, value in cls.scope.names.items() if isinstance(value, Function) and builds(value)} - SPECIAL
    for function in _methods(m, cls):
        own = cls.scope.names.get(function.name) is function
        elsewhere = not own and not building.isdisjoint(_attributes(m, function))
        if function in leading or elsewhere or (function.name in worth and not function.called):
            open_function(m, function, wide, instance)


SPECIAL = frozenset({"__init__", "call", "build", "get_config", "from_config"})
"""Methods of a Keras class that are run in their own way, or build nothing."""


def _methods(m: Machine, cls: Class) -> list[Function]:
    """The methods of a class, inherited ones too: those that no other method names come first."""
    found: dict[str, Function] = {}
    special = SPECIAL if cls.keras is not None else {"__init__"}
    for relative in reversed(cls.lineage()):
        found.update({name: value for name, value in relative.scope.names.items() if isinstance(value, Function) and name not in special})
    named = {name: _attributes(m, function) for name, function in found.items()}
    times = Counter(attribute for names in named.values() for attribute in names)
    inner = {name for name, names in named.items() if times[name] > (name in names)}
    return sorted(found.values(), key=lambda function: function.name in inner)


def _every(cls: Class) -> dict[str, Function]:
    """All methods of a class by name, inherited ones too."""
    return {name: value for each in reversed(cls.lineage()) for name, value in each.scope.names.items() if isinstance(value, Function)}


def _leading(m: Machine, cls: Class, sites: Sites) -> list[Function]:
    """The methods in which any of the sites stands, and those that lead to them: such as no other of them calls."""
    every = _every(cls)
    found = [function for function in every.values() if holds(function, sites)]
    for inner in found:
        found += [function for function in every.values() if function not in found and inner.name in _attributes(m, function)]
    named = {name for function in found for name in _attributes(m, function) - {function.name}}
    return [function for function in _methods(m, cls) if function in found and function.name not in named]


def _attributes(m: Machine, function: Function) -> frozenset[str]:
    """The names of the attributes that a function mentions."""
    place = ("attributes", function.node)
    found = m.derived.get(place)
    if not isinstance(found, frozenset):
        found = m.derived[place] = frozenset(node.attr for node in trees.walk(function.node) if isinstance(node, ast.Attribute))
    return found


def _some_instance(m: Machine, cls: Class, wide: Kinds) -> Instance:
    if cls.instances and not wide:
        return cls.instances[0]
    instance = Instance(cls, origin=Origin(cls.chunk.span(cls.node), (), cls.qualified), epoch=m.epoch)
    cls.instances.append(instance)
    instance.open = True
    initialise = cls.find("__init__")
    if isinstance(initialise, Function):
        open_function(m, initialise, wide, instance)
    return instance


def _open_call(m: Machine, cls: Class, instance: Instance, call: Function) -> None:
    start, file = len(m.calls), m.files.by_path[cls.chunk.path]
    m.epoch += 1
    m.data_format = file.data_format
    names = parameters(m, call, (), instance)
    arguments = [a.arg for a in (*call.node.args.posonlyargs, *call.node.args.args, *call.node.args.kwonlyargs)]
    for position, name in enumerate(arguments[1:]):
        if is_mode(name, call.defaults.get(name, MISSING)):
            names[name] = m.training
        elif name in ("mask", "return_attention_scores"):
            names[name] = None
        elif position == 0 or name not in call.defaults:
            names[name] = classes.open_input(m, cls, name, call.node)
    if cls.keras == "keras.Model":
        instance.root = True

    def run() -> object:
        classes.build(m, instance, cls.node)
        return returned(m, invoke.enter(m, call, names, None, instance), call.node)

    result = modules.root(m, file, Frame(call.scope, call.chunk, call.qualified, call, cls), call.qualified, run)
    instance.result = (start, len(m.calls), result)
    m.runs.append(Run(file, call.qualified, start, len(m.calls), result))
