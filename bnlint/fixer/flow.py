"""Whether two applications may change places: what is read, bound and carried between them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence

from bnlint.fixer import Refused
from bnlint.fixer.locate import Place, Source


def loads(node: ast.AST, name: str) -> int:
    """How often a name is read in a node."""
    return sum(isinstance(inner, ast.Name) and inner.id == name and isinstance(inner.ctx, ast.Load) for inner in ast.walk(node))


def names(node: ast.AST, skip: ast.AST | None = None) -> set[str]:
    """The names, and (with a dot) the attributes, that a node reads; `skip` is a node that is not looked into."""
    found: set[str] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        if current is skip:
            continue
        if isinstance(current, ast.Name):
            found.add(current.id)
        elif isinstance(current, ast.Attribute):
            found.add(f".{current.attr}")
        stack.extend(ast.iter_child_nodes(current))
    return found


def bound(node: ast.AST) -> set[str]:
    """The names, and (with a dot) the attributes, that a statement binds, whether or not it always does."""
    found: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            found.add(inner.id)
        elif isinstance(inner, ast.Attribute) and not isinstance(inner.ctx, ast.Load):
            found.add(f".{inner.attr}")
        elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(inner.name)
        elif isinstance(inner, ast.alias):
            found.add((inner.asname or inner.name).partition(".")[0])
        elif isinstance(inner, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and inner.name:
            found.add(inner.name)
    return found


def targets(statement: ast.stmt) -> set[str] | None:
    """The names to which a plain assignment gives its value; None for any other statement."""
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        found: Sequence[ast.expr] = (statement.target,)
    elif isinstance(statement, ast.Assign):
        found = statement.targets
    else:
        return None
    return {target.id for target in found if isinstance(target, ast.Name)} if all(isinstance(t, ast.Name) for t in found) else None


def exchangeable(source: Source, first: Place, second: Place, hole: Place | None) -> None:
    """Refuse unless the value of `first` reaches `second` (in its `hole`; None in a Sequential) on one way only, undisturbed."""
    if first.part is not second.part:
        raise Refused("the two layers stand in different cells")
    if first.scope is not second.scope:
        raise Refused("the two layers stand in different functions")
    if first.controls != second.controls:
        raise Refused("the two layers stand in different branches or loops")
    if first.statement is second.statement:
        if hole is not None and first.node not in ast.walk(hole.node):
            raise Refused("the one layer does not feed the other directly")
        return
    if first.block is not second.block:
        raise Refused("the two layers stand in different blocks")
    start, end = first.index, second.index
    if start >= end:
        raise Refused("the layer that is applied first stands behind the other")
    if hole is not None:
        _carried(source, first, second, hole, first.block[start + 1 : end])


def undisturbed(first: Place, second: Place, read: set[str]) -> None:
    """Refuse if a name that either call reads is bound between the two."""
    between = first.block[first.index : second.index]
    disturbed = sorted(read & {name for statement in between for name in bound(statement)})
    if disturbed:
        raise Refused(f"`{disturbed[0].lstrip('.')}` changes between the two layers")


def _carried(source: Source, first: Place, second: Place, hole: Place, between: Sequence[ast.stmt]) -> None:
    current, spent = _result(first), set[str]()
    spent |= current
    for statement in between:
        used = sum(loads(statement, name) for name in current)
        given = targets(statement)
        if used:
            if used > 1 or given is None or len(given) != 1:
                raise _several(current)
            current = given
            spent |= given
        elif current & bound(statement):
            raise Refused("the result of the first layer does not reach the other")
        for name in spent - current:
            if loads(statement, name) and name not in bound(statement) and not used:
                raise _several({name})
    if sum(loads(second.statement, name) for name in current) != 1 or sum(loads(hole.node, name) for name in current) != 1:
        raise _several(current)
    for name in sorted(spent - (targets(second.statement) or set())):
        if loads(second.statement, name) and name not in current:
            raise _several({name})
        if read_later(source, second, name):
            raise _several({name})


def _several(found: set[str]) -> Refused:
    return Refused(f"`{min(found)}`, the result of the first layer, is used more than once")


def _result(first: Place) -> set[str]:
    """The names that hold the result of a call, which may pass through other calls."""
    inside = first.path[first.path.index(first.statement) + 1 : -1]
    found = targets(first.statement)
    if found is None or not all(isinstance(node, ast.Call | ast.keyword) for node in inside):
        raise Refused("the result of the first layer goes into more than a variable")
    return found


def read_later(source: Source, place: Place, name: str) -> bool:
    """Whether the value that a name has after a statement may be read by later code of the scope."""
    scope = place.scope
    if _read_by_closure(scope, name):
        return True
    path = place.path[place.path.index(scope) :]
    child = place.statement
    for owner in reversed(path[: path.index(child)]):
        for block in _blocks(owner):
            index = next((index for index, item in enumerate(block) if item is child), None)
            if index is None:
                continue
            state = fate(block[index + 1 :], name)
            if state is not None:
                return state
            if isinstance(owner, ast.For | ast.AsyncFor | ast.While) and block is owner.body:
                head = owner.test if isinstance(owner, ast.While) else owner.target
                if loads(head, name) or (name not in bound(head) and fate(block[: index + 1], name) is True):
                    return True
            elif isinstance(owner, ast.Try | ast.TryStar) and any(fate(other, name) for other in _blocks(owner) if other is not block):
                return True
        if isinstance(owner, ast.stmt):
            child = owner
        elif not isinstance(owner, ast.ExceptHandler | ast.match_case):
            continue
        else:
            child = next(item for item in reversed(path[: path.index(owner)]) if isinstance(item, ast.stmt))
    if isinstance(scope, ast.Module):
        parts = list(source.parts.values())
        return any(fate(part.tree.body, name) is True for part in parts[parts.index(place.part) + 1 :])
    return False


def fate(statements: Iterable[ast.stmt], name: str) -> bool | None:
    """What becomes of a name's value: True if it is read first, False if it is replaced first, None if it lives on."""
    for statement in statements:
        state = _fate(statement, name)
        if state is not None:
            return state
    return None


