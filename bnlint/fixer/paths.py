"""Where names come from: import statements, and the attributes by which a class is called."""

from __future__ import annotations

import ast
import re
from typing import Final

from bnlint.findings import MoveImport, RemoveStatement, RenameCallee
from bnlint.fixer import Refused
from bnlint.fixer.plan import Plan

_FROM: Final = re.compile(r"from([ \t\f]|\\\n)+(?P<module>[.\w]+)([ \t\f]|\\\n)+import\b")
"""What stands before the names, where the path of the module is written without blanks."""


def move_import(plan: Plan, edit: MoveImport) -> None:
    """`from a.b import X as Y` becomes `from c import Z as Y`; so does `import a.b.X as Y`."""
    place = plan.source.find(edit.at)
    part, node = place.part, place.node
    if not isinstance(node, ast.Import | ast.ImportFrom) or len(node.names) != len(edit.names):
        raise Refused("it is not an import statement that can be rewritten")
    names = [_alias(name, alias.asname or alias.name) for name, alias in zip(edit.names, node.names, strict=True)]
    start, end = part.range(node)
    if isinstance(node, ast.Import):
        if len(names) > 1 or node.names[0].asname is None:
            raise Refused("the statement imports more than one module, or binds none of them to a name of its own")
        plan.texts.append(part.edit(start, end, f"from {edit.module} import {ast.unparse(names[0])}"))
    else:
        found = _FROM.match(part.text[start:end])
        if found is None or any(alias.name == "*" for alias in node.names):
            raise Refused("it is not an import statement that can be rewritten")
        plan.texts.append(part.edit(start + found.start("module"), start + found.end("module"), edit.module))
        for alias, new in zip(node.names, names, strict=True):
            if alias.name != new.name:
                plan.texts.append(part.edit(*part.range(alias), ast.unparse(new)))
    plan.replace(part, node, lambda: ast.ImportFrom(edit.module, names, 0))


def _alias(name: str, bound: str) -> ast.alias:
    return ast.alias(name, None if name == bound else bound)


def rename_callee(plan: Plan, edit: RenameCallee) -> None:
    """`layers.b.c(…)` becomes `layers.d(…)`, and `layers.b.c` alone `layers.d`."""
    place = plan.source.find(edit.at)
    part, callee = place.part, place.call.func if isinstance(place.node, ast.Call) else place.node
    assert isinstance(callee, ast.expr)
    owner = callee
    for name in reversed(edit.old.split(".")):
        if not isinstance(owner, ast.Attribute) or owner.attr != name:
            raise Refused(f"what is called is not written as `….{edit.old}`")
        owner = owner.value
    kept = owner
    start, end = part.range(kept)[1], part.range(callee)[1]
    if "#" in part.text[start:end]:
        raise Refused("a comment stands where the name is rewritten")
    plan.texts.append(part.edit(start, end, f".{edit.new}"))
    plan.replace(part, callee, lambda: ast.Attribute(kept, edit.new, ast.Load()))


def remove_statement(plan: Plan, edit: RemoveStatement) -> None:
    """A line that does one thing is taken out."""
    place = plan.source.find(edit.at)
    if not isinstance(place.statement, ast.Expr) or place.statement.value is not place.node:
        raise Refused("it is part of a statement that does more")
    plan.remove_statement(place.part, place.statement, place.block)
