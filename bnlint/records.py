"""Dataclasses that write their methods when these are first used. Those of the standard library write them when a class is defined, which
takes longer than many a run; to a type checker, and to whoever uses the classes, they are the same."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass, field, replace
    from typing import Any

__all__ = ["dataclass", "field", "replace"]

_MISSING = type("_Missing", (), {"__repr__": lambda self: "<default>"})()
"""Stands for what was not given."""


class _Field:
    """What a class says of one of its fields."""

    __slots__ = ("default", "factory", "init", "repr", "type")

    def __init__(self, default: object, factory: Callable[[], object] | None, init: bool, repr: bool) -> None:
        self.default, self.factory, self.init, self.repr, self.type = default, factory, init, repr, ""


def _field(*, default: object = _MISSING, default_factory: Callable[[], object] | None = None, init: bool = True, repr: bool = True) -> Any:
    """`dataclasses.field`."""
    return _Field(default, default_factory, init, repr)


def _dataclass(
    plain: type | None = None, /, *, frozen: bool = False, slots: bool = False, eq: bool = True, weakref_slot: bool = False
) -> type | Callable[[type], type]:
    """`dataclasses.dataclass`."""

    def make(cls: type) -> type:
        members = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
        own: dict[str, _Field] = {}
        for name, annotation in cls.__annotations__.items():
            value = members.pop(name, _MISSING)
            own[name] = value if isinstance(value, _Field) else _Field(value, None, True, True)
            own[name].type = annotation
            if not slots and own[name].default is not _MISSING:
                members[name] = own[name].default
        inherited: dict[str, _Field] = getattr(cls, "__fields__", {})
        if slots:
            members["__slots__"] = (*(name for name in own if name not in inherited), *(("__weakref__",) if weakref_slot else ()))
        methods: dict[str, object] = {"__init__": _Later(_initialiser), "__repr__": _Later(_representation)}
        if eq:
            methods |= {"__eq__": _Later(_equality), "__hash__": _Later(_hash) if frozen else None}
        if frozen:
            methods |= {"__setattr__": _refuse, "__delattr__": _refuse, "__getstate__": _state, "__setstate__": _restore}
        fields = inherited | own
        known = {"__fields__": fields, "__match_args__": tuple(name for name, each in fields.items() if each.init)}
        return type(cls)(
            cls.__name__,
            cls.__bases__,
            {**methods, **members, **known, "__qualname__": cls.__qualname__, "__dataclass_fields__": _Described()},
        )

    return make if plain is None else make(plain)


def _replace(record: Any, /, **changes: Any) -> Any:
    """`dataclasses.replace`."""
    for name in record.__match_args__:
        if name not in changes:
            changes[name] = getattr(record, name)
    return record.__class__(**changes)


if not TYPE_CHECKING:
    dataclass, field, replace = _dataclass, _field, _replace


class _Later:
    """A method that is written when it is first asked for, and stands in the class from then on."""

    def __init__(self, write: Callable[[type], Any]) -> None:
        self.write = write

    def __set_name__(self, owner: type, name: str) -> None:
        self.owner, self.name = owner, name

    def __get__(self, record: object, cls: type | None = None) -> Any:
        method = self.write(self.owner)
        method.__qualname__ = f"{self.owner.__qualname__}.{self.name}"
        setattr(self.owner, self.name, method)
        return method.__get__(record, cls)


class _Described:
    """What `dataclasses.fields`, and whatever else of that module is given such a class, looks for."""

    def __get__(self, record: object, cls: type) -> object:
        import dataclasses

        def described(each: _Field) -> Any:
            given = {"default_factory": each.factory} if each.factory else {} if each.default is _MISSING else {"default": each.default}
            return dataclasses.field(**given, init=each.init, repr=each.repr)

        fields = [(name, each.type, described(each)) for name, each in cls.__fields__.items()]  # type: ignore[attr-defined]
        return dataclasses.make_dataclass(cls.__name__, fields).__dataclass_fields__  # type: ignore[attr-defined]


# The methods


def _initialiser(cls: Any) -> Any:
    scope: dict[str, object] = {"_missing": _MISSING, "_store": object.__setattr__}
    parameters, lines = ["_self"], ["pass"]
    for name, each in cls.__fields__.items():
        value = name
        if each.factory:
            scope[f"_make_{name}"] = each.factory
            value = f"_make_{name}() if {name} is _missing else {name}" if each.init else f"_make_{name}()"
        scope[f"_default_{name}"] = each.default
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
    return _written("__init__", parameters, lines, scope)


def _equality(cls: Any) -> Any:
    mine, theirs = (f"({''.join(f'{which}.{name}, ' for name in cls.__fields__)})" for which in ("self", "other"))
    test = f"return {mine} == {theirs} if other.__class__ is self.__class__ else NotImplemented"
    return _written("__eq__", ["self", "other"], [test])


def _hash(cls: Any) -> Any:
    return _written("__hash__", ["self"], [f"return hash(({''.join(f'self.{name}, ' for name in cls.__fields__)}))"])


def _representation(cls: Any) -> Any:
    from reprlib import recursive_repr

    shown = [name for name, each in cls.__fields__.items() if each.repr]

    def __repr__(self: object) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    return recursive_repr("...")(__repr__)


def _written(name: str, parameters: list[str], lines: list[str], scope: dict[str, object] | None = None) -> Any:
    made: dict[str, Any] = {}
    exec("\n ".join((f"def {name}({', '.join(parameters)}):", *lines)), scope or {}, made)
    return made[name]


def _refuse(self: object, name: str, *value: object) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot {'assign to' if value else 'delete'} field {name!r}")


def _state(self: Any) -> list[object]:
    return [getattr(self, name) for name in self.__fields__]


def _restore(self: Any, state: list[object]) -> None:
    for name, value in zip(self.__fields__, state, strict=True):
        object.__setattr__(self, name, value)
