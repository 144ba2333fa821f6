"""Where a BatchNormalization is built and applied: in code that runs for each batch, and in scopes."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Final

from bnlint.graph import query
from bnlint.graph.model import Arguments, Layer, Origin, Span, Unknown
from bnlint.keras_api.tables import words
from bnlint.records import dataclass
from bnlint.source import classes, rounds, trees
from bnlint.source.machine import Handler, Machine
from bnlint.source.values import (
    MISSING,
    Bound,
    Function,
    Instance,
    Model,
    Partial,
    bind_parameters,
    first_argument,
    sequence,
)


@dataclass(frozen=True, slots=True, eq=False)
class Within:
    """What a `with` puts around the code in it: the scope of a strategy (`replicas` where known), or one of rematerialisation."""

    kind: str
    name: str
    origin: Origin
    replicas: object = None


@dataclass(frozen=True, slots=True, eq=False)
class Rematerialized:
    """A function whose results are computed again for the gradients."""

    callee: object
    within: Within


STRATEGIES: Final = words("CentralStorageStrategy MirroredStrategy MultiWorkerMirroredStrategy TPUStrategy")
"""Strategies that give each replica a part of the batch."""

STEPS: Final = frozenset({"train_step", "test_step", "predict_step"})

_TRACED: Final = re.compile(r"(?:tf|tensorflow)\.function\b")

_ONCE: Final = re.compile(r"\bis None\b|\bhasattr\(|\bgetattr\(|\bnot self\.|\bnot in\b|\bbuilt\b|\binitiali[sz]ed\b")
"""Tests that let code run the first time only."""


def strategy(m: Machine, arguments: Arguments, node: ast.Call, name: str) -> object:
    """A strategy: an unknown object, of which its scope is known."""
    devices = sequence(m.settle(first_argument(arguments))) if name == "MirroredStrategy" else None
    keyword = arguments.keyword("devices")
    devices = sequence(m.settle(keyword.value)) if keyword is not None else devices
    made = Unknown(f"a {name}")
    m.strategies[made] = Within("strategy", name, m.origin(node), len(devices) if devices else None)
    return made


def multiplied(m: Machine, one: object, other: object, node: ast.AST) -> None:
    """Note a size that is multiplied by the number of replicas: it is that of one."""
    for size, number in ((one, other), (other, one)):
        if type(size) is int and isinstance(number, Unknown) and number in m.replicas:
            m.event("per_replica", None, {"size": size}, node)


def _strategy(name: str) -> Handler:
    return lambda m, arguments, node: strategy(m, arguments, node, name)


def remat_scope(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`RematScope(mode="full")`, under which layers are rematerialised that are built there."""
    mode = m.settle(bind_parameters(("mode",), arguments).get("mode", "full"))
    return Within("remat", "RematScope", m.origin(node)) if mode == "full" else Unknown("a scope that is of no interest")


def _remat(name: str) -> Handler:
    return lambda m, arguments, node: remat(m, arguments, node, name)


def remat(m: Machine, arguments: Arguments, node: ast.Call, name: str) -> object:
    """`keras.remat(f)`, `tf.recompute_grad(f)`."""
    value = m.settle(first_argument(arguments))
    within = Within("remat", name, m.origin(node))
    if isinstance(value, (Function, Bound, Partial)):
        return Rematerialized(value, within)
    if isinstance(value, (Layer, Instance, Model)):
        for layer in classes.owned(value):
            _rematerialized(m, layer, within)
        return value
    return Unknown("a function that is computed again")


def entered(m: Machine, value: object) -> None:
    """Note what the `with` puts around its body."""
    found = [each for each in query.alternatives(m.settle(value)) if isinstance(each, Within)]
    if found:
        certain = isinstance(m.settle(value), Within) and not m.under
        m.within = (*m.within, (found[0], certain))


def inside(m: Machine, within: Within, run: Callable[[], object]) -> object:
    """Run code with something around it."""
    outer, m.within = m.within, (*m.within, (within, not m.under))
    try:
        return run()
    finally:
        m.within = outer


def applied(m: Machine, layer: Layer, training: object) -> None:
    """Note a BatchNormalization that is applied by a function that is rematerialised."""
    for within, _ in m.within if training is not False else ():
        if within.kind == "remat" and within.name != "RematScope":
            _rematerialized(m, layer, within)


def _rematerialized(m: Machine, layer: Layer, within: Within) -> None:
    if layer.role == "batchnorm":
        m.event("rematerialized", layer, {"name": within.name}, within.origin)


def built(m: Machine, layer: Layer, span: Span) -> None:
    """Note where a BatchNormalization is built, if that matters."""
    for within, certain in m.within:
        if within.name == "RematScope":
            _rematerialized(m, layer, within)
        elif within.kind == "strategy":
            args = {"strategy": within.name, "replicas": within.replicas, "certain": certain}
            m.event("distributed", layer, args, within.origin)
    _built_again(m, layer, span)


