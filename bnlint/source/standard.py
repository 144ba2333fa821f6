"""What Python's standard library makes of values: copies, partial functions, JSON, getters, methods that are made by hand."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final

from bnlint.graph.model import Arguments, Unknown
from bnlint.records import replace
from bnlint.source import attributes, invoke, subscripts
from bnlint.source.machine import Handler, Machine
from bnlint.source.texts import SIZE_LIMIT
from bnlint.source.values import MISSING, Dict, Dotted, Function, Instance, List, Partial, first_argument, hashable_key, sequence


def _partial(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return Partial(first_argument(arguments), (), {}, replace(arguments, items=arguments.items[1:]))


def _copy(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return _copied(m.settle(first_argument(arguments)), lambda part: part)


def _deep_copy(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return _deeply_copied(m, first_argument(arguments), {})


def _deeply_copied(m: Machine, value: object, made: dict[int, object]) -> object:
    """A copy of a value and of all that it holds; `made` by the ids of what was copied before."""
    m.step()
    value = m.settle(value)
    if isinstance(value, tuple):
        return tuple(_deeply_copied(m, part, made) for part in value)
    if id(value) not in made:
        made[id(value)] = value  # for what holds itself
        made[id(value)] = _copied(value, lambda part: _deeply_copied(m, part, made))
    return made[id(value)]


def _copied(value: object, part: Callable[[object], object]) -> object:
    """A container with copies of its parts; anything else as it is."""
    if isinstance(value, List):
        return List({"items": tuple(map(part, value.items))})
    if isinstance(value, Dict):
        return replace(value, fields={key: part(content) for key, content in value.fields.items()})
    if isinstance(value, Instance) and value.cls.keras is None:
        return replace(value, fields={key: part(content) for key, content in value.fields.items()})
    return value


def _from_keys(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    keys, value = sequence(m.settle(first_argument(arguments))), first_argument(arguments, 1)
    if keys is None or not all(map(hashable_key, keys)):
        return Unknown("a dict whose keys are not known")
    return Dict(dict.fromkeys(keys, None if value is MISSING else value))


def _loads(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`json.loads` of a text that the program holds."""
    import json  # hardly a program needs it

    text = m.settle(first_argument(arguments))
    if not isinstance(text, str) or len(text) > SIZE_LIMIT:
        return Unknown("a text that is not known")
    try:
        return _value(json.loads(text))
    except (ValueError, RecursionError):
        return Unknown("a text that is no JSON")


def _value(plain: object) -> object:
    if isinstance(plain, list):
        return List({"items": tuple(map(_value, plain))})
    return Dict({key: _value(content) for key, content in plain.items()}) if isinstance(plain, dict) else plain


def _getter(name: str) -> Handler:
    """`operator.itemgetter("filters")`: a function that is still to be called."""

    def made(m: Machine, arguments: Arguments, node: ast.Call) -> object:
        return Partial(Dotted(f"bnlint.{name}", f"bnlint.{name}"), (), {}, arguments)

    return made


def _item_of(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    *keys, base = (m.settle(argument.value) for argument in arguments.positional)
    found = tuple(m.each(base, lambda value, key=key: subscripts.item(m, value, key, node)) for key in keys)  # type: ignore[misc]
    return found[0] if len(found) == 1 else found


def _attribute_of(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    *names, base = (m.settle(argument.value) for argument in arguments.positional)
    found = []
    for name in names:
        value = base
        for part in name.split(".") if isinstance(name, str) else ():
            value = attributes.get(m, value, part, node)
        found.append(value)
    return found[0] if len(found) == 1 else tuple(found)


def _method_of(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    given = arguments.positional
    name = m.settle(given[0].value) if len(given) > 1 else None
    if not isinstance(name, str):
        return Unknown("a method that is not known")
    rest = (*given[1:-1], *(argument for argument in arguments.items if argument.name is not None))
    return invoke.invoke(m, attributes.get(m, given[-1].value, name, node), replace(arguments, items=rest), node)


def _as_method(kind: str) -> Handler:
    """`staticmethod(f)` and `property(f)` where they stand for the decorators."""

    def made(m: Machine, arguments: Arguments, node: ast.Call) -> object:
        value = m.settle(first_argument(arguments))
        return replace(value, decorators=(*value.decorators, kind)) if isinstance(value, Function) else value

    return made


HANDLERS: Final[dict[str, Handler]] = {
    "builtins.dict.fromkeys": _from_keys,
    "builtins.classmethod": _as_method("classmethod"),
    "builtins.property": _as_method("property"),
    "builtins.staticmethod": _as_method("staticmethod"),
    "copy.copy": _copy,
    "copy.deepcopy": _deep_copy,
    "functools.partial": _partial,
    "json.loads": _loads,
    "operator.attrgetter": _getter("attrgetter"),
    "operator.itemgetter": _getter("itemgetter"),
    "operator.methodcaller": _getter("methodcaller"),
    "bnlint.attrgetter": _attribute_of,
    "bnlint.itemgetter": _item_of,
    "bnlint.methodcaller": _method_of,
}
