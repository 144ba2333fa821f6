"""Dataclasses that write their methods when these have been used some times. Those of the standard library write them when a class is
defined, which takes longer than many a run; to a type checker, and to whoever uses the classes, they are the same."""

from __future__ import annotations

from reprlib import recursive_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass, field, replace
    from typing import Any

__all__ = ["dataclass", "field", "replace"]

OFTEN = 10
"""Uses of a method that take as long as it takes to write it."""

_MISSING = type("_Missing", (), {"__repr__": lambda self: "<default>"})()
"""Stands for what was not given."""


class _Field:
    """What a class says of one of its fields."""

    __slots__ = ("default", "factory", "init", "repr", "type")

    def __init__(self, default: object, factory: Callable[[], object] | None = None, init: bool = True, repr: bool = True) -> None:
        self.default, self.factory, self.init, self.repr, self.type = default, factory, init, repr, ""


def _field(*, default: object = _MISSING, default_factory: Callable[[], object] | None = None, init: bool = True, repr: bool = True) -> Any:
    """`dataclasses.field`."""
    return _Field(default, default_factory, init, repr)


def _dataclass(
    plain: type | None = None, /, *, frozen: bool = False, slots: bool = False, eq: bool = True, weakref_slot: bool = False
) -> type | Callable[[type], type]:
    """`dataclasses.dataclass`."""

    def make(cls: type) -> type:
        members = {**_MEMBERS[frozen, eq], **cls.__dict__, "__qualname__": cls.__qualname__}
        for name in ("__dict__", "__weakref__"):
            members.pop(name, None)
        given = {name: members.pop(name) for name in cls.__annotations__ if name in members}
        if slots:
            inherited = [name for base in cls.__mro__[1:-1] for name in getattr(base, "__slots__", ())]
            own = [name for name in cls.__annotations__ if name not in inherited]
            members["__slots__"] = (*own, "__weakref__") if weakref_slot else tuple(own)
        else:
            defaults = {name: value.default if isinstance(value, _Field) else value for name, value in given.items()}
            members |= {name: value for name, value in defaults.items() if value is not _MISSING}
        return type(cls)(cls.__name__, cls.__bases__, {**members, "__given__": given, "__uses__": {}})

    return make if plain is None else make(plain)


def _replace(record: Any, /, **changes: Any) -> Any:
    """`dataclasses.replace`."""
    for name in record.__match_args__:
        if name not in changes:
            changes[name] = getattr(record, name)
    return record.__class__(**changes)


if not TYPE_CHECKING:
    dataclass, field, replace = _dataclass, _field, _replace


class _Found:
    """What is found out of a class when it is first asked for, and stands in it from then on."""

    def __init__(self, name: str, find: Callable[[Any], object]) -> None:
        self.name, self.find = name, find

    def __get__(self, record: object, cls: type) -> Any:
        owner = _owner(cls, self.name, self)
        if owner is not None:
            setattr(owner, self.name, self.find(owner))
        return getattr(cls, self.name)


class _Method:
    """A method for all classes, in the place of which one is written for a class that uses it often, or asks for it."""

    def __init__(self, name: str, general: Any, write: Callable[[Any], Any]) -> None:
        self.name, self.general, self.write = name, general, write

    def __get__(self, record: object, cls: Any) -> Any:
        owner = _owner(cls, self.name, self)
        if owner is None:
            return getattr(cls if record is None else record, self.name)
        uses = owner.__uses__[self.name] = owner.__uses__.get(self.name, 0) + 1
        if record is not None and uses < OFTEN:
            return self.general.__get__(record, cls)
        method = self.write(owner)
        setattr(owner, self.name, method)
        return method.__get__(record, cls)


def _owner(cls: type, name: str, value: object) -> Any:
    """The class that has a member from which this one has it; None where another thread has put something in its place meanwhile."""
    owner = next(base for base in cls.__mro__ if name in base.__dict__)
    return owner if owner.__dict__[name] is value else None


def _fields(cls: Any) -> dict[str, _Field]:
    fields = {name: each for base in cls.__bases__ for name, each in getattr(base, "__fields__", {}).items()}
    for name, annotation in cls.__annotations__.items():
        value = cls.__given__.get(name, _MISSING)
        fields[name] = value if isinstance(value, _Field) else _Field(value)
        fields[name].type = annotation
    return fields


def _positional(cls: Any) -> tuple[str, ...]:
    return tuple(name for name, each in cls.__fields__.items() if each.init)