def _built_again(m: Machine, layer: Layer, span: Span) -> None:
    """Note a BatchNormalization that is built again with each batch: in a `call`, a step, a function that is traced, a loop that trains."""
    for depth in range(len(m.running) - 1, -1, -1):
        function = m.running[depth]
        if function.name == "build" and function.owner is not None:
            return
        where = runs_for_each_batch(function)
        if where:
            sites = (span, *m.stack)
            if any(_guarded(m, each, site) for each in dict.fromkeys(m.running[depth:]) for site in sites):
                m.effects += 1  # it depends on where the call stands that led here
            else:
                m.event("built", layer, {"where": where, "name": _shown(function)}, layer.origin)
            return
    if layer.role == "batchnorm":
        rounds.builds(m, layer, m.decided, m.under)


def for_each_batch(m: Machine, function: Function) -> bool:
    """Whether what a function builds that is entered now would be built again with each batch."""
    for each in (function, *reversed(m.running)):
        if each.name == "build" and each.owner is not None:
            return False
        if each.often is None:
            each.often = runs_for_each_batch(each)
        if each.often:
            return True
    return False


def runs_for_each_batch(function: Function) -> str:
    """What makes a function run for each batch; nothing if it does not."""
    cls = function.owner.keras if function.owner is not None else None
    if function.name == "call" and cls in ("keras.Layer", "keras.layers.Layer", "keras.Model"):
        return "call"
    if function.name in STEPS and cls == "keras.Model":
        return "step"
    return "tf.function" if any(_TRACED.match(decorator) for decorator in function.decorators) else ""


def _shown(function: Function) -> str:
    return f"{function.owner.name}.{function.name}" if function.owner is not None else function.name


def _guarded(m: Machine, function: Function, site: Span) -> bool:
    """Whether a place in a function is reached at most once: under a test that something is not there yet, or after it failed."""
    here = (site.path, site.cell) == (function.chunk.path, function.chunk.cell)
    return here and any(start <= site.line <= end for start, end in _once(m, function.node))


def _once(m: Machine, function: ast.AST) -> tuple[tuple[int, int], ...]:
    """From which line to which a function stands under such tests."""
    place = ("once", function)
    found = m.derived.get(place)
    if not isinstance(found, tuple):
        found = m.derived[place] = tuple(_stretches(function))
    return found


def _stretches(function: ast.AST) -> Iterator[tuple[int, int]]:
    for node in trees.walk(function):
        if isinstance(node, ast.If) and _ONCE.search(ast.unparse(node.test)) and _keeps(node, function):
            ends = isinstance(node.body[-1], ast.Return)
            yield node.lineno, 1 << 31 if ends else node.end_lineno or node.lineno
        elif isinstance(node, ast.ExceptHandler):
            yield node.lineno, node.end_lineno or node.lineno


def _keeps(guarded: ast.If, function: ast.AST) -> bool:
    """Whether what stands under a test may be remembered for the next time: in an object, in a method's care, in a variable further out."""
    outer = {name for node in trees.walk(function) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}
    for node in (node for statement in guarded.body for node in trees.walk(statement)):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
            return True
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in outer:
            return True
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith(("self.", "setattr")):
            return True
    return False


CONCATENATES: Final = words("keras.backend.concatenate keras.ops.concatenate keras.ops.vstack numpy.concatenate numpy.vstack tf.concat")


def call(m: Machine, name: str, arguments: Arguments, node: ast.Call) -> object:
    """Calls that make an optimizer, or put generated samples and others into one batch; MISSING for others."""
    if name in CONCATENATES:
        parts = [m.settle(part) for part in sequence(m.settle(first_argument(arguments))) or ()]
        made_by_model = [isinstance(part, Unknown) and part in m.outputs for part in parts]
        if len(set(made_by_model)) == 2:
            made = Unknown("generated samples among others")
            m.event("mixed", made, {}, node, arguments)
            return made
    module, _, last = name.rpartition(".")
    if module == "keras.optimizers" and last[:1].isupper():
        made = Unknown(f"an optimizer, {last}")
        args: dict[str, object] = {str(argument.name): m.plain(argument.value) for argument in arguments.items if argument.name is not None}
        m.event("optimizer", made, {**args, "class": last}, node, arguments)
        return made
    return MISSING


REMAT: Final = ("keras.remat", "tf.recompute_grad")

HANDLERS: Final[dict[str, Handler]] = {
    **{f"tf.distribute.{inner}{name}": _strategy(name) for name in STRATEGIES for inner in ("", "experimental.")},
    **{name: _remat(name.rpartition(".")[2]) for name in REMAT},
    "keras.RematScope": remat_scope,
}
