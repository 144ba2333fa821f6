"""One document to a Module and its graphs: run the module, then the builders that nobody calls."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bnlint.graph import query
from bnlint.graph.model import Choice, Gap, Layer, ModelGraph, Module, Origin, Unknown
from bnlint.keras_api.applications import APPLICATIONS
from bnlint.keras_api.layers import kinds
from bnlint.source import assembly, classes, invoke, statements
from bnlint.source.machine import BARREN, GLANCE, ROOT_STEPS, STEPS, Exhausted, Frame, Machine
from bnlint.source.values import MISSING, TENSORS, Class, Dict, Function, Instance, Model, Scope
from bnlint.text import Chunk, Document, Unreadable


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What a document says: `module` holds what is no graph, `models` the graphs."""

    module: Module
    models: tuple[ModelGraph, ...]


Unit = Function | Class


TELLING = frozenset(
    {
        *kinds(),
        *APPLICATIONS,
        "Model",
        "Sequential",
        "GradientTape",
        "trainable",
        "training",
        "batch_normalization",
        "batch_norm",
        "conv2d",
        "dense",
    }
    | {"compile", "fit", "fit_generator", "train_on_batch", "load_weights", "predict", "evaluate"}
) - {"Layer", "Wrapper", "RNN"}
"""Names without which a function builds nothing and does nothing to a model."""


FRAMES = 6000
"""Python's own recursion limit while a document is read: nested code takes a few frames a level, and none of the C stack."""


