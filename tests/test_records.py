"""Our dataclasses are those of the standard library, but for the moment at which their methods are written."""

import copy
import dataclasses
import importlib
import inspect
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from bnlint import records
from tests.test_layering import PACKAGE, WORKER

LIBRARIES: dict[str, Any] = {"ours": records, "standard": dataclasses}


def point(library: Any, **options: Any) -> Any:
    @library.dataclass(**options)
    class Point:
        """Where something is."""

        x: int
        self: object = None
        marks: list[int] = library.field(default_factory=list, repr=False)
        total: int = library.field(default=0, init=False)

        @property
        def double(self) -> int:
            return 2 * self.x

    return Point


OPTIONS = [
    {},
    {"slots": True},
    {"frozen": True},
    {"eq": False},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "eq": False},
    {"slots": True, "weakref_slot": True},
]

BEHAVIOUR: dict[str, Callable[[Any], object]] = {
    "signature": lambda cls: [(each.name, each.kind) for each in inspect.signature(cls).parameters.values()],
    "positional": lambda cls: repr(cls(1, 2, [3])),
    "keywords": lambda cls: repr(cls(marks=[], x=1, self=4)),
    "missing": lambda cls: cls(),
    "unknown": lambda cls: cls(1, total=2),
    "own factory": lambda cls: cls(1).marks is cls(1).marks,
    "default": lambda cls: (cls(1).self, cls(1).marks, cls(1).total, cls(1).double),
    "on the class": lambda cls: (getattr(cls, "total", None) == 0, hasattr(cls, "x"), cls.__doc__),
    "equal": lambda cls: (cls(1) == cls(1), cls(1) == cls(2), cls(1) != cls(1), cls(1) == 1, cls(1).__eq__(1)),
    "hash": lambda cls: len({cls(1, marks=()), cls(1, marks=())}),
    "unhashable": lambda cls: hash(cls(1)) is None,
    "set": lambda cls: setattr(cls(1), "x", 2),
    "delete": lambda cls: delattr(cls(1), "x"),
    "matched": lambda cls: cls.__match_args__,
    "names": lambda cls: (cls.__name__, cls.__qualname__, cls.__module__, cls.__init__.__qualname__),
    "slots": lambda cls: sorted(getattr(cls, "__slots__", ["none"])),
    "dict": lambda cls: hasattr(cls(1), "__dict__"),
    "cycle": lambda cls: repr((each := cls(1), each.marks.append(each))[0]),
    "fields": lambda cls: [(each.name, each.type, each.init, each.repr) for each in dataclasses.fields(cls)],
    "is one": lambda cls: (dataclasses.is_dataclass(cls), dataclasses.is_dataclass(cls(1))),
    "as dict": lambda cls: dataclasses.asdict(cls(1, cls(2), [3])),
    "copy": lambda cls: repr(copy.copy(cls(1, 2))),
    "deep copy": lambda cls: repr(copy.deepcopy(cls(1, 2))),
}


def outcome(behaviour: Callable[[Any], object], cls: Any) -> object:
    try:
        return behaviour(cls)
    except Exception as error:
        return type(error), str(error).replace("<default>", "<factory>")


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", BEHAVIOUR)
def test_they_behave_alike(name: str, options: dict[str, Any]) -> None:
    ours, standard = (outcome(BEHAVIOUR[name], point(library, **options)) for library in LIBRARIES.values())
    assert ours == standard


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("changes", [{}, {"x": 2}, {"x": 3, "marks": [1]}, {"z": 1}], ids=str)
def test_they_are_replaced_alike(changes: dict[str, Any], options: dict[str, Any]) -> None:
    ours, standard = point(records, **options), point(dataclasses, **options)
    if "z" not in changes:  # the standard library is told of an argument that there is not by `__init__` as we are
        assert repr(dataclasses.replace(ours(1, 2, [3]), **changes)) == repr(dataclasses.replace(standard(1, 2, [3]), **changes))
    replaced = [
        outcome(lambda cls, library=library: repr(library.replace(cls(1, 2, [3]), **changes)), cls)
        for library, cls in ((records, ours), (dataclasses, standard))
    ]
    assert replaced[0] == replaced[1]


def test_what_is_frozen_takes_no_other_attribute() -> None:
    """(Before Python 3.12 the standard library fails here with a TypeError of its own.)"""
    with pytest.raises(dataclasses.FrozenInstanceError, match="'z'"):
        point(records, frozen=True, slots=True)(1).z = 2


def test_what_is_derived_has_the_fields_of_its_base() -> None:
    derived = []
    for library in LIBRARIES.values():

        @library.dataclass(frozen=True, slots=True)
        class Base:
            x: int
            y: int = 2

        @library.dataclass(frozen=True, slots=True)
        class Derived(Base):
            y: int = 3
            z: int = 4

            def __post_init__(self) -> None:
                object.__setattr__(self, "z", self.x + self.y)

        derived.append(Derived)
    assert [repr(cls(1)) for cls in derived] == ["test_what_is_derived_has_the_fields_of_its_base.<locals>.Derived(x=1, y=3, z=4)"] * 2
    assert derived[0].__slots__ == derived[1].__slots__


def test_a_method_is_written_when_it_is_used_often() -> None:
    cls = point(records, frozen=True, slots=True)
    for _ in range(records.OFTEN - 1):
        assert repr(cls(1)) == "point.<locals>.Point(x=1, self=None, total=0)"
        assert not inspect.isfunction(cls.__dict__["__init__"])
    assert repr(cls(1)) == "point.<locals>.Point(x=1, self=None, total=0)"
    written = cls.__dict__["__init__"]
    assert inspect.isfunction(written)
    cls(2)
    assert cls.__dict__["__init__"] is written
    assert not inspect.isfunction(cls.__dict__["__eq__"])


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", BEHAVIOUR)
def test_they_behave_alike_when_their_methods_are_written(name: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "OFTEN", 0)
    ours, standard = (outcome(BEHAVIOUR[name], point(library, **options)) for library in LIBRARIES.values())
    assert ours == standard


def test_findings_can_be_sent_to_another_process() -> None:
    from bnlint import lint_source

    found = lint_source("from keras import layers\nx = layers.BatchNormalization(momentum=0.1)\n", isolated=True)
    assert found
    assert repr(pickle.loads(pickle.dumps(found))) == repr(found)


def classes() -> list[type]:
    names = [path.relative_to(PACKAGE.parent).with_suffix("").parts for path in PACKAGE.rglob("*.py") if WORKER not in path.parents]
    found = set()
    for name in names:
        module = importlib.import_module(".".join(name).removesuffix(".__init__"))
        found |= {each for each in vars(module).values() if isinstance(each, type) and "__fields__" in each.__dict__}
    return sorted(found, key=lambda cls: (cls.__module__, cls.__qualname__))


@pytest.mark.parametrize("cls", classes(), ids=lambda cls: f"{cls.__module__}.{cls.__qualname__}")
def test_the_standard_library_accepts_each_of_our_classes(cls: Any) -> None:
    """It refuses a default that is shared and mutable, and a field without one behind a field that has one."""
    own = dataclasses.make_dataclass(cls.__name__, [(each.name, each.type, each) for each in dataclasses.fields(cls)])
    assert [*inspect.signature(own).parameters] == [*inspect.signature(cls).parameters]
