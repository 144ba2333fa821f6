"""Intents to text edits: each intent is planned twice, as text and on the syntax tree, so that the one can be held to the other."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Final

from bnlint.findings import (
    ApplyArguments,
    CopyLayer,
    DropArgument,
    Fix,
    Freeze,
    FreezeNorms,
    InsertActivation,
    Instantiate,
    MoveImport,
    RemoveApplication,
    RemoveStatement,
    RenameArgument,
    RenameAttribute,
    RenameCallee,
    RenameParameter,
    Repeat,
    SetArgument,
    SetParameter,
    Swap,
    TextEdit,
    Unwrap,
)
from bnlint.fixer import Refused, activation, excerpt, flow, freezing, lines, parameters, paths, tree
from bnlint.fixer.locate import Function, Place, Source, read
from bnlint.fixer.plan import Plan
from bnlint.text import Document

__all__ = ["Refused", "coupled", "feasible", "moves", "plan", "render"]

_read = lru_cache(maxsize=4)(read)


def needed(document: Document, fixes: Sequence[Fix]) -> Source:
    """What of a document must be read to plan some fixes. Its trees are not for changing. Raises Refused."""
    return excerpt.read(document, fixes) or _read(document)


def feasible(document: Document, fix: Fix) -> str:
    """Why a fix cannot be carried out; "" if it can."""
    try:
        plan(needed(document, [fix]), [fix])
    except Refused as refused:
        return refused.reason
    except RecursionError:
        return "the code is nested too deeply"
    return ""


def render(document: Document, fix: Fix) -> tuple[TextEdit, ...]:
    """The text edits that carry a fix out, in order. Raises Refused."""
    try:
        return plan(needed(document, [fix]), [fix]).edits()
    except RecursionError:
        raise Refused("the code is nested too deeply") from None


def plan(source: Source, fixes: Iterable[Fix]) -> Plan:
    """What the fixes do to a document. Raises Refused."""
    found = Plan(source)
    for fix in fixes:
        for edit in dict.fromkeys(fix.edits):
            if isinstance(edit, _MOVES) and _coupled(source):
                raise Refused(_coupled(source))
            _PLANNERS[type(edit)](found, edit)
    found.settle()
    return found


def moves(fix: Fix) -> bool:
    """Whether a fix changes the order of layers."""
    return any(isinstance(edit, _MOVES) for edit in fix.edits)


def coupled(document: Document) -> str:
    """The first place in the code that picks a layer by name or index, which a new order of layers would mislead; "" if there is none."""
    return _coupled(_read(document))


@lru_cache(maxsize=4)
def _coupled(source: Source) -> str:
    for cell, part in source.parts.items():
        where = f"cell {cell}, " if cell else ""
        for node in ast.walk(part.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_layer":
                return f"{where}line {node.lineno} picks a layer with `get_layer`"
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) and node.value.attr == "layers":
                return f"{where}line {node.lineno} picks layers by their index"
    return ""


# Arguments


def _arguments(plan: Plan, edit: tree.ArgumentChange) -> None:
    place = plan.source.find(edit.at)
    plan.change_arguments(place.part, place.call, edit)


def _apply_arguments(plan: Plan, edit: ApplyArguments) -> None:
    place = plan.source.find(edit.at)
    call, part = place.call, place.part
    tensor = tree.argument(call, 0)
    assert isinstance(tensor, ast.expr)
    plan.change_arguments(part, call, DropArgument(edit.at, 0))
    end = part.range(call)[1]
    plan.texts.append(part.edit(end, end, f"({part.slice(tensor)})"))
    plan.replace(part, call, lambda: ast.Call(call, [tensor], []))


def _instantiate(plan: Plan, edit: Instantiate) -> None:
    place = plan.source.find(edit.at)
    part, node = place.part, place.node
    start, end = part.range(node)
    if edit.code is not None:
        plan.texts.append(part.edit(start, end, edit.code))
        plan.replace(part, node, partial(tree.expression, edit.code))
    elif isinstance(node, ast.Name | ast.Attribute):
        plan.texts.append(part.edit(end, end, "()"))
        plan.replace(part, node, lambda: ast.Call(node, [], []))
    else:
        raise Refused("it is not the name of a class")


def _unwrap(plan: Plan, edit: Unwrap) -> None:
    place = plan.source.find(edit.at)
    part, call = place.part, place.call
    inner = call.args[0] if call.args else next((keyword.value for keyword in call.keywords if keyword.arg == "layer"), None)
    others = [keyword for keyword in call.keywords if keyword.value is not inner]
    if not isinstance(inner, ast.Call) or len(call.args) > 1 or any(keyword.arg is None for keyword in others):
        raise Refused("the layer is not built where it is wrapped")
    if {keyword.arg for keyword in others} & {keyword.arg for keyword in inner.keywords}:
        raise Refused("the wrapper and the layer are given the same argument")
    (start, end), (left, right) = part.range(call), part.range(inner)
    if "#" in part.text[start:left] + part.text[right:end]:
        raise Refused("a comment stands where the wrapper is taken away")
    plan.texts += [part.edit(start, left, ""), part.edit(right, end, "")]
    for keyword in others:
        plan.change_arguments(part, inner, SetArgument(edit.at, str(keyword.arg), part.slice(keyword.value)))
    plan.replace(part, call, lambda: inner)


def _repeat(plan: Plan, edit: Repeat) -> None:
    place = plan.source.find(edit.at)
    part, node = place.part, place.node
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)):
        raise Refused("it is not a list that is multiplied")
    items, times = (node.left, node.right) if isinstance(node.left, ast.List) else (node.right, node.left)
    if not isinstance(items, ast.List) or len(items.elts) != 1 or isinstance(items.elts[0], ast.Starred):
        raise Refused("the list that is multiplied does not hold one element")
    code = f"[{part.slice(items.elts[0])} for _ in range({part.slice(times)})]"
    if "#" in part.slice(node) and "#" not in code:
        raise Refused("a comment stands where the list is rewritten")
    plan.texts.append(part.edit(*part.range(node), code))
    plan.replace(part, node, partial(tree.expression, code))


def _copy_layer(plan: Plan, edit: CopyLayer) -> None:
    place, built = plan.source.find(edit.at), plan.source.find(edit.built)
    part, layer, constructor = place.part, place.call.func, built.call
    if built.part is not part or built.scope is not place.scope:
        raise Refused("the layer is built in another function or cell")
    if not isinstance(layer, ast.Name) or getattr(built.statement, "value", None) is not constructor:
        raise Refused("the layer is not built and called by a name of its own")
    if any(keyword.arg in (None, "name") for keyword in constructor.keywords):
        raise Refused("a second layer would have the same name")
    code = part.slice(constructor)
    if not tree.stands_alone(code) or "\n" in code:
        raise Refused("the constructor call goes over several lines")
    plan.texts.append(part.edit(*part.range(layer), code))
    plan.replace(part, layer, partial(tree.expression, code))


def _rename_attribute(plan: Plan, edit: RenameAttribute) -> None:
    place = plan.source.find(edit.at)
    if not isinstance(place.node, ast.Attribute):
        raise Refused("it is not an attribute")
    end = place.part.range(place.node)[1]
    plan.texts.append(place.part.edit(end - len(place.node.attr), end, edit.name))
    plan.steps.append(partial(setattr, place.node, "attr", edit.name))


def _set_parameter(plan: Plan, edit: SetParameter) -> None:
    place = plan.source.find(edit.at)
    function = place.node
    if not isinstance(function, Function):
        raise Refused("it is not a function that can be rewritten")
    own = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    if edit.name not in own and any(edit.name in flow.names(statement) for statement in function.body):
        raise Refused(f"`{edit.name}` means something else in the function already")
    plan.signatures.append((place.part, function, edit.name, edit.code))
    for call in edit.forward:
        _arguments(plan, SetArgument(call, edit.name, edit.name))


# Applications


def _hole(place: Place, source: Source, hole: Any) -> Place | None:
    if hole is None:
        return None
    found = source.find(hole)
    if place.node not in found.path or any(node is place.call.func for node in found.path):
        raise Refused("the input of the layer is not an argument of the call")
    if isinstance(found.node, ast.GeneratorExp | ast.Starred):
        raise Refused("the input of the layer is unpacked from something else")
    return found


def _swap(plan: Plan, edit: Swap) -> None:
    first, second = plan.source.find(edit.first.at), plan.source.find(edit.second.at)
    holes = _hole(first, plan.source, edit.first.hole), _hole(second, plan.source, edit.second.hole)
    if (holes[0] is None) != (holes[1] is None):
        raise Refused("one of the two layers is an element of a Sequential, the other is called")
    flow.exchangeable(plan.source, first, second, holes[1])
    if first.statement is not second.statement:
        read = flow.names(first.node, holes[0].node if holes[0] else None) | flow.names(second.node, holes[1].node if holes[1] else None)
        flow.undisturbed(first, second, read)
    part = first.part
    for place, hole in zip((first, second), holes, strict=True):
        if not tree.stands_alone(part.slice(place.call.func if hole else place.node)):
            raise Refused("a layer is spelled over several lines that only hold together where they stand")
    for place, hole, other, filler in ((first, holes[0], second, holes[1]), (second, holes[1], first, holes[0])):
        for (start, end), (left, right) in zip(_template(place, hole), _template(other, filler), strict=True):
            plan.texts.append(lines.trimmed(part, start, part.text[start:end], part.text[left:right]))
    _swap_comments(plan, first, second)
    if holes[0] and holes[1]:
        plan.steps.append(partial(tree.exchange, first.call, holes[0].node, second.call, holes[1].node))
    else:
        plan.steps.append(partial(tree.trade, part.tree, first.node, second.node))


def _template(place: Place, hole: Place | None) -> tuple[tuple[int, int], ...]:
    """The stretches of an application around its input."""
    start, end = place.part.range(place.node)
    if hole is None:
        return ((start, end),)
    inner = place.part.range(hole.node)
    return (start, inner[0]), (inner[1], end)


def _swap_comments(plan: Plan, first: Place, second: Place) -> None:
    """Comments go with the layers that they trail, where each layer has its lines for itself."""
    one, other = _own_tail(first), _own_tail(second)
    if one is None or other is None or one == other:
        return
    for (start, end), (left, right) in ((one, other), (other, one)):
        old, new = first.part.text[start:end], first.part.text[left:right].rstrip()
        if old.rstrip() != new:
            plan.texts.append(first.part.edit(start, end, new))


def _own_tail(place: Place) -> tuple[int, int] | None:
    """Where the comment stands that trails a layer, if only that layer stands on its lines."""
    part, statement = place.part, place.statement
    if isinstance(place.parent, ast.List | ast.Tuple):
        start, end = part.range(place.node)
        return lines.tail(part, end, r"(?:[ \t]*,)?") if lines.starts_line(part, start) else None
    if getattr(statement, "value", None) is not place.node and not activation.adder(place):
        return None
    start, end = part.range(statement)
    return lines.tail(part, end) if lines.starts_line(part, start) and "\n" not in part.text[start:end] else None


def _remove(plan: Plan, edit: RemoveApplication) -> None:
    """Take the application out, and the statement that builds its layer if the layer is used nowhere else."""
    place = plan.source.find(edit.application.at)
    hole = _hole(place, plan.source, edit.application.hole)
    part, node, statement = place.part, place.node, place.statement
    if hole is None and isinstance(place.parent, ast.List | ast.Tuple):
        plan.remove_element(part, place.parent, node)
    elif hole is None and activation.adder(place):
        plan.remove_statement(part, statement, place.block)
    elif hole is None:
        raise Refused("the layer stands neither in a list nor in a call of `add`")
    elif node is getattr(statement, "value", None) and isinstance(hole.node, ast.Name) and flow.targets(statement) == {hole.node.id}:
        plan.remove_statement(part, statement, place.block)
    else:
        inner, (start, end), (left, right) = hole.node, part.range(node), part.range(hole.node)
        closed = isinstance(inner, _CLOSED) and tree.stands_alone(part.slice(inner))
        plan.texts += [part.edit(start, left, "" if closed else "("), part.edit(right, end, "" if closed else ")")]
        plan.replace(part, node, lambda: inner)
    _remove_constructor(plan, node if hole is None else place.call.func)


def _remove_constructor(plan: Plan, layer: ast.AST) -> None:
    if not isinstance(layer, ast.Name | ast.Attribute) or (isinstance(layer, ast.Attribute) and ast.unparse(layer.value) != "self"):
        return
    name = ast.unparse(layer).removeprefix("self.")
    uses = [
        (part, node)
        for part in plan.source.parts.values()
        for node in ast.walk(part.tree)
        if (isinstance(node, ast.Name) and node.id == name) or (isinstance(node, ast.Attribute) and node.attr == name)
    ]
    built = [(part, node) for part, node in uses if name in flow.bound(node) or f".{name}" in flow.bound(node)]
    if len(uses) == 2 and len(built) == 1:
        part, target = built[0]
        place = part.find(part.chunk.span(target))
        statement = place.statement
        if isinstance(statement, ast.Assign) and statement.targets == [target] and len(place.block) > 1:
            plan.remove_statement(part, statement, place.block)


_CLOSED: Final = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant, ast.List)
"""Expressions that need no parentheses wherever they stand."""

_MOVES: Final = (Swap, RemoveApplication, InsertActivation)
"""Intents that change the order, the number or the automatic names of layers."""

_PLANNERS: Final[Mapping[type, Callable[[Plan, Any], None]]] = {
    SetArgument: _arguments,
    DropArgument: _arguments,
    RenameArgument: _arguments,
    ApplyArguments: _apply_arguments,
    Instantiate: _instantiate,
    Unwrap: _unwrap,
    Repeat: _repeat,
    CopyLayer: _copy_layer,
    SetParameter: _set_parameter,
    Swap: _swap,
    RemoveApplication: _remove,
    InsertActivation: activation.insert,
    Freeze: freezing.freeze,
    FreezeNorms: freezing.freeze_norms,
    RenameAttribute: _rename_attribute,
    RenameParameter: parameters.rename,
    MoveImport: paths.move_import,
    RenameCallee: paths.rename_callee,
    RemoveStatement: paths.remove_statement,
}
