"""Methods of known values: lists and dicts here, the others where they belong."""

from __future__ import annotations

import ast

from bnlint.graph.model import Arguments, Unknown
from bnlint.keras_api.training import MODES
from bnlint.source import classes, invoke, operators, options, orders, records, runs, subscripts, texts, training
from bnlint.source.machine import Machine
from bnlint.source.values import MISSING, Class, Dict, Instance, List, Options, Splice, elements, first_argument, hashable_key


def method(m: Machine, owner: object, name: str, arguments: Arguments, node: ast.Call) -> object:
    """`owner.name(...)` where owner is not of a user's class, or the method is Keras's."""
    match owner:
        case List():
            return _list_method(m, owner, name, arguments, node)
        case Dict():
            return _dict_method(m, owner, name, arguments, node)
        case Options():
            return options.method(m, owner, name, arguments, node)
        case tuple() if name == "as_list":
            return List({"items": owner})
        case Class() if name == "from_config":
            return classes.instantiate(m, owner, invoke.unpacked(m.settle(first_argument(arguments))), node)
        case Instance(cls=Class(plain="record")) | Class(plain="record"):
            return records.method(m, owner, name, arguments, node)
        case str():
            return texts.method(m, owner, name, arguments)
        case _:
            return training.method(m, owner, name, arguments, node)


def _list_method(m: Machine, owner: List, name: str, arguments: Arguments, node: ast.Call) -> object:
    first = first_argument(arguments)
    items = owner.items
    if name in ("appendleft", "extendleft"):
        more = (first,) if name == "appendleft" else elements(m.settle(first))[::-1]
        m.write(owner.fields, "items", m.chain(more, items))
        return None
    if name in ("append", "add"):
        m.write(owner.fields, "items", m.chain(items, (first,)))
        return None
    if name in ("extend", "update"):
        m.write(owner.fields, "items", m.chain(items, elements(m.settle(first))))
        return None
    if name == "insert" and isinstance(first, int):
        m.write(owner.fields, "items", (*items[:first], first_argument(arguments, 1), *items[first:]))
        return None
    if name in ("pop", "popleft") and items:
        position = 0 if name == "popleft" else first if isinstance(first, int) else -1
        if -len(items) <= position < len(items) and not isinstance(items[position], Splice):
            index = position % len(items)
            m.write(owner.fields, "items", items[:index] + items[index + 1 :])
            return items[index]
        return _taken(m, owner, position, node)
    if name == "reverse":
        m.write(owner.fields, "items", runs.backwards(items))
        return None
    if name == "copy":
        return m.listed(items)
    if name == "clear":
        m.write(owner.fields, "items", ())
        return None
    if name == "sort":
        ordered = None if any(isinstance(item, Splice) for item in items) else orders.ordered(m, items, arguments, node)
        m.write(owner.fields, "items", ordered or (Splice(Unknown("the order of a list"), items, items[::-1]),))
        return None
    if name in ("index", "count", "remove"):
        return _search(m, owner, name, first)
    return Unknown(f"the result of a list's {name}")


def _search(m: Machine, owner: List, name: str, wanted: object) -> object:
    """`index`, `count` and `remove`, where each element is known to be what is looked for, or not to be."""
    equal = [False if isinstance(item, Splice) else operators.compare(m, ast.Eq(), item, wanted) for item in owner.items]
    if any(isinstance(item, Splice) for item in owner.items) or not all(isinstance(answer, bool) for answer in equal):
        return Unknown("a search in a list that is not known")
    if name == "count":
        return equal.count(True)
    if True not in equal:
        return Unknown("what a list does not hold")
    position = equal.index(True)
    if name == "remove":
        m.write(owner.fields, "items", owner.items[:position] + owner.items[position + 1 :])
    return position if name == "index" else None


def _taken(m: Machine, owner: List, position: int, node: ast.Call) -> object:
    """The first or last element of a list whose length depends on tests, which loses it; else an unknown one."""
    rest = runs.cut(owner.items, slice(1, None) if position == 0 else slice(None, -1)) if position in (0, -1) else None
    if rest is None:
        return Unknown("an element that is not known")
    found = subscripts.item(m, owner, position, node)
    m.write(owner.fields, "items", rest)
    return found


def _dict_method(m: Machine, owner: Dict, name: str, arguments: Arguments, node: ast.Call) -> object:
    first, default = m.settle(first_argument(arguments)), first_argument(arguments, 1)
    if name in ("get", "pop", "setdefault"):
        if hashable_key(first):
            found = owner.fields.get(first, MISSING)
            if name == "pop" and found is not MISSING:
                m.write(owner.fields, first, MISSING)
            if found is not MISSING:
                return found
            if owner.open and (first in MODES or not owner.presumed):  # who calls a layer may well tell its mode
                return Unknown("an entry of a dict that is not known", mode=first in MODES)
            value = None if default is MISSING else default
            if name == "setdefault":
                m.write(owner.fields, first, value)
            return value
        return subscripts.item(m, owner, first, node)
    if name in ("items", "keys", "values"):
        # What an open dict holds besides is not known, but for stars that are presumed to be empty.
        more = (Splice(Unknown("whether a dict holds more"), (Unknown(f"one of the {name} of a dict"),), ()),)
        return List({"items": (*getattr(owner.fields, name)(), *(more if owner.open and not owner.presumed else ()))})
    if name == "copy":
        return Dict(dict(owner.fields), owner.open, owner.presumed)
    if name == "update":
        if isinstance(first, Dict):
            for key, value in first.fields.items():
                m.write(owner.fields, key, value)
            owner.open = owner.open or first.open
        elif first is not MISSING:
            owner.open = True
        for argument in arguments.items:
            if argument.name is not None:
                m.write(owner.fields, argument.name, argument.value)
        return None
    return Unknown(f"the result of a dict's {name}")