def _described(cls: Any) -> object:
    """What the functions of `dataclasses` look for."""
    import dataclasses

    def described(each: _Field) -> Any:
        given = {"default_factory": each.factory} if each.factory else {} if each.default is _MISSING else {"default": each.default}
        return dataclasses.field(**given, init=each.init, repr=each.repr)

    fields = [(name, each.type, described(each)) for name, each in cls.__fields__.items()]
    return dataclasses.make_dataclass(cls.__name__, fields).__dataclass_fields__  # type: ignore[attr-defined]


# Methods for all classes


def _initialise(_self: Any, /, *args: object, **kwargs: object) -> None:
    given = dict(zip(_self.__match_args__, args, strict=False))
    if len(given) < len(args) or not given.keys().isdisjoint(kwargs):
        return _write_init(type(_self))(_self, *args, **kwargs)  # type: ignore[no-any-return]  # it says what is wrong
    given |= kwargs
    for name, each in _self.__fields__.items():
        if each.init and name in given:
            value = given.pop(name)
        elif each.factory:
            value = each.factory()
        elif each.default is not _MISSING:
            value = each.default
        elif each.init:
            return _write_init(type(_self))(_self, *args, **kwargs)  # type: ignore[no-any-return]
        else:
            continue
        object.__setattr__(_self, name, value)
    if given:
        return _write_init(type(_self))(_self, *args, **kwargs)  # type: ignore[no-any-return]
    if hasattr(_self, "__post_init__"):
        _self.__post_init__()
    return None


def _values(self: Any) -> tuple[object, ...]:
    return tuple([getattr(self, name) for name in self.__fields__])


def _equal(self: object, other: object) -> Any:
    return _values(self) == _values(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: object) -> int:
    return hash(_values(self))


@recursive_repr("...")
def _represent(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, each in self.__fields__.items() if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse(self: object, name: str, *value: object) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot {'assign to' if value else 'delete'} field {name!r}")


def _restore(self: Any, state: tuple[object, ...]) -> None:
    for name, value in zip(self.__fields__, state, strict=True):
        object.__setattr__(self, name, value)


# Methods for one class


def _write_init(cls: Any) -> Any:
    scope: dict[str, object] = {"_missing": _MISSING, "_store": object.__setattr__}
    parameters, lines = ["_self"], ["pass"]
    for name, each in cls.__fields__.items():
        value = name
        scope[f"_default_{name}"] = each.default
        if each.factory:
            scope[f"_make_{name}"] = each.factory
            value = f"_make_{name}() if {name} is _missing else {name}" if each.init else f"_make_{name}()"
        if each.init:
            required = each.default is _MISSING and each.factory is None
            parameters.append(name if required else f"{name}=_default_{name}")
        elif each.default is not _MISSING:
            value = f"_default_{name}"
        elif not each.factory:
            continue
        if cls.__setattr__ is not _refuse:
            lines.append(f"_self.{name} = {value}")
        elif cls.__dictoffset__:
            lines.append(f"_store(_self, {name!r}, {value})")
        else:  # the quickest way past the refusal
            scope[f"_set_{name}"] = getattr(cls, name).__set__
            lines.append(f"_set_{name}(_self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("_self.__post_init__()")
    return _written(cls, "__init__", parameters, lines, scope)


def _write_eq(cls: Any) -> Any:
    mine, theirs = (f"({''.join(f'{which}.{name}, ' for name in cls.__fields__)})" for which in ("self", "other"))
    return _written(
        cls, "__eq__", ["self", "other"], [f"return {mine} == {theirs} if other.__class__ is self.__class__ else NotImplemented"]
    )


def _write_hash(cls: Any) -> Any:
    return _written(cls, "__hash__", ["self"], [f"return hash(({''.join(f'self.{name}, ' for name in cls.__fields__)}))"])


def _written(cls: Any, name: str, parameters: list[str], lines: list[str], scope: dict[str, object] | None = None) -> Any:
    made: dict[str, Any] = {}
    exec("\n ".join((f"def {name}({', '.join(parameters)}):", *lines)), scope or {}, made)
    made[name].__qualname__ = f"{cls.__qualname__}.{name}"
    return made[name]


def _members(frozen: bool, eq: bool) -> dict[str, object]:
    """What the classes have in common."""
    members: dict[str, object] = {"__init__": _Method("__init__", _initialise, _write_init), "__repr__": _represent}
    if eq:
        members |= {"__eq__": _Method("__eq__", _equal, _write_eq), "__hash__": _Method("__hash__", _hash, _write_hash) if frozen else None}
    if frozen:
        members |= {"__setattr__": _refuse, "__delattr__": _refuse, "__getstate__": _values, "__setstate__": _restore}
    found = {"__fields__": _fields, "__match_args__": _positional, "__dataclass_fields__": _described}
    return members | {name: _Found(name, find) for name, find in found.items()}


_MEMBERS = {(frozen, eq): _members(frozen, eq) for frozen in (False, True) for eq in (False, True)}
