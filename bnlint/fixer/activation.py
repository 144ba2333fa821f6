"""Moving an inline `activation=` behind another layer, in the style of the file."""

from __future__ import annotations

import ast
from functools import partial

from bnlint.findings import DropArgument, InsertActivation
from bnlint.fixer import Refused, flow, styles, tree
from bnlint.fixer.locate import Function, Place
from bnlint.fixer.plan import Plan
from bnlint.graph.model import Span

_FOR = (ast.For, ast.AsyncFor)


def insert(plan: Plan, edit: InsertActivation) -> None:
    """Plan both halves: the argument goes, the activation comes."""
    after, value = plan.source.find(edit.after.at), plan.source.find(edit.inline)
    code = value.part.slice(value.node)  # as it is written; `edit.code` only says what that comes to
    constructor = _drop(plan, value)
    _same_conditions(constructor, after)
    _same_meaning(constructor, after, code)
    if edit.after.hole is not None and _in_call(after):
        spelling = styles.function(plan.source, code, after)
        _import(plan, spelling, "activations")
        plan.wrap(after.part, after.call, spelling.code)
        return
    if not styles.is_layer(code):
        spelling = styles.layer(plan.source, "Activation", tuple(_class(place.node) for place in (constructor, after)), after)
        code = f"{spelling.code}({code})"
        _import(plan, spelling, "Activation")
    if edit.after.hole is None:
        _insert_element(plan, after, code)
        return
    targets = flow.targets(after.statement)
    if targets is not None and len(targets) == 1 and getattr(after.statement, "value", None) is after.node:
        name = min(targets)
        plan.insert_statement(after.part, after.statement, f"{name} = {code}({name})")
    else:
        plan.wrap(after.part, after.call, code)


def _import(plan: Plan, spelling: styles.Spelling, name: str) -> None:
    for bound in spelling.imports:
        plan.add_import(bound.part, bound.statement, name)


def adder(place: Place) -> ast.Call | None:
    """The call of a statement `model.add(…)` or `layers.append(…)` whose only argument stands at a place."""
    call, statement = place.parent, place.statement
    if isinstance(call, ast.Call) and isinstance(statement, ast.Expr) and statement.value is call and isinstance(call.func, ast.Attribute):
        return call if call.func.attr in ("add", "append") and call.args == [place.node] and not call.keywords else None
    return None


def _insert_element(plan: Plan, after: Place, code: str) -> None:
    call = adder(after)
    if isinstance(after.parent, ast.List | ast.Tuple):
        plan.insert_element(after.part, after.parent, after.node, code)
    elif call is not None:
        plan.insert_statement(after.part, after.statement, f"{after.part.slice(call.func)}({code})")
    else:
        raise Refused("the layer stands neither in a list nor in a call of `add`")


def _drop(plan: Plan, value: Place) -> Place:
    """Take the activation out of the call in which it stands; the place of that call."""
    outer = value.up(value.parent)
    if isinstance(value.parent, ast.keyword) and value.parent.arg is not None:
        constructor = outer.up(outer.parent)
        plan.change_arguments(value.part, constructor.call, DropArgument(_span(constructor), value.parent.arg))
        return constructor
    call = outer.call
    if value.node not in call.args or any(isinstance(argument, ast.Starred) for argument in call.args):
        raise Refused("the activation is not an argument that can be taken out")
    if call.args[-1] is value.node:
        plan.change_arguments(value.part, call, DropArgument(_span(outer), len(call.args) - 1))
    else:
        plan.texts.append(value.part.edit(*value.part.range(value.node), "None"))
        plan.replace(value.part, value.node, partial(tree.expression, "None"))
    return outer


def _same_conditions(constructor: Place, after: Place) -> None:
    """Refuse where the one half could happen without the other."""
    if constructor.scope is after.scope and constructor.part is after.part:
        if constructor.controls != after.controls:
            raise Refused("the two layers stand in different branches or loops")
    elif any(not isinstance(node, _FOR) for place in (constructor, after) for node, _ in place.controls):
        raise Refused("one of the two layers is built or applied under a condition")


def _same_meaning(constructor: Place, after: Place, code: str) -> None:
    """Refuse where a name in the activation means something else at its new place."""
    read = flow.names(tree.expression(code))
    if constructor.scope is not after.scope:
        local = sorted(read & (_locals(constructor.scope) | _locals(after.scope)))
        if local:
            raise Refused(f"`{local[0].lstrip('.')}` is known only where the activation stands now")
    elif constructor.part is after.part and constructor.statement is not after.statement and constructor.block is after.block:
        flow.undisturbed(constructor, after, read)


def _locals(scope: ast.AST) -> set[str]:
    if isinstance(scope, Function):
        return flow.bound(scope) | {argument.arg for argument in ast.walk(scope.args) if isinstance(argument, ast.arg)}
    return set()


def _in_call(after: Place) -> bool:
    """Whether the layer is applied where layers must not be built: in the `call` of a class, or as `self.bn(x)`."""
    root = after.call.func
    while isinstance(root, ast.Attribute | ast.Subscript):
        root = root.value
    own = isinstance(root, ast.Name) and root.id == "self" and not isinstance(after.call.func, ast.Call)
    return own or (isinstance(after.scope, Function) and after.scope.name in ("call", "__call__") and not _fresh(after))


def _fresh(place: Place) -> bool:
    """Whether the application builds the layer: `BatchNormalization()(x)`."""
    return isinstance(place.node, ast.Call) and isinstance(place.node.func, ast.Call)


def _class(node: ast.AST) -> ast.AST:
    """What is called first: the class in `Dense(64)` and in `Dense(64)(x)`."""
    while isinstance(node, ast.Call):
        node = node.func
    return node


def _span(place: Place) -> Span:
    return place.part.chunk.span(place.node)
