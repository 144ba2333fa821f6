"""Statements that freeze layers."""

from __future__ import annotations

import ast

from bnlint.findings import Freeze, FreezeNorms
from bnlint.fixer import Refused, flow, lines, styles
from bnlint.fixer.locate import COMPREHENSIONS, Place
from bnlint.fixer.plan import Plan

NAMES = ("layer", "norm", "inner")
"""Names for the variable of the loop, in order of preference."""


def freeze(plan: Plan, edit: Freeze) -> None:
    """A statement behind the one that gives a model its name."""
    place = plan.source.find(edit.at)
    statement = place.statement
    if not isinstance(statement, ast.Assign) or statement.value is not place.node or len(statement.targets) != 1:
        raise Refused("the model is not given a name where it is built")
    target = statement.targets[0]
    if not isinstance(target, ast.Name | ast.Attribute):
        raise Refused("the model is not given a name where it is built")
    plan.insert_statement(place.part, statement, f"{ast.unparse(target)}.trainable = False")


def freeze_norms(plan: Plan, edit: FreezeNorms) -> None:
    """A loop behind the assignment that freezes each BatchNormalization inside what was set trainable."""
    place = plan.source.find(edit.at)
    target = place.node.targets[0] if isinstance(place.node, ast.Assign) else place.node
    if not isinstance(target, ast.Attribute) or any(isinstance(node, COMPREHENSIONS) for node in place.path):
        raise Refused("it is not a plain assignment to `trainable`")
    model, statement = _over(place, target)
    part = place.part
    if any(isinstance(node, ast.Attribute) and node.attr == "compile" for node in ast.walk(statement)):
        raise Refused("the model is compiled inside the loop that sets it trainable")
    if not lines.alone(part, statement):
        raise Refused("other statements share its line")
    like = tuple(node.func for node in plan.source.walk() if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))
    kind = styles.layer(plan.source, "BatchNormalization", like, place)
    for bound in kind.imports:
        plan.add_import(bound.part, bound.statement, "BatchNormalization")
    here = place.up(statement)
    name = next((name for name in NAMES if not flow.loads(model, name) and not flow.read_later(plan.source, here, name)), None)
    if name is None:
        raise Refused("no name is free for the variable of a loop")
    indent = part.indent(part.range(statement)[0])
    step = "\t" if "\t" in indent else "    "
    inside = "layers" if edit.flat == ("itself" if model is target.value else "whole") else "_flatten_layers()"
    code = (
        f"for {name} in {ast.unparse(model)}.{inside}:\n"
        f"{indent}{step}if isinstance({name}, {kind.code}):\n"
        f"{indent}{step * 2}{name}.trainable = False"
    )
    plan.insert_statement(part, statement, code)


def _over(place: Place, target: ast.Attribute) -> tuple[ast.expr, ast.stmt]:
    """The model that is set trainable, and the statement that does it: the assignment, or the loop over its layers or their numbers."""
    owner = target.value
    for loop in reversed([node for node in place.path if isinstance(node, ast.For)]):
        bound = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
        if isinstance(owner, ast.Name) and owner.id in bound:
            return _listing(loop.iter), loop
        if isinstance(owner, ast.Subscript) and any(flow.loads(owner.slice, name) for name in bound):
            return _listing(owner), loop
    return owner, place.statement


def _listing(layers: ast.expr) -> ast.expr:
    """The model whose layers, or some of them, an expression lists."""
    while True:
        match layers:
            case ast.Subscript(value=inner) | ast.Call(func=ast.Name(id="enumerate" | "list" | "reversed"), args=[inner, *_]):
                layers = inner
            case ast.Attribute(attr="layers", value=model):
                return model
            case _:
                raise Refused("it cannot be told which model the loop goes over")
