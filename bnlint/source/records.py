"""Classes that are data: enumerations, named tuples, and dicts whose entries are attributes."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Final

from bnlint.graph.model import Argument, Arguments, Choice, Unknown
from bnlint.source import builtins, classes, invoke
from bnlint.source.machine import Handler, Machine
from bnlint.source.values import (
    MISSING,
    Bound,
    Class,
    Dict,
    Dotted,
    Function,
    Instance,
    Scope,
    bind_parameters,
    first_argument,
    is_constant,
    sequence,
)

KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("enum.Enum", "enum.Flag", "enum.IntEnum", "enum.IntFlag", "enum.StrEnum"), "enum"),
    **dict.fromkeys(("builtins.dict", "collections.OrderedDict", "collections.UserDict"), "mapping"),
    "typing.NamedTuple": "record",
}
"""What a class is that derives from one of these."""

CONSTANTS: Final = frozenset({"builtins.float", "builtins.int", "builtins.str", "enum.IntEnum", "enum.IntFlag", "enum.StrEnum"})
"""Bases that make the members of an enumeration plain values, too."""

MAPPING: Final = frozenset({"clear", "copy", "get", "items", "keys", "pop", "setdefault", "update", "values"})


def kind_of(bases: tuple[object, ...]) -> str:
    """What it is: "enum", "record", "mapping", or "" for a class like any other."""
    kinds = (base.plain if isinstance(base, Class) else KINDS.get(base.name, "") if isinstance(base, Dotted) else "" for base in bases)
    return next(filter(None, kinds), "")


# Enumerations


def enumerate_members(m: Machine, cls: Class) -> None:
    """Turn the values in the body of an enumeration into its members."""
    constant = any(isinstance(base, Dotted) and base.name in CONSTANTS for each in cls.lineage() for base in each.bases)
    number = 0
    for name, value in list(cls.scope.names.items()):
        if name.startswith("_") or isinstance(value, (Function, Class, Dotted)):
            continue
        if isinstance(value, Bound) and value.name == "auto":
            value = name.lower() if "enum.StrEnum" in _outside(cls) else number + 1
        number = value if isinstance(value, int) else number
        member = Instance(cls, {"name": name, "value": value}, m.origin(cls.node), constant=value if constant else MISSING)
        initialise = cls.find("__init__")
        if isinstance(initialise, Function):
            given = value if isinstance(value, tuple) else (value,)
            arguments = Arguments(tuple(Argument(None, part, None) for part in given))
            invoke.run(m, initialise, arguments, invoke.Site(m.span(cls.node)), member)
        m.write(cls.scope.names, name, member)
        cls.members = (*cls.members, member)


def _outside(cls: Class) -> set[str]:
    return {base.name for each in cls.lineage() for base in each.bases if isinstance(base, Dotted)}


def member(m: Machine, cls: Class, value: object) -> object:
    """`Norm("batch")`: the member of that value; by tests of the value where it is not known."""
    value = m.opaque(value)
    if isinstance(value, Instance) and value in cls.members:
        return value
    if isinstance(value, Unknown):
        found: object = cls.members[-1]
        for other in cls.members[-2::-1]:
            found = Choice(m.test("==", value, other.fields["value"]), other, found)
        return m.settle(found)
    equal = (other for other in cls.members if is_constant(value) and other.fields["value"] == value)
    return next(equal, Unknown(f"no member of {cls.name}"))


def _auto(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    return Bound(None, "auto")


# Named tuples


def _namedtuple(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`namedtuple("Block", "filters stride")`, `NamedTuple("Block", [("filters", int)])`."""
    given = bind_parameters(("typename", "field_names"), arguments)
    title, written = m.settle(given.get("typename")), m.settle(given.get("field_names", given.get("fields")))
    items = tuple(written.replace(",", " ").split()) if isinstance(written, str) else sequence(written) or ()
    names = [item[0] if isinstance(item, tuple) and item else item for item in items]
    if not names or not all(isinstance(name, str) and name.isidentifier() for name in names):
        return Unknown("a named tuple whose fields are not known")
    made = _declared(m, title if isinstance(title, str) else "namedtuple", names, node)
    defaults = sequence(m.settle(given.get("defaults"))) or ()
    made.scope.names.update(zip(names[len(names) - len(defaults) :], defaults, strict=True))
    return made


def _declared(m: Machine, title: str, names: Sequence[object], node: ast.AST) -> Class:
    """A class of named tuples."""
    body = [ast.AnnAssign(ast.Name(str(name), ast.Store()), ast.Name("object", ast.Load()), None, 1) for name in names]
    declared = ast.copy_location(ast.ClassDef(name=title, bases=[], keywords=[], body=[*body], decorator_list=[]), node)
    return Class(title, declared, (), Scope(m.frame.scope, is_class=True), m.frame.chunk, title, None, True, plain="record")