def _fate(statement: ast.stmt, name: str) -> bool | None:
    blocks = list(_blocks(statement))
    if any(loads(head, name) for head in _heads(statement, {id(item) for block in blocks for item in block})):
        return True
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        return False if statement.name == name else None  # what closures read is asked elsewhere
    if isinstance(statement, ast.ClassDef):
        return fate(statement.body, name) or None
    if not blocks:
        if isinstance(statement, ast.AugAssign) and name in bound(statement):
            return True
        return False if name in (targets(statement) or ()) else None
    if isinstance(statement, ast.For | ast.AsyncFor) and name in bound(statement.target):
        return fate(statement.orelse, name) or None  # a loop that finds nothing to do replaces nothing
    states = [fate(block, name) for block in blocks]
    if True in states:
        return True
    always = isinstance(statement, ast.With | ast.AsyncWith) or (isinstance(statement, ast.If) and len(states) == 2)
    return False if always and all(state is False for state in states) else None


def _heads(node: ast.AST, inside: Collection[int]) -> Iterator[ast.AST]:
    """The parts of a statement that stand in none of its blocks."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ExceptHandler | ast.match_case):
            yield from _heads(child, inside)
        elif id(child) not in inside:
            yield child


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    """The statement lists of a node, those of handlers and cases among them."""
    for field in ("body", "orelse", "finalbody"):
        block = getattr(node, field, None)
        if isinstance(block, list):
            yield block
    for inner in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield inner.body


def _read_by_closure(scope: ast.AST, name: str) -> bool:
    """Whether a function inside the scope reads a name that is not its own."""
    stack = [(node, False) for node in ast.iter_child_nodes(scope)]
    while stack:
        node, inside = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            own = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)} | bound(node)
            if name in own:
                given = (*node.args.defaults, *filter(None, node.args.kw_defaults), *getattr(node, "decorator_list", ()))
                stack.extend((value, inside) for value in given)  # these are read around the function
                continue
            inside = True
        if inside and isinstance(node, ast.Name) and node.id == name:
            return True
        stack.extend((child, inside) for child in ast.iter_child_nodes(node))
    return False
