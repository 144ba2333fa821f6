"""Users' subclasses of Keras layers: whether Keras finds them again in a saved model, and what their `call` passes on."""

from __future__ import annotations

import ast

from bnlint.source import classes
from bnlint.source.machine import Machine
from bnlint.source.trees import walk
from bnlint.source.values import Class, Function

PARAMETERS = ("inputs", "training", "mask")
"""Those of the `call` of a normalisation, in order."""

NAMED = ("custom_object", "register_keras_serializable")
"""What is written where classes are handed to Keras by name, whether they are loaded or registered."""


def reloads(m: Machine, cls: Class) -> bool:
    """Whether Keras may find the class when it loads a model; False for a subclass of a layer that nobody registers or hands over."""
    if classes.concrete(cls) is None or cls.handed:
        return True
    return any(name in chunk.text for file in m.files.by_path.values() for chunk in file.chunks for name in NAMED)


def passed_on(cls: Class) -> frozenset[str] | None:
    """The arguments that the `call` of a subclass of a layer gives to the one it overrides; None if it is not seen to give any."""
    own = cls.scope.names.get("call")
    if classes.concrete(cls) is None or not isinstance(own, Function):
        return None
    found: set[str] = set()
    for node in walk(own.node):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("call", "__call__"):
            owner = node.func.value
            inherited = isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super"
            first = own.node.args.args[0].arg if own.node.args.args else ""
            by_class = bool(node.args) and isinstance(node.args[0], ast.Name) and node.args[0].id == first
            if inherited or by_class:
                found.update(_given(node, 0 if inherited else 1))
    return frozenset(found) or None


def _given(node: ast.Call, start: int) -> set[str]:
    if any(isinstance(value, ast.Starred) for value in node.args) or any(keyword.arg is None for keyword in node.keywords):
        return set(PARAMETERS)
    return {*PARAMETERS[: len(node.args) - start], *(keyword.arg for keyword in node.keywords if keyword.arg)}