def _fields_of(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """`dataclasses.fields(Spec)`: what has the name of each, and its default."""
    of = m.settle(first_argument(arguments))
    cls = of.cls if isinstance(of, Instance) else of
    if not isinstance(cls, Class) or not cls.complete:
        return Unknown("the fields of a data class that is not known")
    kind, lost = _declared(m, "Field", ("name", "default"), node), Unknown("the default of a field")
    told = ({"name": name, "default": _default(cls, name, lost)} for name in _stored(cls))
    return tuple(Instance(kind, {**each}, m.origin(node)) for each in told)


def _stored(cls: Class) -> tuple[str, ...]:
    """The fields that objects of a data class have: not what only its constructor gets, nor what belongs to the class."""
    return tuple(name for name, kind in classes.typed(cls).items() if not re.search(r"\b(?:InitVar|ClassVar)\b", ast.unparse(kind)))


def _astuple(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    given = _asdict(m, arguments, node)
    return tuple(given.fields.values()) if isinstance(given, Dict) else given


def _asdict(m: Machine, arguments: Arguments, node: ast.Call) -> object:
    """What an object of a data class holds; data classes in it stay what they are."""
    of = m.settle(first_argument(arguments))
    if not isinstance(of, Instance) or of.open or not of.cls.complete:
        return Unknown("what a data class holds")
    lost = Unknown(f"a field of {of.cls.name} that is not known")
    return Dict({name: of.fields.get(name, _default(of.cls, name, lost)) for name in _stored(of.cls)})


def fields(instance: Instance) -> tuple[object, ...]:
    """The fields of a named tuple in order."""
    return tuple(instance.fields[name] for name in classes.annotated(instance.cls) if name in instance.fields)


def fill(m: Machine, instance: Instance, arguments: Arguments, node: ast.Call) -> None:
    """What the constructor of a data class, a named tuple or a dict does with its arguments."""
    if instance.cls.plain == "mapping":
        given = builtins.to_dict(m, arguments, node)
        for key, value in given.fields.items():
            m.write(instance.fields, key, value)
        return
    names = classes.annotated(instance.cls)
    given_fields = bind_parameters(names, arguments)
    told = arguments.complete or arguments.presumed
    if instance.cls.plain == "record" or not told:
        lost = Unknown(f"a field of {instance.cls.name} that is not known")
        given_fields = {name: given_fields.get(name, _default(instance.cls, name, lost) if told else lost) for name in names}
    for name, content in given_fields.items():
        m.write(instance.fields, name, content)
    after = instance.cls.find("__post_init__")
    if isinstance(after, Function):
        invoke.run(m, after, Arguments(), node, instance)


def _default(cls: Class, name: str, otherwise: object) -> object:
    found = cls.find(name)
    return otherwise if found is MISSING else found


# What the objects have


def attribute(m: Machine, instance: Instance, name: str) -> object:
    """What objects of such classes have besides what is written in the class; MISSING for other names."""
    if name == "__dict__":
        return Dict(instance.fields)
    if instance.cls.plain == "mapping" and name in MAPPING:
        return Bound(Dict(instance.fields), name)
    if instance.cls.plain == "record" and name in ("_asdict", "_fields", "_replace"):
        return classes.annotated(instance.cls) if name == "_fields" else Bound(instance, name)
    return MISSING


def class_attribute(m: Machine, cls: Class, name: str) -> object:
    """The same for the classes themselves."""
    if name in ("__name__", "__qualname__"):
        return cls.name
    if cls.members and name == "__members__":
        return Dict({member.fields["name"]: member for member in cls.members})
    if cls.plain == "record" and name in ("_fields", "_make"):
        return classes.annotated(cls) if name == "_fields" else Bound(cls, name)
    return MISSING


def method(m: Machine, owner: Instance | Class, name: str, arguments: Arguments, node: ast.Call) -> object:
    """A method of a named tuple."""
    if isinstance(owner, Class):
        items = sequence(m.settle(first_argument(arguments)))
        given = Arguments(tuple(Argument(None, item, None) for item in items or ()), complete=items is not None)
        return classes.instantiate(m, owner, given, node)
    if name == "_asdict":
        return Dict(dict(owner.fields))
    changed = {argument.name: argument.value for argument in arguments.items if argument.name is not None}
    return Instance(owner.cls, {**owner.fields, **changed}, m.origin(node), owner.arguments)


HANDLERS: Final[dict[str, Handler]] = {
    "collections.namedtuple": _namedtuple,
    "dataclasses.asdict": _asdict,
    "dataclasses.astuple": _astuple,
    "dataclasses.fields": _fields_of,
    "typing.NamedTuple": _namedtuple,
    "enum.auto": _auto,
}
