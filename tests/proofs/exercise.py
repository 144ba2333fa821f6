"""Makes a program's models work: finds them, feeds them, trains them a little, and tells what happened."""

import inspect
import linecache
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.oracle import truth

SHAPES = ((8,), (32, 32, 3), (16, 8), (8, 16, 16, 3))
"""What is fed to whatever does not say what it takes: the program is run with the next one until it accepts."""

SIZE = 8
"""What a builder gets for the parameters that follow the tensor: a number of filters, of units, of classes."""

STEPS, BATCH = 20, 32
ARGUMENTS = ("activation", "axis", "epsilon", "momentum", "rate", "use_bias")

Report = dict[str, Any]


def describe(keras: Any, path: str, source: str) -> Report:
    """Run a program, and tell what it built, and when the statistics of its models move."""
    try:
        program = _load(keras, path, source)
        models = [_describe(program, model) for model in program.models]
        built = [model for model in program.models if _is_graph(model) and id(model) not in program.added]
        sites = truth.neighbours(built, program.sites)
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return {"error": type(error).__name__, "message": str(error)}
    own = {line: sides for (file, line), sides in sites.items() if os.path.abspath(file) == os.path.abspath(path)}
    lines = [[line, sorted(sides.feeding, key=str), sorted(sides.fed, key=str)] for line, sides in own.items()]
    return {"models": models, "sites": lines, "lines": sorted(program.lines)}


def difference(keras: Any, path: str, first: str, second: str) -> Report:
    """Run two programs side by side: how far their results, outputs and trained weights are apart (0.0 is equal)."""
    one, other = _load(keras, path, first), _load(keras, path, second)
    assert len(one.models) == len(other.models), "the fix made or lost a model"
    assert one.results.keys() == other.results.keys(), "the fix made or lost a result"
    results = [_apart(one.results[name], other.results[name]) for name in one.results]
    outputs: list[float] = []
    weights: list[float] = []
    for left, right in zip(one.models, other.models, strict=True):
        right.set_weights(left.get_weights())
        outputs += map(_apart, one.predicted(left), other.predicted(right))
        one.train(left)
        other.train(right)
        weights += map(_apart, left.get_weights(), right.get_weights())
    compared = {"results": results, "outputs": outputs, "weights": weights}
    return {name: max(values, default=None) for name, values in compared.items()}


def observe(keras: Any, path: str, source: str, probe: str) -> Report:
    """Run a program and then a probe among its names: what the probe left in `fact`, or the error that ended them."""
    Path(path).write_text(source, encoding="utf-8")
    linecache.clearcache()
    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    names: dict[str, Any] = {"__name__": "program", "__file__": path, "keras": keras, "np": np}
    try:
        exec(compile(source, path, "exec"), names)
        exec(compile(probe, "probe", "exec"), names)
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return {"error": type(error).__name__, "message": str(error)}
    return {"fact": names.get("fact")}


def save(keras: Any, path: str, source: str, name: str) -> Report:
    """Run a program that leaves a model in the name `model`, and save that: where it is then."""
    keras.backend.clear_session()
    keras.utils.set_random_seed(7)
    names: dict[str, Any] = {"__name__": "program", "__file__": path}
    exec(compile(source, path, "exec"), names)
    keep = names["model"].save if os.path.splitext(name)[1] else names["model"].export
    keep(name)
    return {"path": os.path.abspath(name)}


def _load(keras: Any, path: str, source: str) -> "Program":
    problem: Exception | None = None
    for shape in SHAPES:
        try:
            return Program(keras, path, source, shape)
        except Exception as error:
            problem = problem or error
    assert problem is not None
    raise problem


