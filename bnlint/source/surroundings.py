"""Where a BatchNormalization is built and held: in code that runs for each batch, where Keras does not find its weights."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterable, Iterator
from typing import Final

from bnlint.graph.model import Layer, Origin, Span
from bnlint.source import classes
from bnlint.source.machine import Machine
from bnlint.source.values import Dotted, Function, Instance

STEPS: Final = frozenset({"train_step", "test_step", "predict_step"})

_TRACED: Final = re.compile(r"(?:tf|tensorflow)\.function\b")

_ONCE: Final = re.compile(r"\bis None\b|\bhasattr\(|\bgetattr\(|\bnot self\.|\bnot in\b|\bbuilt\b|\binitiali[sz]ed\b")
"""Tests that let code run the first time only."""


def built(m: Machine, layer: Layer, span: Span) -> None:
    """Note a BatchNormalization that is built again with each batch: in a `call`, a step, a function that is traced."""
    for depth in range(len(m.running) - 1, -1, -1):
        function = m.running[depth]
        if function.name == "build" and function.owner is not None:
            return
        where = _runs_for_each_batch(function)
        if where:
            sites = (span, *m.stack)
            if not any(_guarded(each, site) for each in m.running[depth:] for site in sites):
                m.event("built", layer, {"where": where, "name": _shown(function)}, layer.origin)
            return


def _runs_for_each_batch(function: Function) -> str:
    cls = function.owner.keras if function.owner is not None else None
    if function.name == "call" and cls in ("keras.Layer", "keras.layers.Layer", "keras.Model"):
        return "call"
    if function.name in STEPS and cls == "keras.Model":
        return "step"
    return "tf.function" if any(_TRACED.match(decorator) for decorator in function.decorators) else ""


def _shown(function: Function) -> str:
    return f"{function.owner.name}.{function.name}" if function.owner is not None else function.name


def _guarded(function: Function, site: Span) -> bool:
    """Whether a place in a function is reached at most once: under a test that something is not there yet, or after it failed."""
    here = (site.path, site.cell) == (function.chunk.path, function.chunk.cell)
    return here and any(start <= site.line <= end for start, end in _stretches(function.node))


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


def _stretches(function: ast.AST) -> Iterator[tuple[int, int]]:
    for node in ast.walk(function):
        if isinstance(node, ast.If) and _ONCE.search(ast.unparse(node.test)):
            ends = isinstance(node.body[-1], ast.Return)
            yield node.lineno, 1 << 31 if ends else node.end_lineno or node.lineno
        elif isinstance(node, ast.ExceptHandler):
            yield node.lineno, node.end_lineno or node.lineno