def analyse(document: Document) -> Analysis:
    """Read a document. Raises Unreadable for a Python file that does not parse; a cell that does not parse is a gap."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, FRAMES))
    try:
        return _analyse(document)
    finally:
        sys.setrecursionlimit(limit)


def _analyse(document: Document) -> Analysis:
    m = Machine(document.path)
    trees: list[tuple[Chunk, ast.Module]] = []
    for chunk in document.chunks:
        try:
            trees.append((chunk, chunk.parse()))
            m.chunks.append(chunk)
            m.trees.append(trees[-1][1])
        except Unreadable as error:
            if document.kind == "python":
                raise
            m.gaps.append(Gap(f"cell {chunk.cell} does not parse: {error.message}", Origin()))
    scope = Scope(None)
    for chunk, tree in trees:
        m.frame = Frame(scope, chunk, "")
        root(m, "the module", lambda tree=tree: statements.execute(m, tree.body), STEPS)  # type: ignore[misc]
    scripts = len(m.calls)
    runs: list[tuple[str, int, int, object]] = [("", 0, scripts, None)]
    if trees:
        explore(m, scope, [tree for _, tree in trees], runs)
    return Analysis(*assembly.assemble(m, runs))


def root(m: Machine, name: str, run: Callable[[], object], budget: int = ROOT_STEPS) -> object:
    """Run one root within its budget; what is left over is a gap.

    Where large roots build no layer (the engine of a framework, not models), the others get a glance only.
    """
    m.limit = min(m.steps + (budget if m.barren < BARREN else GLANCE), STEPS + ROOT_STEPS)
    frame, built, start = m.frame, len(m.calls), m.steps
    try:
        return run()
    except (Exhausted, RecursionError):
        m.gaps.append(Gap(f"{name} is too large to be followed to its end", Origin()))
        return MISSING
    finally:
        m.barren += m.steps - start > 2 * GLANCE and len(m.calls) == built
        m.frame = frame
        m.stack, m.depth, m.tapes, m.under = (), 0, (), {}
        m.running.clear()
        m.landings.update({"return": [], "break": [], "continue": []})
        m.log.clear()


def explore(m: Machine, scope: Scope, trees: list[ast.Module], runs: list[tuple[str, int, int, object]]) -> None:
    """Analyse what the module defines and never calls: first what nothing else mentions, then the rest, later definitions first."""
    mentions = _Mentions(m, scope)
    done: set[int] = set()
    for candidates in (mentions.roots, mentions.latest):
        progress = True
        while progress:
            progress = False
            for unit in candidates():
                if id(unit) not in done and not _called(unit):
                    done.add(id(unit))
                    open_unit(m, unit, runs, wide=False)
                    progress = True
    for unit in mentions.latest():
        if isinstance(unit, Class) and id(unit) not in done:
            open_unit(m, unit, runs, wide=False)
    _closures(m, runs)
    for unit in mentions.reaching(list(_unseen(m, trees))):
        open_unit(m, unit, runs, wide=True)


def _called(unit: Unit) -> bool:
    return unit.called if isinstance(unit, Function) else bool(unit.instances)


def _closures(m: Machine, runs: list[tuple[str, int, int, object]]) -> None:
    """Inner functions and classes that were defined and never called (training steps, callbacks)."""
    for cls in list(m.classes):
        call = cls.find("call")
        if not isinstance(call, Function) or call.called or any(instance.called for instance in cls.instances):
            continue
        if cls.keras is not None and cls.instances and classes.concrete(cls) is None:
            _open_call(m, cls, cls.instances[0], call, runs)
    for function in list(m.functions):
        if not function.called and function.scope.parent is not None and function.owner is None:
            open_function(m, function, runs, wide=False)


def open_unit(m: Machine, unit: Unit, runs: list[tuple[str, int, int, object]], wide: bool) -> None:
    """Analyse a function or class on its own. `wide`: flags that have a default are unknown all the same."""
    if isinstance(unit, Function):
        open_function(m, unit, runs, wide)
    elif wide or unit.keras is not None or unit.instances or any(isinstance(v, Function) for v in unit.scope.names.values()):
        open_class(m, unit, runs, wide)


def open_function(
    m: Machine, function: Function, runs: list[tuple[str, int, int, object]], wide: bool, instance: object = MISSING
) -> object:
    """Run a function with its defaults, and with unknown values where it has none."""
    start = len(m.calls)
    m.epoch += 1
    m.frame = Frame(function.scope, function.chunk, function.qualified)
    names = parameters(m, function, wide, instance)
    result = root(m, function.qualified, lambda: returned(m, invoke.enter(m, function, names, None, instance), function.node))
    runs.append((function.qualified, start, len(m.calls), result))
    return result


def returned(m: Machine, value: object, node: ast.AST) -> object:
    """What a root returns: of alternatives one of which is a tensor, their Join."""
    if isinstance(value, tuple):
        return tuple(returned(m, item, node) for item in value)
    if isinstance(value, Choice) and any(isinstance(leaf, TENSORS) for leaf in query.alternatives(value)):
        return m.tensor(value, node)
    return value


def parameters(m: Machine, function: Function, wide: bool, instance: object = MISSING) -> dict[str, object]:
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
        if default is MISSING or (wide and (default is None or isinstance(default, (bool, str)))):
            names[name] = unknown_parameter(m, function, name)
        else:
            names[name] = default
    if spec.vararg is not None:
        names[spec.vararg.arg] = unknown_parameter(m, function, spec.vararg.arg)
    if spec.kwarg is not None:
        names[spec.kwarg.arg] = Dict({}, open=True, presumed=True)
    return names


def unknown_parameter(m: Machine, function: Function, name: str) -> Unknown:
    made = Unknown(f"the parameter `{name}` of {function.qualified} is not known")
    m.parameters.add(made)
    return made


def open_class(m: Machine, cls: Class, runs: list[tuple[str, int, int, object]], wide: bool) -> None:
    """Analyse a class on its own: make an object if nobody does, call it if nobody does, then its other methods."""
    if classes.concrete(cls) is not None:
        return
    instance = _some_instance(m, cls, runs, wide)
    call = cls.find("call")
    if cls.keras is not None and isinstance(call, Function) and (wide or not instance.called):
        _open_call(m, cls, instance, call, runs)
    for function in _methods(cls):
        own = cls.scope.names.get(function.name) is function
        if not function.called or (not own and not _attributes(function).isdisjoint(cls.scope.names)):
            open_function(m, function, runs, wide, instance)


SPECIAL = frozenset({"__init__", "call", "build", "get_config", "from_config"})
"""Methods of a Keras class that are run in their own way, or build nothing."""


def _methods(cls: Class) -> list[Function]:
    """The methods of a class, inherited ones too: those that no other method names come first."""
    found: dict[str, Function] = {}
    special = SPECIAL if cls.keras is not None else {"__init__"}
    for relative in reversed(cls.lineage()):
        found.update({name: value for name, value in relative.scope.names.items() if isinstance(value, Function) and name not in special})
    named = {name: _attributes(function) for name, function in found.items()}
    inner = {name for name in found for other, names in named.items() if other != name and name in names}
    return sorted(found.values(), key=lambda function: function.name in inner)


def _attributes(function: Function) -> set[str]:
    return {node.attr for node in ast.walk(function.node) if isinstance(node, ast.Attribute)}


def _some_instance(m: Machine, cls: Class, runs: list[tuple[str, int, int, object]], wide: bool) -> Instance:
    if cls.instances and not wide:
        return cls.instances[0]
    instance = Instance(cls, origin=Origin(cls.chunk.span(cls.node), (), cls.qualified), epoch=m.epoch)
    cls.instances.append(instance)
    instance.open = True
    initialise = cls.find("__init__")
    if isinstance(initialise, Function):
        open_function(m, initialise, runs, wide, instance)
    return instance


def _open_call(m: Machine, cls: Class, instance: Instance, call: Function, runs: list[tuple[str, int, int, object]]) -> None:
    start = len(m.calls)
    m.epoch += 1
    m.frame = Frame(call.scope, call.chunk, call.qualified, call, cls)
    names = parameters(m, call, False, instance)
    arguments = [a.arg for a in (*call.node.args.posonlyargs, *call.node.args.args, *call.node.args.kwonlyargs)]
    for position, name in enumerate(arguments[1:]):
        if name in ("training", "is_training"):
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

    result = root(m, call.qualified, run)
    instance.result = (start, len(m.calls), result)
    runs.append((call.qualified, start, len(m.calls), result))


def _unseen(m: Machine, trees: list[ast.Module]) -> Iterator[ast.Call]:
    """The constructor calls of BatchNormalization that no run has reached."""
    seen = {
        (layer.origin.span.line, layer.origin.span.column, layer.origin.span.cell)
        for layer in m.constructions
        if layer.origin.span is not None
    }
    for chunk, tree in zip(m.chunks, trees, strict=True):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id if isinstance(node.func, ast.Name) else ""
                if name.endswith(("BatchNormalization", "BatchNorm")) or name in ("BN", "batch_normalization"):
                    span = chunk.span(node)
                    if (span.line, span.column, span.cell) not in seen:
                        yield node


def _mentioned(node: ast.AST) -> str | None:
    """The name that a node mentions; a text only where it may name a layer (`getattr(layers, "Dense")`)."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=name):
            return name
        case ast.Constant(value=str(text)) if text in TELLING:
            return text
    return None


