"""Where a BatchNormalization is held out of the sight of Keras: in functions, and in modules that are none of its own."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Iterator

from bnlint.graph.model import Layer, Origin
from bnlint.source import classes
from bnlint.source.machine import Machine
from bnlint.source.values import MISSING, Dotted, Function, Instance, Partial, Scope


def in_lambda(m: Machine, applied: Iterable[Layer], inside: Container[Layer], origin: Origin) -> None:
    """Note what the function of a Lambda applies: a BatchNormalization that it builds, or that it has from elsewhere."""
    for layer in dict.fromkeys(layer for layer in applied if layer.role == "batchnorm"):
        if layer in inside:
            m.event("built", layer, {"where": "Lambda", "name": "Lambda"}, layer.origin)
        else:
            m.event("captured", layer, {"where": "Lambda", "name": "Lambda"}, origin)


def in_module(m: Machine, owner: Instance, value: object) -> None:
    """Note the BatchNormalization layers that an object of a Keras class holds only as parts of a tf.Module."""
    if not isinstance(value, Instance) or owner.cls.keras is None or value.cls.keras is not None:
        return
    bases = (base for each in value.cls.lineage() for base in each.bases if isinstance(base, Dotted))
    if any(base.canonical == "tf.Module" for base in bases):
        tracked = {id(layer) for field in owner.fields.values() if field is not value for layer in classes.owned(field)}
        for layer in classes.owned(value):
            if layer.role == "batchnorm" and id(layer) not in tracked:
                m.event("captured", layer, {"where": "Module", "name": value.cls.name}, value.origin)


def in_function(m: Machine, owner: Instance, value: object) -> None:
    """Note the BatchNormalization layers that an object of a Keras class reaches by a function: those of its closure, or bound to it."""
    if owner.cls.keras is None:
        return
    function = value.callee if isinstance(value, Partial) else value
    if not isinstance(function, Function):
        return
    given = [item.value for item in value.arguments.items] if isinstance(value, Partial) else []
    origin = Origin(function.chunk.span(function.node), m.stack, function.qualified)
    for layer in dict.fromkeys(layer for part in (*given, *_closure(m, function)) for layer in classes.owned(part, by_instances=False)):
        if layer.role == "batchnorm":
            args: dict[str, object] = {"where": "function", "name": owner.cls.name}
            m.event("captured", layer, args, origin)
            m.captures.append((layer, args))


def settle(m: Machine) -> None:
    """Say of the layers that functions hold whether an object of a Keras class holds them as well, now that all is known that they get."""
    if m.captures:
        holders = [instance for cls in m.classes if cls.keras is not None for instance in cls.instances]
        values = (value for holder in holders for value in (*holder.fields.values(), *holder.layers))
        tracked = {id(layer) for value in values for layer in classes.owned(value, by_instances=False)}
        for layer, args in m.captures:
            args["tracked"] = id(layer) in tracked


def _closure(m: Machine, function: Function) -> Iterator[object]:
    """What the names stand for that a function takes from around it."""
    names = [node for node in ast.walk(function.node) if isinstance(node, ast.Name)]
    arguments = {node.arg for node in ast.walk(function.node.args) if isinstance(node, ast.arg)}
    own = arguments | {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    for name in dict.fromkeys(node.id for node in names if node.id not in own):
        scope: Scope | None = function.scope
        while scope is not None and (scope.is_class or scope.get(name) is MISSING):
            scope = scope.parent
        if scope is not None:
            yield m.settle(scope.get(name))
