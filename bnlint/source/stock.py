"""Users' subclasses of Keras layers that compute just what the layer of Keras does."""

from __future__ import annotations

import ast

from bnlint.source.trees import walk
from bnlint.source.values import Class

SIGNATURE = ("inputs", "training")
"""What a `call` takes behind `self`: the first under any name."""


def is_stock(cls: Class) -> bool:
    """Whether the class, and each of the user's that it derives from, adds no more than arguments for the constructor of Keras.

    A `call` may hand on just what it gets: the inputs and `training`, whose default is None.
    """
    return cls.complete and all(_is_stock(each.node) for each in cls.lineage())


def _is_stock(node: ast.ClassDef) -> bool:
    bases = [ast.unparse(base) for base in node.bases]
    plain = not node.keywords and all(map(_registers, node.decorator_list))
    return plain and all(_adds_nothing(statement, bases) for statement in node.body)


def _registers(decorator: ast.expr) -> bool:
    named = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(named).endswith("register_keras_serializable")


def _adds_nothing(statement: ast.stmt, bases: list[str]) -> bool:
    if isinstance(statement, ast.Pass) or _is_text(statement):
        return True
    if not isinstance(statement, ast.FunctionDef) or statement.decorator_list:
        return False
    if statement.name == "__init__":
        return not any(map(_sets, walk(statement)))
    return statement.name == "get_config" or (statement.name == "call" and _hands_on(statement, bases))


def _sets(node: ast.AST) -> bool:
    stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    return stored or (isinstance(node, ast.Name) and node.id == "setattr")


def _hands_on(call: ast.FunctionDef, bases: list[str]) -> bool:
    taken, body = call.args, [statement for statement in call.body if not _is_text(statement)]
    names = [argument.arg for argument in (*taken.posonlyargs, *taken.args)]
    if len(names) != 1 + len(SIGNATURE) or names[2] != SIGNATURE[1] or taken.vararg or taken.kwonlyargs or taken.kwarg:
        return False
    default = taken.defaults[-1] if taken.defaults else None
    only = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None
    if not (isinstance(default, ast.Constant) and default.value is None and isinstance(only, ast.Call)):
        return False
    function = only.func
    if not (isinstance(function, ast.Attribute) and function.attr == "call"):
        return False
    inherited = isinstance(function.value, ast.Call) and isinstance(function.value.func, ast.Name) and function.value.func.id == "super"
    given = [value.id if isinstance(value, ast.Name) else None for value in only.args]
    by_name = {keyword.arg: keyword.value.id if isinstance(keyword.value, ast.Name) else None for keyword in only.keywords}
    if not inherited and ast.unparse(function.value) not in bases:
        return False
    wanted = names[1:] if inherited else names
    if by_name:
        given.append(by_name.pop("training", None))
    return given == wanted and not by_name


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
