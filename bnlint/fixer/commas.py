"""Lists in the source (arguments, parameters, elements, imported names) changed with their layout kept."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from bnlint.findings import DropArgument, SetArgument
from bnlint.fixer import Refused, rows, tree
from bnlint.fixer.locate import Function, Part
from bnlint.fixer.rows import Row


def change_arguments(part: Part, call: ast.Call, changes: Sequence[tree.ArgumentChange]) -> str:
    """The source of a call with its arguments changed; positions are those before any change."""
    arguments: list[ast.expr | ast.keyword] = sorted((*call.args, *call.keywords), key=part.range)
    start, end = rows.opened(part.text, part.range(call.func)[1]), part.range(call)[1] - 1
    row = rows.split(part.text, start, end, map(part.range, arguments))
    keys = [_key(argument, index) for index, argument in enumerate(arguments)]
    for change in changes:
        if isinstance(change, SetArgument) and change.name not in keys:
            last = len(keys)
            while last and keys[last - 1] == "**":
                last -= 1
            row = rows.insert(row, last, f"{change.name}={change.code}")
            keys.insert(last, change.name)
            continue
        index = keys.index(change.name if isinstance(change, SetArgument) else change.argument)
        item, key = row.items[index], keys[index]
        if isinstance(change, DropArgument):
            row = rows.remove(row, index)
            del keys[index]
        elif isinstance(change, SetArgument):
            value = next((keyword.value for keyword in call.keywords if keyword.arg == key), None)
            if value is None or not item.startswith(str(key)):
                raise rows.unusual()
            row = rows.exchange(row, index, _other_value(item, len(change.name), part.slice(value), change.code))
        else:
            row = rows.exchange(row, index, change.name + (item[len(key) :] if isinstance(key, str) else f"={item}"))
            keys[index] = change.name
    return _with(part, call, start, end, row)


def _key(argument: ast.expr | ast.keyword, index: int) -> str | int:
    if isinstance(argument, ast.keyword):
        return argument.arg or "**"
    return "*" if isinstance(argument, ast.Starred) else index


def change_parameter(part: Part, function: Function, header: str, name: str, code: str) -> str:
    """The source of a function up to the closing parenthesis of its parameters, with a parameter (or another default)."""
    given, base = function.args, part.range(function)[0]
    generic = [part.range(node)[1] - base for node in getattr(function, "type_params", ())]  # Python 3.12
    start, end = header.index("(", max(generic, default=0)) + 1, len(header) - 1
    plain, starred = [*given.posonlyargs, *given.args], [each for each in (given.vararg, given.kwarg) if each is not None]
    defaults = [*[None] * (len(plain) - len(given.defaults)), *given.defaults, *given.kw_defaults, *[None] * len(starred)]
    pairs = sorted(zip([*plain, *given.kwonlyargs, *starred], defaults, strict=True), key=lambda pair: part.range(pair[0]))
    nodes = [(part.range(each)[0] - base, rows.closed(header, part.range(default or each)[1] - base, end)[0]) for each, default in pairs]
    row = rows.split(header, start, end, nodes)
    names = [re.match(r"\w*", item)[0] for item in row.items]  # type: ignore[index]  # it matches nothing, too
    if name not in names:
        index = len(names) - (given.kwarg is not None) if given.vararg else len(plain) + bool(given.posonlyargs)
        return header[:start] + str(rows.insert(row, index, f"{name}={code}")) + ")"
    index = names.index(name)
    argument, default = next(pair for pair in pairs if pair[0].arg == name)
    if default is None:
        item = row.items[index] + (" = " if argument.annotation else "=") + code
    else:
        item = _other_value(row.items[index], len(part.slice(argument)), part.slice(default), code)
    return header[:start] + str(rows.exchange(row, index, item)) + ")"


def insert_element(part: Part, owner: ast.List | ast.Tuple, index: int, item: str) -> str:
    """The source of a list or tuple with another element."""
    start, end, row = _elements(part, owner)
    return _with(part, owner, start, end, rows.insert(row, index, item))


def remove_element(part: Part, owner: ast.List | ast.Tuple, index: int) -> str:
    """The source of a list or tuple with an element less; the comment that trails it goes too."""
    start, end, row = _elements(part, owner)
    return _with(part, owner, start, end, rows.remove(row, index, comment=False))


def insert_import(part: Part, statement: ast.Import | ast.ImportFrom, index: int, name: str) -> str:
    """The source of `from … import …` with another name."""
    start, end = part.range(statement)
    if part.text[end - 1] == ")":
        start, end = part.text.index("(", start) + 1, end - 1
    else:
        start = part.range(statement.names[0])[0]
    row = rows.split(part.text, start, end, map(part.range, statement.names))
    return _with(part, statement, start, end, rows.insert(row, index, name))


def _elements(part: Part, owner: ast.List | ast.Tuple) -> tuple[int, int, Row]:
    start, end = part.range(owner)
    if part.text[start] not in "[(" or (owner.elts and part.range(owner.elts[0])[0] == start):
        raise Refused("the layers stand in a tuple without brackets")
    return start + 1, end - 1, rows.split(part.text, start + 1, end - 1, map(part.range, owner.elts))


def _other_value(item: str, named: int, old: str, new: str) -> str:
    """`name=old` with another value, the name being so many characters; what stands around the value stays."""
    start = rows.blank(item, rows.blank(item, named) + 1)
    end = rows.closed(item, item.index(old, start) + len(old))[0]
    return item[:start] + new + item[end:]


def _with(part: Part, node: ast.AST, start: int, end: int, row: Row) -> str:
    """The source of a node with another list between two offsets."""
    first, last = part.range(node)
    return f"{part.text[first:start]}{row}{part.text[end:last]}"
