"""The same changes on the syntax tree: what the rewritten text must parse to."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from itertools import chain

from bnlint import syntax
from bnlint.findings import DropArgument, RenameArgument, SetArgument
from bnlint.fixer import Refused

ArgumentChange = SetArgument | DropArgument | RenameArgument


def expression(code: str) -> ast.expr:
    """The tree of an expression given as source."""
    try:
        return syntax.parse_expression(f"({code}\n)")
    except SyntaxError:
        raise Refused(f"`{code}` is not an expression") from None


def statement(code: str) -> ast.stmt:
    """The tree of a statement given as source."""
    try:
        found = syntax.parse(code).body
    except SyntaxError:
        found = []
    if len(found) != 1:
        raise Refused("it is spelled over several lines that only hold together where they stand")
    return found[0]


def stands_alone(code: str) -> bool:
    """Whether source that may go over several lines is an expression also without brackets around it."""
    try:
        syntax.parse_expression(code)
    except SyntaxError:
        return False
    return True


def put(root: ast.AST, node: ast.AST, *replacement: ast.AST, holder: ast.AST | None = None) -> None:
    """Put other nodes where `node` stands: one, or in a list any number. It is looked for in its `holder` first, then everywhere."""
    owners = chain([holder] if holder is not None else (), ast.walk(root))
    if not any(_put(owner, node, replacement) for owner in owners):
        raise Refused("two of its changes concern the same code")


def _put(owner: ast.AST, node: ast.AST, replacement: Sequence[ast.AST]) -> bool:
    """Whether the owner held the node, and now holds the others."""
    for name, value in ast.iter_fields(owner):
        if value is node and len(replacement) == 1:
            setattr(owner, name, replacement[0])
            return True
        if isinstance(value, list) and node in value:  # compared by identity
            index = value.index(node)
            value[index : index + 1] = replacement
            return True
    return False


def argument(call: ast.Call, key: str | int) -> ast.expr | ast.keyword:
    """The argument with a name, or at a position."""
    if isinstance(key, str):
        found = next((keyword for keyword in call.keywords if keyword.arg == key), None)
        if found is None:
            raise Refused(f"the call has no argument `{key}`")
        return found
    if key >= len(call.args) or any(isinstance(value, ast.Starred) for value in call.args[: key + 1]):
        raise Refused(f"the call has no positional argument {key + 1}")
    return call.args[key]


def alter(call: ast.Call, changes: Sequence[ArgumentChange]) -> None:
    """Change the arguments of a call. Positions are those before any change. Raises Refused where the call would not be legal."""
    dropped = [argument(call, change.argument) for change in changes if isinstance(change, DropArgument)]
    renamed = {argument(call, change.argument): change.name for change in changes if isinstance(change, RenameArgument)}
    positional: list[ast.expr] = []
    keywords: list[ast.keyword] = []
    for value in call.args:
        if value in renamed:
            keywords.append(ast.keyword(renamed[value], value))
        elif value not in dropped:
            positional.append(value)
            if keywords:
                raise Refused("a positional argument would follow a keyword argument")
    for keyword in call.keywords:
        if keyword not in dropped:
            keyword.arg = renamed.get(keyword, keyword.arg)
            keywords.append(keyword)
    for change in changes:
        if isinstance(change, SetArgument):
            value = expression(change.code)
            if any(keyword.arg is None and _speaks_of(keyword.value, change.name) for keyword in keywords):
                raise Refused(f"`{change.name}` is among the arguments that are unpacked")
            known = next((keyword for keyword in keywords if keyword.arg == change.name), None)
            if known is not None:
                known.value = value
            else:
                end = len(keywords)
                while end and keywords[end - 1].arg is None:
                    end -= 1
                keywords.insert(end, ast.keyword(change.name, value))
    names = [keyword.arg for keyword in keywords if keyword.arg]
    if len(names) != len(set(names)):
        raise Refused("the call would get the same argument twice")
    if any(isinstance(value, ast.GeneratorExp) for value in positional) and keywords:
        raise Refused("an argument of the call is a generator")
    call.args, call.keywords = positional, keywords


def _speaks_of(value: ast.expr, name: str) -> bool:
    """Whether a dictionary that is spelled out may hold a key."""
    return any((isinstance(node, ast.keyword) and node.arg == name) or getattr(node, "value", None) == name for node in ast.walk(value))


def add_parameter(arguments: ast.arguments, name: str, code: str) -> None:
    """Give a function a parameter with a default, or another default."""
    value = expression(code)
    positional = [*arguments.posonlyargs, *arguments.args]
    for after, parameter in enumerate(reversed(positional)):
        if parameter.arg == name:
            if len(arguments.defaults) < after:
                raise Refused(f"a parameter without default follows `{name}`")
            start = len(arguments.defaults) - after
            arguments.defaults[max(start - 1, 0) : start] = [value]
            return
    for index, parameter in enumerate(arguments.kwonlyargs):
        if parameter.arg == name:
            arguments.kw_defaults[index] = value
            return
    if arguments.vararg:  # before it, a positional argument would land in the new parameter
        arguments.kwonlyargs.append(ast.arg(name))
        arguments.kw_defaults.append(value)
    else:
        arguments.args.append(ast.arg(name))
        arguments.defaults.append(value)


def exchange(first: ast.Call, first_hole: ast.AST, second: ast.Call, second_hole: ast.AST) -> None:
    """Exchange two calls around their inputs; the inputs stay where they are."""
    mark_first, mark_second = ast.Name("", ast.Load()), ast.Name("", ast.Load())
    put(second, second_hole, mark_second)  # the outer one first: its hole may be, or hold, the first call
    put(first, first_hole, mark_first)
    for name in ("func", "args", "keywords"):
        one, other = getattr(first, name), getattr(second, name)
        setattr(first, name, other)
        setattr(second, name, one)
    put(first, mark_second, first_hole)
    put(second, mark_first, second_hole)


def trade(root: ast.AST, first: ast.AST, second: ast.AST) -> None:
    """Exchange two nodes."""
    mark = ast.Name("", ast.Load())
    put(root, first, mark)
    put(root, second, first)
    put(root, mark, second)
