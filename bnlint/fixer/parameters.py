"""Parameters that get another name."""

from __future__ import annotations

import ast
from functools import partial

from bnlint.findings import RenameParameter
from bnlint.fixer import Refused, flow, tree
from bnlint.fixer.locate import Function
from bnlint.fixer.plan import Plan


def rename(plan: Plan, edit: RenameParameter) -> None:
    """The parameter, its default, and each place of the body that reads it."""
    place = plan.source.find(edit.at)
    function, part = place.node, place.part
    if not isinstance(function, Function):
        raise Refused("it is not a function that can be rewritten")
    own = [node for node in ast.walk(function.args) if isinstance(node, ast.arg)]
    parameter = next((node for node in own if node.arg == edit.old), None)
    default = _default(function.args, edit.old)
    if parameter is None or default is None:
        raise Refused(f"`{edit.old}` has no default")
    inside = [node for statement in function.body for node in ast.walk(statement)]
    if edit.name in {node.arg for node in own} or any(edit.name in flow.names(statement) for statement in function.body):
        raise Refused(f"`{edit.name}` means something else in the function already")
    if any(isinstance(node, ast.arg) and node.arg == edit.old for node in inside):
        raise Refused(f"an inner function has a parameter `{edit.old}`, too")
    start = part.range(parameter)[0]
    plan.texts.append(part.edit(start, start + len(edit.old), edit.name))
    plan.texts.append(part.edit(*part.range(default), edit.code))
    plan.steps.append(partial(setattr, parameter, "arg", edit.name))
    plan.replace(part, default, partial(tree.expression, edit.code))
    for node in inside:
        if isinstance(node, ast.Name) and node.id == edit.old:
            plan.texts.append(part.edit(*part.range(node), edit.name))
            plan.steps.append(partial(setattr, node, "id", edit.name))


def _default(arguments: ast.arguments, name: str) -> ast.expr | None:
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(reversed(positional), reversed(arguments.defaults), strict=False))
    named = list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True))
    return next((default for parameter, default in (*pairs, *named) if parameter.arg == name), None)