class _Mentions:
    """Which functions and classes name which others."""

    def __init__(self, m: Machine, scope: Scope) -> None:
        self.m = m
        self.scope = scope
        self.names: dict[int, set[str]] = {}

    def units(self) -> list[Unit]:
        """The functions and classes of the module's top level, in order."""
        found: list[Unit] = [f for f in self.m.functions if f.scope.parent is None]
        found += [c for c in self.m.classes if c.scope.parent is not None and c.scope.parent.parent is None]
        return sorted(found, key=lambda unit: (unit.chunk.cell or 0, unit.node.lineno))

    def named(self, unit: Unit) -> set[str]:
        if id(unit.node) not in self.names:
            self.names[id(unit.node)] = {name for node in ast.walk(unit.node) if (name := _mentioned(node)) is not None}
        return self.names[id(unit.node)]

    def relevant(self) -> list[Unit]:
        """The units that name a layer, or something that is done to models, themselves or through others of the file."""
        units = self.units()
        objects = {name for name, value in self.scope.names.items() if isinstance(value, (Layer, Model, Instance))}
        telling = TELLING | objects
        found = {id(unit) for unit in units if not telling.isdisjoint(self.named(unit))}
        names = {unit.name for unit in units if id(unit) in found}
        growing = True
        while growing:
            growing = False
            for unit in units:
                if id(unit) not in found and not names.isdisjoint(self.named(unit)):
                    found.add(id(unit))
                    names.add(unit.name)
                    growing = True
        return [unit for unit in units if id(unit) in found]

    def latest(self) -> list[Unit]:
        """The relevant units, later ones first."""
        return self.relevant()[::-1]

    def roots(self) -> list[Unit]:
        """The units that no other unit mentions."""
        units = self.relevant()
        return [unit for unit in units if not any(other is not unit and unit.name in self.named(other) for other in units)]

    def reaching(self, nodes: list[ast.Call]) -> list[Unit]:
        """The outermost units from which the unit around any of the nodes is mentioned, and these units themselves."""
        if not nodes:
            return []
        units = self.units()
        wanted = {id(node) for node in nodes}
        around = [unit for unit in units if any(id(node) in wanted for node in ast.walk(unit.node))]
        found, frontier = list(around), list(around)
        while frontier:
            name = frontier.pop().name
            for unit in units:
                if unit not in found and name in self.named(unit):
                    found.append(unit)
                    frontier.append(unit)
        outer = [unit for unit in found if not any(unit.name in self.named(other) for other in found if other is not unit)]
        return list(dict.fromkeys([*outer, *around]))