class Program:
    """A program that ran, on seeded weights; `path` is where its text is put.

    `models` are those it made, or what its builders and classes make; `added` are those that hold a layer which it applies to nothing, by
    their id; `results` is what its functions return for data, where it has a model for them to use; `moved_by_functions` tells of each
    normalisation whether they moved its statistics; `lines` are those that ran.
    """

    def __init__(self, keras: Any, path: str, source: str, shape: tuple[int, ...]) -> None:
        self.keras, self.path, self.shape = keras, path, shape
        Path(path).write_text(source, encoding="utf-8")  # tf.function compiles what it reads there
        linecache.clearcache()
        keras.backend.clear_session()
        keras.utils.set_random_seed(7)
        self.names: dict[str, Any] = {"__name__": "program", "__file__": path}
        self.lines: set[int] = set()
        self.added: set[int] = set()
        self.results: dict[str, np.ndarray] = {}
        self.moved_by_functions: dict[int, bool] = {}
        sys.settrace(self._trace)
        try:
            with truth.recorded_sites(keras) as self.sites:
                exec(compile(source, path, "exec"), self.names)
                own = [value for value in self.names.values() if isinstance(value, keras.Model)]
                self.models = list({id(model): model for model in own or self._made()}.values())
                for model in self.models:
                    if not model.built:
                        model(np.zeros((2, *shape), "float32"))
                if own:
                    self._call_functions(own[0])
        finally:
            sys.settrace(None)

    def _trace(self, frame: Any, event: str, _: object) -> Any:
        if frame.f_code.co_filename != self.path:
            return None
        if event == "line":
            self.lines.add(frame.f_lineno)
        return self._trace

    def _made(self) -> Iterator[Any]:
        """What the classes and builders of the program make, and its layers that are in no model."""
        for value in [*self.names.values()]:
            own = getattr(value, "__module__", None) == "program"
            if inspect.isclass(value) and own and issubclass(value, self.keras.layers.Layer) and not _required(value):
                made = value()
                yield made if isinstance(made, self.keras.Model) else self.keras.Sequential([made])
            elif isinstance(value, self.keras.layers.Layer) and not value.built:
                model = self.keras.Sequential([value])
                self.added.add(id(model))
                yield model
            elif inspect.isfunction(value) and own:
                yield from self._built_by(value)

    def _built_by(self, function: Callable[..., Any]) -> Iterator[Any]:
        """The model that a builder returns, or what it makes of an input tensor."""
        sizes = [SIZE] * (len(_required(function)) - 1)
        inputs = [self.keras.Input(self.shape)] if _required(function) else []
        result = function(*inputs, *sizes)
        if isinstance(result, self.keras.Model):
            yield result
        elif inputs and type(result) is type(inputs[0]):
            yield self.keras.Model(inputs, result)

    def _call_functions(self, model: Any) -> None:
        """Call each function of the program that takes a batch, or a batch and its targets."""
        inputs, targets = self.inputs(model), self.targets(model)
        norms = self.norms(model)
        before = [np.array(norm.moving_mean) for norm in norms]
        for name, value in [*self.names.items()]:
            function = getattr(value, "python_function", value)  # a tf.function holds what it was made of
            if inspect.isfunction(function) and function.__module__ == "program" and len(_required(function)) in (1, 2):
                batch = [each[:BATCH] for each in (inputs, targets)][: len(_required(function))]
                result = value(*batch)
                if hasattr(result, "shape"):
                    self.results[name] = np.asarray(result)
                self.moved_by_functions |= {id(norm): _has_moved(norm, old) for norm, old in zip(norms, before, strict=True)}

    def inputs(self, model: Any) -> Any:
        """Seeded data for some steps, no two batches alike; integers where the model wants integers."""
        generator = np.random.default_rng(3)
        arrays = []
        for shape, dtype in self._wanted(model):
            sizes = (STEPS * BATCH, *(size or 32 for size in shape[1:]))
            whole = "int" in dtype
            arrays.append(generator.integers(0, 2, sizes) if whole else generator.normal(loc=1.0, scale=2.0, size=sizes).astype("float32"))
        return arrays if len(arrays) > 1 else arrays[0]

    def _wanted(self, model: Any) -> list[tuple[tuple[int | None, ...], str]]:
        if getattr(model, "inputs", None):
            return [(tuple(tensor.shape), str(tensor.dtype)) for tensor in model.inputs]
        known = (model.get_build_config() or {}).get("input_shape")
        return [(tuple(known) if known else (None, *self.shape), "float32")]

    def targets(self, model: Any) -> Any:
        arrays = [np.ones_like(output) for output in self.predicted(model)]
        return arrays if len(arrays) > 1 else arrays[0]

    def predicted(self, model: Any) -> list[np.ndarray]:
        return [np.asarray(output) for output in _flat(model.predict(self.inputs(model), batch_size=BATCH, verbose=0))]

    def train(self, model: Any) -> None:
        """Some steps of `fit`, the same for whoever has the same weights."""
        self.keras.utils.set_random_seed(11)
        targets = self.targets(model)
        model.compile(optimizer=self.keras.optimizers.SGD(0.01), loss=["mse"] * len(targets) if isinstance(targets, list) else "mse")
        model.fit(self.inputs(model), targets, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)

    def norms(self, model: Any) -> list[Any]:
        """The normalisations of a model that were used."""
        layers = model._flatten_layers(include_self=False) if hasattr(model, "_flatten_layers") else model.layers
        return [layer for layer in layers if isinstance(layer, self.keras.layers.BatchNormalization) and layer.built]


def _describe(program: Program, model: Any) -> Report:
    nodes = truth.nodes_of(model) if _is_graph(model) else []
    layers = [{"kind": type(node.layer).__name__, **_arguments(node.layer), "neighbour": node.neighbour} for node in nodes]
    inputs = program.inputs(model)
    moves: Report = {
        "fit": _moved(program, model, lambda: program.train(model)),
        "evaluate": _moved(program, model, lambda: model.evaluate(inputs, program.targets(model), batch_size=BATCH, verbose=0)),
        "call": _moved(program, model, lambda: model(inputs)),
    }
    norms = program.norms(model)
    if all(id(norm) in program.moved_by_functions for norm in norms):
        moves["functions"] = [program.moved_by_functions[id(norm)] for norm in norms]
    return {"layers": layers, "moves": moves}


def _moved(program: Program, model: Any, action: Callable[[], object]) -> list[bool]:
    """Of each normalisation, whether the action moves its statistics."""
    norms = program.norms(model)
    before = [np.array(norm.moving_mean) for norm in norms]
    action()
    return [_has_moved(norm, old) for norm, old in zip(norms, before, strict=True)]


def _has_moved(norm: Any, before: np.ndarray) -> bool:
    return bool(np.abs(np.array(norm.moving_mean) - before).max() > 0)


def _is_graph(model: Any) -> bool:
    """Whether its layers are known without running its `call`."""
    return hasattr(getattr(model, "_functional", None) or model, "_nodes_by_depth")


def _arguments(layer: Any) -> Report:
    found = {name: getattr(layer, name) for name in ARGUMENTS if hasattr(layer, name)}
    if not isinstance(found.get("axis", 0), int):
        found["axis"] = list(found["axis"])
    return {name: getattr(value, "__name__", value) for name, value in found.items()}


def _required(function: Callable[..., Any]) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if each.kind in kinds and each.default is inspect.Parameter.empty]


def _flat(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    return [each for item in value for each in _flat(item)] if isinstance(value, list | tuple) else [value]


def _apart(left: np.ndarray, right: np.ndarray) -> float:
    return float(np.abs(np.asarray(left, "float64") - np.asarray(right, "float64")).max(initial=0.0))
