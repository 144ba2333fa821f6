"""One process for one package: build its models for real and write down what they are. Reads its task as JSON from stdin."""

import abc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import json
import os
import sys
import types
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from tests.oracle.compare import merge
from tests.oracle.roles import Neighbour
from tests.oracle.trace import traced
from tests.oracle.truth import Truth, recorded_sites, sides_of

KERAS = {2: "tf_keras", 3: "keras"}
INJECTED = ("backend", "layers", "models", "utils")
"""What Keras-Applications and its descendants are given as keywords."""


class Renamed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """A module, and what lies below it, under an old name."""

    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new
        self.specs: dict[str, importlib.machinery.ModuleSpec | None] = {}

    def find_spec(self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None) -> Any:
        old = f"{name}.".startswith(f"{self.old}.") and not f"{name}.".startswith(f"{self.new}.")
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if old else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        module = importlib.import_module(self.new + spec.name.removeprefix(self.old))
        self.specs[spec.name] = module.__spec__
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """It has run already, under its own name."""
        assert module.__spec__ is not None
        module.__spec__ = self.specs.pop(module.__spec__.name)


class Whatever(abc.ABCMeta):
    """The class of classes that have whatever is asked of them."""

    def __getattr__(cls, name: str) -> Any:
        return _whatever(name)

    def __call__(cls, *args: object, **kwargs: object) -> Any:
        passed = _decorated(args, kwargs) if "stub" in vars(cls) else None
        return passed or super().__call__(*args, **kwargs)

    def __iter__(cls) -> Iterator[Any]:
        return iter(())


class Anything(metaclass=Whatever):
    """Can be called, used as a decorator and derived from."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        """It does nothing."""

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return _decorated(args, kwargs) or Anything()

    def __getattr__(self, name: str) -> Any:
        return _whatever(name)

    def __iter__(self) -> Iterator[Any]:
        return iter(())


def _decorated(args: tuple[object, ...], kwargs: dict[str, object]) -> Any:
    """What a decorator is applied to, if this looks like it."""
    return args[0] if len(args) == 1 and not kwargs and inspect.isroutine(args[0]) | inspect.isclass(args[0]) else None


def _whatever(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return Whatever(name, (Anything,), {"stub": True})


class Stub(types.ModuleType):
    """A module that has whatever is asked of it."""

    __path__: ClassVar[list[str]] = []
    __getattr__ = staticmethod(_whatever)


class Stubs(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stand-ins for modules that have nothing to do with building a model."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = frozenset(names)

    def find_spec(self, name: str, path: Sequence[str] | None, target: types.ModuleType | None = None) -> Any:
        known = any(name == stub or name.startswith(f"{stub}.") for stub in self.names)
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if known else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return Stub(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """It is empty."""


def keep_weights() -> None:
    """Trained weights change no graph: what would fetch and load them may do without."""
    for name in set(KERAS.values()):
        importlib.import_module(name).Model.load_weights = lambda *args, **kwargs: None  # type: ignore[method-assign]


def build(builder: str, major: int, folder: str) -> tuple[Truth, dict[str, str]]:
    """What an expression, written `module: expression`, builds; and the user's layers that could not be looked into."""
    module, _, expression = builder.partition(":")
    keras: Any = importlib.import_module("keras")
    with traced(major) as trace, recorded_sites(importlib.import_module(KERAS[major]), folder) as sites:
        names = vars(importlib.import_module(module.strip()))
        given = {name: importlib.import_module(module) for name, module in (("tf", "tensorflow"), ("np", "numpy"))}
        given |= {"keras": keras, "Input": keras.Input, "modules": {name: getattr(keras, name) for name in INJECTED}}
        model = eval(expression.strip(), {**names, **given})  # the expression is ours, from packages.toml
        truth = sides_of(trace.nodes(), sites)
        del model
    keras.backend.clear_session()
    return truth, trace.opaque


def main() -> None:
    """Task: {keras, folder, stubs, aliases, builders}. Answer, written to the file named on the command line: {sites, opaque, failures}."""
    task = json.load(sys.stdin)
    folder = task["folder"] + os.sep
    if task["keras"] == 2:
        # What tf_keras no longer shows at its surface, old code still finds below.
        sys.meta_path.insert(0, Renamed("keras", "tf_keras"))
        sys.meta_path.append(Renamed("tf_keras", "tf_keras.src"))
    sys.meta_path[:0] = [Renamed(old, new) for old, new in task["aliases"].items()]
    sys.meta_path.insert(0, Stubs(task["stubs"]))
    keep_weights()
    truths: list[Truth] = []
    opaque: dict[str, str] = {}
    failures: dict[str, str] = {}
    for builder in task["builders"]:
        try:
            truth, unseen = build(builder, task["keras"], folder)
        except Exception as error:  # anybody's code; what does not build is told in the table and fails the test
            failures[builder] = f"{type(error).__name__}: {error}".partition("\n")[0]
            continue
        truths.append(truth)
        opaque |= unseen
    merged = sorted(merge(truths).items(), key=lambda item: item[0])
    sites = [[path[len(folder) :], line, *map(_in_order, (sides.feeding, sides.fed))] for (path, line), sides in merged]
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump({"sites": sites, "opaque": opaque, "failures": failures}, file, indent=1)


def _in_order(neighbours: frozenset[Neighbour]) -> list[Neighbour]:
    return sorted(neighbours, key=lambda neighbour: (neighbour[0], neighbour[1] or ""))


if __name__ == "__main__":
    main()
