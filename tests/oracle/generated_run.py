"""What Keras makes of a generated program."""

import builtins
import importlib.util
import types
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.oracle.families import KERAS
from tests.oracle.generated import Program
from tests.oracle.trace import traced
from tests.oracle.truth import Node, Site, recorded_sites


class Renamed(types.ModuleType):
    """TensorFlow, with the Keras that is asked for."""

    def __init__(self, keras: Any) -> None:
        super().__init__("tensorflow")
        self.keras = keras

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module("tensorflow"), name)


class Modules:
    """The modules of a program in a folder. `keras`, `tensorflow.keras` and `tf_keras` are the Keras that is asked for."""

    def __init__(self, folder: Path, keras: Any) -> None:
        self.folder = folder
        self.known: dict[str, Any] = {"keras": keras, "tf_keras": keras, "tensorflow": Renamed(keras)}
        self.builtins = {**vars(builtins), "__import__": self.bring}

    def bring(self, name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        """What the import statement calls."""
        if level:
            name = importlib.util.resolve_name("." * level + name, globals["__package__"])
        found = self.find(name)
        if found is None:
            return builtins.__import__(name, globals, locals, fromlist, level)
        for part in fromlist or ():
            if not hasattr(found, part):
                self.find(f"{name}.{part}")
        return found if fromlist else self.known[name.partition(".")[0]]

    def find(self, name: str) -> Any:
        """A module by its dotted name, run once; None for what is neither of the program nor of Keras."""
        above, _, last = name.rpartition(".")
        if name in self.known:
            return self.known[name]
        if above and (parent := self.find(above)) is None:
            return None
        if above and hasattr(parent, last):
            return getattr(parent, last)
        place = self.folder.joinpath(*name.split("."))
        path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if not path.is_file():
            return None
        module = self.known[name] = types.ModuleType(name)
        module.__package__ = name if place.is_dir() else above
        module.__dict__["__builtins__"] = self.builtins
        exec(compile(path.read_bytes(), path, "exec"), vars(module))  # the text is ours
        if above:
            setattr(parent, last, module)
        return module


def save(program: Program, folder: Path) -> None:
    """Write the files of a program."""
    for name, text in program.files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def truth(program: Program, folder: Path, major: int) -> tuple[list[Node], Mapping[int, Site], object]:
    """The nodes that the outputs of the model come from; where its BatchNormalization layers were made; and what keeps these alive."""
    keras: Any = importlib.import_module(KERAS[major])
    tensorflow: Any = importlib.import_module("tensorflow")
    # Autograph would want to read the source of each `call`, and takes longer than all the rest.
    plainly: Callable[[Any], Any] = tensorflow.autograph.experimental.do_not_convert
    with recorded_sites(keras) as sites:
        module = plainly(Modules(folder, keras).find)(program.main.removesuffix(".py").replace("/", "."))
        model = plainly(eval)(program.root, vars(module))
    with traced(major) as trace:
        inputs = [keras.Input(shape) for shape in program.shapes]
        outputs = plainly(model)(inputs[0] if len(inputs) == 1 else inputs)
        ends: dict[Any, Any] = {}
        for tensor in outputs if isinstance(outputs, list | tuple) else [outputs]:
            end = keras.layers.Activation("linear")
            end(tensor)
            ends[end] = None
        for node in trace.nodes():
            if node.layer in ends:
                (ends[node.layer],) = node.inputs
    assert not trace.opaque, trace.opaque
    return list(ends.values()), sites, (module, model, trace)
